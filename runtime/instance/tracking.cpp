#include "runtime/instance/tracking.hpp"

#include <span>

#include "runtime/os/pagemap.hpp"
#include "runtime/os/usage.hpp"

namespace instbench {
namespace {

uint64_t pages_in(std::span<const os::PageRegion> regions) {
  uint64_t pages = 0;
  for (const os::PageRegion& region : regions) pages += (region.end - region.start) / os::kPageBytes;
  return pages;
}

// Marks of pages that are protected but not there read as swapped pages, so only present ones are counted: for a budget.
uint64_t count_private(os::Range range) {
  uint64_t pages = 0;
  os::each_batch(range, os::find_present_private_pages, [&](std::span<const os::PageRegion> regions) {
    pages += pages_in(regions);
    return true;
  });
  return pages;
}

}  // namespace

void Tracking::begin(const StartState& start) {
  forks_ = os::forks();
  private_pages_ = 0;
  if (start.range.empty()) return;
  os::track_writes(start.range);
  os::protect_written(start.range);
}

ResetPath Tracking::reset(const StartState& start, uint64_t resident_bytes) {
  if (forks_ != os::forks()) {
    os::discard(start.range);
    begin(start);
    return ResetPath::madvise;
  }
  os::each_batch(start.range, os::find_written_pages, [&](std::span<const os::PageRegion> regions) {
    for (const os::PageRegion& region : regions) {
      const PageSpan span = start.span_of(region);
      start.put_back(span.first, span.pages);
    }
    private_pages_ += pages_in(regions);
    return true;
  });
  const uint64_t budget = resident_bytes / os::kPageBytes;
  if (private_pages_ > budget) {
    private_pages_ = count_private(start.range);
    if (private_pages_ > budget) {
      os::discard(start.range);
      private_pages_ = 0;
    }
  }
  os::protect_written(start.range);
  return ResetPath::track;
}

}  // namespace instbench
