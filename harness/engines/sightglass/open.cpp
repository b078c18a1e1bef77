// From a request to a cell of a Sightglass library.
#include "harness/engines/library/kept_code.hpp"
#include "harness/engines/library/library_cell.hpp"
#include "harness/engines/sightglass/sightglass_cell.hpp"

namespace instbench::bench::sightglass {
namespace {

constexpr const char* kStrategy = "default";

// One library, for as long as the process lives: its code may have left threads and signal handlers.
struct Loaded {
  Api api;
  EngineFacts facts;
};

EngineFacts facts_of(const Arm& arm) {
  EngineFacts facts;
  facts.name = "sightglass";
  facts.build = build_of_library(arm);
  facts.strategy = kStrategy;
  facts.phases = {Phase::init};
  facts.workloads = {"none"};
  facts.counters = {"faults"};
  facts.slots = 1;
  facts.notes = {
      "init is what the library calls its instantiation; the former instance is dropped somewhere in the cycle",
      "not verified: nothing of an instance can be reached"};
  return facts;
}

const Loaded& load_library(const Arm& arm) {
  if (!arm.strategy.empty() && arm.strategy != kStrategy)
    throw Refused("sightglass: the interface has no settings: its one strategy is 'default', not '" + arm.strategy +
                  "'");
  if (arm.library.empty())
    throw Skip(
        "sightglass: name a library that has the interface of Sightglass (wasm_bench_*): sightglass@/path/lib.so");
  static const auto* const kLoaded = new Loaded{Api(arm.library), facts_of(arm)};
  return *kLoaded;
}

}  // namespace

EngineFacts describe(const Arm& arm) { return load_library(arm).facts; }

std::unique_ptr<Cell> open(const Request& request) {
  const Loaded& loaded = load_library(request.arm);
  check_request(request, loaded.facts);
  return std::make_unique<SightglassCell>(loaded.api, loaded.facts, read_wasm(request).bytes);
}

}  // namespace instbench::bench::sightglass
