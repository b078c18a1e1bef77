// What a worker process left behind -> one sample. A crash, a time-out or an answer that is not a
// sample becomes a sample too, with status "failed" and the reason, so the journal holds every process
// alike and one bad cell costs nothing but itself.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "harness/protocol/cell.hpp"
#include "runtime/os/process.hpp"

namespace instbench::bench {

Json failed_sample(const std::string& reason);
Json skipped_sample(const std::string& reason);  // the cell cannot be had here

// A signal or the time-out ended the worker (sample_from() notes it under "ended"): perhaps the machine's doing, so
// a resumed run asks again, where an answer that says "failed" stands.
bool was_killed(const Json& sample);

// An error of the JSON library without its "[json.exception…]" tag, for the end of a line that names the file.
std::string reason_of(const Json::exception& error);

// `timeout` as it was given, of each of the `processes` that took turns: it had all of theirs together.
Json sample_from(const os::ChildResult& child, std::chrono::milliseconds timeout, size_t processes = 1);

// The worker's argv: INSTBENCH_WORKER (a program, or words separated by blanks) if set, else this
// executable as `instbench worker --json`.
std::vector<std::string> worker_command();

}  // namespace instbench::bench
