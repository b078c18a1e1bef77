#include "runtime/instance/tracking.hpp"

#include <array>
#include <span>

#include "runtime/os/pagemap.hpp"
#include "runtime/os/usage.hpp"

namespace instbench {
namespace {

thread_local constinit std::array<os::PageRegion, os::kRunsOfScan> scanned{};

uint64_t pages_in(std::span<const os::PageRegion> regions) {
  uint64_t pages = 0;
  for (const os::PageRegion& region : regions) pages += (region.end - region.start) / os::kPageBytes;
  return pages;
}

uint64_t count_private(os::Range range) {
  uint64_t pages = 0;
  while (!range.empty()) {
    const os::PrivatePages found = os::find_private_pages(range, scanned);
    pages += pages_in(std::span(scanned).first(found.regions));
    range = range.from(static_cast<size_t>(found.walk_end - range.base));
  }
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
  for (os::Range rest = start.range; !rest.empty();) {
    const os::PrivatePages found = os::find_written_pages(rest, scanned);
    const std::span<const os::PageRegion> regions = std::span(scanned).first(found.regions);
    for (const os::PageRegion& region : regions) {
      const uint64_t first = start.page_of(region.start);
      start.put_back(first, start.page_of(region.end) - first);
    }
    private_pages_ += pages_in(regions);
    rest = rest.from(static_cast<size_t>(found.walk_end - rest.base));
  }
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
