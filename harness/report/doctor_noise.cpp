// Findings about what widens the scatter.
#include <algorithm>

#include "harness/protocol/text.hpp"
#include "harness/report/doctor_finding.hpp"
#include "harness/report/format.hpp"

namespace instbench::bench {
namespace {

constexpr double kMiB = 1024.0 * 1024, kGiB = 1024 * kMiB;

Subject noise(const char* name, const char* why) { return {name, About::noise, why}; }

Finding cpus(const os::Fitness& f) {
  const Subject s = noise("CPUs", "what else runs, the harness included, takes turns with the worker on its only CPU");
  const auto& allowed = f.cpu.allowed;
  if (!allowed) return not_known(s, allowed.why_not, "count them with nproc: two or more are wanted");
  return known(s, allowed->size() > 1 ? State::good : State::note, cpu_list_text(*allowed),
               "allow a second one: taskset -c 0,1 instbench …, docker run --cpuset-cpus=0,1, or a larger guest");
}

Finding governor(const os::Fitness& f) {
  const Subject s = noise("CPU governor", "a clock that still climbs makes the first process of a block look slower");
  const auto& fact = f.cpu.governor;
  if (!fact) {
    return not_known(s, fact.why_not,
                     is_guest(f) ? "a guest does not see it: set the governor 'performance' on the host"
                                 : "see what sets the clock with: cpupower frequency-info (Debian: linux-cpupower)");
  }
  return known(s, *fact == "performance" ? State::good : State::note, *fact,
               outside(f, "echo performance | sudo tee /sys/devices/system/cpu/cpu*/cpufreq/scaling_governor"));
}

Finding boost(const os::Fitness& f) {
  const Subject s = noise("turbo", "a boosted clock depends on heat and on what the other cores do at the moment");
  const auto& fact = f.cpu.boost;
  if (!fact) {
    return not_known(s, fact.why_not,
                     is_guest(f) ? "a guest does not see it: ask whoever runs the host"
                                 : "look for turbo or boost in the firmware's settings");
  }
  const bool inverted = fact->file.ends_with("no_turbo");
  return known(s, fact->on ? State::note : State::good, fact->on ? "on" : "off",
               set_command(f, inverted ? "1" : "0", fact->file));
}

Finding smt(const os::Fitness& f) {
  const Subject s = noise("SMT", "a neighbour on the same core takes its caches, TLB and execution units in part");
  const auto& fact = f.cpu.smt;
  if (!fact) return not_known(s, fact.why_not, "see the column CORE of: lscpu -e");
  const std::string seen = is_guest(f) ? ", as the guest sees it" : "";
  return known(s, *fact ? State::note : State::good, (*fact ? "threads share cores" : "off") + seen,
               is_guest(f) ? "ask for whole cores (cloud: threads per core = 1)"
                           : set_command(f, "off", "/sys/devices/system/cpu/smt/control"));
}

Finding hypervisor(const os::Fitness& f) {
  const Subject s = noise("hypervisor", "page faults walk two page tables, and neighbours come and go unseen");
  const auto& fact = f.cpu.hypervisor;
  if (!fact) return not_known(s, fact.why_not, "ask: systemd-detect-virt");
  return known(s, *fact ? State::note : State::good, *fact ? "a guest" : "none",
               "measure on the bare machine, or trust ratios from one run only, never times of two days or hosts");
}

Finding steal(const os::Fitness& f) {
  const Subject s = noise("steal", "time given to other guests counts as the arm's own; no rule redoes such a block");
  const auto &now = f.probed.stolen, &ever = f.cpu.stolen_since_boot;
  const std::string since = ever ? percent_text(*ever) + " since boot" : "";
  const std::string remedy = "a dedicated host (cloud: a 'dedicated' or 'metal' type), or a quieter hour";
  if (now) {
    return known(s, least_is_best(*now, 0.01, 0.05),
                 percent_text(*now) + " while one thread ran" + (since.empty() ? "" : ", " + since), remedy);
  }
  if (ever) return known(s, least_is_best(*ever, 0.01, 0.05), since, remedy);
  return not_known(s, ever.why_not, "/proc/stat is needed: measure outside this sandbox");
}

Finding run_delay(const os::Fitness& f) {
  const Subject s = noise("run delay", "blocks that waited for a CPU are redone, if /proc/self/schedstat tells");
  if (!f.process.run_delay_ns) {
    return not_known(s, f.process.run_delay_ns.why_not,
                     "a kernel with CONFIG_SCHED_INFO=y and no sandbox that hides it; until then no block is redone");
  }
  if (!f.probed.waited) return not_known(s, f.probed.waited.why_not, "mount /proc whole");
  return known(s, least_is_best(*f.probed.waited, 0.01, 0.05),
               "a thread waited " + percent_text(*f.probed.waited) + " of " + time_text(f.probed.spun_s * 1e9),
               "stop what else runs (see: top -d 1), or give instbench CPUs of its own: taskset -c LIST instbench …");
}

// The average holds what ran up to some minutes ago, instbench itself included.
Finding load(const os::Fitness& f) {
  const Subject s = noise("load", "other work shares caches and memory bandwidth, and its clock, even on other CPUs");
  const auto& load = f.cpu.load;
  const size_t online = f.cpu.online ? f.cpu.online->size() : 0;
  const std::string remedy = "stop what runs (see: top -d 1), wait a minute, and ask again";
  if (!load) return not_known(s, load.why_not, "see what runs: top -d 1");
  if (online == 0) return not_known(s, f.cpu.online.why_not, "count the CPUs with nproc and compare with uptime");
  const auto all = static_cast<double>(online);
  return known(s, least_is_best(*load, std::max(0.5, all / 4), all * 0.9),
               number_text(*load) + " over a minute, on " + std::to_string(online) + " CPUs", remedy);
}

Finding pressure(const char* name, const char* why, const os::Fact<double>& fact, double good, double note_up_to,
                 const char* remedy) {
  const Subject s = noise(name, why);
  if (!fact) return not_known(s, fact.why_not, "boot with psi=1 on a kernel with CONFIG_PSI=y");
  return known(s, least_is_best(*fact, good, note_up_to), percent_text(*fact) + " of the last 10 s", remedy);
}

Finding clock_read(const os::Fitness& f) {
  const Subject s = noise("clock read", "six reads cut a cycle into phases; a phase shorter than five is not shown");
  const double ns = f.probed.clock_read_ns;
  const std::string source = f.cpu.clock_source.value.value_or("unknown source");
  const std::string sources = f.cpu.clock_sources.value.value_or("");
  const auto words = split(sources, ' ');
  const bool tsc = source != "tsc" && std::find(words.begin(), words.end(), "tsc") != words.end();
  const std::string file = "/sys/devices/system/clocksource/clocksource0/current_clocksource";
  return known(s, least_is_best(ns, 60, 200), time_text(ns) + " (" + source + ")",
               tsc ? set_command(f, "tsc", file)
                   : "a clock read without a system call (tsc, kvm-clock); why not: dmesg | grep -i clocks");
}

Finding clock_resolution(const os::Fitness& f) {
  const Subject s = noise("clock steps", "what takes less than a step reads as nothing or as a whole step");
  const auto ns = static_cast<double>(f.probed.clock_resolution_ns);
  return known(s, ns <= 1 ? State::good : State::poor, time_text(ns),
               "boot without highres=off, on a kernel with CONFIG_HIGH_RES_TIMERS=y");
}

// Two ways to be wrong: CPUs set apart and not used, and several of them used although nothing balances there.
Finding isolation(const os::Fitness& f) {
  const Subject s = noise("isolated CPUs", "nothing else is put there; nor are threads spread over them");
  const auto &isolated = f.cpu.isolated, &allowed = f.cpu.allowed;
  if (!isolated) return not_known(s, isolated.why_not, "look for isolcpus= in /proc/cmdline");
  if (isolated->empty()) return known(s, State::good, "none", "");
  if (!allowed) return not_known(s, allowed.why_not, "see: taskset -p $$");
  const std::string list = cpu_list_text(*isolated);
  const auto mine = static_cast<size_t>(std::count_if(allowed->begin(), allowed->end(), [&](unsigned cpu) {
    return std::binary_search(isolated->begin(), isolated->end(), cpu);
  }));
  const std::string tickless =
      f.cpu.nohz_full && !f.cpu.nohz_full->empty() ? ", without ticks: " + cpu_list_text(*f.cpu.nohz_full) : "";
  const std::string value = list + tickless + ", " + (mine == 0 ? "none" : std::to_string(mine)) + " used here";
  return known(s, mine == 1 ? State::good : State::note, value,
               "one such CPU for cells of one thread: taskset -c " + std::to_string(isolated->front()) +
                   " instbench …; others for cells of several threads");
}

Finding quota(const os::Fitness& f) {
  const Subject s = noise("cgroup CPU quota", "whoever has used up the share is stopped for the rest of 100 ms");
  const auto& fact = f.process.quota;
  if (!fact) return not_known(s, fact.why_not, "see that the container runs without --cpus and without a CPU limit");
  if (!fact->cpus) return known(s, State::good, "none", "");
  const bool stopped = fact->throttled.value_or(0) > 0;
  const std::string value = number_text(*fact->cpus) + " CPUs" +
                            (fact->throttled ? ", stopped " + std::to_string(*fact->throttled) + " times" : "");
  const bool v2 = fact->file.ends_with("cpu.max");
  return known(s, stopped || *fact->cpus < 2 ? State::poor : State::note, value,
               "start the container without --cpus (Kubernetes: no CPU limit); outside containers: echo " +
                   std::string(v2 ? "max" : "-1") + " | sudo tee " + fact->file);
}

Finding memory(const os::Fitness& f) {
  const Subject s = noise("free memory", "when it runs out, pages are reclaimed while instances are being made");
  const auto& available = f.memory.available_bytes;
  if (!available) return not_known(s, available.why_not, "see: free -m");
  const auto bytes = static_cast<double>(*available);
  return known(s,
               bytes >= 2 * kGiB     ? State::good
               : bytes >= 512 * kMiB ? State::note
                                     : State::poor,
               bytes_text(bytes),
               "stop what holds memory (see: ps aux --sort=-rss | head), or measure on a larger machine");
}

Finding memory_limit(const os::Fitness& f) {
  const Subject s = noise("cgroup memory limit", "at the limit each new page first takes an old one away");
  const auto& fact = f.memory.limit;
  if (!fact) return not_known(s, fact.why_not, "see that the container runs without --memory");
  if (!fact->bytes) return known(s, State::good, "none", "");
  const std::string limit = bytes_text(static_cast<double>(*fact->bytes));
  const bool v2 = !fact->file.ends_with("limit_in_bytes");
  const std::string remedy = "give the container more (docker run --memory=4g); outside containers: echo " +
                             std::string(v2 ? "max" : "-1") + " | sudo tee " + fact->file;
  if (!fact->used_bytes) return known(s, State::note, limit + ", in use: unknown", remedy);
  const double left = static_cast<double>(*fact->bytes) - static_cast<double>(*fact->used_bytes);
  return known(s,
               left >= 2 * kGiB     ? State::good
               : left >= 512 * kMiB ? State::note
                                    : State::poor,
               limit + ", " + bytes_text(static_cast<double>(*fact->used_bytes)) + " in use", remedy);
}

Finding swap(const os::Fitness& f) {
  const Subject s = noise("swap", "idle slots and images may go there; the next instance pays for their return");
  const auto& fact = f.memory.swap;
  if (!fact) return not_known(s, fact.why_not, "see: swapon --show");
  std::vector<std::string> devices;
  for (const os::SwapDevice& device : *fact) {
    devices.push_back(device.name + " " + bytes_text(static_cast<double>(device.bytes)) + " (" +
                      bytes_text(static_cast<double>(device.used_bytes)) + " used)");
  }
  const bool zswap = f.memory.zswap.value.value_or(false);
  return known(s, devices.empty() ? State::good : State::note,
               devices.empty() ? "none" : join(devices, ", ") + (zswap ? ", compressed by zswap first" : ""),
               outside(f, "sudo swapoff -a (and sudo swapon -a afterwards)"));
}

Finding ksm(const os::Fitness& f) {
  const Subject s = noise("KSM", "ksmd merges equal pages of processes that opted in: slots are full of equal pages");
  const auto& fact = f.memory.ksm_run;
  if (!fact) return not_known(s, fact.why_not, "see /sys/kernel/mm/ksm/run, on the host of a container");
  return known(s, *fact == 1 ? State::note : State::good, *fact == 1 ? "runs" : "off",
               set_command(f, "2", "/sys/kernel/mm/ksm/run") + " (stops it and takes apart what is merged)");
}

// Without swap it can only take pages of files: binaries, and images with backing=file.
Finding damon(const os::Fitness& f) {
  const Subject s = noise("DAMON", "it takes idle pages away: of binaries and file images; with swap, of slots too");
  const auto& fact = f.memory.damon;
  if (!fact) return not_known(s, fact.why_not, "ask as root: sudo instbench doctor");
  std::vector<std::string> uses, commands;
  bool evicts = false;
  for (const os::DamonUse& use : *fact) {
    uses.push_back(use.what);
    if (!use.evicts) continue;
    evicts = true;
    commands.push_back("echo " + use.off + " | sudo tee " + use.file);
  }
  const bool swaps = f.memory.swap && !f.memory.swap->empty();
  return known(s,
               !evicts ? State::good
               : swaps ? State::poor
                       : State::note,
               uses.empty() ? "off" : join(uses, ", "), outside(f, join(commands, "; ")));
}

Finding numa(const os::Fitness& f) {
  const Subject s = noise("NUMA nodes", "a process that starts on the other node has its images and code far away");
  const auto& fact = f.memory.numa;
  if (!fact) return not_known(s, fact.why_not, "see: lscpu | grep NUMA");
  return known(s, fact->nodes_allowed <= 1 ? State::good : State::note,
               std::to_string(fact->nodes) + ", " + std::to_string(fact->nodes_allowed) + " used here",
               "numactl --cpunodebind=0 --membind=0 instbench …");
}

Finding numa_balancing(const os::Fitness& f) {
  const Subject s = noise("NUMA balancing", "it unmaps pages to see who touches them: faults that no instance caused");
  const auto& fact = f.memory.numa_balancing;
  const auto& nodes = f.memory.numa;
  if (nodes && nodes->nodes == 1) return known(s, State::good, "one node, nothing to balance", "");
  if (!fact) return not_known(s, fact.why_not, "see: sysctl kernel.numa_balancing");
  return known(s, *fact == 0 ? State::good : State::note, *fact == 0 ? "off" : "on",
               set_command(f, "0", "/proc/sys/kernel/numa_balancing"));
}

}  // namespace

std::vector<Finding> noise_findings(const os::Fitness& f) {
  return {
      cpus(f),
      governor(f),
      boost(f),
      smt(f),
      hypervisor(f),
      steal(f),
      run_delay(f),
      load(f),
      pressure("CPU pressure", "some task waited for a CPU: the next may be the worker", f.cpu.pressure_cpu, 0.05, 0.25,
               "stop what else runs (see: top -d 1)"),
      pressure("memory pressure", "reclaim runs inside page faults, which are most of what instantiation costs",
               f.cpu.pressure_memory, 0.005, 0.05, "free some memory (see: ps aux --sort=-rss | head)"),
      pressure("I/O pressure", "modules and compiled code are read from files before they are timed", f.cpu.pressure_io,
               0.1, 1, "wait for what writes or reads (see: pidstat -d 1)"),
      clock_read(f),
      clock_resolution(f),
      isolation(f),
      quota(f),
      memory(f),
      memory_limit(f),
      swap(f),
      ksm(f),
      damon(f),
      numa(f),
      numa_balancing(f),
  };
}

}  // namespace instbench::bench
