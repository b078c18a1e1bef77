// instbench list: modules, suites, strategies, engines, and what this kernel can do.
#include <fstream>
#include <iostream>
#include <memory>

#include "harness/cli/cli.hpp"
#include "harness/cli/commands.hpp"
#include "harness/cli/engine_arms.hpp"
#include "harness/cli/home.hpp"
#include "harness/corpus/resolve.hpp"
#include "harness/report/format.hpp"
#include "harness/report/terminal.hpp"
#include "runtime/instance/strategy.hpp"
#include "runtime/os/features.hpp"

namespace instbench::bench {
namespace {

// Real modules only: looking needs no build and no hash of the rest of the corpus.
Json availability(const ModuleEntry& entry) {
  if (entry.tier != Tier::real) return "in the repository";
  try {
    return std::ifstream(real_module_path(entry, default_cache_dir())) ? "fetched" : "not fetched";
  } catch (const CorpusError&) {
    return nullptr;  // no cache folder: not known
  }
}

Json modules_json(const Manifest& manifest) {
  Json list = Json::array();
  for (const ModuleEntry& entry : manifest.modules()) {
    list.push_back({{"name", entry.name},
                    {"tier", name_of(entry.tier)},
                    {"available", availability(entry)},
                    {"bytes", entry.bytes},
                    {"origin", entry.origin},
                    {"licence", entry.licence},
                    {"why", entry.why},
                    {"expect", entry.expect ? Json(*entry.expect) : Json(nullptr)}});
  }
  return list;
}

Json suites_json(const Manifest& manifest) {
  Json list = Json::array();
  for (const Suite& suite : manifest.suites()) {
    Json cases = Json::array();
    for (const Case& c : suite.cases) cases.push_back(id_of(c));
    list.push_back({{"name", suite.name}, {"why", suite.why}, {"cases", cases}});
  }
  return list;
}

Json strategies_json() {
  Json list = Json::array();
  for (const Preset& preset : presets()) {
    list.push_back({{"arm", "core:" + std::string(preset.name)},
                    {"stands_for", preset.stands_for},
                    {"by_default", preset.by_default},
                    {"sets", overrides(preset.strategy)},
                    {"axes", canonical(preset.strategy)}});
  }
  return list;
}

Json features_json() {
  Json list = Json::array();
  for (const os::Feature& feature : os::features()) {
    list.push_back({{"name", feature.name},
                    {"since", feature.since},
                    {"use", feature.use},
                    {"ok", feature.support.ok},
                    {"why_not", feature.support.ok ? Json(nullptr) : Json(feature.support.why_not)}});
  }
  return list;
}

std::string text_at(const Json& json, const char* key) {
  return json.at(key).is_string() ? json.at(key).get<std::string>() : "?";
}

void line(const std::string& name, size_t width, const std::string& rest) {
  std::cout << wrapped("  " + padded(name, width, Align::left) + "  ", rest, width + 4);
}

void print_text(const Json& all) {
  std::cout << "suites\n";
  for (const Json& suite : all.at("suites")) {
    line(text_at(suite, "name"), 12, counted(static_cast<double>(suite.at("cases").size()), "case") + ": " + text_at(suite, "why"));
  }
  std::cout << "modules\n";
  for (const Json& module : all.at("modules")) {
    const std::string tier = text_at(module, "tier");
    line(text_at(module, "name"), 28,
         padded(tier == "real" ? text_at(module, "available") : tier, 12, Align::left) + text_at(module, "why"));
  }
  std::cout << "strategies (--arm; `instbench run --arm 'core:?'` says what each axis means and its usual value)\n";
  for (const Json& strategy : all.at("strategies")) {
    const std::string sets = text_at(strategy, "sets");
    line(text_at(strategy, "arm"), 18, text_at(strategy, "stands_for") + ": " + (sets.empty() ? "the usual values" : sets));
  }
  std::cout << "engines (`instbench run --arm 'ENGINE:?'` prints the presets and axes of one)\n";
  for (const Json& engine : all.at("engines")) line(text_at(engine, "name"), 27, text_at(engine, "what"));
  std::cout << "features of this kernel\n";
  for (const Json& feature : all.at("features")) {
    const bool ok = feature.at("ok");
    line(text_at(feature, "name"), 22,
         (ok ? "yes" : "no: " + text_at(feature, "why_not")) + " (" + text_at(feature, "use") + "; Linux " +
             text_at(feature, "since") + ")");
  }
}

int list(bool json) {
  const Manifest manifest = load_manifest();
  const Json engines = engine_list();
  const Json all = {{"suites", suites_json(manifest)},
                    {"modules", modules_json(manifest)},
                    {"strategies", strategies_json()},
                    {"engines", engines},
                    {"features", features_json()}};
  if (json) {
    std::cout << all.dump(1) << "\n";
  } else {
    print_text(all);
  }
  return kExitOk;
}

}  // namespace

void add_list(CLI::App& app, Action& action) {
  auto json = std::make_shared<bool>(false);
  CLI::App* verb = app.add_subcommand("list", "What there is: suites, modules, strategies, engines, kernel features");
  verb->add_flag("--json", *json, "As JSON");
  verb->callback([json, &action] { action = [json] { return list(*json); }; });
}

}  // namespace instbench::bench
