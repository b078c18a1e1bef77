// Facts that decide whether a machine is fit to measure instantiation on, as far as this process can see them. Reading
// changes nothing. What /proc and /sys say is read below folders that the caller names, so that tests read their own.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "runtime/os/cgroup.hpp"
#include "runtime/os/features.hpp"
#include "runtime/os/kernel_text.hpp"

namespace instbench::os {

struct Roots {
  std::string proc = "/proc";
  std::string sys = "/sys";
};

// A setting with the file that holds it.
struct Switch {
  bool on = false;
  std::string file;
};

struct CpuFacts {
  Fact<CpuSet> allowed;  // that this process may run on
  Fact<CpuSet> online;
  Fact<CpuSet> isolated;       // isolcpus=: the scheduler moves nothing there and balances nothing
  Fact<CpuSet> nohz_full;      // no tick while one thread runs
  Fact<std::string> governor;  // distinct ones of all CPUs, "performance, schedutil"
  Fact<Switch> boost;          // file: intel_pstate/no_turbo (inverted) or cpufreq/boost
  Fact<bool> smt;              // two online threads of one core
  Fact<bool> hypervisor;
  Fact<double> load;               // average over a minute
  Fact<double> stolen_since_boot;  // share of the CPU time wanted that went to other guests
  Fact<double> pressure_cpu;       // PSI "some avg10" as a share of the time
  Fact<double> pressure_memory;
  Fact<double> pressure_io;
  Fact<std::string> clock_source;
  Fact<std::string> clock_sources;  // available, with blanks between
};

struct SmallHugePage {
  std::string size;  // "64kB"
  std::string mode;  // "always", "madvise", …; "inherit" resolved
  std::string file;
};

struct DamonUse {
  std::string what;     // "kdamond 0 (pageout)", "damon_reclaim"
  bool evicts = false;  // takes pages away from their owners
  std::string off;      // the word that stops it, written to
  std::string file;
};

struct NumaFacts {
  size_t nodes = 0;
  size_t nodes_allowed = 0;  // of the CPUs that this process may run on
};

struct SwapDevice {
  std::string name;
  uint64_t bytes = 0;
  uint64_t used_bytes = 0;
};

struct MemoryFacts {
  Fact<uint64_t> total_bytes;
  Fact<uint64_t> available_bytes;
  Fact<std::string> thp;  // "not in this kernel" when it has none
  Fact<std::string> thp_shmem;
  Fact<std::vector<SmallHugePage>> small_huge_pages;  // those in use (Linux 6.8), of anonymous and shared memory
  Fact<uint64_t> ksm_run;
  Fact<std::vector<DamonUse>> damon;
  Fact<NumaFacts> numa;
  Fact<uint64_t> numa_balancing;
  Fact<std::vector<SwapDevice>> swap;
  Fact<bool> zswap;
  Fact<uint64_t> fault_around_bytes;
  Fact<uint64_t> max_map_count;
  Fact<uint64_t> overcommit;
  Fact<MemoryLimit> limit;
};

struct ProcessFacts {
  Fact<std::string> kernel;        // version
  Fact<uint64_t> seccomp;          // 0 off, 1 strict, 2 filters
  Fact<uint64_t> seccomp_filters;  // Linux 5.9
  Fact<uint64_t> aslr;             // kernel.randomize_va_space
  Fact<bool> fixed_layout;         // ADDR_NO_RANDOMIZE (setarch -R)
  Fact<int64_t> perf_paranoid;
  Fact<uint64_t> run_delay_ns;  // second figure of /proc/self/schedstat
  Fact<bool> settings_locked;   // /sys is mounted read-only, as containers have it
  Fact<CpuQuota> quota;
};

struct CacheFacts {
  std::string folder;
  uint64_t free_bytes = 0;
  bool noexec = false;
  bool writable = false;
};

// Found by doing it; the same for every `Roots`.
struct ProbedFacts {
  uint64_t page_bytes = 0;
  std::optional<uint64_t> address_space_bytes;  // RLIMIT_AS; nothing: no limit
  double clock_read_ns = 0;
  uint64_t clock_resolution_ns = 0;
  double spun_s = 0;              // a thread did nothing but read the clock for so long; meanwhile
  Fact<double> stolen;            // share of the CPU time wanted that went to other guests
  Fact<double> waited;            // share of the time that the thread waited for a CPU
  std::vector<Feature> features;  // as `instbench list` has them
  Support userfaultfd;            // the call, whatever the kernel's userfaultfd can do
  Support perf_event_open;        // hardware instructions of this process
  Fact<CacheFacts> cache;
};

struct Fitness {
  CpuFacts cpu;
  MemoryFacts memory;
  ProcessFacts process;
  ProbedFacts probed;
};

CpuFacts read_cpu_facts(const Roots& roots);
MemoryFacts read_memory_facts(const Roots& roots);
ProcessFacts read_process_facts(const Roots& roots);
ProbedFacts probe_facts(double spin_s);

// CPU time that all CPUs together were asked for since boot, and what of it went to other guests (/proc/stat, ticks).
struct CpuTime {
  uint64_t wanted = 0;
  uint64_t stolen = 0;
};
Fact<CpuTime> cpu_time(const Roots& roots);
Fact<double> stolen_share(const CpuTime& before, const CpuTime& after);

// The folder that files would go to: the nearest one that is there.
Fact<CacheFacts> cache_facts(const std::string& folder);

}  // namespace instbench::os
