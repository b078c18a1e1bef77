// Which parts of a module's start state can be a static image, which cannot, and why. Pure.
//
// Judged per memory and per table and per segment, never all-or-nothing. A memory's active segments
// are taken in order: those with a constant offset inside the memory's minimum size are `in_image`;
// the others are `leftover`, applied at every instantiation after the image, in order, each followed
// by a repeat of those later static segments that it turned out to overlap (so order is kept).
// Segments behind one that is certain to trap are never applied, so they are leftover too. Passive and
// declared segments belong to no memory or table: one entry for all of them stands behind the obstacles
// of memory 0 and table 0.
// Costs are estimates from a rough model (constants in eligibility.cpp), for ranking, never for results.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/module/module.hpp"

namespace instbench {

enum class Obstacle : uint8_t {
  none,
  dynamic_offset,  // offset is a global.get or an extended expression
  out_of_bounds,   // traps at instantiation, by the specification
  // The memory or table is the host's: static only while it is fresh. One entry for all its segments.
  imported,
  passive,  // memory.init or table.init at run time, not an instantiation cost
  declared,
  expression_entry,   // element entry that is a global.get or an extended expression
  foreign_reference,  // table of externref: entries are the host's
  shared_memory,      // threads see each other's writes: no private copy-on-write once shared
};
std::string_view name_of(Obstacle obstacle);  // the names above, spelled with spaces

struct SegmentVerdict {
  uint32_t segment = 0;
  bool in_image = false;
  Obstacle obstacle = Obstacle::none;
  std::string reason;  // one sentence that names the segment and what stops it; empty if none
  double cost_ns = 0;  // estimate of what it adds to every instantiation (see eligibility.cpp)
};

struct MemoryEligibility {
  uint32_t memory = 0;
  bool static_image = false;  // every active segment is in the image
  bool made_by_host = false;  // imported: the image holds because the host makes a fresh one each time
  uint64_t segments_in_image = 0, segments_leftover = 0;
  uint64_t segments_passive = 0;          // of the module; counted at memory 0
  uint64_t image_bytes = 0;               // bytes written by segments in the image
  uint64_t span_begin = 0, span_end = 0;  // lowest and highest byte in the image
  uint64_t touched_pages = 0;             // 4 KiB pages holding a non-zero byte: what `eager` must fault and copy
  std::vector<SegmentVerdict> obstacles;  // only segments with an obstacle, at most kMaxListed
  uint64_t obstacles_total = 0;           // listed or not
  double leftover_cost_ns = 0;            // estimate of what leftover segments, listed or not, add each time
  double eager_cost_ns = 0;               // estimate for copying the segments instead of mapping the image
};

struct TableEligibility {
  uint32_t table = 0;
  // Funcref, and every active segment constant and in bounds: entries can be computed from (segment,
  // index) on first sight. Segments with expression entries are filled at instantiation all the same.
  bool lazy = false;
  bool static_image = false;  // every active segment is in the image
  bool made_by_host = false;
  uint64_t entries_initialised = 0;         // written by segments in the image, repeats counted
  uint64_t entries_imported_functions = 0;  // need the instance's own import, so a per-instance patch
  bool written_by_host_possible = false;    // exported or imported
  std::vector<SegmentVerdict> obstacles;
  uint64_t obstacles_total = 0;
  double leftover_cost_ns = 0;  // as for memories
  double eager_cost_ns = 0;
};

struct Eligibility {
  static constexpr size_t kMaxListed = 16;
  std::vector<MemoryEligibility> memories;
  std::vector<TableEligibility> tables;
  // One per data (element) segment, in order: true when the image (table image) holds it.
  std::vector<bool> data_in_image;
  std::vector<bool> elem_in_image;
  // Set when instantiation must fail by the specification, whatever the strategy: names the segment.
  std::optional<std::string> always_traps;
};

Eligibility examine(const Module& module);

}  // namespace instbench
