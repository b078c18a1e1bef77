#include "runtime/pool/slot_index.hpp"

#include <gtest/gtest.h>

#include <list>
#include <map>

namespace instbench {
namespace {

using Kind = SlotIndex::Kind;

TEST(SlotIndex, PrefersAffineThenColdThenLeastRecentlyUsed) {
  SlotIndex index(2);
  const auto a = index.new_key(), b = index.new_key(), c = index.new_key();
  const auto first = index.take(a);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->kind, Kind::cold);
  index.give_back(first->slot, a);
  const auto second = index.take(b);
  EXPECT_EQ(second->kind, Kind::cold);
  EXPECT_NE(second->slot, first->slot);
  index.give_back(second->slot, b);
  const auto again = index.take(a);
  EXPECT_EQ(again->kind, Kind::hit);
  EXPECT_EQ(again->slot, first->slot);
  index.give_back(again->slot, a);
  const auto evicting = index.take(c);  // b's use lies longest back
  EXPECT_EQ(evicting->kind, Kind::evicted);
  EXPECT_EQ(evicting->slot, second->slot);
}

TEST(SlotIndex, AffineMeansMostRecentlyUsed) {
  SlotIndex index(3);
  const auto key = index.new_key();
  const auto one = index.take(key)->slot, two = index.take(key)->slot;
  index.give_back(one, key);
  index.give_back(two, key);
  EXPECT_EQ(index.take(key)->slot, two);
}

TEST(SlotIndex, ExhaustionAndRetirement) {
  SlotIndex index(1);
  const auto key = index.new_key();
  const auto only = index.take(key);
  EXPECT_FALSE(index.take(key));
  index.retire(only->slot);
  EXPECT_FALSE(index.take(key));
  EXPECT_EQ(index.retired_count(), 1u);
}

TEST(SlotIndex, AWipedSlotIsColdAgain) {
  SlotIndex index(1);
  const auto key = index.new_key();
  index.give_back_empty(index.take(key)->slot);
  EXPECT_EQ(index.take(key)->kind, Kind::cold);
}

// Random operations against the plainest model: one list of (slot, key) in order of use.
TEST(SlotIndex, AgreesWithAModel) {
  constexpr uint32_t kSlots = 7, kKeys = 4;
  SlotIndex index(kSlots);
  for (uint32_t i = 0; i < kKeys; ++i) index.new_key();
  std::list<std::pair<uint32_t, uint32_t>> used;  // newest first
  std::list<uint32_t> empty, taken;
  for (uint32_t i = 0; i < kSlots; ++i) empty.push_back(i);
  uint64_t state = 12345;
  for (int step = 0; step < 20000; ++step) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    const uint32_t key = static_cast<uint32_t>(state >> 40) % kKeys;
    if ((state >> 60) % 2 == 0 || taken.empty()) {
      const auto got = index.take(key);
      const auto affine =
          std::find_if(used.begin(), used.end(), [&](const auto& entry) { return entry.second == key; });
      if (affine != used.end()) {
        ASSERT_EQ(got->kind, Kind::hit);
        ASSERT_EQ(got->slot, affine->first);
        used.erase(affine);
      } else if (!empty.empty()) {
        ASSERT_EQ(got->kind, Kind::cold);
        ASSERT_NE(std::find(empty.begin(), empty.end(), got->slot), empty.end());
        empty.remove(got->slot);
      } else if (!used.empty()) {
        ASSERT_EQ(got->kind, Kind::evicted);
        ASSERT_EQ(got->slot, used.back().first);
        used.pop_back();
      } else {
        ASSERT_FALSE(got);
        continue;
      }
      taken.push_back(got->slot);
    } else {
      const uint32_t slot = taken.front();
      taken.pop_front();
      if ((state >> 50) % 8 == 0) {
        index.give_back_empty(slot);
        empty.push_back(slot);
      } else {
        index.give_back(slot, key);
        used.emplace_front(slot, key);
      }
    }
    ASSERT_EQ(index.free_count(), used.size() + empty.size());
  }
}

}  // namespace
}  // namespace instbench
