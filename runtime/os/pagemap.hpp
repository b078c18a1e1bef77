// Which pages of a range this process has made its own: written since they were mapped or discarded.
//
// PAGEMAP_SCAN, with the mask of kernel_abi.hpp, which also sees pages under migration.
#pragma once

#include <array>
#include <cstddef>
#include <span>

#include "runtime/os/mapping.hpp"
#include "runtime/os/kernel_abi.hpp"

namespace instbench::os {

// Runs that one scan is best asked for: the kernel allocates 24 bytes each, and past 8 KiB no longer from its caches
// (400 ns more where this was measured).
inline constexpr size_t kRunsOfScan = 341;

struct PrivatePages {
  size_t regions = 0;          // how many of `found` were filled: ascending, disjoint, not adjacent
  std::byte* walk_end = nullptr;  // where the search ended: the range's end, unless `found` was full before
};

// Fills `found` (`start` and `end`; `categories` is zero) with the private pages of the range. Pages outside every
// mapping and inaccessible ones are searched too. Fork-safe: the descriptor is the calling process's own. Not for vfork.
// Throws std::system_error. COST: one ioctl, and at the first call of a process one open.
PrivatePages find_private_pages(Range range, std::span<PageRegion> found);
// Only those that are in memory at this moment: misses pages under migration, so it may count and must not judge.
PrivatePages find_present_private_pages(Range range, std::span<PageRegion> found);

// Tracking of writes by the kernel: userfaultfd with UFFD_FEATURE_WP_ASYNC (Linux 6.7, Documentation/admin-guide/mm/
// userfaultfd.rst). A page that is tracked and protected takes a fault at its first write, which the kernel resolves by
// itself, and reads as written from then on. Works for memory that is anonymous or a private view of a memfd.
//
// A child of fork has none of it: its slots must be tracked anew. Mapping over a range or unmapping it ends it;
// discarding pages ends their protection.

// Registers the range. COST: one ioctl (UFFDIO_REGISTER), and at the first call of a process a userfaultfd.
void track_writes(Range range);
// The pages written since they were last protected. Throws where the range is not tracked (EPERM). COST: one ioctl.
PrivatePages find_written_pages(Range range, std::span<PageRegion> found);
// Protects every page of the range that was written, or never protected. COST: one ioctl.
void protect_written(Range range);

namespace detail {
inline thread_local constinit std::array<PageRegion, kRunsOfScan> scanned{};
}

// Searches all of the range, kRunsOfScan runs at a time: `find` is one of the three above, `each` takes a batch of runs and
// says whether to go on. Not reentrant: batches lie in a place of this thread's. COST: that of `find`, once a batch.
template <typename Find, typename Each>
void each_batch(Range range, Find find, Each each) {
  while (!range.empty()) {
    const PrivatePages found = find(range, detail::scanned);
    if (!each(std::span<const PageRegion>(detail::scanned).first(found.regions))) return;
    range = range.from(static_cast<size_t>(found.walk_end - range.base));
  }
}

}  // namespace instbench::os
