#include "runtime/os/pagemap.hpp"

#include <fcntl.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>

#include "runtime/os/counters.hpp"
#include "runtime/os/error.hpp"

namespace instbench::os {
namespace {

// A descriptor of this very process, opened when first used. One that was opened before a fork would show and change the
// parent's pages in the child, so the child begins without.
class ProcessFd {
 public:
  template <typename Open>
  int get(const Open& open) {
    const int known = fd_.load(std::memory_order_acquire);
    return known >= 0 ? known : make(open);
  }
  void forget() {
    const int parents = fd_.exchange(-1);
    if (parents >= 0) ::close(parents);
  }

 private:
  template <typename Open>
  [[gnu::cold]] int make(const Open& open) {
    const int opened = open();
    int none = -1;
    if (fd_.compare_exchange_strong(none, opened)) return opened;
    ::close(opened);  // another thread was faster
    return none;
  }
  std::atomic<int> fd_{-1};
};

ProcessFd pagemap, userfault;

void forget_at_fork() {
  [[maybe_unused]] static const int kRegistered = ::pthread_atfork(nullptr, nullptr, [] {
    pagemap.forget();
    userfault.forget();
  });
}

int open_pagemap() {
  forget_at_fork();
  const int opened = ::open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
  if (opened < 0) throw_errno("open(/proc/self/pagemap)");
  return opened;
}

int open_userfault() {
  forget_at_fork();
  const auto opened = static_cast<int>(::syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK | kUserfaultFlags));
  if (opened < 0) throw_errno("userfaultfd");
  struct uffdio_api api {};
  api.api = UFFD_API;
  api.features = kTrackingFeatures;
  if (::ioctl(opened, UFFDIO_API, &api) == 0) return opened;
  const int error = errno;
  ::close(opened);
  throw_error(error, "ioctl(UFFDIO_API, WP_ASYNC)");
}

PrivatePages run(PagemapScan& scan) {
  const int fd = pagemap.get(open_pagemap);
  const int regions = count(Call::ioctl) ? ::ioctl(fd, kPagemapScanIoctl, &scan) : -1;
  if (regions < 0) throw_errno("ioctl(PAGEMAP_SCAN, len=" + std::to_string(scan.end - scan.start) + ")");
  return {static_cast<size_t>(regions), reinterpret_cast<std::byte*>(scan.walk_end)};
}

}  // namespace

PrivatePages find_private_pages(Range range, std::span<PageRegion> found) {
  PagemapScan scan = scan_for_private(range.base, range.end(), found);
  return run(scan);
}

PrivatePages find_present_private_pages(Range range, std::span<PageRegion> found) {
  PagemapScan scan = scan_for_private(range.base, range.end(), found);
  scan.category_anyof_mask = kPageIsPresent;
  return run(scan);
}

void track_writes(Range range) {
  struct uffdio_register request {};
  request.range = {reinterpret_cast<uint64_t>(range.base), range.bytes};
  request.mode = UFFDIO_REGISTER_MODE_WP;
  const int fd = userfault.get(open_userfault);
  if (!count(Call::ioctl) || ::ioctl(fd, UFFDIO_REGISTER, &request) != 0)
    throw_errno("ioctl(UFFDIO_REGISTER, len=" + std::to_string(range.bytes) + ")");
}

PrivatePages find_written_pages(Range range, std::span<PageRegion> found) {
  PagemapScan scan = scan_between(range.base, range.end(), found);
  scan.flags = kScanChecksAsync;
  scan.category_mask = kPageIsWritten;
  return run(scan);
}

void protect_written(Range range) {
  PagemapScan scan = scan_between(range.base, range.end(), {});
  scan.flags = kScanChecksAsync | kScanProtects;
  scan.category_mask = kPageIsWritten;
  static_cast<void>(run(scan));
}

}  // namespace instbench::os
