// The C++ worker: answers one request of the protocol (harness/protocol/README.md) in this process.
#pragma once

#include <string>
#include <vector>

namespace instbench::bench {

// One request (JSON text) to one sample (JSON text, one line). Never throws: whatever goes wrong becomes
// a sample with status "skipped" or "failed" and its reason. REQUIRES: no other thread runs (the trace
// pass forks), and once per process (caches and learned state would carry over).
std::string run_request(const std::string& request_json);

// The batch loop by hand: prints what Google Benchmark prints, takes its flags. Returns an exit code;
// throws like the core (LoadError, Unsupported, ...). `request_json` as above; passes are ignored.
int run_by_hand(const std::string& request_json, const std::vector<std::string>& benchmark_flags);

}  // namespace instbench::bench
