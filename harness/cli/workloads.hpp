// What --touch, --call, --invoke and --mix ask of an instance, and under which conditions.
#pragma once

#include <string>
#include <vector>

#include "harness/cli/selection.hpp"
#include "harness/protocol/call_script.hpp"

namespace instbench::bench {

// Where nothing is said: `none`, hot and over 64 slots (one instance alive at a time flatters).
std::vector<Case> default_workloads();

// Cases of no module yet; empty: nothing was said. Throws UsageError.
std::vector<Case> workloads(const Wanted& wanted);

// The script with what a program finds (--stdin, --dir, --arg, --env), as a case carries it. Throws UsageError.
std::string script_text(CallScript script, const Wanted& wanted);

}  // namespace instbench::bench
