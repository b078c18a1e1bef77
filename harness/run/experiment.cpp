#include "harness/run/experiment.hpp"

#include <algorithm>
#include <cstdio>

#include "harness/run/compare_plan.hpp"
#include "harness/run/provenance.hpp"

namespace instbench::bench {
namespace {

// FNV-1a, 64 bits: two plans that differ by accident, not by intent.
std::string hash_text(const std::string& text) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  char buffer[20];
  std::snprintf(buffer, sizeof buffer, "%016llx", static_cast<unsigned long long>(hash));
  return buffer;
}

std::string name_of(PreparedModule::State state) {
  switch (state) {
    case PreparedModule::State::ready:
      return "ready";
    case PreparedModule::State::skipped:
      return "skipped";
    case PreparedModule::State::failed:
      return "failed";
  }
  return "ready";
}

// Null where there is no such member, or nothing that could have one: a recorded header is a file's word.
Json member(const Json& json, const std::string& key) { return json.is_object() ? json.value(key, Json()) : Json(); }

Json cases_json(const std::vector<Case>& cases) {
  Json list = Json::array();
  for (const Case& c : cases) {
    Json entry = to_json(c);
    entry["id"] = id_of(c);
    list.push_back(std::move(entry));
  }
  return list;
}

// A path, and a revision built by another compiler, may stand for other bytes than when the run began.
std::string other_worker(const Json& recorded, const Json& current) {
  const auto digits = [](const Json& sha256) {
    return sha256.is_string() ? sha256.get<std::string>().substr(0, 12) + "…" : "not known";
  };
  const Json before = member(recorded, "arms"), now = current.at("arms");
  for (size_t i = 0; before.is_array() && i < std::min(before.size(), now.size()); ++i) {
    const Json was = member(before[i], "worker_sha256"), is = member(now[i], "worker_sha256");
    if (member(before[i], "id") != now[i].at("id") || was == is) continue;
    return "another worker of arm " + now[i].at("id").get<std::string>() + " (its SHA-256 was " + digits(was) +
           ", is " + digits(is) + ")";
  }
  return "";
}

}  // namespace

const PreparedModule& Experiment::module_of(uint32_t case_index, uint32_t arm_index) const {
  const std::string& own = arms[arm_index].module;
  return modules.at(own.empty() ? cases[case_index].module : own);
}

std::vector<Step> Experiment::runnable() const {
  std::vector<Step> steps;
  for (const Step& step : plan) {
    if (module_of(step.case_index, step.arm_index).state == PreparedModule::State::ready) steps.push_back(step);
  }
  return steps;
}

Request Experiment::request_for(const Step& step) const {
  Request request;
  request.cell = cases[step.case_index];
  const PreparedModule& module = module_of(step.case_index, step.arm_index);
  request.module_path = path_of ? path_of(module.path, step.arm_index) : module.path;
  request.module_sha256 = module.sha256;
  if (request.cell.mix.modules.empty()) request.reach = module.reach;
  for (const std::string& name : request.cell.mix.modules) {
    const PreparedModule& mixed = modules.at(name);
    request.mixed.push_back({name, mixed.path, mixed.sha256});
  }
  request.arm = arms[step.arm_index];
  request.seed = settings.seed;
  request.codegen = settings.codegen;
  request.verify_rounds = settings.verify_rounds;
  if (settings.mode == Mode::run || step.arm_index == kArmB) request.inject = settings.inject;
  request.parts = step.role == Role::pilot ? 1 : settings.parts;
  // A pilot's batch only finds the length: Google Benchmark repeats it, ever longer, until it is long enough.
  request.batch_ms = step.role == Role::pilot ? settings.batch_ms / 4 : settings.batch_ms;
  const bool counted = step.role == Role::screen && step.block < 2;
  request.passes = step.role == Role::pilot ? settings.pilot_passes
                   : counted                ? settings.counted_block_passes
                                            : settings.block_passes;
  return request;
}

Json header_of(const Experiment& experiment, const std::string& id, const std::string& started) {
  const Settings& settings = experiment.settings;
  Json modules = Json::array(), unrunnable = Json::object(), expect = Json::object();
  for (const auto& [name, module] : experiment.modules) {
    if (!module.facts.is_null()) modules.push_back(module.facts);
    if (!module.expect.empty()) expect[name] = module.expect;
    if (module.state == PreparedModule::State::ready) continue;
    unrunnable[name] = {{"status", name_of(module.state)}, {"reason", module.reason}};
  }
  Json arms = Json::array();
  for (const Arm& arm : experiment.arms) {
    arms.push_back({{"id", arm.id}, {"engine", arm.engine}, {"strategy", arm.strategy}});
    if (!arm.facts.is_null()) arms.back()["facts"] = arm.facts;
    if (!arm.build.empty()) arms.back()["build"] = arm.build;
    if (!arm.module.empty()) arms.back()["module"] = arm.module;
    if (!arm.worker_sha256.empty()) arms.back()["worker_sha256"] = arm.worker_sha256;
  }
  Json header = {{"schema", "instbench-journal/1"},
                 {"tool", tool_json()},
                 {"machine", machine_json()},
                 {"run",
                  {{"id", id},
                   {"started", started},
                   {"seed", settings.seed},
                   {"argv", settings.argv},
                   {"suite", settings.suite.empty() ? Json(nullptr) : Json(settings.suite)},
                   {"blocks", settings.blocks},
                   {"batch_ms", settings.batch_ms},
                   {"codegen", settings.codegen}}},
                 {"passes", {{"pilot", settings.pilot_passes}, {"block", settings.block_passes}}},
                 {"pilots", settings.pilots == Pilots::one_per_cell},
                 {"modules", modules},
                 {"unrunnable", unrunnable},
                 {"expect", expect},
                 {"arms", arms},
                 {"cases", cases_json(experiment.cases)}};
  if (settings.inject) header["run"]["inject"] = to_text(*settings.inject);
  if (settings.mode == Mode::compare) {
    header["run"]["mode"] = "compare";
    header["compare"] = settings.compare;
  }
  Json planned = {header["modules"],
                  header["arms"],
                  header["cases"],
                  header["passes"],
                  header["pilots"],
                  settings.seed,
                  settings.blocks,
                  settings.batch_ms,
                  settings.codegen,
                  header["unrunnable"],
                  settings.verify_rounds,
                  settings.compare,
                  header["run"].value("inject", Json())};
  header["plan_hash"] = hash_text(planned.dump(-1, ' ', false, Json::error_handler_t::replace));
  return header;
}

std::string difference(const Json& recorded, const Json& current) {
  for (const char* key : {"version", "git", "dirty", "build_type", "flags", "sanitizers", "assertions"}) {
    const Json was = member(member(recorded, "tool"), key);
    const Json now = current.at("tool").at(key);
    if (was != now) return std::string("another binary (") + key + " was " + was.dump() + ", is " + now.dump() + ")";
  }
  for (const auto& [key, now] : current.at("machine").items()) {
    const Json was = member(member(recorded, "machine"), key);
    if (was != now) return "another machine or setting (" + key + " was " + was.dump() + ", is " + now.dump() + ")";
  }
  if (const std::string other = other_worker(recorded, current); !other.empty()) return other;
  if (member(recorded, "plan_hash") != current.at("plan_hash")) {
    return "another plan (its modules, arms, cases, seed, blocks or batch length differ)";
  }
  return "";
}

}  // namespace instbench::bench
