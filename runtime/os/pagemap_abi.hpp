// PAGEMAP_SCAN (Linux 6.7, Documentation/admin-guide/mm/pagemap.rst), declared here because the headers
// of Debian 12 are older than the kernels people run.
#pragma once

#include <linux/types.h>
#include <sys/ioctl.h>

#include <cstdint>

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

}  // namespace instbench::os
