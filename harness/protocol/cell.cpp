#include "harness/protocol/cell.hpp"

#include "harness/protocol/text.hpp"

namespace instbench::bench {
namespace {

// What a key of a request may be missing from or wrong in; names the key, as nlohmann's text does not.
template <typename T>
T need(const Json& object, const char* key) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  if (!object.is_object() || found == object.end()) throw GrammarError(std::string("missing key \"") + key + "\"");
  try {
    return found->get<T>();
  } catch (const Json::exception&) {
    throw GrammarError(std::string("key \"") + key + "\" has the wrong type: " + found->dump());
  }
}

uint64_t need_count(const Json& object, const char* key) {
  const Json value = need<Json>(object, key);
  if (!value.is_number_unsigned()) {
    throw GrammarError(std::string("key \"") + key + "\" is not a whole number >= 0: " + value.dump());
  }
  return value.get<uint64_t>();
}

void add_count(std::vector<std::string>& parts, const char* letter, uint64_t count) {
  if (count != 0) parts.push_back(letter + std::to_string(count));
}

}  // namespace

std::string id_of(const Workload& w) {
  if (w.kind == Workload::Kind::none) return "none";
  if (w.kind == Workload::Kind::call) return w.label;
  std::vector<std::string> parts;
  add_count(parts, "r", w.read);
  add_count(parts, "w", w.write);
  add_count(parts, "c", w.calls);
  add_count(parts, "g", w.grow);
  if (w.runs) parts.push_back("runs" + std::to_string(*w.runs));
  if (w.reread) parts.emplace_back("reread");
  return "touch(" + join(parts, ",") + ")";
}

std::string id_of(const Case& c) {
  std::string id =
      c.module + (c.preinit.empty() ? " " : " preinit ") + id_of(c.workload) + " s" + std::to_string(c.slots);
  if (!c.mix.modules.empty()) id += " p" + std::to_string(c.mix.pool);
  if (c.vary != 0) id += " v" + number_text(c.vary * 100) + "%";
  if (c.bystanders != 0) id += " b" + std::to_string(c.bystanders);
  if (c.threads != 1) id += " t" + std::to_string(c.threads);
  if (c.mix.order != Mix::Order::uniform) id += " " + std::string(name_of(c.mix.order));
  return id;
}

std::string_view name_of(Mix::Order order) { return order == Mix::Order::uniform ? "uniform" : "rotate"; }

Json to_json(const Workload& w) {
  if (w.kind == Workload::Kind::call) return {{"kind", "call"}, {"label", w.label}, {"script", Json::parse(w.script)}};
  return {{"kind", w.kind == Workload::Kind::none ? "none" : "touch"},
          {"read", w.read},
          {"write", w.write},
          {"calls", w.calls},
          {"grow", w.grow},
          {"runs", w.runs ? Json(*w.runs) : Json(nullptr)},
          {"reread", w.reread}};
}

Workload workload_from_json(const Json& json) {
  Workload w;
  const auto kind = need<std::string>(json, "kind");
  if (kind == "call") {
    w.kind = Workload::Kind::call;
    w.label = need<std::string>(json, "label");
    w.script = need<Json>(json, "script").dump();
    return w;
  }
  if (kind != "none" && kind != "touch") throw GrammarError(unknown_name("workload", kind, {"none", "touch", "call"}));
  w.kind = kind == "none" ? Workload::Kind::none : Workload::Kind::touch;
  w.read = need_count(json, "read");
  w.write = need_count(json, "write");
  w.calls = need_count(json, "calls");
  w.grow = need_count(json, "grow");
  if (!need<Json>(json, "runs").is_null()) w.runs = need_count(json, "runs");
  w.reread = need<bool>(json, "reread");
  return w;
}

Json to_json(const Case& c) {
  Json json = {{"module", c.module}, {"workload", to_json(c.workload)}, {"slots", c.slots},
               {"vary", c.vary},     {"bystanders", c.bystanders},      {"threads", c.threads}};
  if (!c.preinit.empty()) json["preinit"] = Json::parse(c.preinit);
  if (!c.mix.modules.empty())
    json["mix"] = {{"modules", c.mix.modules}, {"pool", c.mix.pool}, {"order", name_of(c.mix.order)}};
  return json;
}

