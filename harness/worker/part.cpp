#include "harness/worker/part.hpp"

#include <algorithm>

namespace instbench::bench {

Bystanders::Bystanders(uint64_t count) {
  for (uint64_t i = 0; i < count; ++i) {
    threads_.emplace_back([this] {
      while (!stop_.load(std::memory_order_relaxed)) {
      }
    });
  }
}

Bystanders::~Bystanders() {
  stop_ = true;
  for (std::thread& thread : threads_) thread.join();
}

Part::Part(Parts& parts, Cell& cell, uint64_t cycles)
    : parts_(parts), bystanders_((parts.turns.next(), parts.bystanders)) {
  if (!parts.turns.alone()) cell.run(std::max<uint64_t>(1, cycles / 8));
  before_ = os::read_interference();
}

Part::~Part() {
  const os::Interference noise = os::read_interference() - before_;
  parts_.noise ? *parts_.noise += noise : *(parts_.noise = noise);
}

}  // namespace instbench::bench
