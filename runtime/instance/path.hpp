// Path: which way one instantiation and its release took. Carried by every instance, counted by every pool.
#pragma once

#include <cstdint>
#include <string>

namespace instbench {

enum class SlotPath : uint8_t {
  fresh,    // alloc=fresh: a reservation of its own
  hit,      // affine: the slot last held the same memory image
  cold,     // a pool slot that was never used (or was wiped)
  evicted,  // a pool slot that held something else, which was thrown away
  stolen,   // affine, but last used by another thread
  shared,   // another module's of the same memory image, where slots keep what is one module's own (pages, tables): that goes
};
enum class MemoryPath : uint8_t { none, mapped, kept, copied };  // none: the module has no memory
enum class TablePath : uint8_t {
  none,         // the module has no table
  filled,       // every entry computed
  precomputed,  // every entry written from a finished table
  lazy,         // none made
  retained,     // as lazy, and entries that earlier tenants of the slot made are there, in tables that are proven
};
enum class ResetPath : uint8_t {
  pending,
  unmap,
  remap,
  madvise,
  copy,
  wipe,     // a reset failed, everything was unmapped
  keep,     // the low pages put back, the rest discarded
  scan,     // the first runs of private pages put back, the rest discarded
  restore,  // every private page put back
  track,    // the pages that were written put back
  none,     // nothing was handed out: nothing to reset
  batch,    // waited, and was discarded in one call with others
};

struct Path {
  SlotPath slot = SlotPath::fresh;
  MemoryPath memory = MemoryPath::none;
  TablePath tables = TablePath::none;
  ResetPath reset = ResetPath::pending;

  bool operator==(const Path&) const = default;
  static constexpr uint32_t kResets = 12, kTables = 5;
  // A small dense number, for histograms without allocation.
  uint32_t index() const {
    const uint32_t place = static_cast<uint32_t>(slot) * 4 + static_cast<uint32_t>(memory);
    return (place * kTables + static_cast<uint32_t>(tables)) * kResets + static_cast<uint32_t>(reset);
  }
  static constexpr uint32_t kIndexEnd = 6 * 4 * kTables * kResets;
  static Path from_index(uint32_t index);
};

std::string to_string(const Path& path);  // "slot=hit memory=kept tables=lazy reset=madvise"

}  // namespace instbench
