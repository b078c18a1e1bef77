#include "runtime/os/features.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "runtime/os/mapping.hpp"
#include "runtime/os/memfd.hpp"
#include "runtime/os/kernel_abi.hpp"

namespace instbench::os {
namespace {

// Probes make their own calls instead of going through the counted wrappers: they belong to no phase.
class ProbePage {
 public:
  explicit ProbePage(int fd = -1)
      : base_(::mmap(nullptr, kPageBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | (fd < 0 ? MAP_ANONYMOUS : 0), fd, 0)) {}
  ~ProbePage() {
    if (ok()) ::munmap(base_, kPageBytes);
  }
  ProbePage(const ProbePage&) = delete;
  ProbePage& operator=(const ProbePage&) = delete;
  bool ok() const { return base_ != MAP_FAILED; }
  volatile unsigned char& byte() const { return *static_cast<unsigned char*>(base_); }
  void* base() const { return base_; }

 private:
  void* base_;
};

Support yes() { return {true, ""}; }
Support no(const std::string& why) { return {false, why}; }
Support failed(const char* call) { return no(std::string(call) + ": " + std::strerror(errno)); }

Support probe_memfd() {
  const Fd file{::memfd_create("instbench-probe", MFD_CLOEXEC | MFD_ALLOW_SEALING)};
  if (!file) return failed("memfd_create");
  const unsigned char value = 42;
  if (::ftruncate(file.get(), kPageBytes) != 0) return failed("ftruncate(memfd)");
  if (::pwrite(file.get(), &value, 1, 0) != 1) return failed("pwrite(memfd)");
  if (::fcntl(file.get(), F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_WRITE | F_SEAL_SEAL) != 0)
    return failed("fcntl(F_ADD_SEALS)");
  if (::pwrite(file.get(), &value, 1, 0) == 1) return no("a sealed memfd still takes writes");
  const ProbePage page(file.get());
  if (!page.ok()) return failed("mmap(MAP_PRIVATE, memfd)");
  if (page.byte() != 42) return no("a private mapping of a memfd does not show its bytes");
  page.byte() = 7;
  if (::madvise(page.base(), kPageBytes, MADV_DONTNEED) != 0) return failed("madvise(MADV_DONTNEED)");
  return page.byte() == 42 ? yes() : no("MADV_DONTNEED does not bring the file's bytes back (an emulator?)");
}

Support probe_discard() {
  const ProbePage page;
  if (!page.ok()) return failed("mmap");
  page.byte() = 7;
  if (::madvise(page.base(), kPageBytes, MADV_DONTNEED) != 0) return failed("madvise(MADV_DONTNEED)");
  return page.byte() == 0 ? yes() : no("MADV_DONTNEED left the old bytes (an emulator?)");
}

Support probe_remap() {
  const ProbePage page;
  if (!page.ok()) return failed("mmap");
  page.byte() = 7;
  const void* again =
      ::mmap(page.base(), kPageBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  if (again == MAP_FAILED) return failed("mmap(MAP_FIXED)");
  return page.byte() == 0 ? yes() : no("mmap(MAP_FIXED) left the old bytes");
}

Support probe_thp_control() {
  return ::prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0) >= 0 ? yes() : failed("prctl(PR_GET_THP_DISABLE)");
}

Support probe_populate_write() {
  const ProbePage page;
  if (!page.ok()) return failed("mmap");
  return ::madvise(page.base(), kPageBytes, kPopulateWrite) == 0 ? yes() : failed("madvise(MADV_POPULATE_WRITE)");
}

// KSM can put the zero page in the place of zeros that were written over an image's content, and a scan for private pages
// does not see it. Only in a process that has its pages merged (prctl PR_SET_MEMORY_MERGE, Linux 6.4; systemd's MemoryKSM=).
Support probe_unmerged_pages() {
  constexpr int kGetMemoryMerge = 68;  // PR_GET_MEMORY_MERGE
  return ::prctl(kGetMemoryMerge, 0, 0, 0, 0) > 0 ? no("KSM merges this process's pages (PR_SET_MEMORY_MERGE)") : yes();
}

// One page written for the first time: the count must rise.
Support probe_fault_count() {
  const ProbePage page;
  if (!page.ok()) return failed("mmap");
  struct rusage before {}, after {};
  if (::getrusage(RUSAGE_SELF, &before) != 0) return failed("getrusage");
  page.byte() = 7;
  if (::getrusage(RUSAGE_SELF, &after) != 0) return failed("getrusage");
  return after.ru_minflt + after.ru_majflt > before.ru_minflt + before.ru_majflt
             ? yes()
             : no("getrusage did not count the fault of a page written for the first time");
}

// One page written: the scan must return exactly that page.
Support probe_pagemap_scan() {
  const Fd pagemap{::open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC)};
  if (!pagemap) return failed("open(/proc/self/pagemap)");
  const ProbePage page;
  if (!page.ok()) return failed("mmap");
  page.byte() = 7;
  PageRegion region{};
  PagemapScan scan = scan_for_private(page.base(), static_cast<std::byte*>(page.base()) + kPageBytes, {&region, 1});
  const int found = ::ioctl(pagemap.get(), kPagemapScanIoctl, &scan);
  if (found < 0) return failed("ioctl(PAGEMAP_SCAN)");
  return found == 1 && region.start == scan.start ? yes() : no("PAGEMAP_SCAN did not report the one page written");
}

Support probe_wp_async() {
  const Fd fault_fd{static_cast<int>(::syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK | kUserfaultFlags))};
  if (!fault_fd) return failed("userfaultfd");
  struct uffdio_api api {};
  api.api = UFFD_API;
  api.features = kTrackingFeatures;
  return ::ioctl(fault_fd.get(), UFFDIO_API, &api) == 0 ? yes() : failed("ioctl(UFFDIO_API, WP_ASYNC)");
}

