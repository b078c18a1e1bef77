#include "runtime/os/fitness.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <map>

namespace instbench::os {
namespace {

namespace fs = std::filesystem;
using Files = std::map<std::string, std::string>;

// A folder with a proc/ and a sys/ of text files, removed afterwards.
class Tree {
 public:
  explicit Tree(const Files& files) {
    std::string name = (fs::temp_directory_path() / "instbench-fitness-XXXXXX").string();
    root_ = ::mkdtemp(name.data());
    for (const auto& [path, text] : files) write(path, text);
  }
  ~Tree() { fs::remove_all(root_); }
  Tree(const Tree&) = delete;
  Tree& operator=(const Tree&) = delete;

  void write(const std::string& path, const std::string& text) const {
    fs::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text << "\n";
  }
  Roots roots() const { return {(root_ / "proc").string(), (root_ / "sys").string()}; }
  std::string at(const std::string& path) const { return (root_ / path).string(); }

 private:
  fs::path root_;
};

const Files kGood = {
    {"proc/self/status", "Name:\tx\nSeccomp:\t0\nSeccomp_filters:\t0\nCpus_allowed_list:\t0-3"},
    {"proc/self/cgroup", "0::/user.slice/me"},
    {"proc/self/personality", "00000000"},
    {"proc/self/schedstat", "100 7 3"},
    {"proc/self/mountinfo", "22 28 0:20 / /proc rw - proc proc rw\n23 28 0:21 / /sys rw,nosuid - sysfs sysfs rw"},
    {"proc/cpuinfo", "processor\t: 0\nmodel name\t: X\nflags\t\t: fpu tsc"},
    {"proc/stat", "cpu  900 50 40 5000 10 5 5 0 0 0\ncpu0 1 2 3 4 5 6 7 8 9 10"},
    {"proc/loadavg", "0.12 0.10 0.09 1/200 4242"},
    {"proc/meminfo", "MemTotal:       16000000 kB\nMemFree: 1 kB\nMemAvailable:   12000000 kB"},
    {"proc/swaps", "Filename\tType\tSize\tUsed\tPriority"},
    {"proc/pressure/cpu", "some avg10=0.50 avg60=8.52 avg300=19.98 total=275\nfull avg10=9.00 avg60=0 total=0"},
    {"proc/pressure/memory", "some avg10=0.00 avg60=0.00 avg300=0.00 total=0"},
    {"proc/pressure/io", "some avg10=0.00 avg60=0.00 avg300=0.00 total=0"},
    {"proc/sys/kernel/osrelease", "6.12.1"},
    {"proc/sys/kernel/randomize_va_space", "2"},
    {"proc/sys/kernel/perf_event_paranoid", "-1"},
    {"proc/sys/kernel/numa_balancing", "0"},
    {"proc/sys/vm/max_map_count", "65530"},
    {"proc/sys/vm/overcommit_memory", "0"},
    {"sys/devices/system/cpu/online", "0-3"},
    {"sys/devices/system/cpu/isolated", ""},
    {"sys/devices/system/cpu/nohz_full", "(null)"},
    {"sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "performance"},
    {"sys/devices/system/cpu/cpu1/cpufreq/scaling_governor", "performance"},
    {"sys/devices/system/cpu/cpuidle/current_driver", "acpi_idle"},
    {"sys/devices/system/cpu/intel_pstate/no_turbo", "1"},
    {"sys/devices/system/cpu/smt/active", "0"},
    {"sys/devices/system/clocksource/clocksource0/current_clocksource", "tsc"},
    {"sys/devices/system/clocksource/clocksource0/available_clocksource", "tsc hpet acpi_pm"},
    {"sys/devices/system/node/node0/cpulist", "0-3"},
    {"sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never"},
    {"sys/kernel/mm/transparent_hugepage/shmem_enabled", "always within_size advise [never] deny force"},
    {"sys/kernel/mm/transparent_hugepage/hpage_pmd_size", "2097152"},
    {"sys/kernel/mm/transparent_hugepage/hugepages-64kB/enabled", "always inherit madvise [never]"},
    {"sys/kernel/mm/transparent_hugepage/hugepages-2048kB/enabled", "always [inherit] madvise never"},
    {"sys/kernel/mm/ksm/run", "0"},
    {"sys/kernel/mm/damon/admin/kdamonds/nr_kdamonds", "0"},
    {"sys/kernel/debug/fault_around_bytes", "65536"},
    {"sys/fs/cgroup/cgroup.procs", "1"},
    {"sys/fs/cgroup/user.slice/cpu.max", "max 100000"},
    {"sys/fs/cgroup/user.slice/me/memory.max", "max"},
};

Files with(Files files, const Files& changes) {
  for (const auto& [path, text] : changes) files[path] = text;
  return files;
}

const Files kBad = with(
    kGood,
    {{"proc/self/status", "Seccomp:\t2\nSeccomp_filters:\t3\nCpus_allowed_list:\t1,3"},
     {"proc/self/personality", "00040000"},
     {"proc/self/mountinfo", "23 28 0:21 / /sys ro,nosuid - sysfs sysfs ro"},
     {"proc/cpuinfo", "flags\t\t: fpu hypervisor tsc"},
     {"proc/stat", "cpu  600 0 200 5000 10 0 0 200 0 0"},
     {"proc/loadavg", "3.90 2 1 1/2 3"},
     {"proc/pressure/cpu", "some avg10=42.50 avg60=0 avg300=0 total=0"},
     {"proc/swaps", "Filename Type Size Used Priority\n/dev/zram0 partition 1024 512 100\n/swap file 2048 0 -2"},
     {"proc/sys/kernel/randomize_va_space", "0"},
     {"proc/sys/kernel/numa_balancing", "1"},
     {"sys/devices/system/cpu/isolated", "2-3"},
     {"sys/devices/system/cpu/cpu1/cpufreq/scaling_governor", "schedutil"},
     {"sys/devices/system/cpu/intel_pstate/no_turbo", "0"},
     {"sys/devices/system/cpu/smt/active", "1"},
     {"sys/devices/system/clocksource/clocksource0/current_clocksource", "hpet"},
     {"sys/devices/system/node/node0/cpulist", "0-1"},
     {"sys/devices/system/node/node1/cpulist", "2-3"},
     {"sys/kernel/mm/transparent_hugepage/enabled", "[always] madvise never"},
     {"sys/kernel/mm/transparent_hugepage/hugepages-64kB/enabled", "always [inherit] madvise never"},
     {"sys/kernel/mm/transparent_hugepage/hugepages-64kB/shmem_enabled", "always inherit within_size [advise] never"},
     {"sys/kernel/mm/ksm/run", "1"},
     {"sys/kernel/mm/damon/admin/kdamonds/0/state", "on"},
     {"sys/kernel/mm/damon/admin/kdamonds/0/contexts/nr_contexts", "1"},
     {"sys/kernel/mm/damon/admin/kdamonds/0/contexts/0/schemes/0/action", "pageout"},
     {"sys/kernel/mm/damon/admin/kdamonds/1/state", "off"},
     {"sys/module/damon_stat/parameters/enabled", "Y"},
     {"sys/module/zswap/parameters/enabled", "Y"},
     {"sys/fs/cgroup/user.slice/cpu.max", "150000 100000"},
     {"sys/fs/cgroup/user.slice/cpu.stat", "usage_usec 1\nnr_periods 9\nnr_throttled 4"},
     {"sys/fs/cgroup/user.slice/me/cpu.max", "200000 100000"},
     {"sys/fs/cgroup/user.slice/me/memory.max", "2147483648"},
     {"sys/fs/cgroup/user.slice/me/memory.high", "1073741824"},
     {"sys/fs/cgroup/user.slice/me/memory.current", "1000"}});

TEST(Fitness, AGoodMachinesCpus) {
  const Tree tree(kGood);
  const CpuFacts facts = read_cpu_facts(tree.roots());
  EXPECT_EQ(*facts.allowed, (CpuSet{0, 1, 2, 3}));
  EXPECT_EQ(*facts.online, (CpuSet{0, 1, 2, 3}));
  EXPECT_TRUE(facts.isolated->empty());
  EXPECT_TRUE(facts.nohz_full->empty());
  EXPECT_EQ(*facts.governor, "performance");
  EXPECT_FALSE(facts.boost->on);
  EXPECT_FALSE(*facts.smt);
  EXPECT_FALSE(*facts.hypervisor);
  EXPECT_DOUBLE_EQ(*facts.load, 0.12);
  EXPECT_DOUBLE_EQ(*facts.stolen_since_boot, 0);
  EXPECT_DOUBLE_EQ(*facts.pressure_cpu, 0.005);
  EXPECT_DOUBLE_EQ(*facts.pressure_io, 0);
  EXPECT_EQ(*facts.clock_source, "tsc");
}

TEST(Fitness, AGoodMachinesMemoryAndProcess) {
  const Tree tree(kGood);
  const MemoryFacts memory = read_memory_facts(tree.roots());
  EXPECT_EQ(*memory.available_bytes, uint64_t{12000000} * 1024);
  EXPECT_EQ(*memory.thp, "madvise");
  EXPECT_EQ(*memory.thp_shmem, "never");
  EXPECT_TRUE(memory.small_huge_pages->empty());
  EXPECT_EQ(*memory.ksm_run, 0U);
  EXPECT_TRUE(memory.damon->empty());
  EXPECT_EQ(memory.numa->nodes, 1U);
  EXPECT_EQ(memory.numa->nodes_allowed, 1U);
  EXPECT_TRUE(memory.swap->empty());
  EXPECT_EQ(*memory.fault_around_bytes, 65536U);
  EXPECT_FALSE(memory.limit->bytes);
  const ProcessFacts process = read_process_facts(tree.roots());
  EXPECT_EQ(*process.kernel, "6.12.1");
  EXPECT_EQ(*process.seccomp, 0U);
  EXPECT_FALSE(*process.fixed_layout);
  EXPECT_EQ(*process.perf_paranoid, -1);
  EXPECT_EQ(*process.run_delay_ns, 7U);
  EXPECT_FALSE(*process.settings_locked);
  EXPECT_FALSE(process.quota->cpus);
}

TEST(Fitness, ABadMachinesCpus) {
  const Tree tree(kBad);
  const CpuFacts facts = read_cpu_facts(tree.roots());
  EXPECT_EQ(*facts.allowed, (CpuSet{1, 3}));
  EXPECT_EQ(*facts.isolated, (CpuSet{2, 3}));
  EXPECT_EQ(*facts.governor, "performance, schedutil");
  EXPECT_TRUE(facts.boost->on);
  EXPECT_EQ(facts.boost->file, tree.at("sys/devices/system/cpu/intel_pstate/no_turbo"));
  EXPECT_TRUE(*facts.smt);
  EXPECT_TRUE(*facts.hypervisor);
  EXPECT_DOUBLE_EQ(*facts.stolen_since_boot, 0.2);
  EXPECT_DOUBLE_EQ(*facts.pressure_cpu, 0.425);
  EXPECT_EQ(*facts.clock_source, "hpet");
}

TEST(Fitness, ABadMachinesMemory) {
  const Tree tree(kBad);
  const MemoryFacts facts = read_memory_facts(tree.roots());
  EXPECT_EQ(*facts.thp, "always");
  ASSERT_EQ(facts.small_huge_pages->size(), 2U);
  EXPECT_EQ((*facts.small_huge_pages)[0].size, "64kB");
  EXPECT_EQ((*facts.small_huge_pages)[0].mode, "always");  // inherited
  EXPECT_EQ((*facts.small_huge_pages)[1].mode, "advise");
  EXPECT_EQ(*facts.ksm_run, 1U);
  ASSERT_EQ(facts.damon->size(), 2U);
  EXPECT_EQ((*facts.damon)[0].what, "damon_stat");
  EXPECT_FALSE((*facts.damon)[0].evicts);
  EXPECT_EQ((*facts.damon)[1].what, "kdamond 0 (pageout)");
  EXPECT_TRUE((*facts.damon)[1].evicts);
  EXPECT_EQ((*facts.damon)[1].file, tree.at("sys/kernel/mm/damon/admin/kdamonds/0/state"));
  EXPECT_EQ(facts.numa->nodes, 2U);
  EXPECT_EQ(facts.numa->nodes_allowed, 2U);
  EXPECT_EQ(*facts.numa_balancing, 1U);
  ASSERT_EQ(facts.swap->size(), 2U);
  EXPECT_EQ((*facts.swap)[0].name, "/dev/zram0");
  EXPECT_EQ((*facts.swap)[0].used_bytes, 512U * 1024);
  EXPECT_TRUE(*facts.zswap);
}

TEST(Fitness, ABadMachinesProcess) {
  const Tree tree(kBad);
  const ProcessFacts facts = read_process_facts(tree.roots());
  EXPECT_EQ(*facts.seccomp, 2U);
  EXPECT_EQ(*facts.seccomp_filters, 3U);
  EXPECT_EQ(*facts.aslr, 0U);
  EXPECT_TRUE(*facts.fixed_layout);
  EXPECT_TRUE(*facts.settings_locked);
}

TEST(Fitness, TheTightestLimitOfAllGroupsAboveCounts) {
  const Tree tree(kBad);
  const auto quota = read_process_facts(tree.roots()).quota;
  EXPECT_DOUBLE_EQ(*quota->cpus, 1.5);
  EXPECT_EQ(*quota->throttled, 4U);
  EXPECT_EQ(quota->file, tree.at("sys/fs/cgroup/user.slice/cpu.max"));
  const auto limit = read_memory_facts(tree.roots()).limit;
  EXPECT_EQ(*limit->bytes, uint64_t{1} << 30);
  EXPECT_EQ(*limit->used_bytes, 1000U);
  EXPECT_EQ(limit->file, tree.at("sys/fs/cgroup/user.slice/me/memory.high"));
}

TEST(Fitness, LimitsOfTheFirstVersion) {
  const Tree tree({{"proc/self/cgroup", "5:memory:/docker/abc\n2:cpu,cpuacct:/docker/abc\n0::/"},
                   {"sys/fs/cgroup/cpu,cpuacct/cgroup.procs", "1"},  // a container sees its own group as the root
                   {"sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "50000"},
                   {"sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000"},
                   {"sys/fs/cgroup/memory/cgroup.procs", "1"},
                   {"sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712"}});
  const auto quota = cpu_quota(tree.roots().proc, tree.roots().sys);
  EXPECT_DOUBLE_EQ(*quota->cpus, 0.5);
  EXPECT_FALSE(quota->throttled);
  EXPECT_EQ(quota->file, tree.at("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us"));
  const auto limit = memory_limit(tree.roots().proc, tree.roots().sys);
  ASSERT_TRUE(limit);
  EXPECT_FALSE(limit->bytes);
  tree.write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "-1");
  EXPECT_FALSE(cpu_quota(tree.roots().proc, tree.roots().sys)->cpus);
}

TEST(Fitness, OfAnEmptyRootNothingIsKnownAndAllSayWhy) {
  const Tree tree({});
  const CpuFacts cpu = read_cpu_facts(tree.roots());
  EXPECT_FALSE(cpu.governor || cpu.boost || cpu.smt || cpu.hypervisor || cpu.load || cpu.stolen_since_boot);
  EXPECT_FALSE(cpu.pressure_cpu || cpu.clock_source || cpu.allowed || cpu.isolated);
  EXPECT_NE(cpu.load.why_not.find("loadavg'): No such file"), std::string::npos) << cpu.load.why_not;
  EXPECT_NE(cpu.governor.why_not.find("lists no CPU"), std::string::npos) << cpu.governor.why_not;
  const MemoryFacts memory = read_memory_facts(tree.roots());
  EXPECT_FALSE(memory.thp || memory.small_huge_pages || memory.ksm_run || memory.damon || memory.numa || memory.swap);
  EXPECT_FALSE(memory.limit || memory.available_bytes || memory.fault_around_bytes);
  EXPECT_NE(memory.damon.why_not.find("kernel/mm is not there"), std::string::npos) << memory.damon.why_not;
  const ProcessFacts process = read_process_facts(tree.roots());
  EXPECT_FALSE(process.seccomp || process.aslr || process.quota || process.run_delay_ns || process.settings_locked);
  EXPECT_NE(process.quota.why_not, "");
}

TEST(Fitness, WhatAKernelWasBuiltWithoutIsKnownToBeOff) {
  const Tree tree(Files{{"sys/kernel/mm/swap/vma_ra_enabled", "true"}});
  const MemoryFacts facts = read_memory_facts(tree.roots());
  EXPECT_EQ(*facts.thp, "not in this kernel");
  EXPECT_TRUE(facts.small_huge_pages->empty());
  EXPECT_EQ(*facts.ksm_run, 0U);
  EXPECT_TRUE(facts.damon->empty());
}

TEST(Fitness, WithoutTheRightToAskDamonItsThreadsTell) {
  Files files = {{"proc/2/comm", "kthreadd"}, {"sys/kernel/mm/damon/admin/kdamonds/0/contexts/nr_contexts", "0"}};
  EXPECT_TRUE(read_memory_facts(Tree(files).roots()).damon);
  files["proc/77/comm"] = "kdamond.0";
  const auto seen = read_memory_facts(Tree(files).roots()).damon;
  EXPECT_NE(seen.why_not.find("kdamond.0 thread runs"), std::string::npos) << seen.why_not;
  files["proc/2/comm"] = "bash";  // a container's own process
  EXPECT_NE(read_memory_facts(Tree(files).roots()).damon.why_not.find("state'): No such file"), std::string::npos);
}

// The kernel gives such a number to the first read(2) only.
TEST(Fitness, NumbersOfProcSysAreReadWhole) {
  const auto most = number_in("/proc/sys/kernel/pid_max");
  if (!most) GTEST_SKIP() << most.why_not;
  EXPECT_GE(*most, 301U);  // the least that the kernel accepts
}

TEST(Fitness, ListsOfCpus) {
  EXPECT_EQ(*cpu_set_of("0-2,8"), (CpuSet{0, 1, 2, 8}));
  EXPECT_EQ(*cpu_set_of(""), CpuSet{});
  for (const char* wrong : {"x", "3-1", "0-4294967295", "1-", "0,,2"}) EXPECT_FALSE(cpu_set_of(wrong)) << wrong;
}

TEST(Fitness, TheStolenShareIsOfWhatWasWanted) {
  EXPECT_DOUBLE_EQ(*stolen_share({100, 10}, {200, 35}), 0.25);
  EXPECT_FALSE(stolen_share({100, 10}, {100, 10}));
  EXPECT_FALSE(stolen_share({100, 10}, {200, 5}));
}

TEST(Fitness, TheCacheIsJudgedByTheNearestFolderThatIsThere) {
  const Tree tree(Files{{"here/file", ""}});
  const auto facts = cache_facts(tree.at("here/not/yet"));
  ASSERT_TRUE(facts) << facts.why_not;
  EXPECT_EQ(facts->folder, tree.at("here/not/yet"));
  EXPECT_GT(facts->free_bytes, 0U);
  EXPECT_TRUE(facts->writable);
}

TEST(Fitness, ProbesOfThisMachineAnswer) {
  const ProbedFacts facts = probe_facts(0.01);
  EXPECT_GE(facts.page_bytes, 4096U);
  EXPECT_GT(facts.clock_read_ns, 0);
  EXPECT_GT(facts.clock_resolution_ns, 0U);
  EXPECT_GE(facts.spun_s, 0.01);
  EXPECT_FALSE(facts.features.empty());
  EXPECT_EQ(facts.userfaultfd.ok, facts.userfaultfd.why_not.empty());
  EXPECT_EQ(facts.perf_event_open.ok, facts.perf_event_open.why_not.empty());
  EXPECT_TRUE(facts.stolen || !facts.stolen.why_not.empty());
}

}  // namespace
}  // namespace instbench::os
