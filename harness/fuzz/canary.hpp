// The canary: every tenant marks every page of a large memory with a number of its own; whoever finds a mark that it did
// not make has found a leak. One memory of 64 MiB, so that a scan of it takes long enough to meet a page in migration.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "runtime/instance/strategy.hpp"

namespace instbench::bench {

struct CanaryReport {
  uint64_t tenants = 0;
  uint64_t pages_looked_at = 0;
  std::optional<std::string> leak;  // which tenant's mark, where, and how many of them
};

// `resident` of the strategy should be 64 MiB: what is given back cannot show whether it would have been put back.
// Throws Unsupported where the strategy cannot be had; `progress`, after every tenant, may throw.
CanaryReport run_canary(const Strategy& strategy, uint64_t tenants, const std::function<void()>& progress = {});

}  // namespace instbench::bench