Support probe_process_madvise() {
  const ProbePage page;
  if (!page.ok()) return failed("mmap");
  page.byte() = 7;
  const struct iovec range { page.base(), kPageBytes };
  if (::syscall(SYS_process_madvise, kPidfdSelf, &range, size_t{1}, MADV_DONTNEED, 0) < 0)
    return failed("process_madvise(PIDFD_SELF, MADV_DONTNEED)");
  return page.byte() == 0 ? yes() : no("process_madvise left the old bytes");
}

Support probe_ptrace() {
  const pid_t child = ::fork();
  if (child < 0) return failed("fork");
  if (child == 0) ::_exit(::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) == 0 ? 0 : errno);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return yes();
  errno = WIFEXITED(status) ? WEXITSTATUS(status) : EPERM;
  return failed("ptrace(PTRACE_TRACEME)");
}

constexpr size_t kFeatureCount = 11;

std::array<Feature, kFeatureCount> probe_all() {
  return {{
      {"memfd", "3.17", "sealed memory images, mapped copy-on-write", probe_memfd()},
      {"madvise_discard", "2.4", "reset=madvise", probe_discard()},
      {"remap_fixed", "2.4", "reset=remap and wiping a slot", probe_remap()},
      {"thp_control", "3.15", "thp=off and thp=on", probe_thp_control()},
      {"populate_write", "5.14", "a cold slot given its working set in one call (prefault=on)", probe_populate_write()},
      {"pagemap_scan", "6.7", "finding private pages: reset=scan and reset=restore", probe_pagemap_scan()},
      {"userfaultfd_wp_async", "6.7", "tracking written pages: reset=track", probe_wp_async()},
      {"process_madvise", "6.14", "giving many pages back in one call (reset=restore, reset=batch)", probe_process_madvise()},
      {"unmerged_pages", "2.6", "finding private pages: KSM must leave them alone", probe_unmerged_pages()},
      {"fault_count", "2.6", "telling that no page was written (find=faults)", probe_fault_count()},
      {"ptrace", "2.4", "the independent count of system calls", probe_ptrace()},
  }};
}

const std::array<Feature, kFeatureCount>& probed() {
  static const std::array<Feature, kFeatureCount> kFeatures = probe_all();
  return kFeatures;
}

}  // namespace

std::span<const Feature> features() { return probed(); }

const Support& feature(std::string_view name) {
  for (const Feature& one : probed()) {
    if (one.name == name) return one.support;
  }
  throw std::out_of_range("unknown kernel feature: " + std::string(name));
}

}  // namespace instbench::os
