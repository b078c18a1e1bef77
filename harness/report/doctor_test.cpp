#include "harness/report/doctor.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "harness/report/doctor_finding.hpp"
#include "harness/report/format.hpp"

namespace instbench::bench {
namespace {

constexpr uint64_t kGiB = uint64_t{1} << 30;

const DoctorTrial kNoTrial{std::nullopt, "--no-trial"};
const DoctorTrial kTrial{DoctorEffect{0.014, 0.041, 18, 4.0, "spidermonkey touch(w16) s1"}, ""};

os::Fitness good_machine() {
  os::Fitness f;
  f.cpu.allowed = os::CpuSet{0, 1, 2, 3};
  f.cpu.online = os::CpuSet{0, 1, 2, 3};
  f.cpu.isolated = os::CpuSet{};
  f.cpu.nohz_full = os::CpuSet{};
  f.cpu.governor = std::string("performance");
  f.cpu.boost = os::Switch{false, "/sys/devices/system/cpu/intel_pstate/no_turbo"};
  f.cpu.smt = false;
  f.cpu.hypervisor = false;
  f.cpu.load = 0.1;
  f.cpu.stolen_since_boot = 0.0;
  f.cpu.pressure_cpu = f.cpu.pressure_memory = f.cpu.pressure_io = 0.0;
  f.cpu.clock_source = f.cpu.clock_sources = std::string("tsc");
  f.memory.total_bytes = 16 * kGiB;
  f.memory.available_bytes = 12 * kGiB;
  f.memory.thp = std::string("madvise");
  f.memory.thp_shmem = std::string("never");
  f.memory.small_huge_pages = std::vector<os::SmallHugePage>{};
  f.memory.ksm_run = uint64_t{0};
  f.memory.damon = std::vector<os::DamonUse>{};
  f.memory.numa = os::NumaFacts{1, 1};
  f.memory.numa_balancing = uint64_t{0};
  f.memory.swap = std::vector<os::SwapDevice>{};
  f.memory.zswap = false;
  f.memory.fault_around_bytes = uint64_t{65536};
  f.memory.max_map_count = uint64_t{65530};
  f.memory.overcommit = uint64_t{0};
  f.memory.limit = os::MemoryLimit{};
  f.process.kernel = std::string("6.12");
  f.process.seccomp = f.process.seccomp_filters = uint64_t{0};
  f.process.aslr = uint64_t{2};
  f.process.fixed_layout = false;
  f.process.perf_paranoid = int64_t{1};
  f.process.run_delay_ns = uint64_t{0};
  f.process.settings_locked = false;
  f.process.quota = os::CpuQuota{};
  f.probed.page_bytes = 4096;
  f.probed.clock_read_ns = 20;
  f.probed.clock_resolution_ns = 1;
  f.probed.spun_s = 1;
  f.probed.stolen = f.probed.waited = 0.0;
  for (const char* name : {"memfd", "madvise_discard", "remap_fixed", "ptrace"})
    f.probed.features.push_back({name, "2.4", "", {true, ""}});
  f.probed.userfaultfd = f.probed.perf_event_open = {true, ""};
  f.probed.cache = os::CacheFacts{"/c", 10 * kGiB, false, true};
  return f;
}

os::Fitness bad_machine() {
  os::Fitness f = good_machine();
  f.cpu.allowed = os::CpuSet{1};
  f.cpu.isolated = os::CpuSet{2, 3};
  f.cpu.governor = std::string("schedutil");
  f.cpu.boost = os::Switch{true, "/sys/devices/system/cpu/cpufreq/boost"};
  f.cpu.smt = true;
  f.cpu.load = 3.9;
  f.cpu.pressure_cpu = f.cpu.pressure_memory = f.cpu.pressure_io = 0.6;
  f.cpu.clock_source = std::string("hpet");
  f.cpu.clock_sources = std::string("tsc hpet acpi_pm");
  f.memory.available_bytes = kGiB / 4;
  f.memory.thp = std::string("always");
  f.memory.thp_shmem = std::string("always");
  f.memory.small_huge_pages = std::vector<os::SmallHugePage>{{"64kB", "always", "/x/enabled"}};
  f.memory.ksm_run = uint64_t{1};
  f.memory.damon = std::vector<os::DamonUse>{{"damon_stat", false, "N", "/stat"}, {"damon_reclaim", true, "N", "/d"}};
  f.memory.numa = os::NumaFacts{2, 2};
  f.memory.numa_balancing = uint64_t{1};
  f.memory.swap = std::vector<os::SwapDevice>{{"/dev/zram0", kGiB, kGiB / 2}};
  f.memory.zswap = true;
  f.memory.fault_around_bytes = uint64_t{4096};
  f.memory.max_map_count = uint64_t{1000};
  f.memory.overcommit = uint64_t{2};
  f.memory.limit = os::MemoryLimit{kGiB, kGiB - 1, "/m"};
  f.process.seccomp = f.process.seccomp_filters = uint64_t{2};
  f.process.aslr = uint64_t{0};
  f.process.perf_paranoid = int64_t{4};
  f.process.quota = os::CpuQuota{0.5, 3, "/sys/fs/cgroup/cpu.max"};
  f.probed.page_bytes = 65536;
  f.probed.address_space_bytes = kGiB;
  f.probed.clock_read_ns = 900;
  f.probed.clock_resolution_ns = 4000000;
  f.probed.stolen = f.probed.waited = 0.2;
  f.probed.features = {{"memfd", "3.17", "", {false, "memfd_create: Operation not permitted"}},
                       {"pagemap_scan", "6.7", "", {false, "ioctl(PAGEMAP_SCAN): Inappropriate ioctl for device"}},
                       {"ptrace", "2.4", "", {false, "ptrace(PTRACE_TRACEME): Operation not permitted"}}};
  f.probed.userfaultfd = {false, "userfaultfd: Operation not permitted"};
  f.probed.perf_event_open = {false, "perf_event_open: Permission denied"};
  f.probed.cache = os::CacheFacts{"/c", 10 * kGiB, true, true};
  return f;
}

const Finding& named(const std::vector<Finding>& findings, const std::string& name) {
  const auto found = std::find_if(findings.begin(), findings.end(), [&](const Finding& f) { return f.name == name; });
  if (found == findings.end()) throw std::out_of_range("no finding " + name);
  return *found;
}

TEST(Doctor, AGoodMachineHasNothingToMend) {
  const auto findings = findings_of(good_machine());
  for (const Finding& finding : findings) {
    EXPECT_EQ(finding.state, State::good) << finding.name << ": " << finding.value;
    EXPECT_EQ(finding.remedy, "") << finding.name;
    EXPECT_NE(finding.why, "") << finding.name;
  }
  EXPECT_EQ(grade_of(findings, kTrial), FitnessGrade::good);
}

TEST(Doctor, ABadMachineHasARemedyForEachFinding) {
  const auto findings = findings_of(bad_machine());
  for (const Finding& finding : findings) {
    if (finding.name == "hypervisor") continue;
    EXPECT_TRUE(finding.state == State::poor || finding.state == State::note) << finding.name << ": " << finding.value;
    EXPECT_NE(finding.remedy, "") << finding.name;
  }
  EXPECT_EQ(grade_of(findings, kTrial), FitnessGrade::poor);
}

TEST(Doctor, OfNoFactsAllIsUnknownAndSaysWhyAndWhatToDo) {
  size_t unknown = 0;
  const auto findings = findings_of(os::Fitness{});
  for (const Finding& finding : findings) {
    if (finding.state != State::unknown) continue;
    ++unknown;
    EXPECT_NE(finding.value, "") << finding.name;
    EXPECT_NE(finding.remedy, "") << finding.name;
  }
  EXPECT_GT(unknown, 25U);
}

TEST(Doctor, FindingsAreSortedWorstFirst) {
  os::Fitness facts = good_machine();
  facts.memory.thp = std::string("always");
  facts.cpu.governor = std::string("powersave");
  facts.cpu.boost = os::unknown<os::Switch>("no file");
  facts.probed.page_bytes = 16384;
  const auto findings = findings_of(facts);
  EXPECT_EQ(findings[0].name, "page size");
  EXPECT_EQ(findings[1].name, "CPU governor");  // noise before scope
  EXPECT_EQ(findings[2].name, "huge pages");
  EXPECT_EQ(findings[3].name, "turbo");
  EXPECT_EQ(findings[4].state, State::good);
}

TEST(Doctor, NoiseMakesFairAndScopeDoesNot) {
  os::Fitness facts = good_machine();
  facts.memory.thp = std::string("always");
  facts.memory.fault_around_bytes = os::unknown<uint64_t>("no right");
  EXPECT_EQ(grade_of(findings_of(facts), kTrial), FitnessGrade::good);
  facts.cpu.governor = os::unknown<std::string>("no file");
  EXPECT_EQ(grade_of(findings_of(facts), kTrial), FitnessGrade::fair);
}

TEST(Doctor, ATrialThatFindsLittleIsPoorAndAQuietOneMakesUpForNothing) {
  const auto findings = findings_of(good_machine());
  DoctorTrial trial = kTrial;
  trial.effect->detectable = 0.2;
  EXPECT_EQ(grade_of(findings, trial), FitnessGrade::poor);
  EXPECT_EQ(grade_of(findings, kNoTrial), FitnessGrade::good);
  EXPECT_EQ(grade_of(findings_of(bad_machine()), kTrial), FitnessGrade::poor);
}

TEST(Doctor, RemediesNameTheFileThatWasFound) {
  const auto findings = findings_of(bad_machine());
  EXPECT_EQ(named(findings, "turbo").remedy, "echo 0 | sudo tee /sys/devices/system/cpu/cpufreq/boost");
  EXPECT_NE(named(findings, "cgroup CPU quota").remedy.find("echo max | sudo tee /sys/fs/cgroup/cpu.max"),
            std::string::npos);
  EXPECT_EQ(named(findings, "smaller huge pages").remedy, "echo never | sudo tee /x/enabled");
  EXPECT_EQ(named(findings, "DAMON").remedy, "echo N | sudo tee /d");  // damon_stat only watches
  EXPECT_EQ(named(findings, "clock read").remedy,
            "echo tsc | sudo tee /sys/devices/system/clocksource/clocksource0/current_clocksource");
  os::Fitness intel = good_machine();
  intel.cpu.boost = os::Switch{true, "/sys/devices/system/cpu/intel_pstate/no_turbo"};
  EXPECT_EQ(named(findings_of(intel), "turbo").remedy,
            "echo 1 | sudo tee /sys/devices/system/cpu/intel_pstate/no_turbo");
}

TEST(Doctor, InAContainerTheRemedyIsForTheHost) {
  os::Fitness facts = bad_machine();
  facts.process.settings_locked = true;
  const auto findings = findings_of(facts);
  for (const char* name : {"CPU governor", "turbo", "SMT", "swap", "KSM", "DAMON", "NUMA balancing", "huge pages",
                           "smaller huge pages", "vm.max_map_count", "vm.overcommit", "address layout"}) {
    EXPECT_TRUE(named(findings, name).remedy.starts_with("on the host")) << name;
  }
  EXPECT_NE(named(findings, "needed calls").remedy.find("seccomp=unconfined"), std::string::npos);
}

TEST(Doctor, DamonIsPoorOnlyWhereItCanTakeSlots) {
  os::Fitness facts = bad_machine();
  EXPECT_EQ(named(findings_of(facts), "DAMON").state, State::poor);
  facts.memory.swap = std::vector<os::SwapDevice>{};
  EXPECT_EQ(named(findings_of(facts), "DAMON").state, State::note);
  facts.memory.damon = std::vector<os::DamonUse>{{"damon_stat", false, "N", "/stat"}};
  EXPECT_EQ(named(findings_of(facts), "DAMON").state, State::good);
}

TEST(Doctor, AFilterIsBlamedOnlyForWhatItRefuses) {
  os::Fitness facts = bad_machine();
  facts.probed.perf_event_open.why_not = "perf_event_open: No such file or directory";
  EXPECT_EQ(named(findings_of(facts), "perf_event_open").remedy.find("seccomp"), std::string::npos);
  facts.process.seccomp = uint64_t{0};
  facts.probed.perf_event_open.why_not = "perf_event_open: Permission denied";
  EXPECT_EQ(named(findings_of(facts), "perf_event_open").remedy, "sudo sysctl kernel.perf_event_paranoid=1");
}

TEST(Doctor, OneIsolatedCpuIsGoodAndSeveralAreNot) {
  os::Fitness facts = good_machine();
  facts.cpu.isolated = os::CpuSet{2, 3};
  facts.cpu.allowed = os::CpuSet{2};
  EXPECT_EQ(named(findings_of(facts), "isolated CPUs").state, State::good);
  facts.cpu.allowed = os::CpuSet{2, 3};
  EXPECT_EQ(named(findings_of(facts), "isolated CPUs").state, State::note);
  EXPECT_EQ(named(findings_of(facts), "isolated CPUs").value, "2-3, 2 used here");
}

TEST(Doctor, TextFitsTheTerminalAndEndsWithFitnessAndTrial) {
  for (const os::Fitness& facts : {good_machine(), bad_machine(), os::Fitness{}}) {
    const std::string text = doctor_text(findings_of(facts), kTrial, Colour::off);
    EXPECT_EQ(text.find('\x1b'), std::string::npos);
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) EXPECT_LE(columns_of(line), kTerminalColumns) << line;
    EXPECT_TRUE(
        text.ends_with("an A/A trial of 18 blocks (spidermonkey touch(w16) s1, 4.00 s): scatter 1.4 %, finds "
                       "slowdowns from 4.1 % up\n"))
        << text;
  }
  const std::string good = doctor_text(findings_of(good_machine()), kNoTrial, Colour::off);
  EXPECT_NE(good.find("\nfitness: good   0 poor · 0 note · 0 unknown · "), std::string::npos) << good;
  EXPECT_TRUE(good.ends_with("the smallest slowdown found here was not measured: --no-trial\n")) << good;
  EXPECT_NE(doctor_text(findings_of(good_machine()), kTrial, Colour::on).find("\x1b[32mgood"), std::string::npos);
}

TEST(Doctor, JsonSaysUnknownAsNullWithTheReason) {
  os::Fitness facts = good_machine();
  facts.cpu.governor = os::unknown<std::string>("no file");
  const Json json = doctor_json(findings_of(facts), kNoTrial);
  EXPECT_EQ(json.at("schema"), "instbench-doctor/1");
  EXPECT_EQ(json.at("fitness"), "fair");
  const Json& first = json.at("findings").at(0);
  EXPECT_EQ(first.at("name"), "CPU governor");
  EXPECT_TRUE(first.at("value").is_null());
  EXPECT_EQ(first.at("why_unknown"), "no file");
  EXPECT_TRUE(json.at("findings").at(1).at("remedy").is_null());
  EXPECT_EQ(json.at("trial"), (Json{{"measured", false}, {"why_not", "--no-trial"}}));
  EXPECT_EQ(doctor_json({}, kTrial).at("trial").at("detectable"), 0.041);
}

TEST(Doctor, ListsOfCpusAsTheKernelWritesThem) {
  EXPECT_EQ(cpu_list_text({0, 1, 2, 8}), "0-2,8");
  EXPECT_EQ(cpu_list_text({}), "none");
}

}  // namespace
}  // namespace instbench::bench
