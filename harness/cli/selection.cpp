#include "harness/cli/selection.hpp"

#include <algorithm>
#include <filesystem>
#include <regex>

#include "harness/cli/cli.hpp"
#include "harness/cli/engine_arms.hpp"
#include "harness/cli/workloads.hpp"
#include "harness/corpus/resolve.hpp"
#include "harness/protocol/call_script.hpp"
#include "harness/protocol/text.hpp"
#include "harness/report/format.hpp"
#include "harness/report/settings_text.hpp"
#include "harness/report/terminal.hpp"
#include "harness/run/prepare.hpp"
#include "runtime/instance/strategy.hpp"

namespace instbench::bench {
namespace {

namespace fs = std::filesystem;

constexpr const char* kEngine = "core";

bool looks_like_path(const std::string& name) {
  std::error_code absent;
  return name.find_first_of("/.") != name.npos || fs::exists(name, absent);
}

void check_exists(const std::string& path) {
  std::error_code absent;
  const std::string file = path.substr(0, path.rfind('#'));
  if (!fs::exists(path, absent) && !fs::exists(file, absent)) throw UsageError("no such module file: " + path);
}

// The file's name stands for a path in results; a second file of that name takes its folder along.
std::string label_of(const std::string& path, const std::map<std::string, std::string>& taken) {
  const fs::path p(path);
  const std::string name = p.filename().string();
  if (!taken.contains(name) || taken.at(name) == path) return name;
  const std::string longer = p.parent_path().filename().string() + "/" + name;
  if (taken.contains(longer) && taken.at(longer) != path)
    throw UsageError("two modules are called " + longer + ": rename one");
  return longer;
}

std::vector<std::string> known_names(const Manifest& manifest) {
  std::vector<std::string> names;
  for (const Suite& suite : manifest.suites()) names.push_back(suite.name);
  for (const ModuleEntry& module : manifest.modules()) names.push_back(module.name);
  return names;
}

// Calls of the user's own on a module of the corpus: its imports answer as its script says.
void use_answers(std::string& script, const CallScript& own, const Wanted& wanted) {
  CallScript calls = parse_call_script(script, "--invoke");
  calls.imports = own.imports;
  calls.wasi = own.wasi;
  script = script_text(std::move(calls), wanted);
}

// Preinit as a case carries it: the exports, and what the imports answer meanwhile.
std::string preinit_text(CallScript answers, const std::vector<std::string>& exports, const Wanted& wanted) {
  answers.preinit = exports;
  std::erase(answers.preinit, "");  // --preinit '': nothing but the start function
  answers.before.clear();
  answers.steps.clear();
  answers.variables.clear();
  return script_text(std::move(answers), wanted);
}

// Of --preinit, or of the module's own script.
void fill_in_preinit(Selection& selection, const Manifest& manifest, const Wanted& wanted) {
  for (Case& c : selection.cases) {
    const ModuleEntry* entry = manifest.find_module(selection.modules.at(c.module));
    CallScript answers;
    if (entry != nullptr && entry->call) answers = manifest.call_script(*entry);
    const std::vector<std::string>& exports = wanted.preinit.empty() ? answers.preinit : wanted.preinit;
    if (!exports.empty()) c.preinit = preinit_text(answers, exports, wanted);
  }
}

// The scripts of those cases that run the module's own. A suite leaves out what has none; a module named for --call
// must have one.
void fill_in_scripts(Selection& selection, const Manifest& manifest, const Wanted& wanted) {
  std::map<std::string, std::string> scripts;
  std::erase_if(selection.cases, [&](Case& c) {
    if (c.workload.kind != Workload::Kind::call) return false;
    const ModuleEntry* entry = manifest.find_module(selection.modules.at(c.module));
    if (!c.workload.script.empty()) {
      if (entry != nullptr && entry->call) use_answers(c.workload.script, manifest.call_script(*entry), wanted);
      return false;
    }
    if (entry == nullptr || !entry->call) {
      const auto& named = selection.named;
      if (std::find(named.begin(), named.end(), c.module) == named.end()) return true;
      throw UsageError("module '" + c.module +
                       "' has no call script in the manifest: say what to call, as in "
                       "--invoke 'fib(20)=6765'");
    }
    std::string& script = scripts[c.module];
    if (script.empty()) script = script_text(manifest.call_script(*entry), wanted);
    c.workload.script = script;
    return false;
  });
}

void add_case(Selection& selection, const Case& c) {
  if (std::find(selection.cases.begin(), selection.cases.end(), c) == selection.cases.end())
    selection.cases.push_back(c);
}

void add_module(Selection& selection, const std::string& label, const std::string& name,
                const std::vector<Case>& cases) {
  selection.modules[label] = name;
  for (Case c : cases) {
    c.module = label;
    add_case(selection, c);
  }
}

// One case a workload, over all the modules named. Where nothing else is said the pool has one slot fewer than there are
// modules, so that they compete, and at least as many as instances are alive.
void add_mix(Selection& selection, const std::vector<Case>& workloads) {
  const std::vector<std::string>& names = selection.named;
  if (names.size() < 2 || names.size() > kMostMixed)
    throw UsageError("--mix takes 2 to " + std::to_string(kMostMixed) + " modules, not " + std::to_string(names.size()));
  if (selection.modules.size() != names.size()) throw UsageError("--mix: a module is named twice");
  for (Case c : workloads) {
    c.module = "mix(" + join(names, "+") + ")";
    c.mix.modules = names;
    const uint64_t alive = c.slots * c.threads;
    if (c.mix.pool == 0) c.mix.pool = std::max<uint64_t>(alive, names.size() - 1);
    if (c.mix.pool < alive) {
      throw UsageError("--touch: pool=" + std::to_string(c.mix.pool) + " is fewer slots than the " + std::to_string(alive) +
                       " instances that are alive (slots × threads)");
    }
    if (c.mix.pool > kMostSlots)
      throw UsageError("--touch: the pool may have " + std::to_string(kMostSlots) + " slots at most (slots × threads)");
    add_case(selection, c);
  }
}

void add_suite(Selection& selection, const Suite& suite, const std::vector<Case>& touched) {
  for (const Case& c : suite.cases) {
    if (touched.empty()) {
      selection.modules[c.module] = c.module;
      add_case(selection, c);
    } else {
      add_module(selection, c.module, c.module, touched);
    }
  }
}

}  // namespace

void keep_matching(std::vector<Case>& cases, const std::string& filter) {
  if (filter.empty()) return;
  std::regex expression;
  try {
    expression = std::regex(filter);
  } catch (const std::regex_error& error) {
    throw UsageError("--filter '" + filter + "' is no regular expression: " + error.what());
  }
  std::vector<Case> kept;
  for (const Case& c : cases) {
    if (std::regex_search(id_of(c), expression)) kept.push_back(c);
  }
  if (kept.empty()) {
    std::vector<std::string> ids;
    for (size_t i = 0; i < std::min<size_t>(cases.size(), 8); ++i) ids.push_back("'" + id_of(cases[i]) + "'");
    throw UsageError("--filter '" + filter + "' matches none of " + counted(static_cast<double>(cases.size()), "case") + ", such as " +
                     join(ids, ", "));
  }
  cases = std::move(kept);
}

namespace {

// Reread pages are among the written ones. The sum may not fit 64 bits, so it is never made.
bool fits(const Workload& w, uint64_t pages) {
  const uint64_t read = w.reread ? 0 : w.read;
  return w.write <= pages && read <= pages - w.write;
}

std::string pages_touched(const Workload& w) {
  if (w.reread || w.read == 0) return std::to_string(w.write);
  return w.write == 0 ? std::to_string(w.read) : std::to_string(w.read) + " + " + std::to_string(w.write);
}

void check_room(const Case& c, const std::string& name, const PreparedModule& module) {
  if (module.state != PreparedModule::State::ready) return;
  const uint64_t pages = module.facts.value("memory_pages", uint64_t{0}) * 16;  // 64 KiB -> 4 KiB
  if (!fits(c.workload, pages)) {
    throw UsageError("--touch: '" + id_of(c) + "' touches " + pages_touched(c.workload) +
                     (pages_touched(c.workload) == "1" ? " page" : " pages") + " of 4 KiB, the memory of " + name + " begins with " + std::to_string(pages));
  }
  const uint64_t entries = module.facts.value("table_entries", uint64_t{0});
  if (c.workload.calls > entries) {
    throw UsageError("--touch: '" + id_of(c) + "' takes " + std::to_string(c.workload.calls) +
                     " table entries, the tables of " + name + " have " + std::to_string(entries));
  }
}

}  // namespace

namespace {

ArmText parsed_arm(const std::string& text) {
  try {
    return parse_arm(text);
  } catch (const ArmError& error) {
    throw UsageError(error.what());
  }
}

}  // namespace

std::vector<std::string> core_arms(Presets which) {
  std::vector<std::string> names;
  for (const Preset& preset : presets()) {
    if (which == Presets::all || preset.by_default) names.push_back(std::string(kEngine) + ":" + std::string(preset.name));
  }
  return names;
}

std::vector<Strategy> core_strategies(const std::vector<std::string>& arms) {
  std::vector<Strategy> strategies;
  for (const std::string& text : arms) {
    const Arm arm = arm_of(text);
    if (arm.engine != kEngine) throw UsageError("--arm " + text + ": this is about the core only");
    const Strategy strategy = parse_strategy(arm.strategy);
    const auto same = std::find(strategies.begin(), strategies.end(), strategy);
    if (same != strategies.end())
      throw UsageError("--arm " + text + " is the same as --arm " + arms[static_cast<size_t>(same - strategies.begin())]);
    strategies.push_back(strategy);
  }
  return strategies;
}

std::string settings_asked_for(const std::vector<std::string>& arms) {
  std::string out;
  for (const std::string& text : arms) {
    const ArmText parsed = parsed_arm(text);
    if (parsed.strategy != kAnySettings) continue;
    const Json settings = engine_settings(parsed);
    const std::string arm = text.substr(0, text.size() - std::string_view(":?").size());
    if (settings.is_string()) {
      out += wrapped(arm + ": ", settings.get<std::string>());
    } else if (is_settings(settings)) {
      out += settings_text(arm, settings);
    } else {
      throw std::runtime_error("--arm " + text + ": its worker's \"settings\" lack presets or axes, or one of their texts");
    }
  }
  return out;
}

Arm arm_of(const std::string& text) {
  const ArmText parsed = parsed_arm(text);
  if (parsed.strategy == kAnySettings)
    throw UsageError("--arm " + text + ": `instbench run --arm '" + text + "'` prints the presets and settings");
  const std::vector<std::string> engines = known_engines();
  const bool is_engine = std::find(engines.begin(), engines.end(), parsed.engine) != engines.end();
  const bool bare = !parsed.strategy && std::holds_alternative<ThisBuild>(parsed.build);
  if (parsed.engine != kEngine && (is_engine || !bare)) return engine_arm(parsed);
  if (!parsed.strategy)
    throw UsageError(unknown_name("arm", text, core_arms(Presets::all)) + "; or axes, as in core:pool,reset=remap");
  if (!std::holds_alternative<ThisBuild>(parsed.build))
    throw UsageError("--arm " + text + ": other builds of the core are for `compare` and `gate`, behind --a and --b");
  const std::string engine = parsed.engine;
  try {
    return {engine, canonical(parse_strategy(*parsed.strategy)), text};
  } catch (const StrategyError& error) {
    const auto close = nearest(text, core_arms(Presets::all));
    throw UsageError("--arm " + text + ": " + error.what() + (close ? " (did you mean '" + *close + "'?)" : ""));
  }
}

Selection select_cases(const Manifest& manifest, const Wanted& wanted) {
  Selection selection;
  const std::vector<Case> touched = workloads(wanted);
  const std::vector<Case> for_modules = touched.empty() ? default_workloads() : touched;
  const std::vector<std::string> names =
      wanted.names.empty() ? std::vector<std::string>{wanted.default_suite} : wanted.names;
  std::vector<std::string> labels;
  for (const std::string& name : names) {
    std::string label = name;
    if (const Suite* suite = manifest.find_suite(name)) {
      if (wanted.mix) throw UsageError("--mix takes modules, and '" + name + "' is a suite");
      add_suite(selection, *suite, touched);
    } else if (manifest.find_module(name) != nullptr || looks_like_path(name)) {
      if (manifest.find_module(name) == nullptr) {
        check_exists(name);
        label = label_of(name, selection.modules);
      }
      add_module(selection, label, name, wanted.mix ? std::vector<Case>{} : for_modules);
      if (!wanted.usual_touches) selection.named.push_back(label);
    } else {
      const auto close = nearest(name, known_names(manifest));
      throw UsageError("unknown suite or module '" + name + "'" + (close ? " (did you mean '" + *close + "'?)" : "") +
                       "; `instbench list` names them all; or give the path of a .wasm, .wat or .shape file");
    }
    labels.push_back(label);
  }
  selection.label = join(labels, "+");
  if (wanted.mix) {
    add_mix(selection, for_modules);
  } else {
    fill_in_scripts(selection, manifest, wanted);
    fill_in_preinit(selection, manifest, wanted);
  }
  keep_matching(selection.cases, wanted.filter);
  if (selection.cases.empty()) throw UsageError("nothing to run: " + selection.label + " has no cases");
  std::erase_if(selection.modules, [&](const auto& module) {
    return std::none_of(selection.cases.begin(), selection.cases.end(),
                        [&](const Case& c) { return c.module == module.first || !c.mix.modules.empty(); });
  });
  return selection;
}

Selection select(const Manifest& manifest, const Wanted& wanted) {
  Selection selection = select_cases(manifest, wanted);
  for (const std::string& text : wanted.arms.empty() ? core_arms(Presets::by_default) : wanted.arms) {
    const Arm arm = arm_of(text);
    for (const Arm& other : selection.arms) {
      if (other.id == arm.id && other.strategy == arm.strategy && (other.library != arm.library || other.worker != arm.worker))
        throw UsageError("--arm " + text + ": another file of that name is measured, too, and results name no folders: " +
                         "rename one, or give it a symbolic link of another name");
      const bool same = other.engine == arm.engine && other.build == arm.build && other.library == arm.library &&
                        other.worker == arm.worker && other.strategy == arm.strategy;
      if (same) throw UsageError("--arm " + text + " is the same as --arm " + other.id);
    }
    selection.arms.push_back(arm);
  }
  return selection;
}

std::map<std::string, PreparedModule> prepare_all(const Manifest& manifest, const Selection& selection) {
  std::map<std::string, PreparedModule> modules;
  const std::string cache = default_cache_dir();
  for (const auto& [label, name] : selection.modules) modules[label] = prepare(manifest, label, name, cache);
  for (const Case& c : selection.cases) {
    const auto& named = selection.named;
    if (std::find(named.begin(), named.end(), c.module) != named.end()) check_room(c, c.module, modules.at(c.module));
    for (const std::string& name : c.mix.modules) check_room(c, name, modules.at(name));
    if (!c.mix.modules.empty()) modules[c.module] = mix_of(c.mix.modules, modules);
  }
  return modules;
}

}  // namespace instbench::bench
