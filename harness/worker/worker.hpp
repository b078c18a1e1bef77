// The C++ worker: answers one request of the protocol (harness/protocol/README.md) in this process.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "harness/worker/cell.hpp"

namespace instbench::bench {

// From a request to the cell of its engine. Throws Skip, Refused, DoesNotFit, and what else can go wrong (a failed
// cell).
using Open = std::function<std::unique_ptr<Cell>(const Request&)>;
// What an arm's engine says of itself; its strategy is as the user typed it. Throws Skip, Refused.
using Describe = std::function<EngineFacts(const Arm&)>;

struct Engines {
  Open open;
  Describe describe;
};

// One request (JSON text), of a cell or of a description, to one answer (JSON text, one line). Never throws: whatever
// goes wrong becomes a sample with status "skipped" or "failed" and its reason. REQUIRES: no other thread runs (the
// trace pass forks), and once per process (caches and learned state would carry over).
std::string run_request(const std::string& request_json, const Engines& engines);

// Cycles without end for a profiler that looks on, with the marks of Cell::run_probed; ends after `seconds`, or when
// interrupted. Calls `warm` once when the slots are warm and the cycles begin, with whether the engine has those marks;
// says how many there were and what they took.
struct ProfiledCycles {
  uint64_t cycles = 0;
  double ns_per_cycle = 0;  // by this process's clock, the profiler's own cost included
};
ProfiledCycles run_profiled(const std::string& request_json, double seconds, const Itt* itt,
                            const std::function<void(bool has_probes)>& warm, const Engines& engines);

// The batch loop by hand: prints what Google Benchmark prints, takes its flags. Returns an exit code;
// throws what Open does. `request_json` as above; passes are ignored.
int run_by_hand(const std::string& request_json, const std::vector<std::string>& benchmark_flags,
                const Engines& engines);

}  // namespace instbench::bench