namespace {

// REQUIRES: slots and threads are within their bounds.
Mix mix_from_json(const Json& json, const Case& c) {
  Mix mix;
  mix.modules = need<std::vector<std::string>>(json, "modules");
  mix.pool = need_count(json, "pool");
  const auto order = need<std::string>(json, "order");
  if (order != "uniform" && order != "rotate") throw GrammarError(unknown_name("order", order, {"uniform", "rotate"}));
  mix.order = order == "rotate" ? Mix::Order::rotate : Mix::Order::uniform;
  if (mix.modules.size() < 2 || mix.modules.size() > kMostMixed)
    throw GrammarError("a mix is of 2 to " + std::to_string(kMostMixed) + " modules");
  if (mix.pool < c.slots * c.threads || mix.pool > kMostSlots) {
    throw GrammarError("pool must be " + std::to_string(c.slots * c.threads) + " (slots × threads) to " +
                       std::to_string(kMostSlots));
  }
  return mix;
}

}  // namespace

Case case_from_json(const Json& json) {
  Case c;
  c.module = need<std::string>(json, "module");
  c.workload = workload_from_json(need<Json>(json, "workload"));
  c.slots = need_count(json, "slots");
  if (json.contains("preinit")) c.preinit = json["preinit"].dump();
  c.vary = need<double>(json, "vary");
  c.bystanders = need_count(json, "bystanders");
  c.threads = need_count(json, "threads");
  if (c.slots == 0 || c.threads == 0) throw GrammarError("slots and threads must be at least 1");
  if (c.slots > kMostSlots || c.threads > kMostThreads || c.bystanders > kMostThreads) {
    throw GrammarError("slots may be " + std::to_string(kMostSlots) + ", threads and bystanders " +
                       std::to_string(kMostThreads) + " at most");
  }
  for (const uint64_t count : {c.workload.read, c.workload.write, c.workload.calls, c.workload.grow}) {
    if (count > kMostCount) throw GrammarError("a workload's counts may be " + std::to_string(kMostCount) + " at most");
  }
  if (!(c.vary >= 0 && c.vary <= 1)) throw GrammarError("vary must lie between 0 and 1");
  if (json.contains("mix")) {
    c.mix = mix_from_json(json["mix"], c);
    if (c.workload.kind == Workload::Kind::call || !c.preinit.empty())
      throw GrammarError("a mix takes the workloads none and touch, and no preinit");
  }
  return c;
}

Json to_json(const Arm& arm) {
  Json json = {{"id", arm.id}, {"engine", arm.engine}, {"strategy", arm.strategy}};
  if (!arm.library.empty()) json["library"] = arm.library;
  if (!arm.library_sha256.empty()) json["library_sha256"] = arm.library_sha256;
  return json;
}

Arm arm_from_json(const Json& json) {
  Arm arm{need<std::string>(json, "engine"), need<std::string>(json, "strategy"), need<std::string>(json, "id")};
  if (json.contains("library")) arm.library = need<std::string>(json, "library");
  if (json.contains("library_sha256")) arm.library_sha256 = need<std::string>(json, "library_sha256");
  return arm;
}

namespace {

Json to_json(const Reach& reach) {
  const auto name = [](const std::optional<std::string>& text) { return text ? Json(*text) : Json(nullptr); };
  return {{"memory", name(reach.memory)},
          {"table", name(reach.table)},
          {"has_memory", reach.has_memory},
          {"memory_imported", reach.memory_imported},
          {"table_imported", reach.table_imported},
          {"globals", reach.globals},
          {"hidden", reach.hidden},
          {"memory_bytes", reach.target.memory_bytes},
          {"growable_pages", reach.target.growable_pages},
          {"table_entries", reach.target.table_entries}};
}

Reach reach_from_json(const Json& json) {
  Reach reach;
  for (const auto& [key, into] : {std::pair("memory", &reach.memory), std::pair("table", &reach.table)}) {
    if (!need<Json>(json, key).is_null()) *into = need<std::string>(json, key);
  }
  reach.has_memory = need<bool>(json, "has_memory");
  reach.memory_imported = need<bool>(json, "memory_imported");
  reach.table_imported = need<bool>(json, "table_imported");
  reach.globals = need<std::vector<std::string>>(json, "globals");
  reach.hidden = need<std::vector<std::string>>(json, "hidden");
  reach.target.memory_bytes = need_count(json, "memory_bytes");
  reach.target.growable_pages = need_count(json, "growable_pages");
  reach.target.table_entries = need_count(json, "table_entries");
  return reach;
}

}  // namespace

