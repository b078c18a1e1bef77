#include "harness/worker/part.hpp"

#include <algorithm>

namespace instbench::bench {

Company::Company(Cell& cell, const Case& conditions) : counts_(conditions.threads - 1) {
  const uint64_t others = conditions.threads - 1, all = others + conditions.bystanders;
  failures_.resize(others);
  const auto keep_on = [this, &cell, others](uint64_t i) {
    begun_.fetch_add(1, std::memory_order_relaxed);
    try {
      while (!stop_.load(std::memory_order_relaxed)) {
        if (i >= others) continue;
        cell.cycle_beside(i + 1);
        counts_[i].cycles.fetch_add(1, std::memory_order_relaxed);
      }
    } catch (...) {
      failures_[i] = std::current_exception();
    }
  };
  try {
    for (uint64_t i = 0; i < all; ++i) threads_.emplace_back(keep_on, i);
  } catch (...) {  // the system gives no more threads
    leave();
    throw;
  }
  while (begun_.load(std::memory_order_relaxed) != all) std::this_thread::yield();
}

Company::~Company() { leave(); }

std::exception_ptr Company::leave() noexcept {
  stop_ = true;
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  const auto failed = std::find_if(failures_.begin(), failures_.end(), [](const auto& failure) { return failure != nullptr; });
  return failed == failures_.end() ? nullptr : *failed;
}

uint64_t Company::cycles() const {
  uint64_t sum = 0;
  for (const Count& count : counts_) sum += count.cycles.load(std::memory_order_relaxed);
  return sum;
}

Part::Part(Parts& parts, Cell& cell, uint64_t cycles)
    : parts_(parts), company_((parts.turns.next(), cell), parts.conditions) {
  if (!parts.turns.alone()) cell.run(std::max<uint64_t>(1, cycles / 8));
  before_ = os::read_interference();
}

void Part::end() {
  const os::Interference noise = os::read_interference() - before_;
  parts_.noise ? *parts_.noise += noise : *(parts_.noise = noise);
  if (const std::exception_ptr failure = company_.leave()) std::rethrow_exception(failure);
}

}  // namespace instbench::bench
