#include "runtime/pool/slot_index.hpp"

#include "runtime/os/error.hpp"

namespace instbench {

SlotIndex::SlotIndex(uint32_t slots) : nodes_(slots), free_(slots) {
  empty_.reserve(slots);
  for (uint32_t i = slots; i > 0; --i) empty_.push_back(i - 1);
}

SlotIndex::Key SlotIndex::new_key() {
  by_key_.emplace_back();
  return static_cast<Key>(by_key_.size() - 1);
}

std::optional<SlotIndex::Taken> SlotIndex::take(Key key) {
  if (free_ == 0) return std::nullopt;
  --free_;
  if (const SlotId affine = by_key_[key].newest; affine != kNone) {
    take_from_lists(affine);
    return Taken{affine, Kind::hit};
  }
  if (!empty_.empty()) {
    const SlotId slot = empty_.back();
    empty_.pop_back();
    nodes_[slot].taken = true;
    return Taken{slot, Kind::cold};
  }
  const SlotId oldest = by_use_.oldest;
  take_from_lists(oldest);
  return Taken{oldest, Kind::evicted};
}

void SlotIndex::take_from_lists(SlotId slot) {
  Node& node = nodes_[slot];
  remove(by_key_[node.key], &Node::by_key, slot);
  remove(by_use_, &Node::by_use, slot);
  node.taken = true;
}

void SlotIndex::give_back(SlotId slot, Key key) {
  Node& node = nodes_[slot];
  INSTBENCH_ASSERT(node.taken);
  node.taken = false;
  node.key = key;
  push(by_key_[key], &Node::by_key, slot);
  push(by_use_, &Node::by_use, slot);
  ++free_;
}

void SlotIndex::give_back_empty(SlotId slot) {
  INSTBENCH_ASSERT(nodes_[slot].taken);
  nodes_[slot].taken = false;
  empty_.push_back(slot);
  ++free_;
}

void SlotIndex::retire(SlotId slot) {
  INSTBENCH_ASSERT(nodes_[slot].taken);
  static_cast<void>(slot);
  ++retired_;
}

void SlotIndex::push(List& list, Link Node::*link, SlotId slot) {
  (nodes_[slot].*link) = {kNone, list.newest};
  if (list.newest != kNone) (nodes_[list.newest].*link).newer = slot;
  list.newest = slot;
  if (list.oldest == kNone) list.oldest = slot;
}

void SlotIndex::remove(List& list, Link Node::*link, SlotId slot) {
  const Link here = nodes_[slot].*link;
  if (here.newer != kNone)
    (nodes_[here.newer].*link).older = here.older;
  else
    list.newest = here.older;
  if (here.older != kNone)
    (nodes_[here.older].*link).newer = here.newer;
  else
    list.oldest = here.newer;
}

}  // namespace instbench
