// Slot: the place of one instance, an address range that can be made to hold a module's start state, be
// used by an instance, and be made pristine again without being given back.
//
//   base                          memory 0 (2 MiB-aligned)                                    end
//   | vmctx | …zero… | retained tables | tables |   image    zero    | closed, up to the reserve | guard | memory 1 …
//                                      |<-- one madvise covers this: -->|
//
// States:   unmapped --adopt--> ready --begin--> live --reset--> ready
//                ^                 |               `--begin_discard--> waiting --end_discard--> ready
//                |                 `--adopt (another image)--> unmapped --> ready
//                `------------- wipe (a reset failed) <---- unknown
// Invariant in `ready`: memory reads as the image over zeros up to its minimum size and faults beyond,
// tables are all zero bits (or, with table-reset=refill, entries of the last tenant, which the next
// instantiation overwrites), retained ones hold entries that any instance of the vmctx's owner would make, and the
// vmctx holds nothing that a tenant will read before writing.
// Not thread-safe. COST of each step is said beside it; adopting what is already there makes no call.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "runtime/instance/path.hpp"
#include "runtime/instance/prepared.hpp"
#include "runtime/instance/residency.hpp"
#include "runtime/instance/tracking.hpp"
#include "runtime/os/mapping.hpp"

namespace instbench {

// The sizes every slot of a pool has in common.
struct SlotGeometry {
  uint64_t vmctx_bytes = 0;
  uint64_t tables_bytes = 0;
  uint64_t memories = 0;
  uint64_t reserve_bytes = 0;  // per memory
  uint64_t guard_bytes = 0;    // after each memory

  uint64_t head_bytes() const { return os::round_up(vmctx_bytes + tables_bytes, os::kHugePageBytes); }
  uint64_t total_bytes() const { return head_bytes() + memories * (reserve_bytes + guard_bytes); }
  bool fits(const SlotNeeds& needs) const;
  // The smallest geometry that fits both.
  static SlotGeometry covering(const SlotGeometry& one, const Prepared& more);
};

enum class SlotState : uint8_t { unmapped, ready, live, waiting, unknown };

// On cache lines of its own: its neighbours are used by other threads.
class alignas(64) Slot {
 public:
  explicit Slot(const SlotGeometry& geometry) : geometry_(geometry), memories_(geometry.memories) {}

  SlotState state() const { return state_; }
  os::Range range() const { return mapping_.range(); }
  bool reserved() const { return static_cast<bool>(mapping_); }

  // Reserves the address range. COST: one mmap.
  void reserve();
  // Gives it back. COST: one munmap. On failure the slot still owns it and is `unknown`.
  void unmap();
  // Makes the slot `ready` for the module. COST: nothing when it already holds the same image with the
  // same sizes; an mprotect per changed size, a madvise where another module's retained tables lie, and what
  // give_pages_back() costs where another module's resets kept pages; else, after a wipe if it held another image, one
  // mprotect a memory, one mmap an extent and with find=faults one madvise; with prefault=on, one process_madvise that
  // populates the working set that `habit` knows.
  MemoryPath adopt(const Prepared& prepared, const Habit& habit);
  // Takes the slot into use; from here on it must be reset.
  void begin() {
    state_ = SlotState::live;
    touched_ = false;
  }
  // Something in it is written or may be from now on, by whatever holds an address of it. What was never touched needs
  // no reset (reset=restore).
  void touch() { touched_ = true; }
  // Makes it pristine, by the strategy that `prepared` was made for. On failure it throws and the slot is `unknown`.
  // `habit` is what all slots of the module have found out (reset=restore). At most `resident_bytes` stay resident of what
  // the resets that keep pages keep.
  ResetPath reset(const Prepared& prepared, Habit& habit, uint64_t resident_bytes);
  // reset=batch, in three steps: closes what was grown; says what is to be discarded (one range a memory); takes it as done.
  // COST: an mprotect per memory that grew; none; none.
  void begin_discard(const Prepared& prepared);
  void add_discards(const Prepared& prepared, std::vector<iovec>& ranges) const;
  void end_discard();
  // What the last reset left resident on purpose, in bytes: known of the resets that keep pages, else 0.
  uint64_t resident_bytes() const { return resident_bytes_; }
  // Gives that back, and retained tables with it. REQUIRES: `ready`. On failure it throws and the slot is `unknown`. COST: one madvise a memory; with
  // reset=track one mmap, since what is tracked begins anew.
  void give_pages_back();
  // Drops everything in the range, whatever its state. COST: one mmap.
  void wipe();

