#include "runtime/pool/slot_caches.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <list>
#include <random>
#include <set>
#include <thread>
#include <vector>

namespace instbench {
namespace {

using Kind = SlotCaches::Kind;

TEST(SlotCaches, PrefersAffineThenColdThenLeastRecentlyUsed) {
  SlotCaches caches(2, 1);
  const auto a = caches.new_key(), b = caches.new_key(), c = caches.new_key();
  const auto first = caches.take(0, a);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->kind, Kind::cold);
  caches.give_back(0, first->slot, a);
  const auto second = caches.take(0, b);
  EXPECT_EQ(second->kind, Kind::cold);
  EXPECT_NE(second->slot, first->slot);
  caches.give_back(0, second->slot, b);
  const auto again = caches.take(0, a);
  EXPECT_EQ(again->kind, Kind::hit);
  EXPECT_EQ(again->slot, first->slot);
  caches.give_back(0, again->slot, a);
  const auto evicting = caches.take(0, c);  // b's use lies longest back
  EXPECT_EQ(evicting->kind, Kind::evicted);
  EXPECT_EQ(evicting->slot, second->slot);
}

TEST(SlotCaches, AffineMeansMostRecentlyUsed) {
  SlotCaches caches(3, 1);
  const auto key = caches.new_key();
  const auto one = caches.take(0, key)->slot, two = caches.take(0, key)->slot;
  caches.give_back(0, one, key);
  caches.give_back(0, two, key);
  EXPECT_EQ(caches.take(0, key)->slot, two);
}

TEST(SlotCaches, AKeyOfItsOwnIsNotEvictedForUnlessAsked) {
  SlotCaches caches(1, 1);
  const auto a = caches.new_key(), b = caches.new_key();
  const auto only = caches.take(0, a);
  EXPECT_FALSE(caches.take(0, a));
  caches.give_back(0, only->slot, a);
  EXPECT_FALSE(caches.take(0, b, false));
  EXPECT_EQ(caches.take(0, b)->kind, Kind::evicted);
}

TEST(SlotCaches, AnotherThreadsSlotIsStolenBeforeAColdOneIsTaken) {
  SlotCaches caches(3, 2);
  const auto a = caches.new_key(), b = caches.new_key();
  const auto one = caches.take(0, a)->slot, two = caches.take(0, a)->slot;
  caches.give_back(0, one, a);
  caches.give_back(0, two, a);
  const auto stolen = caches.take(1, a);
  EXPECT_EQ(stolen->kind, Kind::stolen);
  EXPECT_EQ(stolen->slot, one);  // the one that lies longest
  caches.give_back(1, stolen->slot, a);
  EXPECT_EQ(caches.take(1, a)->kind, Kind::hit);
  EXPECT_EQ(caches.take(1, b)->kind, Kind::cold);
  EXPECT_EQ(caches.take(1, b)->kind, Kind::evicted);  // what the first thread still has
  EXPECT_FALSE(caches.take(0, a));
}

// Threads take and give back as they like: no slot is ever with two of them, and none is lost.
TEST(SlotCaches, NoSlotIsWithTwoThreads) {
  constexpr uint32_t kSlots = 6, kKeys = 3, kThreads = 4;
  constexpr int kSteps = 30000;
  SlotCaches caches(kSlots, kThreads);
  std::array<SlotCaches::Key, kKeys> keys{};
  for (auto& key : keys) key = caches.new_key();
  std::array<std::atomic<int>, kSlots> holders{};
  std::atomic<uint64_t> twice{0}, stolen{0};
  const auto work = [&](uint32_t thread) {
    std::mt19937 random(thread);
    std::vector<uint32_t> held;
    const auto let_go = [&] {
      const uint32_t slot = held.back();
      held.pop_back();
      --holders[slot];
      if (random() % 16 == 0)
        caches.give_back_empty(thread, slot);
      else
        caches.give_back(thread, slot, keys[random() % kKeys]);
    };
    for (int i = 0; i < kSteps; ++i) {
      if (const auto got = caches.take(thread, keys[random() % kKeys])) {
        twice += ++holders[got->slot] != 1;
        stolen += got->kind == Kind::stolen;
        held.push_back(got->slot);
      }
      if (held.size() > 1 || (random() % 2 == 0 && !held.empty())) let_go();
      if (random() % 8 != 0) continue;
      SlotCaches::Trim trim(caches, thread);
      SlotCaches::Key key = nullptr;
      if (const auto got = trim.take_oldest(key)) {
        twice += ++holders[*got] != 1;
        --holders[*got];
        trim.give_back(*got, key);
      }
    }
    while (!held.empty()) let_go();
  };
  std::vector<std::thread> threads;
  for (uint32_t i = 0; i < kThreads; ++i) threads.emplace_back(work, i);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(twice, 0u);
  EXPECT_GT(stolen, 0u);
  std::set<uint32_t> all;
  while (const auto got = caches.take(0, keys[0])) all.insert(got->slot);
  EXPECT_EQ(all.size(), kSlots);
}

// Takes so many slots of a key and gives them back, the first one first.
std::vector<uint32_t> use(SlotCaches& caches, uint32_t thread, SlotCaches::Key key, uint32_t count) {
  std::vector<uint32_t> slots;
  for (uint32_t i = 0; i < count; ++i) slots.push_back(caches.take(thread, key)->slot);
  for (const uint32_t slot : slots) caches.give_back(thread, slot, key);
  return slots;
}

uint32_t trim(SlotCaches& caches, uint32_t thread) {
  SlotCaches::Trim trim(caches, thread);
  SlotCaches::Key key = nullptr;
  const auto slot = trim.take_oldest(key);
  if (!slot) return UINT32_MAX;
  trim.give_back(*slot, key);
  return *slot;
}

TEST(SlotCaches, TrimmedSlotsComeLastAndInTheirOrder) {
  SlotCaches caches(4, 1);
  const auto key = caches.new_key(), other = caches.new_key();
  const auto slots = use(caches, 0, key, 4);
  EXPECT_EQ(trim(caches, 0), slots[0]);
  EXPECT_EQ(trim(caches, 0), slots[1]);
  for (const int i : {3, 2, 1}) {
    const auto taken = caches.take(0, key);
    EXPECT_EQ(taken->kind, Kind::hit);
    EXPECT_EQ(taken->slot, slots[static_cast<size_t>(i)]);
  }
  caches.give_back(0, slots[1], key);
  EXPECT_EQ(caches.take(0, other)->slot, slots[0]);  // unused longest, as if nobody had looked at it
  EXPECT_EQ(trim(caches, 0), slots[1]);
  EXPECT_EQ(trim(caches, 0), UINT32_MAX);  // once is enough
}

TEST(SlotCaches, AnotherThreadsSlotsAreTrimmedAfterOnesOwn) {
  SlotCaches caches(4, 2);
  const auto a = caches.new_key(), b = caches.new_key();
  const auto theirs = use(caches, 0, a, 3), own = use(caches, 1, b, 1);
  EXPECT_EQ(trim(caches, 1), own[0]);
  EXPECT_EQ(trim(caches, 1), theirs[0]);
  EXPECT_EQ(trim(caches, 1), theirs[1]);
  EXPECT_EQ(caches.take(0, a)->slot, theirs[2]);
  const auto again = caches.take(0, a);
  EXPECT_EQ(again->kind, Kind::stolen);
  EXPECT_EQ(again->slot, theirs[0]);
  EXPECT_EQ(trim(caches, 1), UINT32_MAX);
}

// A slot that is free all the time is not missed because another thread is trimming it.
TEST(SlotCaches, NoThreadIsRefusedASlotThatIsBeingTrimmed) {
  SlotCaches caches(1, 2);
  const auto key = caches.new_key();
  std::atomic<bool> done{false};
  std::atomic<uint64_t> trimmed{0};
  std::thread trimmer([&] {
    while (!done) {
      SlotCaches::Trim trim(caches, 1);
      SlotCaches::Key of = nullptr;
      const auto slot = trim.take_oldest(of);
      if (!slot) continue;
      std::this_thread::yield();
      trim.give_back(*slot, of);
      ++trimmed;
    }
  });
  uint64_t refused = 0;
  for (int i = 0; i < 2000 || trimmed < 20; ++i) {
    if (const auto taken = caches.take(0, key))
      caches.give_back(0, taken->slot, key);
    else
      ++refused;
    if (i % 100 == 0) std::this_thread::yield();
  }
  done = true;
  trimmer.join();
  EXPECT_EQ(refused, 0u);
}

TEST(SlotCaches, AWipedSlotIsColdAgain) {
  SlotCaches caches(1, 1);
  const auto key = caches.new_key();
  caches.give_back_empty(0, caches.take(0, key)->slot);
  EXPECT_EQ(caches.take(0, key)->kind, Kind::cold);
}

// Random operations against the plainest model: one list of (slot, key) in order of use.
TEST(SlotCaches, AgreesWithAModel) {
  constexpr uint32_t kSlots = 7, kKeys = 4;
  SlotCaches caches(kSlots, 1);
  std::array<SlotCaches::Key, kKeys> keys{};
  for (auto& key : keys) key = caches.new_key();
  std::list<std::pair<uint32_t, uint32_t>> used;  // newest first
  std::list<uint32_t> empty, taken;
  for (uint32_t i = 0; i < kSlots; ++i) empty.push_back(i);
  uint64_t state = 12345;
  for (int step = 0; step < 20000; ++step) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    const uint32_t key = static_cast<uint32_t>(state >> 40) % kKeys;
    if ((state >> 60) % 2 == 0 || taken.empty()) {
      const auto got = caches.take(0, keys[key]);
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
        caches.give_back_empty(0, slot);
        empty.push_back(slot);
      } else {
        caches.give_back(0, slot, keys[key]);
        used.emplace_front(slot, key);
      }
    }
  }
}

}  // namespace
}  // namespace instbench
