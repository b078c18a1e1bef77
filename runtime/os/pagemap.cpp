#include "runtime/os/pagemap.hpp"

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include <atomic>

#include "runtime/os/counters.hpp"
#include "runtime/os/error.hpp"

namespace instbench::os {
namespace {

// /proc/self/pagemap of this very process. One that was opened before a fork would show the parent's pages to the
// child, so the child begins without.
std::atomic<int> process_pagemap{-1};

void forget_parents_pagemap() {
  const int parents = process_pagemap.exchange(-1);
  if (parents >= 0) ::close(parents);
}

[[gnu::cold]] int open_pagemap() {
  [[maybe_unused]] static const int kRegistered = ::pthread_atfork(nullptr, nullptr, &forget_parents_pagemap);
  const int opened = ::open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
  if (opened < 0) throw_errno("open(/proc/self/pagemap)");
  int none = -1;
  if (process_pagemap.compare_exchange_strong(none, opened)) return opened;
  ::close(opened);  // another thread was faster
  return none;
}

}  // namespace

PrivatePages find_private_pages(Range range, std::span<PageRegion> found) {
  int pagemap = process_pagemap.load(std::memory_order_acquire);
  if (pagemap < 0) [[unlikely]]
    pagemap = open_pagemap();
  PagemapScan scan{};
  scan.size = sizeof scan;
  scan.start = reinterpret_cast<uint64_t>(range.base);
  scan.end = reinterpret_cast<uint64_t>(range.end());
  scan.vec = reinterpret_cast<uint64_t>(found.data());
  scan.vec_len = found.size();
  scan.category_inverted = kPageIsFile | kPageIsPfnZero;
  scan.category_mask = kPageIsFile | kPageIsPfnZero;
  scan.category_anyof_mask = kPageIsPresent | kPageIsSwapped;
  const int regions = count(Call::ioctl) ? ::ioctl(pagemap, kPagemapScanIoctl, &scan) : -1;
  if (regions < 0) throw_errno("ioctl(PAGEMAP_SCAN, len=" + std::to_string(range.bytes) + ")");
  return {static_cast<size_t>(regions), reinterpret_cast<std::byte*>(scan.walk_end)};
}

}  // namespace instbench::os
