// SlotIndex: which free slot to hand out next. Pure: knows numbers, not memory.
//
// Free slots lie on two kinds of list, most recently used first: one per affinity key (what the slot
// last held) and one over all of them. Taking prefers, in order: the key's most recently used slot
// (hit), a slot that was never used (cold), the slot whose use lies longest back (evicted). Hence the
// number of slots in rotation is the number of instances alive at once. COST: O(1), no allocation.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace instbench {

class SlotIndex {
 public:
  using SlotId = uint32_t;
  using Key = uint32_t;  // dense, from new_key()

  enum class Kind : uint8_t { hit, cold, evicted };
  struct Taken {
    SlotId slot = 0;
    Kind kind = Kind::cold;
  };

  explicit SlotIndex(uint32_t slots);

  Key new_key();
  // Nothing when every slot is taken or retired.
  std::optional<Taken> take(Key key);
  // The slot now holds what `key` stands for.
  void give_back(SlotId slot, Key key);
  // The slot holds nothing any more: it counts as never used.
  void give_back_empty(SlotId slot);
  // The slot is never handed out again.
  void retire(SlotId slot);

  uint32_t size() const { return static_cast<uint32_t>(nodes_.size()); }
  uint32_t free_count() const { return free_; }
  uint32_t retired_count() const { return retired_; }

 private:
  static constexpr SlotId kNone = UINT32_MAX;
  struct Link {
    SlotId newer = kNone, older = kNone;
  };
  struct Node {
    Link by_key;
    Link by_use;
    Key key = 0;
    bool taken = false;
  };
  struct List {
    SlotId newest = kNone, oldest = kNone;
  };
  void push(List& list, Link Node::*link, SlotId slot);
  void remove(List& list, Link Node::*link, SlotId slot);
  void take_from_lists(SlotId slot);

  std::vector<Node> nodes_;
  std::vector<List> by_key_;
  List by_use_;
  std::vector<SlotId> empty_;  // never used, last one next; capacity reserved at construction
  uint32_t free_ = 0;
  uint32_t retired_ = 0;
};

}  // namespace instbench
