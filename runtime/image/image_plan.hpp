// The start state of one memory as pages, and of one table as function indices. Pure: no system call.
//
// Active segments that eligibility admits are flattened in order; pages that end up all zero are
// dropped (leading, trailing and interior ones alike), so what is left are `runs` of pages with
// content. Neighbouring runs are mapped together as one `extent` as long as the hole between them
// stays small, since each extent costs one mmap and one VMA. Holes are never written to the file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "runtime/module/eligibility.hpp"
#include "runtime/module/module.hpp"
#include "runtime/os/mapping.hpp"

namespace instbench {

// Consecutive pages (4 KiB) of memory with content. `content` is an offset into ImagePlan::content.
struct PageRun {
  uint64_t first_page = 0;
  uint64_t pages = 0;
  uint64_t content = 0;
};

// Consecutive pages that one mmap shows, from `file_offset` of the image file.
struct Extent {
  uint64_t first_page = 0;
  uint64_t pages = 0;
  uint64_t file_offset = 0;
};

struct ImagePlan {
  // A hole of more pages than this ends an extent: reading a hole through a mapping allocates a shared
  // page in the file, so only short holes are worth the VMA that they save.
  static constexpr uint64_t kLongestHolePages = 64;
  // More extents than this would eat the process's VMAs (vm.max_map_count, 65,530 by default) in large
  // pools; past it the shortest holes are mapped too, whatever their length.
  static constexpr size_t kMostExtents = 16;

  std::vector<PageRun> runs;       // ascending, disjoint, not adjacent
  std::vector<Extent> extents;     // ascending, covering every run
  std::vector<std::byte> content;  // the runs' bytes, back to back
  std::string key;                 // SHA-256 of positions and content: equal keys, equal images

  // By page up to the last one with content: where its bytes lie in `content`, in pages; kNoContent where all are zero.
  static constexpr uint32_t kNoContent = UINT32_MAX;
  std::vector<uint32_t> content_page;

  bool empty() const { return runs.empty(); }
  // The start state of one page, or null where it is all zero, as it is beyond the image.
  const std::byte* page(uint64_t index) const {
    if (index >= content_page.size() || content_page[index] == kNoContent) return nullptr;
    return content.data() + uint64_t{content_page[index]} * os::kPageBytes;
  }
  uint64_t file_bytes() const;
  uint64_t hole_bytes() const { return file_bytes() - content.size(); }
  std::span<const std::byte> bytes_of(const PageRun& run) const;
};

ImagePlan plan_image(const Module& module, const Eligibility& eligibility, uint32_t memory);

// Entry i of a table before any code ran: a function index, or kNoFunction for null.
inline constexpr uint32_t kNoFunction = UINT32_MAX;
using TableImage = std::vector<uint32_t>;  // up to the last entry that a segment names

TableImage plan_table(const Module& module, const Eligibility& eligibility, uint32_t table);

}  // namespace instbench
