#include "harness/engines/engines.hpp"

#include <algorithm>

#include "harness/engines/capi/engine.hpp"
#include "harness/engines/core/core_cell.hpp"
#include "harness/engines/sightglass/sightglass_cell.hpp"
#include "harness/engines/wasmtime/engine.hpp"
#include "harness/protocol/text.hpp"
#include "runtime/instance/strategy.hpp"
#include "runtime/os/usage.hpp"

namespace instbench::bench {
namespace {

Json core_settings() {
  Json of_presets = Json::array(), of_axes = Json::array();
  for (const Preset& preset : presets()) {
    of_presets.push_back({{"name", preset.name}, {"stands_for", preset.stands_for}, {"sets", overrides(preset.strategy)}});
  }
  for (const AxisText& axis : axes()) {
    of_axes.push_back({{"name", axis.name}, {"takes", axis.takes}, {"usual", axis.usual}, {"meaning", axis.meaning}});
  }
  return {{"presets", of_presets}, {"axes", of_axes}};
}

Json sightglass_settings() {
  const Json only = {{"name", "default"}, {"stands_for", "the interface has no settings"}, {"sets", ""}};
  return {{"presets", Json::array({only})}, {"axes", Json::array()}};
}

struct Entry {
  const char* name;
  std::unique_ptr<Cell> (*open)(const Request&);
  EngineFacts (*describe)(const Arm&);
  Json (*settings)();
};

constexpr Entry kEngines[] = {
    {"core", open_core, [](const Arm& arm) { return core_facts(arm.strategy); }, core_settings},
    {"wasmtime", wasmtime::open, wasmtime::describe, [] { return wasmtime::grammar().settings(); }},
    {"capi", capi::open, capi::describe, [] { return capi::grammar().settings(); }},
    {"sightglass", sightglass::open, sightglass::describe, sightglass_settings},
};

const Entry& entry_named(const std::string& name) {
  const auto* const found =
      std::find_if(std::begin(kEngines), std::end(kEngines), [&](const Entry& entry) { return entry.name == name; });
  if (found == std::end(kEngines)) throw Skip("this worker: " + unknown_name("engine", name, engine_names()));
  return *found;
}
const Entry& entry_of(const Arm& arm) { return entry_named(arm.engine); }

}  // namespace

std::vector<std::string> engine_names() {
  std::vector<std::string> names;
  for (const Entry& entry : kEngines) names.emplace_back(entry.name);
  return names;
}

std::unique_ptr<Cell> open_cell(const Request& request) {
  const Entry& entry = entry_of(request.arm);
  if (!request.mixed.empty() && entry.open != open_core) throw Skip(kMixIsForTheCore);
  // The core does so where its strategy says thp=off; the others are given the same conditions.
  if (entry.open != open_core) os::disable_huge_pages();
  return entry.open(request);
}

Json settings_of_engine(const std::string& name) { return entry_named(name).settings(); }

EngineFacts describe_engine(const Arm& arm) { return entry_of(arm).describe(arm); }

}  // namespace instbench::bench
