// Findings about what changes what is measured, counted or possible.
#include <algorithm>
#include <cerrno>
#include <cstring>

#include "harness/protocol/text.hpp"
#include "harness/report/doctor_finding.hpp"
#include "harness/report/format.hpp"

namespace instbench::bench {
namespace {

constexpr double kMiB = 1024.0 * 1024, kGiB = 1024 * kMiB;
constexpr const char* kHugePages = "/sys/kernel/mm/transparent_hugepage";

Subject scope(const char* name, const char* why) { return {name, About::scope, why}; }

bool has_filter(const os::Fitness& f) { return f.process.seccomp.value.value_or(0) == 2; }

Finding thp(const os::Fitness& f) {
  const Subject s = scope("huge pages", "one fault of 2 MiB takes the place of up to 512: fewer faults, more zeroing");
  const auto& fact = f.memory.thp;
  const std::string file = std::string(kHugePages) + "/enabled";
  if (!fact) return not_known(s, fact.why_not, "see " + file + "; arms with thp=off (the default) refuse them anyway");
  const bool none = *fact != "always" && *fact != "madvise";
  const State state = *fact == "always" ? State::note : State::good;
  return known(s, state, *fact + (none ? " (arms with thp=on are skipped)" : ""),
               set_command(f, "madvise", file) + " (the core's arms take them only with thp=on; other engines always)");
}

Finding thp_shmem(const os::Fitness& f) {
  const Subject s = scope("huge pages, shared", "images are memfds: in huge pages they are read with fewer faults");
  const auto& fact = f.memory.thp_shmem;
  const std::string file = std::string(kHugePages) + "/shmem_enabled";
  if (!fact) return not_known(s, fact.why_not, "see " + file);
  const bool unasked = *fact == "always" || *fact == "within_size" || *fact == "force";
  return known(s, unasked ? State::note : State::good, *fact, set_command(f, "never", file));
}

Finding small_huge_pages(const os::Fitness& f) {
  const Subject s = scope("smaller huge pages", "a first touch brings 16 KiB to 1 MiB at once: other fault counts");
  const auto& fact = f.memory.small_huge_pages;
  if (!fact) return not_known(s, fact.why_not, std::string("see ") + kHugePages + "/hugepages-*kB/enabled");
  std::vector<std::string> sizes, files;
  bool unasked = false;
  for (const os::SmallHugePage& page : *fact) {
    const bool shared = page.file.ends_with("shmem_enabled");
    sizes.push_back(page.size + (shared ? " shared " : " ") + page.mode);
    files.push_back(page.file);
    unasked = unasked || (page.mode != "madvise" && page.mode != "advise");
  }
  return known(s, unasked ? State::note : State::good, sizes.empty() ? "none" : join(sizes, ", "),
               set_command(f, "never", join(files, " ")));
}

Finding aslr(const os::Fitness& f) {
  const Subject s =
      scope("address layout", "one layout for all processes: its luck, good or bad, does not average out");
  const auto& level = f.process.aslr;
  const auto& fixed = f.process.fixed_layout;
  if (fixed && *fixed) return known(s, State::note, "fixed by setarch -R", "start instbench without setarch -R");
  if (!level) return not_known(s, level.why_not, "see: sysctl kernel.randomize_va_space");
  const char* const kLevels[] = {"fixed", "random but for the heap", "random"};
  return known(s, *level >= 2 ? State::good : State::note, kLevels[std::min<uint64_t>(*level, 2)],
               set_command(f, "2", "/proc/sys/kernel/randomize_va_space"));
}

// The calls themselves are in `needed calls` and those after it.
Finding kernel(const os::Fitness& f) {
  const Subject s = scope("kernel", "what it lacks, strategies that need it cannot use; their cells are skipped");
  std::vector<std::string> lacks;
  bool old = false;
  for (const os::Feature& feature : f.probed.features) {
    if (feature.support.ok) continue;
    lacks.push_back(std::string(feature.name) + " (Linux " + std::string(feature.since) + ")");
    old = old || feature.since == "6.7";
  }
  const std::string version = f.process.kernel.value.value_or("version unknown");
  return known(s, old ? State::note : State::good, version + (lacks.empty() ? "" : ", without " + join(lacks, ", ")),
               "Linux 6.7 or newer (Debian 12: linux-image-amd64 from bookworm-backports); reasons: instbench list");
}

// Refused, as a filter or a missing right refuses, and not merely absent.
bool is_refusal(const std::string& why_not) {
  const auto says = [&](int error) { return why_not.find(std::strerror(error)) != std::string::npos; };
  return says(EPERM) || says(EACCES) || says(ENOSYS);
}

std::string unlock(const os::Fitness& f, const std::string& why_not, const std::string& otherwise) {
  return has_filter(f) && is_refusal(why_not)
             ? "docker run --security-opt seccomp=unconfined (Kubernetes: seccompProfile type Unconfined)"
             : otherwise;
}

Finding needed_calls(const os::Fitness& f) {
  const Subject s = scope("needed calls", "without memfd, discard and remap no image is mapped and no slot reset");
  std::vector<std::string> refused;
  for (const os::Feature& feature : f.probed.features) {
    const bool needed = feature.name == "memfd" || feature.name == "madvise_discard" || feature.name == "remap_fixed";
    if (needed && !feature.support.ok) refused.push_back(feature.support.why_not);
  }
  const std::string why_not = join(refused, "; ");
  return known(s, refused.empty() ? State::good : State::poor,
               refused.empty() ? "memfd_create, madvise and mmap do what they should" : why_not,
               unlock(f, why_not, "a real Linux kernel: a sandbox that imitates one (gVisor, WSL 1) will not do"));
}

Finding call(const Subject& s, const os::Support& support, const std::string& remedy) {
  return known(s, support.ok ? State::good : State::note, support.ok ? "allowed" : support.why_not, remedy);
}

Finding ptrace(const os::Fitness& f) {
  const Subject s = scope("ptrace", "the independent count of system calls, beside the core's own, is made with it");
  for (const os::Feature& feature : f.probed.features) {
    if (feature.name != "ptrace") continue;
    return call(s, feature.support,
                unlock(f, feature.support.why_not,
                       "docker run --cap-add=SYS_PTRACE; or boot without kernel.yama.ptrace_scope=3"));
  }
  return not_known(s, "not probed", "see: instbench list");
}

Finding userfaultfd(const os::Fitness& f) {
  const os::Support& support = f.probed.userfaultfd;
  return call(scope("userfaultfd", "exact tracking of written pages is built on it"), support,
              unlock(f, support.why_not,
                     "Linux 5.11 or newer with CONFIG_USERFAULTFD=y; on an older one: " +
                         outside(f, "sudo sysctl vm.unprivileged_userfaultfd=1")));
}

Finding perf(const os::Fitness& f) {
  const Subject s = scope("perf_event_open", "instructions and cycles are a second opinion when two times differ");
  const os::Support& support = f.probed.perf_event_open;
  const auto& paranoid = f.process.perf_paranoid;
  const std::string counters = is_guest(f) ? "ask the host for a virtual PMU; instbench works without"
                                           : "see why with: dmesg | grep -i pmu; instbench works without";
  const std::string otherwise =
      is_refusal(support.why_not) ? outside(f, "sudo sysctl kernel.perf_event_paranoid=1") : counters;
  Finding finding = call(s, support, unlock(f, support.why_not, otherwise));
  if (paranoid) finding.value += " (perf_event_paranoid " + std::to_string(*paranoid) + ")";
  return finding;
}

Finding seccomp(const os::Fitness& f) {
  const Subject s = scope("seccomp", "a filter is run at each system call, so every call costs more than without it");
  const auto& mode = f.process.seccomp;
  if (!mode) return not_known(s, mode.why_not, "see: grep Seccomp /proc/self/status");
  if (*mode == 0) return known(s, State::good, "off", "");
  const auto& filters = f.process.seccomp_filters;
  return known(s, State::note, filters ? std::to_string(*filters) + " filters" : "filters",
               "docker run --security-opt seccomp=unconfined; or compare only runs under the same filter");
}

Finding fault_around(const os::Fitness& f) {
  const Subject s = scope("fault-around", "reading an image page maps its neighbours as well, this many bytes in all");
  const auto& fact = f.memory.fault_around_bytes;
  if (!fact)
    return not_known(s, fact.why_not,
                     "as root: mount -t debugfs none /sys/kernel/debug, then ask again (the default is 64 KiB)");
  const std::string file = "/sys/kernel/debug/fault_around_bytes";
  return known(s, *fact == 65536 ? State::good : State::note, bytes_text(static_cast<double>(*fact)),
               set_command(f, "65536", file));
}

Finding map_count(const os::Fitness& f) {
  const Subject s = scope("vm.max_map_count", "a slot is several mappings; a pool of many slots fails at the limit");
  const auto& fact = f.memory.max_map_count;
  if (!fact) return not_known(s, fact.why_not, "see: sysctl vm.max_map_count (the kernel's default is 65530)");
  return known(s,
               *fact >= 65530  ? State::good
               : *fact >= 8192 ? State::note
                               : State::poor,
               std::to_string(*fact), outside(f, "sudo sysctl vm.max_map_count=65530"));
}

Finding overcommit(const os::Fitness& f) {
  const Subject s = scope("vm.overcommit", "in mode 2 writable private pages count as used: large pools get ENOMEM");
  const auto& fact = f.memory.overcommit;
  if (!fact) return not_known(s, fact.why_not, "see: sysctl vm.overcommit_memory");
  return known(s, *fact == 2 ? State::note : State::good, "mode " + std::to_string(*fact),
               outside(f, "sudo sysctl vm.overcommit_memory=0"));
}

Finding page_size(const os::Fitness& f) {
  const Subject s = scope("page size", "images, dirty pages and counts are in pages of 4 KiB; the core knows no other");
  return known(s, f.probed.page_bytes == 4096 ? State::good : State::poor,
               bytes_text(static_cast<double>(f.probed.page_bytes)),
               "a kernel with pages of 4 KiB (arm64: CONFIG_ARM64_4K_PAGES=y)");
}

Finding address_space(const os::Fitness& f) {
  const Subject s = scope("address space", "a slot reserves over 4 GiB, so that guest code needs no bounds checks");
  const auto& limit = f.probed.address_space_bytes;
  if (!limit) return known(s, State::good, "no limit", "");
  return known(s, State::poor, bytes_text(static_cast<double>(*limit)), "ulimit -v unlimited");
}

Finding cache(const os::Fitness& f) {
  const Subject s =
      scope("cache folder", "compiled modules lie there and are loaded as code; else each process compiles");
  const auto& fact = f.probed.cache;
  const std::string elsewhere = "export INSTBENCH_CACHE_DIR=/a/folder/of/yours";
  if (!fact) return not_known(s, fact.why_not, elsewhere);
  const auto free_bytes = static_cast<double>(fact->free_bytes);
  const std::string space = bytes_text(free_bytes) + " free";
  if (!fact->writable) return known(s, State::poor, "not writable", elsewhere + " that can be written");
  if (fact->noexec)
    return known(s, State::poor, "mounted noexec, " + space, elsewhere + " on a file system mounted without noexec");
  return known(s,
               free_bytes >= kGiB         ? State::good
               : free_bytes >= 128 * kMiB ? State::note
                                          : State::poor,
               space, elsewhere + " with 1 GiB free, or delete what is old there");
}

}  // namespace

std::vector<Finding> scope_findings(const os::Fitness& f) {
  return {thp(f),    thp_shmem(f),    small_huge_pages(f), aslr(f),
          kernel(f), needed_calls(f), ptrace(f),           userfaultfd(f),
          perf(f),   seccomp(f),      fault_around(f),     map_count(f),
          cache(f),  overcommit(f),   page_size(f),        address_space(f)};
}

}  // namespace instbench::bench
