#include "runtime/pool/slot_caches.hpp"

#include <bit>
#include <thread>
#include <utility>

#include "runtime/os/error.hpp"

namespace instbench {

// Holds at most as many slots as there are, so that it never grows.
class alignas(64) SlotCaches::Deque {
 public:
  void allocate(uint32_t slots, bool shared) {
    capacity_ = std::bit_ceil(slots);
    items_ = std::make_unique<std::atomic<SlotId>[]>(capacity_);
    shared_ = shared;
  }

  // Owner only.
  void push(SlotId slot) {
    const int64_t bottom = bottom_.load(std::memory_order_relaxed);
    item(bottom).store(slot, std::memory_order_relaxed);
    bottom_.store(bottom + 1, std::memory_order_release);
  }

  // Owner only: the newest.
  std::optional<SlotId> pop() {
    const int64_t bottom = bottom_.load(std::memory_order_relaxed) - 1;
    if (!shared_) {
      if (bottom < top_.load(std::memory_order_relaxed)) return std::nullopt;
      bottom_.store(bottom, std::memory_order_relaxed);
      return item(bottom).load(std::memory_order_relaxed);
    }
    bottom_.store(bottom, std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_seq_cst);
    int64_t top = top_.load(std::memory_order_relaxed);
    if (top > bottom) {
      bottom_.store(bottom + 1, std::memory_order_relaxed);
      return std::nullopt;
    }
    const SlotId slot = item(bottom).load(std::memory_order_relaxed);
    if (top < bottom) return slot;
    // The last one: a thief may be at it.
    const bool mine = top_.compare_exchange_strong(top, top + 1, std::memory_order_seq_cst, std::memory_order_relaxed);
    bottom_.store(bottom + 1, std::memory_order_relaxed);
    return mine ? std::optional(slot) : std::nullopt;
  }

  // Any thread: the oldest. Nothing when there is none.
  std::optional<SlotId> steal() {
    while (true) {
      int64_t top = top_.load(std::memory_order_acquire);
      std::atomic_thread_fence(std::memory_order_seq_cst);
      if (top >= bottom_.load(std::memory_order_acquire)) return std::nullopt;
      const SlotId slot = item(top).load(std::memory_order_relaxed);
      if (top_.compare_exchange_strong(top, top + 1, std::memory_order_seq_cst, std::memory_order_relaxed)) return slot;
    }
  }

  // The oldest, which may be gone by the time that it is asked for.
  std::optional<SlotId> peek() const {
    const int64_t top = top_.load(std::memory_order_acquire);
    if (top >= bottom_.load(std::memory_order_acquire)) return std::nullopt;
    return item(top).load(std::memory_order_relaxed);
  }

 private:
  std::atomic<SlotId>& item(int64_t at) const { return items_[static_cast<uint64_t>(at) & (capacity_ - 1)]; }

