// One case under one arm, for the verbs that measure it in this very process.
#pragma once

#include <string>

#include "harness/cli/selection.hpp"

namespace instbench::bench {

// As a request to a worker. Throws UsageError unless `wanted` is exactly one case; std::runtime_error when its module cannot
// be had.
std::string request_of_one(const Wanted& wanted, const std::string& codegen);

}  // namespace instbench::bench