  // What the one madvise of a release covers: tables and memory 0 as far as it is open.
  os::Range reset_range(const Prepared& prepared) const;
  std::byte* vmctx() const {
    return mapping_.range().base + geometry_.head_bytes() - geometry_.tables_bytes - geometry_.vmctx_bytes;
  }
  // The id of the module that last wrote the vmctx (0: none): its constant part is still there.
  uint64_t vmctx_owner() const { return vmctx_owner_; }
  // Whether the retained tables of this module are here, with what earlier tenants made in them.
  bool retains(const Prepared& prepared) const { return vmctx_owner_ == prepared.id() && prepared.retains_tables(); }
  void set_vmctx_owner(uint64_t id) { vmctx_owner_ = id; }
  // Whether memory already holds the segments' bytes without an overlay (left there by reset=copy).
  bool content_present() const { return content_present_; }
  void set_content_present() { content_present_ = true; }

  std::byte* memory_base(size_t index) const {
    return mapping_.range().base + geometry_.head_bytes() + index * (geometry_.reserve_bytes + geometry_.guard_bytes);
  }
  FuncRef* table_base(const Prepared& prepared, size_t index) const {
    return reinterpret_cast<FuncRef*>(memory_base(0) - prepared.needs().tables_bytes + prepared.table(index).offset);
  }
  uint64_t accessible_bytes(size_t memory) const { return memories_[memory].accessible; }
  // Opens more of a memory. COST: one mprotect.
  void grow(size_t memory, uint64_t new_bytes);

 private:
  struct MemoryPlace {
    uint64_t accessible = 0;  // bytes that can be read and written now
    std::shared_ptr<const MemoryImage> image;
  };

  bool holds(const Prepared& prepared) const;
  void drop_others(const Prepared& prepared);
  void discard_kept();
  void forget();  // what was in the range
  void open(const Prepared& prepared);
  void map_extents(const Prepared& prepared, size_t memory);
  void fit_sizes(const Prepared& prepared);
  os::Range tables(const Prepared& prepared) const;  // those that a reset covers
  os::Range retained(const Prepared& prepared) const;
  uint64_t open_bytes(const Prepared& prepared) const {
    return prepared.needs().memory_pages.empty() ? 0 : memories_[0].accessible;
  }
  bool tables_grew(const Prepared& prepared) const;
  void reset_madvise(const Prepared& prepared);
  void reset_remap(const Prepared& prepared);
  void reset_copy(const Prepared& prepared);
  ResetPath reset_resident(const Prepared& prepared, Habit& habit, uint64_t resident_bytes);
  ResetPath restore(const Prepared& prepared, size_t memory, Habit& habit, uint64_t resident_bytes);
  uint64_t kept_bytes(size_t memory) const;
  StartState growth_state(const Prepared& prepared, size_t memory) const;
  void discard_grown(const Prepared& prepared);
  void close_grown(const Prepared& prepared);
  StartState start_state(const Prepared& prepared, size_t memory) const;
  void begin_keeping(const Prepared& prepared);

  SlotGeometry geometry_;
  SlotState state_ = SlotState::unmapped;
  os::Mapping mapping_;
  std::vector<MemoryPlace> memories_;
  std::vector<Residency> residency_;  // reset=restore: by memory, the first with the tables
  std::vector<Residency> grown_;      // reset=restore: by memory, what tenants grow it by
  std::vector<Tracking> tracking_;    // reset=track: likewise
  uint64_t resident_bytes_ = 0;
  uint64_t vmctx_owner_ = 0;
  os::Range retained_;  // what a reset leaves alone, for the module that owns the vmctx
  bool content_present_ = false;
  bool touched_ = false;
};

}  // namespace instbench
