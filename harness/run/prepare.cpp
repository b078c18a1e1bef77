#include "harness/run/prepare.hpp"

#include <set>
#include <system_error>
#include <variant>

#include "harness/corpus/resolve.hpp"
#include "runtime/module/eligibility.hpp"
#include "runtime/module/load.hpp"

namespace instbench::bench {
namespace {

PreparedModule unusable(PreparedModule::State state, const std::string& label, const ModuleEntry* entry,
                        const std::string& reason) {
  PreparedModule module;
  module.state = state;
  module.reason = reason;
  module.facts = {{"name", label},
                  {"tier", entry == nullptr ? "file" : std::string(name_of(entry->tier))},
                  {"sha256", nullptr},
                  {"bytes", nullptr}};
  return module;
}

PreparedModule ready(const std::string& label, const Resolved& resolved) {
  const std::string tier = resolved.entry ? std::string(name_of(resolved.entry->tier)) : "file";
  PreparedModule module;
  module.path = resolved.path;
  module.sha256 = resolved.sha256;
  const auto loaded = load_file(resolved.path, Bodies::validate);
  module.facts = module_facts(label, tier, *loaded);
  module.reach = reach_of(*loaded);
  if (resolved.entry) module.expect = resolved.entry->expect.value_or("");
  return module;
}

}  // namespace

Json module_facts(const std::string& label, const std::string& tier, const Module& module) {
  uint64_t table_entries = 0, memory_pages = 0, image_bytes = 0, image_span_bytes = 0;
  for (const Table& table : module.tables) table_entries += table.limits.min;
  for (const Memory& memory : module.memories) memory_pages += memory.limits.min;
  for (const MemoryEligibility& memory : examine(module).memories) {
    image_bytes += memory.image_bytes;
    image_span_bytes += memory.span_end - memory.span_begin;
  }
  return {{"name", label},
          {"tier", tier},
          {"sha256", module.sha256},
          {"bytes", module.byte_size},
          {"functions", module.functions.size()},
          {"table_entries", table_entries},
          {"data_segments", module.data_segments.size()},
          {"elem_segments", module.elem_segments.size()},
          {"data_bytes", module.data_bytes.size()},
          {"memory_pages", memory_pages},
          {"image_bytes", image_bytes},
          {"image_span_bytes", image_span_bytes},
          {"globals", module.globals.size()},
          {"imports", module.imports.size()},
          {"exports", module.exports.size()}};
}

Reach reach_of(const Module& module) {
  constexpr uint64_t kMostPages = 65536;
  Reach reach;
  std::set<uint32_t> memories, tables, globals;
  for (const Export& exported : module.exports) {
    const bool first = exported.index == 0;
    if (exported.kind == ExternKind::memory) {
      if (memories.insert(exported.index).second && first) reach.memory = exported.name;
    } else if (exported.kind == ExternKind::table) {
      if (tables.insert(exported.index).second && first) reach.table = exported.name;
    } else if (exported.kind == ExternKind::global) {
      const ValType type = module.globals[exported.index].type;
      const bool is_number =
          type == ValType::i32 || type == ValType::i64 || type == ValType::f32 || type == ValType::f64;
      if (globals.insert(exported.index).second && is_number) reach.globals.push_back(exported.name);
    }
  }
  reach.memory_imported = !module.memories.empty() && module.memories[0].imported;
  reach.table_imported = !module.tables.empty() && module.tables[0].imported;
  for (uint32_t i = 0; i < module.memories.size(); ++i) {
    if (i != 0 || !reach.sees_memory()) reach.hidden.push_back("memory " + std::to_string(i));
  }
  for (uint32_t i = 0; i < module.tables.size(); ++i) {
    if (i != 0 || !reach.sees_table()) reach.hidden.push_back("table " + std::to_string(i));
  }
  if (const size_t unseen = module.globals.size() - reach.globals.size(); unseen != 0)
    reach.hidden.push_back(std::to_string(unseen) + (unseen == 1 ? " global" : " globals"));
  reach.has_memory = !module.memories.empty();
  if (!module.memories.empty()) {
    const Limits& limits = module.memories[0].limits;
    reach.target.memory_bytes = limits.min * kWasmPageBytes;
    reach.target.growable_pages = limits.max.value_or(kMostPages) - limits.min;
  }
  if (!module.tables.empty()) reach.target.table_entries = module.tables[0].limits.min;
  return reach;
}

PreparedModule prepare(const Manifest& manifest, const std::string& label, const std::string& name_or_path,
                       const std::string& cache_dir) {
  using State = PreparedModule::State;
  const ModuleEntry* entry = manifest.find_module(name_or_path);
  if (entry == nullptr) {
    const auto found = resolve(manifest, name_or_path, cache_dir);
    if (const auto* missing = std::get_if<Missing>(&found)) {
      return unusable(State::skipped, label, nullptr, missing->reason);
    }
    return ready(label, std::get<Resolved>(found));
  }
  try {
    const auto found = resolve(manifest, name_or_path, cache_dir);
    if (const auto* missing = std::get_if<Missing>(&found)) {
      return unusable(State::skipped, label, entry, missing->reason);
    }
    return ready(label, std::get<Resolved>(found));
  } catch (const CorpusError& error) {
    return unusable(entry->tier == Tier::real ? State::skipped : State::failed, label, entry, error.what());
  } catch (const std::runtime_error& error) {  // LoadError, ShapeError, system_error
    return unusable(State::failed, label, entry, error.what());
  }
}

PreparedModule mix_of(const std::vector<std::string>& names, const std::map<std::string, PreparedModule>& modules) {
  PreparedModule mix;
  for (const std::string& name : names) {
    const PreparedModule& module = modules.at(name);
    if (module.state == PreparedModule::State::ready) continue;
    mix.state = module.state;
    mix.reason = name + ": " + module.reason;
    return mix;
  }
  return mix;
}

}  // namespace instbench::bench
