// TouchPlan: which addresses and table entries each cycle of a `touch` workload uses.
//
// Drawn from the seed alone, as offsets from the start of memory 0, so that every engine and strategy is
// touched at the same addresses. Written pages are drawn as runs that never adjoin; pages only read are
// others. The first cycle's are the base, what all requests have in common; with `vary` each later cycle has that share of
// the written runs, of the read pages and of the table entries elsewhere, drawn for it alone, and the rest in common with
// the base. (A set that drifted without end would be another one each time a slot comes round: with many slots, every
// `vary` would measure vary=1.) All of it is drawn beforehand, as kCycles plans that are then used in turn: a cycle that is
// timed only moves to the next.
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

// The workload does not fit the module: a skipped cell.
struct DoesNotFit : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// What one cycle touches, in this order.
struct Touches {
  std::vector<uint64_t> reads;    // byte offsets, 8-aligned
  std::vector<uint64_t> writes;   // byte offsets, 8-aligned
  std::vector<uint64_t> entries;  // of table 0
};

class TouchPlan {
 public:
  // Plans drawn when `vary` is not zero; fewer when they would take more than kPlanBytes.
  // A prime, so that with any other number of slots each of them comes to see all of the plans.
  static constexpr size_t kCycles = 257;
  static constexpr size_t kPlanBytes = size_t{64} << 20;

  TouchPlan(const Workload& workload, double vary, uint64_t seed, const TouchTarget& target);

  const Touches& now() const { return cycles_[current_]; }
  uint64_t grow_pages() const { return grow_pages_; }
  // {"grow": G, "cycles": [{"reads": […], "writes": […], "entries": […]}, …]}
  Json to_json() const;
  void next_cycle() { current_ = current_ + 1 == cycles_.size() ? 0 : current_ + 1; }

 private:
  std::vector<Touches> cycles_;
  size_t current_ = 0;
  uint64_t grow_pages_ = 0;
};

}  // namespace instbench::bench
