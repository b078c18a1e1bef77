// TouchPlan: which addresses and table entries one cycle of a `touch` workload uses.
//
// Drawn from the seed alone, as offsets from the start of memory 0, so that every engine and strategy is
// touched at the same addresses. Written pages form runs that never adjoin; pages only read are others.
// With `vary` a share of the places is redrawn before each cycle, in place and without allocation.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "harness/protocol/cell.hpp"

namespace instbench::bench {

inline constexpr uint64_t kTouchPageBytes = 4096;

// xorshift64*: small, fast, good enough to scatter addresses (Vigna, "An experimental exploration of
// Marsaglia's xorshift generators, scrambled", 2016).
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed * 0x9e37'79b9'7f4a'7c15 + 0x1234'5678'9abc'def1) {}
  uint64_t next() {
    state_ ^= state_ >> 12;
    state_ ^= state_ << 25;
    state_ ^= state_ >> 27;
    return state_ * 0x2545'f491'4f6c'dd1d;
  }
  uint64_t below(uint64_t bound) { return static_cast<uint64_t>((static_cast<Wide>(next()) * bound) >> 64); }

 private:
  __extension__ using Wide = unsigned __int128;
  uint64_t state_;
};

// What the touched instance offers.
struct TouchTarget {
  uint64_t memory_bytes = 0;    // at the start; 0: no memory
  uint64_t growable_pages = 0;  // of 64 KiB
  uint64_t table_entries = 0;   // of table 0
};

// The workload does not fit the module: a skipped cell.
struct DoesNotFit : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class TouchPlan {
 public:
  TouchPlan(const Workload& workload, double vary, uint64_t seed, const TouchTarget& target);

  const std::vector<uint64_t>& reads() const { return reads_; }    // byte offsets, 8-aligned
  const std::vector<uint64_t>& writes() const { return writes_; }  // byte offsets, 8-aligned
  const std::vector<uint64_t>& entries() const { return entries_; }
  uint64_t grow_pages() const { return grow_pages_; }

  // Moves the share `vary` of the places. COST: a few nanoseconds a place moved.
  void next_cycle();

 private:
  void draw_runs(uint64_t pages, uint64_t runs, std::vector<uint64_t>& places);
  void move_run(size_t run);
  uint64_t place_in(uint64_t page) const;

  Random random_;
  uint64_t page_count_ = 0;
  uint64_t grow_pages_ = 0;
  double moves_per_cycle_ = 0;
  double moves_owed_ = 0;
  std::vector<uint64_t> reads_, writes_, entries_;
  std::vector<bool> used_;  // by page
  struct Run {
    size_t first = 0;  // into writes_ before shuffling: runs keep their own indices
    size_t pages = 0;
  };
  std::vector<Run> runs_;
};

}  // namespace instbench::bench
