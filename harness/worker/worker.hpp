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

// The batch loop by hand: prints what Google Benchmark prints, takes its flags. Returns an exit code;
// throws what Open does. `request_json` as above; passes are ignored.
int run_by_hand(const std::string& request_json, const std::vector<std::string>& benchmark_flags,
                const Engines& engines);

}  // namespace instbench::bench
