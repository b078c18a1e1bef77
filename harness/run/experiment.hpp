// Experiment: everything a run is, settled before its first process: cases, arms, modules on disk,
// settings, plan. Its header is the journal's first line and holds all that the fold needs, so a result
// is a function of the journal alone.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "harness/protocol/cell.hpp"
#include "harness/protocol/inject.hpp"
#include "harness/run/plan.hpp"

namespace instbench::bench {

// A module as this run sees it: ready for workers, or the reason why none of its cells can run.
struct PreparedModule {
  enum class State : uint8_t { ready, skipped, failed };
  State state = State::ready;
  std::string reason;
  std::string path;  // for workers
  std::string sha256;
  Json facts;          // the entry of the result's "modules"; null for a mix
  std::string expect;  // "instantiation fails: …" when the specification makes it trap, else empty
  Reach reach;         // of its instances
};

enum class Mode : uint8_t { run, compare };

struct Settings {
  Mode mode = Mode::run;
  std::string suite;              // its name; empty for modules by name or path
  std::vector<std::string> argv;  // for the result: no path but its file name
  uint64_t seed = 1;
  uint32_t blocks = 3;
  double batch_ms = 60;
  uint64_t parts = 1;                         // of a block's batch
  uint64_t verify_rounds = kVerifyRounds;     // of every pilot
  std::string codegen = "auto";               // of every request
  std::chrono::milliseconds timeout{120000};  // of one worker process
  Pilots pilots = Pilots::one_per_cell;
  std::vector<std::string> pilot_passes{"verify", "batch", "counters", "memory", "verify_after"};
  std::vector<std::string> block_passes{"first", "batch", "phases", "counters"};
  // Of a comparison. With its pilot the first two blocks of the screen count too: a counter is exact from three on.
  std::vector<std::string> counted_block_passes{"trace", "first", "batch", "phases", "counters"};
  std::optional<Injection> inject;
  Json compare;  // CompareSettings, as the header holds them
};

struct Experiment {
  Settings settings;
  std::vector<Case> cases;
  std::vector<Arm> arms;
  std::map<std::string, PreparedModule> modules;  // by Case::module, and those of a mix by their own names, too
  std::vector<Step> plan;
  // Where an arm finds what prepare() found at `path`: its own fresh copy. Empty: there.
  std::function<std::string(const std::string& path, uint32_t arm)> path_of;

  const PreparedModule& module_of(uint32_t case_index, uint32_t arm_index) const;
  // The plan's steps whose module is ready.
  std::vector<Step> runnable() const;
  Request request_for(const Step& step) const;  // without iterations
};

// Tool, machine, settings, modules, arms, cases and the plan's hash. `id` and `started` name the run.
Json header_of(const Experiment& experiment, const std::string& id, const std::string& started);

// What two headers must share for one to continue the other: same plan, binary, machine and workers. Returns what
// differs, in words, or an empty string.
std::string difference(const Json& recorded, const Json& current);

}  // namespace instbench::bench
