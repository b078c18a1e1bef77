// What the kernel has and the headers of Debian 12, older than the kernels people run, do not: PAGEMAP_SCAN (Linux 6.7,
// Documentation/admin-guide/mm/pagemap.rst), tracking of writes by userfaultfd (6.7, userfaultfd.rst beside it), and a
// process's own pidfd (6.14, pidfd_open(2)).
#pragma once

#include <linux/types.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>

#include <cstdint>
#include <span>

namespace instbench::os {

struct PageRegion {
  uint64_t start;
  uint64_t end;
  uint64_t categories;
};

struct PagemapScan {
  uint64_t size;
  uint64_t flags;
  uint64_t start;
  uint64_t end;
  uint64_t walk_end;
  uint64_t vec;
  uint64_t vec_len;
  uint64_t max_pages;
  uint64_t category_inverted;
  uint64_t category_mask;
  uint64_t category_anyof_mask;
  uint64_t return_mask;
};

inline constexpr uint64_t kPageIsWritten = 1 << 1;
inline constexpr uint64_t kPageIsFile = 1 << 2;
inline constexpr uint64_t kPageIsPresent = 1 << 3;
inline constexpr uint64_t kPageIsSwapped = 1 << 4;
inline constexpr uint64_t kPageIsPfnZero = 1 << 5;
inline constexpr uint64_t kScanProtects = 1 << 0;    // PM_SCAN_WP_MATCHING: what matches is write-protected again
inline constexpr uint64_t kScanChecksAsync = 1 << 1;  // PM_SCAN_CHECK_WPASYNC: EPERM where writes are not tracked
inline constexpr unsigned long kPagemapScanIoctl = _IOWR('f', 16, PagemapScan);

inline PagemapScan scan_between(const void* begin, const void* end, std::span<PageRegion> found) {
  PagemapScan scan{};
  scan.size = sizeof scan;
  scan.start = reinterpret_cast<uint64_t>(begin);
  scan.end = reinterpret_cast<uint64_t>(end);
  scan.vec = reinterpret_cast<uint64_t>(found.data());
  scan.vec_len = found.size();
  return scan;
}

// For private pages. The mask is the sound one: not a page of a file, not the zero page, present or swapped. Asking for
// present pages alone misses those under migration, whose entries read as swapped ones: with compaction running, 616 of
// 22,676 scans missed some. It is not sound where KSM merges this process's pages and puts the zero page in the place of
// zeros that were written over content: features.cpp asks (unmerged_pages).
inline PagemapScan scan_for_private(const void* begin, const void* end, std::span<PageRegion> found) {
  PagemapScan scan = scan_between(begin, end, found);
  scan.category_inverted = kPageIsFile | kPageIsPfnZero;
  scan.category_mask = kPageIsFile | kPageIsPfnZero;
  scan.category_anyof_mask = kPageIsPresent | kPageIsSwapped;
  return scan;
}

inline constexpr int kUserfaultFlags = 1;  // UFFD_USER_MODE_ONLY
// UFFD_FEATURE_WP_ASYNC and WP_UNPOPULATED, in memory that is anonymous or a private view of a memfd.
inline constexpr uint64_t kTrackingFeatures =
    uint64_t{1} << 15 | uint64_t{1} << 13 | UFFD_FEATURE_WP_HUGETLBFS_SHMEM;

inline constexpr int kPopulateWrite = 23;  // MADV_POPULATE_WRITE

inline constexpr int kPidfdSelf = -10000;  // PIDFD_SELF

}  // namespace instbench::os
