// SlotCaches: which free slot to hand out next, to one thread or to several that share the slots. Pure: knows numbers,
// not memory.
//
// Every thread keeps the slots that it gave back, apart by affinity key (what they last held), and takes the most
// recently used one again. Where it has none of the key it prefers, in order: the one that lies longest with another
// thread (stolen: warm, though not in this CPU's caches), one that was never used (cold), one of a key that is kin to its own
// (shared: part of what it holds can be used), the one whose use lies longest back among its own of other keys, then among those of other threads (evicted). Hence the number of slots in rotation is
// the number of instances alive at once, and warmth survives a change of thread.
//
// Slots that were trimmed (Trim) lie apart, by thread and key, in the order of their use: they are taken after the thread's
// own others of the key, and from another thread after all others of the key.
//
// Each such cache is a deque of fixed capacity with one owner (D. Chase, Y. Lev, "Dynamic Circular Work-Stealing Deque",
// SPAA 2005; memory orders after N. M. Lê et al., "Correct and Efficient Work-Stealing for Weak Memory Models", PPoPP
// 2013): the owner pushes and pops at the new end, thieves take from the old end. COST: no lock, no look-up and no
// allocation; a fence a take where threads share the slots, none where there is one thread; a miss looks at every key
// and thread. Who finds no slot at all while another thread has one in its hands to trim it looks again until it is back.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace instbench {

class SlotCaches {
 public:
  using SlotId = uint32_t;
  class Shelf;         // the caches of one key
  using Key = Shelf*;  // from new_key(); lives as long as the SlotCaches

  enum class Kind : uint8_t { hit, stolen, cold, shared, evicted };
  struct Taken {
    SlotId slot = 0;
    Kind kind = Kind::cold;
  };

  SlotCaches(uint32_t slots, uint32_t threads);
  ~SlotCaches();
  SlotCaches(const SlotCaches&) = delete;
  SlotCaches& operator=(const SlotCaches&) = delete;

  // By any thread, at any time; kin to another key and its kin, if one is named. Allocates.
  Key new_key(Key kin = nullptr);

  // `thread` (below threads()) is the caller's own number: no two threads use one at the same time.
  // Nothing when every slot is taken or retired, or holds what another key stands for and `may_evict` is false. Where other
  // threads take and give back meanwhile, a slot that is free at every moment can be missed: it is never where one looks.
  std::optional<Taken> take(uint32_t thread, Key key, bool may_evict = true);
  // The slot now holds what `key` stands for. REQUIRES: it is taken.
  void give_back(uint32_t thread, SlotId slot, Key key);
  // The slot holds nothing any more: it counts as never used.
  void give_back_empty(uint32_t thread, SlotId slot);
  // While it lives, a thread has idle slots in its hands, not to use but to take something out of them. The thread takes
  // none otherwise meanwhile.
  class Trim {
   public:
    Trim(SlotCaches& caches, uint32_t thread);
    ~Trim();
    Trim(const Trim&) = delete;
    Trim& operator=(const Trim&) = delete;
    // Takes the slot that lies longest unused in the thread's own caches, else in those of another thread, of whatever key;
    // `key` becomes its key. What was given back below is left out.
    std::optional<SlotId> take_oldest(Key& key);
    // Into this thread's caches, wherever it is from. REQUIRES: it was taken here.
    void give_back(SlotId slot, Key key);

   private:
    SlotCaches& caches_;
    const uint32_t thread_;
  };

  uint32_t size() const { return slots_; }
  uint32_t threads() const { return threads_; }

 private:
  class Deque;

  std::optional<Taken> look(uint32_t thread, Key key, bool may_evict);
  enum class Among : uint8_t { untrimmed, all, kin };  // kin: to `key`
  // What lies longest in the thread's caches; `key` becomes its key.
  std::optional<SlotId> oldest_of(uint32_t thread, Among among, Key& key);
  std::optional<SlotId> empty_slot(uint32_t thread);

  const uint32_t slots_, threads_;
  std::unique_ptr<Deque[]> empty_;         // by thread: slots that hold nothing any more
  std::atomic<uint32_t> never_used_{0};    // the first slot that was never taken
  std::atomic<Shelf*> newest_key_{nullptr};  // the list of all
  // Each on a cache line of its own: neighbours are written by other threads.
  struct alignas(64) Use {
    std::atomic<uint64_t> at{0};
  };
  struct alignas(64) Clock {
    uint64_t now = 0;
  };
  std::vector<Use> last_use_;  // by slot: its thread's clock when it was given back
  std::vector<Clock> clocks_;  // by thread: how many slots it gave back
  std::atomic<uint64_t> trims_begun_{0}, trims_ended_{0};
};

}  // namespace instbench