Json to_json(const Request& request) {
  Json module = {{"name", request.cell.module}, {"path", request.module_path}};
  if (!request.module_sha256.empty()) module["sha256"] = request.module_sha256;
  if (request.reach) module["exports"] = to_json(*request.reach);
  Json json = {{"protocol", kProtocolVersion}, {"module", module},
               {"arm", to_json(request.arm)},  {"cell", to_json(request.cell)},
               {"seed", request.seed},         {"passes", request.passes},
               {"codegen", request.codegen},   {"batch_ms", request.batch_ms}};
  if (request.iterations) json["iterations"] = *request.iterations;
  if (request.parts != 1) json["parts"] = request.parts;
  if (request.verify_rounds != kVerifyRounds) json["verify_rounds"] = request.verify_rounds;
  if (request.turns) {
    json["turns"] = {{"take", request.turns->take},
                     {"give", request.turns->give},
                     {"patience_s", request.turns->patience_s},
                     {"share_cpu", request.turns->share_cpu}};
  }
  if (request.inject) json["inject"] = to_text(*request.inject);
  if (!request.touches.is_null()) json["touches"] = request.touches;
  for (const ModuleFile& file : request.mixed)
    json["mixed"].push_back({{"name", file.name}, {"path", file.path}, {"sha256", file.sha256}});
  return json;
}

Request request_from_json(const Json& json) {
  const Json protocol = need<Json>(json, "protocol");
  if (protocol != kProtocolVersion) {
    throw GrammarError("request has protocol " + protocol.dump() + ", this worker speaks protocol " +
                       std::to_string(kProtocolVersion));
  }
  Request request;
  const Json module = need<Json>(json, "module");
  request.module_path = need<std::string>(module, "path");
  if (module.contains("sha256") && !module["sha256"].is_null()) {
    request.module_sha256 = need<std::string>(module, "sha256");
  }
  if (module.contains("exports")) request.reach = reach_from_json(module["exports"]);
  request.arm = arm_from_json(need<Json>(json, "arm"));
  request.cell = case_from_json(need<Json>(json, "cell"));
  request.seed = need_count(json, "seed");
  request.passes = need<std::vector<std::string>>(json, "passes");
  if (json.contains("iterations") && !json["iterations"].is_null()) request.iterations = need_count(json, "iterations");
  if (json.contains("codegen")) request.codegen = need<std::string>(json, "codegen");
  if (json.contains("batch_ms")) request.batch_ms = need<double>(json, "batch_ms");
  if (json.contains("parts")) request.parts = need_count(json, "parts");
  if (json.contains("verify_rounds")) request.verify_rounds = need_count(json, "verify_rounds");
  if (request.verify_rounds == 0 || request.verify_rounds > kMostVerifyRounds)
    throw GrammarError("\"verify_rounds\" must be 1 to " + std::to_string(kMostVerifyRounds));
  if (request.iterations == 0U || request.parts == 0 || request.parts > 1000)
    throw GrammarError("\"iterations\" must be at least 1, and \"parts\" 1 to 1000");
  if (json.contains("turns")) {
    const Json turns = json["turns"];
    request.turns = TurnsAsked{need<int>(turns, "take"), need<int>(turns, "give"), need<double>(turns, "patience_s"),
                               need<bool>(turns, "share_cpu")};
  }
  if (json.contains("inject")) request.inject = parse_injection(need<std::string>(json, "inject"));
  if (json.contains("touches")) request.touches = json["touches"];
  for (const Json& file : json.contains("mixed") ? json["mixed"] : Json::array())
    request.mixed.push_back({need<std::string>(file, "name"), need<std::string>(file, "path"), need<std::string>(file, "sha256")});
  if (request.mixed.size() != request.cell.mix.modules.size())
    throw GrammarError("\"mixed\" must name the files of the mix's modules");
  return request;
}

}  // namespace instbench::bench
