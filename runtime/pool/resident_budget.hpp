// ResidentBudget: how many bytes the idle slots of a pool may keep resident, all together; shared by its threads.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

namespace instbench {

class ResidentBudget {
 public:
  explicit ResidentBudget(uint64_t limit_bytes) : limit_(limit_bytes) {}

  uint64_t limit() const { return limit_.load(std::memory_order_relaxed); }
  void set_limit(uint64_t bytes) { limit_.store(bytes, std::memory_order_relaxed); }
  uint64_t used() const { return used_.load(std::memory_order_relaxed); }
  bool exceeded() const { return used() > limit(); }

  // What a slot that holds `held` bytes may keep as things stand: what it has, and what is left.
  uint64_t room(uint64_t held) const {
    const uint64_t most = limit(), others = used() - held;
    return most - std::min(most, others);
  }
  // The slot keeps other than before. Threads that do this at once can exceed the limit: look at exceeded() then.
  void book(uint64_t held, uint64_t keeps) { used_.fetch_add(keeps - held, std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> limit_;
  std::atomic<uint64_t> used_{0};
};

}  // namespace instbench
