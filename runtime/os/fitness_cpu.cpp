#include <algorithm>
#include <set>
#include <sstream>

#include "runtime/os/fitness.hpp"

namespace instbench::os {
namespace {

Fact<std::string> governors(const std::string& cpus) {
  std::set<std::string> distinct;
  Fact<std::string> last = unknown<std::string>(cpus + " lists no CPU");
  for (const std::string& name : names_in(cpus, "cpu")) {
    if (!number_of(name.substr(3))) continue;  // cpufreq, cpuidle
    last = first_line(cpus + "/" + name + "/cpufreq/scaling_governor");
    if (last) distinct.insert(*last);
  }
  if (distinct.empty()) return last;
  std::string text;
  for (const std::string& governor : distinct) text += (text.empty() ? "" : ", ") + governor;
  return text;
}

// intel_pstate says whether turbo is forbidden, the other drivers whether it is allowed.
Fact<Switch> boost_of(const std::string& cpus) {
  const std::string no_turbo = cpus + "/intel_pstate/no_turbo", boost = cpus + "/cpufreq/boost";
  if (const auto forbidden = number_in(no_turbo)) return Switch{*forbidden == 0, no_turbo};
  return then(number_in(boost), [&](uint64_t allowed) -> Fact<Switch> { return Switch{allowed != 0, boost}; });
}

// smt/active came with Linux 4.19.
Fact<bool> smt_of(const std::string& cpus) {
  if (const auto active = number_in(cpus + "/smt/active")) return *active != 0;
  return then(cpu_set_in(cpus + "/cpu0/topology/thread_siblings_list"),
              [](const CpuSet& siblings) -> Fact<bool> { return siblings.size() > 1; });
}

// x86 has the flag. Elsewhere /sys/hypervisor and the name of the clock source tell of some; no sign is no answer.
Fact<bool> hypervisor_of(const Roots& roots, const Fact<std::string>& clock_source) {
  const auto flags = field_in(roots.proc + "/cpuinfo", "flags");
  if (flags) {
    const auto words = words_of(*flags);
    return std::find(words.begin(), words.end(), "hypervisor") != words.end();
  }
  if (first_line(roots.sys + "/hypervisor/type") || (clock_source && *clock_source == "kvm-clock")) return true;
  return unknown<bool>(flags.why_not);
}

Fact<double> load_of(const std::string& path) {
  return then(first_line(path), [&](const std::string& line) -> Fact<double> {
    std::istringstream text(line);
    double load = 0;
    if (text >> load) return load;
    return unknown<double>(path + " holds no number");
  });
}

// "some avg10=0.44 avg60=…": percent of the last ten seconds in which some task waited.
Fact<double> pressure(const std::string& path) {
  return then(whole_text(path), [&](const std::string& text) -> Fact<double> {
    constexpr std::string_view kMark = "some avg10=";
    double percent = 0;
    const size_t at = text.find(kMark);
    if (at == text.npos || !(std::istringstream(text.substr(at + kMark.size())) >> percent))
      return unknown<double>(path + " has no line 'some avg10='");
    return percent / 100;
  });
}

}  // namespace

// user nice system idle iowait irq softirq steal guest guest_nice (proc_stat(5)); guests are in user already.
Fact<CpuTime> cpu_time(const Roots& roots) {
  const std::string path = roots.proc + "/stat";
  return then(first_line(path), [&](const std::string& line) -> Fact<CpuTime> {
    constexpr size_t kFields = 8, kIdle = 3, kIoWait = 4, kSteal = 7;
    const auto words = words_of(line);
    if (words.size() < kFields + 1 || words[0] != "cpu") return unknown<CpuTime>(path + " has no line of all CPUs");
    CpuTime time;
    for (size_t field = 0; field < kFields; ++field) {
      const uint64_t ticks = number_of(words[field + 1]).value_or(0);
      if (field != kIdle && field != kIoWait) time.wanted += ticks;
      if (field == kSteal) time.stolen = ticks;
    }
    return time;
  });
}

Fact<double> stolen_share(const CpuTime& before, const CpuTime& after) {
  if (after.wanted <= before.wanted || after.stolen < before.stolen)
    return unknown<double>("/proc/stat did not move on between two readings");
  return static_cast<double>(after.stolen - before.stolen) / static_cast<double>(after.wanted - before.wanted);
}

CpuFacts read_cpu_facts(const Roots& roots) {
  const std::string cpus = roots.sys + "/devices/system/cpu";
  const std::string clock = roots.sys + "/devices/system/clocksource/clocksource0";
  CpuFacts facts;
  facts.allowed = then(field_in(roots.proc + "/self/status", "Cpus_allowed_list"), cpu_set_of);
  facts.online = cpu_set_in(cpus + "/online");
  facts.isolated = cpu_set_in(cpus + "/isolated");
  facts.nohz_full = cpu_set_in(cpus + "/nohz_full");
  facts.governor = governors(cpus);
  facts.boost = boost_of(cpus);
  facts.smt = smt_of(cpus);
  facts.load = load_of(roots.proc + "/loadavg");
  facts.stolen_since_boot =
      then(cpu_time(roots), [](const CpuTime& now) -> Fact<double> { return stolen_share(CpuTime{}, now); });
  facts.pressure_cpu = pressure(roots.proc + "/pressure/cpu");
  facts.pressure_memory = pressure(roots.proc + "/pressure/memory");
  facts.pressure_io = pressure(roots.proc + "/pressure/io");
  facts.clock_source = first_line(clock + "/current_clocksource");
  facts.clock_sources = first_line(clock + "/available_clocksource");
  facts.hypervisor = hypervisor_of(roots, facts.clock_source);
  return facts;
}

}  // namespace instbench::os
