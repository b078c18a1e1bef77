// Which pages of a range this process has made its own: written since they were mapped or discarded.
//
// PAGEMAP_SCAN (Linux 6.7, Documentation/admin-guide/mm/pagemap.rst). The mask is the sound one: not a page of
// a file, not the zero page, present or swapped. Asking for present pages alone misses those under migration,
// whose entries read as swapped ones: with compaction running, 616 of 22,676 scans missed some.
#pragma once

#include <cstddef>
#include <span>

#include "runtime/os/mapping.hpp"
#include "runtime/os/pagemap_abi.hpp"

namespace instbench::os {

struct PrivatePages {
  size_t regions = 0;          // how many of `found` were filled: ascending, disjoint, not adjacent
  std::byte* walk_end = nullptr;  // where the search ended: the range's end, unless `found` was full before
};

// Fills `found` (`start` and `end`; `categories` is zero) with the private pages of the range. Pages outside every
// mapping and inaccessible ones are searched too. Fork-safe: the descriptor is the calling process's own. Not for vfork.
// Throws std::system_error. COST: one ioctl, and at the first call of a process one open.
PrivatePages find_private_pages(Range range, std::span<PageRegion> found);

}  // namespace instbench::os
