// What this process's cgroup lets it use, in the first and second version of the interface and in the mixture of both.
// A limit of any group above counts as well: the tightest is told, with the file that holds it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "runtime/os/kernel_text.hpp"

namespace instbench::os {

struct CpuQuota {
  std::optional<double> cpus;         // nothing: no limit
  std::optional<uint64_t> throttled;  // periods in which the group was stopped, so far
  std::string file;                   // that sets it: cpu.max, or cpu.cfs_quota_us of version 1
};

struct MemoryLimit {
  std::optional<uint64_t> bytes;       // nothing: no limit
  std::optional<uint64_t> used_bytes;  // page cache included
  std::string file;                    // memory.max, memory.high, or memory.limit_in_bytes of version 1
};

Fact<CpuQuota> cpu_quota(const std::string& proc, const std::string& sys);
Fact<MemoryLimit> memory_limit(const std::string& proc, const std::string& sys);

}  // namespace instbench::os
