// SlotStore: what the pools of several threads have in common: the slots, who may take which, and how much of them may
// stay resident.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "runtime/instance/slot.hpp"
#include "runtime/instance/strategy.hpp"
#include "runtime/pool/resident_budget.hpp"
#include "runtime/pool/slot_caches.hpp"

namespace instbench {

// The strategy. Throws Unsupported when this kernel lacks what it needs.
const Strategy& with_features(const Strategy& strategy);

class SlotStore {
 public:
  using SlotId = SlotCaches::SlotId;

  // Address space is reserved slot by slot, at first use. Throws Unsupported when the kernel lacks what the strategy
  // needs. `threads` is the number of pools that may share it.
  SlotStore(const Strategy& strategy, const SlotGeometry& geometry, uint32_t slots, uint32_t threads);

  const Strategy& strategy() const { return strategy_; }
  const SlotGeometry& geometry() const { return geometry_; }
  Slot& slot(SlotId id) { return slots_[id]; }
  std::optional<SlotId> id_of(const Slot& slot) const;
  SlotCaches& caches() { return caches_; }
  ResidentBudget& budget() { return budget_; }
  // What is booked in the budget for a slot; for whoever has taken it.
  uint64_t& booked(SlotId id) { return booked_[id]; }

  // The affinity of a module, the same for every thread: that of its memory start state (Prepared::memory_key). Where slots
  // keep what is one module's own, each module has one of its own, kin to the others of its start state. To be let go of as
  // often as it was asked for.
  SlotCaches::Key key_of(const Prepared& prepared);
  // Once nobody has it any more, the next module of the same start state gets it, and the slots with it.
  void let_go(const Prepared& prepared);
  // Whether slots keep what is one module's own: pages, tables.
  bool by_module() const { return by_module_; }

  // Address ranges reserved now. REQUIRES: no thread is reserving.
  std::vector<os::Range> reservations() const;

 private:
  struct Owner {
    SlotCaches::Key key = nullptr;
    uint64_t module = 0;  // Prepared::id(); 0: all of the start state
    uint64_t users = 0;
  };
  uint64_t owner_id(const Prepared& prepared) const { return by_module_ ? prepared.id() : 0; }

  const Strategy strategy_;
  const bool by_module_;
  const SlotGeometry geometry_;
  std::vector<Slot> slots_;
  std::vector<uint64_t> booked_;
  SlotCaches caches_;
  ResidentBudget budget_;
  std::mutex keys_mutex_;  // admission only
  std::map<std::string, std::vector<Owner>> owners_;  // by memory start state
};

}  // namespace instbench
