#include "harness/engines/engines.hpp"

#include <algorithm>

#include "harness/engines/capi/engine.hpp"
#include "harness/engines/core/core_cell.hpp"
#include "harness/engines/sightglass/sightglass_cell.hpp"
#include "harness/engines/wasmtime/engine.hpp"
#include "harness/protocol/text.hpp"
#include "runtime/os/usage.hpp"

namespace instbench::bench {
namespace {

struct Entry {
  const char* name;
  std::unique_ptr<Cell> (*open)(const Request&);
  EngineFacts (*describe)(const Arm&);
};

constexpr Entry kEngines[] = {
    {"core", open_core, [](const Arm& arm) { return core_facts(arm.strategy); }},
    {"wasmtime", wasmtime::open, wasmtime::describe},
    {"capi", capi::open, capi::describe},
    {"sightglass", sightglass::open, sightglass::describe},
};

const Entry& entry_of(const Arm& arm) {
  const auto* const found = std::find_if(std::begin(kEngines), std::end(kEngines),
                                         [&](const Entry& entry) { return entry.name == arm.engine; });
  if (found == std::end(kEngines)) throw Skip("this worker: " + unknown_name("engine", arm.engine, engine_names()));
  return *found;
}

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

EngineFacts describe_engine(const Arm& arm) { return entry_of(arm).describe(arm); }

}  // namespace instbench::bench
