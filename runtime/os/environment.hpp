// Facts about the machine that change what instantiation costs. No host or user names.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace instbench::os {

struct Environment {
  std::string kernel;         // uname -r
  std::string architecture;   // uname -m
  std::string cpu;            // model name
  unsigned cpus = 0;          // that this process may run on
  uint64_t memory_bytes = 0;
  uint64_t page_bytes = 0;
  std::optional<std::string> thp;         // the bracketed word of transparent_hugepage/enabled
  std::optional<std::string> thp_shmem;   // of shmem_enabled
  std::optional<bool> hypervisor;         // CPU flag
  std::optional<int> aslr;                // kernel.randomize_va_space
  std::optional<std::string> clock_source;
  std::optional<std::string> governor;
  std::optional<uint64_t> fault_around_bytes;
  std::optional<uint64_t> swap_bytes;
  std::optional<std::string> cgroup_cpu_max;
};

Environment environment();
uint64_t memory_available_bytes();  // MemAvailable, capped by the cgroup's limit

}  // namespace instbench::os