  std::atomic<int64_t> top_{0}, bottom_{0};
  std::unique_ptr<std::atomic<SlotId>[]> items_;
  uint64_t capacity_ = 0;
  bool shared_ = false;
};

class SlotCaches::Shelf {
 public:
  Shelf(uint32_t slots, uint32_t threads)
      : caches(std::make_unique<Deque[]>(threads)), trimmed(std::make_unique<Deque[]>(threads)) {
    for (uint32_t i = 0; i < threads; ++i) {
      caches[i].allocate(slots, threads > 1);
      trimmed[i].allocate(slots, threads > 1);
    }
  }
  std::unique_ptr<Deque[]> caches, trimmed;  // by thread
  Shelf* older = nullptr;
  Shelf* eldest = this;  // one for all that are kin
  std::atomic<bool> has_kin{false};  // of the eldest
};

SlotCaches::SlotCaches(uint32_t slots, uint32_t threads)
    : slots_(slots),
      threads_(threads),
      empty_(std::make_unique<Deque[]>(threads)),
      last_use_(slots),
      clocks_(threads) {
  INSTBENCH_ASSERT(threads > 0);
  for (uint32_t i = 0; i < threads; ++i) empty_[i].allocate(slots, threads > 1);
}

SlotCaches::~SlotCaches() {
  for (Shelf* shelf = newest_key_.load(); shelf != nullptr;) delete std::exchange(shelf, shelf->older);
}

SlotCaches::Key SlotCaches::new_key(Key kin) {
  auto shelf = std::make_unique<Shelf>(slots_, threads_);
  if (kin != nullptr) {
    shelf->eldest = kin->eldest;
    shelf->eldest->has_kin.store(true, std::memory_order_relaxed);
  }
  shelf->older = newest_key_.load(std::memory_order_relaxed);
  while (!newest_key_.compare_exchange_weak(shelf->older, shelf.get(), std::memory_order_release, std::memory_order_relaxed)) {
  }
  return shelf.release();
}

std::optional<SlotCaches::Taken> SlotCaches::take(uint32_t thread, Key key, bool may_evict) {
  if (const auto slot = key->caches[thread].pop()) [[likely]]
    return Taken{*slot, Kind::hit};
  while (true) {
    const uint64_t ended = trims_ended_.load(std::memory_order_acquire);
    if (const auto taken = look(thread, key, may_evict)) return taken;
    // Equal only if nobody had a slot in its hands at any time since: the first never falls behind the second.
    if (trims_begun_.load(std::memory_order_acquire) == ended) return std::nullopt;
    std::this_thread::yield();
  }
}

// Where a thread looks that has none of the key but such as were trimmed.
std::optional<SlotCaches::Taken> SlotCaches::look(uint32_t thread, Key key, bool may_evict) {
  if (const auto slot = key->trimmed[thread].pop()) return Taken{*slot, Kind::hit};
  for (Deque* const caches : {key->caches.get(), key->trimmed.get()}) {
    for (uint32_t i = 1; i < threads_; ++i) {
      if (const auto slot = caches[(thread + i) % threads_].steal()) return Taken{*slot, Kind::stolen};
    }
  }
  if (const auto slot = empty_slot(thread)) return Taken{*slot, Kind::cold};
  if (!may_evict) return std::nullopt;
  for (const Among among : {Among::kin, Among::all}) {
    if (among == Among::kin && !key->eldest->has_kin.load(std::memory_order_relaxed)) continue;
    for (uint32_t i = 0; i < threads_; ++i) {
      Key held = key;
      if (const auto slot = oldest_of((thread + i) % threads_, among, held))
        return Taken{*slot, among == Among::kin ? Kind::shared : Kind::evicted};
    }
  }
  return std::nullopt;
}

std::optional<SlotCaches::SlotId> SlotCaches::empty_slot(uint32_t thread) {
  if (const auto slot = empty_[thread].pop()) return slot;
  uint32_t next = never_used_.load(std::memory_order_relaxed);
  while (next < slots_) {
    if (never_used_.compare_exchange_weak(next, next + 1, std::memory_order_relaxed)) return next;
  }
  for (uint32_t i = 1; i < threads_; ++i) {
    if (const auto slot = empty_[(thread + i) % threads_].steal()) return slot;
  }
  return std::nullopt;
}

std::optional<SlotCaches::SlotId> SlotCaches::oldest_of(uint32_t thread, Among among, Key& key) {
  const Shelf* const eldest = among == Among::kin ? key->eldest : nullptr;
  while (true) {
    uint64_t oldest = UINT64_MAX;
    Deque* from = nullptr;
    const auto consider = [&](Deque& cache, Shelf* shelf) {
      const auto slot = cache.peek();
      const uint64_t used = slot ? last_use_[*slot].at.load(std::memory_order_relaxed) : UINT64_MAX;
      if (used >= oldest) return;
      oldest = used;
      from = &cache;
      key = shelf;
    };
    for (Shelf* shelf = newest_key_.load(std::memory_order_acquire); shelf != nullptr; shelf = shelf->older) {
      if (eldest != nullptr && shelf->eldest != eldest) continue;
      consider(shelf->caches[thread], shelf);
      if (among != Among::untrimmed) consider(shelf->trimmed[thread], shelf);
    }
    if (from == nullptr) return std::nullopt;
    if (const auto slot = from->steal()) return slot;
  }
}

SlotCaches::Trim::Trim(SlotCaches& caches, uint32_t thread) : caches_(caches), thread_(thread) {
  caches_.trims_begun_.fetch_add(1, std::memory_order_relaxed);
}

SlotCaches::Trim::~Trim() { caches_.trims_ended_.fetch_add(1, std::memory_order_release); }

std::optional<SlotCaches::SlotId> SlotCaches::Trim::take_oldest(Key& key) {
  if (const auto slot = caches_.oldest_of(thread_, Among::untrimmed, key)) return slot;
  for (uint32_t i = 1; i < caches_.threads_; ++i) {
    const auto slot = caches_.oldest_of((thread_ + i) % caches_.threads_, Among::untrimmed, key);
    if (!slot) continue;
    caches_.last_use_[*slot].at.store(0, std::memory_order_relaxed);  // another thread's clock says nothing among our slots
    return slot;
  }
  return std::nullopt;
}

void SlotCaches::Trim::give_back(SlotId slot, Key key) { key->trimmed[thread_].push(slot); }

void SlotCaches::give_back(uint32_t thread, SlotId slot, Key key) {
  last_use_[slot].at.store(++clocks_[thread].now, std::memory_order_relaxed);
  key->caches[thread].push(slot);
}

void SlotCaches::give_back_empty(uint32_t thread, SlotId slot) { empty_[thread].push(slot); }

}  // namespace instbench
