#include "harness/cli/inspect.hpp"

#include "harness/protocol/text.hpp"
#include "harness/report/format.hpp"
#include "harness/run/prepare.hpp"
#include "runtime/codegen/code.hpp"
#include "runtime/image/image_plan.hpp"
#include "runtime/instance/strategy.hpp"
#include "runtime/module/table_proof.hpp"
#include "runtime/preinit/preinit.hpp"

namespace instbench::bench {
namespace {

Json obstacles_json(const std::vector<SegmentVerdict>& verdicts, uint64_t total) {
  Json list = Json::array();
  for (const SegmentVerdict& v : verdicts) {
    list.push_back({{"segment", v.segment},
                    {"in_image", v.in_image},
                    {"obstacle", name_of(v.obstacle)},
                    {"reason", v.reason},
                    {"cost_ns", v.cost_ns}});
  }
  return {{"total", total}, {"listed", list}};
}

Json image_json(const ImagePlan& plan) {
  return {{"bytes", plan.content.size()},    {"runs", plan.runs.size()},        {"extents", plan.extents.size()},
          {"file_bytes", plan.file_bytes()}, {"hole_bytes", plan.hole_bytes()}, {"key", plan.key}};
}

Json memory_json(const MemoryEligibility& m, const Module& module, const ImagePlan& plan) {
  return {{"memory", m.memory},
          {"image", image_json(plan)},
          {"minimum_pages", module.memories.at(m.memory).limits.min},
          {"static_image", m.static_image},
          {"made_by_host", m.made_by_host},
          {"segments_in_image", m.segments_in_image},
          {"segments_leftover", m.segments_leftover},
          {"segments_passive", m.segments_passive},
          {"image_bytes", m.image_bytes},
          {"span", {m.span_begin, m.span_end}},
          {"touched_pages", m.touched_pages},
          {"eager_cost_ns", m.eager_cost_ns},
          {"leftover_cost_ns", m.leftover_cost_ns},
          {"obstacles", obstacles_json(m.obstacles, m.obstacles_total)}};
}

// The first of its reasons.
std::string why_not_lazy(const TableEligibility& t, const Module& module) {
  if (module.tables.at(t.table).element != ValType::funcref)
    return "its entries are no functions, so none can be made from its number";
  for (const SegmentVerdict& v : t.obstacles) {
    if (v.obstacle != Obstacle::expression_entry && v.obstacle != Obstacle::passive && v.obstacle != Obstacle::declared)
      return v.reason;
  }
  return "a segment that is not listed is known only at instantiation";
}

Json table_json(const TableEligibility& t, const Module& module, const Eligibility& eligibility) {
  const std::vector<std::string> against = who_writes(module, eligibility, t.table);
  return {{"table", t.table},
          {"minimum_entries", module.tables.at(t.table).limits.min},
          {"lazy", t.lazy},
          {"not_lazy", t.lazy ? Json(nullptr) : Json(why_not_lazy(t, module))},
          {"static_image", t.static_image},
          {"made_by_host", t.made_by_host},
          {"precomputed", t.static_image},
          {"retained", against.empty()},
          {"not_retained", against},
          {"entries_initialised", t.entries_initialised},
          {"entries_imported_functions", t.entries_imported_functions},
          {"written_by_host_possible", t.written_by_host_possible},
          {"eager_cost_ns", t.eager_cost_ns},
          {"leftover_cost_ns", t.leftover_cost_ns},
          {"obstacles", obstacles_json(t.obstacles, t.obstacles_total)}};
}

// What one instantiation in a new slot has to do to memories and tables (a slot that held the module may
// keep part of it); the costs are eligibility's estimates.
Json work_json(const Preset& preset, const Module& module, const Eligibility& eligibility) {
  const Strategy& s = preset.strategy;
  uint64_t segments = 0, pages = 0, entries = 0;
  double cost_ns = 0;
  for (const MemoryEligibility& m : eligibility.memories) {
    const bool copies = s.memory == MemoryInit::copy;
    segments += m.segments_leftover + (copies ? m.segments_in_image : 0);
    pages += copies ? m.touched_pages : 0;
    cost_ns += (copies ? m.eager_cost_ns : 0) + m.leftover_cost_ns;
  }
  for (const TableEligibility& t : eligibility.tables) {
    cost_ns += t.leftover_cost_ns;
    if (!fills(s.tables)) continue;
    entries += module.tables.at(t.table).limits.min;  // nulls are written too
    cost_ns += t.eager_cost_ns;
  }
  return {{"arm", "core:" + std::string(preset.name)},
          {"segments_copied", segments},
          {"pages_written", pages},
          {"table_entries_filled", entries},
          {"estimated_init_ns", cost_ns}};
}

std::string count_of(const Json& json, const char* key) { return std::to_string(json.at(key).get<uint64_t>()); }

// "1 segment", "12 segments".
std::string count_of(const Json& json, const char* key, const char* noun) {
  return count_of(json, key) + " " + noun + (json.at(key) == 1 ? "" : "s");
}

std::string yes_no(const Json& json, const char* key) { return json.at(key).get<bool>() ? "yes" : "no"; }

std::string cost_text(const Json& json, const char* key) {
  const double cost_ns = json.at(key).get<double>();
  return cost_ns == 0 ? "nothing" : "about " + time_text(cost_ns);
}

std::string obstacles_text(const Json& obstacles) {
  std::string out;
  for (const Json& o : obstacles.at("listed")) {
    out += "      " + o.at("reason").get<std::string>();
    if (o.at("cost_ns").get<double>() > 0) out += " (" + cost_text(o, "cost_ns") + " per instantiation)";
    out += "\n";
  }
  const uint64_t total = obstacles.at("total"), listed = obstacles.at("listed").size();
  if (total > listed) out += "      … and " + std::to_string(total - listed) + " more\n";
  return out;
}

std::string memory_text(const Json& m) {
  std::string out = "  memory " + count_of(m, "memory") + ": static image: " + yes_no(m, "static_image");
  if (m.at("made_by_host").get<bool>()) out += " (imported: holds while the host makes a fresh one each time)";
  out += "\n    " + count_of(m, "minimum_pages", "page") + " of 64 KiB; " + count_of(m, "segments_in_image", "segment") +
         " in the image, " + bytes_text(m.at("image_bytes").get<double>()) + ", " +
         count_of(m, "touched_pages", "page") + " of 4 KiB not zero; " + count_of(m, "segments_leftover", "segment") +
         " left over, " + count_of(m, "segments_passive") + " passive\n";
  const Json& image = m.at("image");
  if (image.at("bytes").get<uint64_t>() != 0) {
    out += "    image: " + bytes_text(image.at("bytes").get<double>()) + " in " + count_of(image, "extents", "extent") +
           ", holes of " + bytes_text(image.at("hole_bytes").get<double>()) +
           " mapped along; copying instead of mapping: " + cost_text(m, "eager_cost_ns") + "\n";
  }
  return out + obstacles_text(m.at("obstacles"));
}

std::string table_text_of(const Json& t) {
  std::string out = "  table " + count_of(t, "table") + ": lazy: " + yes_no(t, "lazy") +
                    ", precomputed: " + yes_no(t, "precomputed") + ", retained: " + yes_no(t, "retained") + "\n    " +
                    count_of(t, "minimum_entries") +
                    (t.at("minimum_entries") == 1 ? " entry, " : " entries, ") + count_of(t, "entries_initialised") + " initialised (" +
                    count_of(t, "entries_imported_functions") +
                    " with imported functions); filling all: " + cost_text(t, "eager_cost_ns") + "\n";
  if (!t.at("lazy").get<bool>()) out += "    not lazy: " + t.at("not_lazy").get<std::string>() + "\n";
  if (!t.at("retained").get<bool>()) {
    out += "    not retained:";
    for (const Json& reason : t.at("not_retained"))
      out += (&reason == &t.at("not_retained").front() ? " " : "; ") + reason.get<std::string>();
    out += "\n";
  }
  return out + obstacles_text(t.at("obstacles"));
}

// What --codegen=auto would do here; what wasm2c refuses shows only when it is tried.
std::string codegen_text(const Module& module) {
  try {
    return "compiled by " + compiler_id(choose_compiler(module, Compiler::automatic)) + " where any is run";
  } catch (const CodegenError& error) {
    return std::string("none: ") + error.what();
  }
}

}  // namespace

Json inspect_json(const std::string& name, const std::string& tier, const Module& module) {
  const Eligibility eligibility = examine(module);
  Json memories = Json::array(), tables = Json::array(), work = Json::array();
  for (const MemoryEligibility& m : eligibility.memories) {
    memories.push_back(memory_json(m, module, plan_image(module, eligibility, m.memory)));
  }
  for (const TableEligibility& t : eligibility.tables) tables.push_back(table_json(t, module, eligibility));
  for (const Preset& preset : presets()) work.push_back(work_json(preset, module, eligibility));
  return {{"name", name},
          {"facts", module_facts(name, tier, module)},
          {"start_function", module.start.has_value()},
          {"codegen", codegen_text(module)},
          {"preinit", preinit_advice(module) ? Json(*preinit_advice(module)) : Json(nullptr)},
          {"always_traps", eligibility.always_traps ? Json(*eligibility.always_traps) : Json(nullptr)},
          {"memories", memories},
          {"tables", tables},
          {"strategies", work}};
}

std::string inspect_text(const Json& inspected) {
  const Json& facts = inspected.at("facts");
  std::string out = inspected.at("name").get<std::string>() + " (" + bytes_text(facts.at("bytes").get<double>()) +
                    ", sha256 " + facts.at("sha256").get<std::string>().substr(0, 16) + "…)\n  " +
                    count_of(facts, "functions", "function") + ", " + count_of(facts, "imports", "import") + ", " +
                    count_of(facts, "exports", "export") + ", " + count_of(facts, "globals", "global") + ", " +
                    count_of(facts, "data_segments", "data segment") + ", " +
                    count_of(facts, "elem_segments", "element segment") +
                    ", start function: " + yes_no(inspected, "start_function") + "\n";
  if (inspected.at("start_function").get<bool>()) {
    out += "  what the start function writes is in no image\n";
  }
  out += "  guest code: " + inspected.at("codegen").get<std::string>() + "\n";
  if (inspected.at("preinit").is_string()) out += "  " + inspected.at("preinit").get<std::string>() + "\n";
  if (inspected.at("always_traps").is_string()) {
    out += "  instantiation always fails: " + inspected.at("always_traps").get<std::string>() + "\n";
  }
  for (const Json& m : inspected.at("memories")) out += memory_text(m);
  for (const Json& t : inspected.at("tables")) out += table_text_of(t);
  out +=
      "  work of one instantiation in a slot that never held the module, mapping apart (estimates; `instbench run` "
      "measures)\n";
  for (const Json& w : inspected.at("strategies")) {
    out += "    " + padded(w.at("arm").get<std::string>(), 18, Align::left) +
           padded(count_of(w, "segments_copied"), 8, Align::right) + " segments copied" +
           padded(count_of(w, "pages_written"), 8, Align::right) + " pages written" +
           padded(count_of(w, "table_entries_filled"), 8, Align::right) + " entries filled   " +
           cost_text(w, "estimated_init_ns") + "\n";
  }
  return out;
}

}  // namespace instbench::bench
