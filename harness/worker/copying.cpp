#include "harness/worker/copying.hpp"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstring>
#include <stop_token>
#include <thread>
#include <vector>

#include "harness/worker/statistics.hpp"
#include "runtime/os/usage.hpp"

namespace instbench::bench {
namespace {

constexpr uint64_t kPageBytes = 4096;
constexpr uint64_t kMostBytes = uint64_t{256} << 20;  // of all threads
constexpr uint64_t kRoundNs = 2'000'000;
constexpr int kRounds = 9;

// A thread's own pages, resident.
struct Pages {
  std::vector<std::byte> from, to;
  explicit Pages(uint64_t bytes) : from(bytes, std::byte{1}), to(bytes, std::byte{2}) {}
  void copy() {
    std::memcpy(to.data(), from.data(), to.size());
    std::atomic_signal_fence(std::memory_order_acq_rel);  // each copy is made
  }
};

uint64_t timed_ns(Pages& pages, uint64_t copies) {
  const uint64_t begin = os::now_ns();
  for (uint64_t i = 0; i < copies; ++i) pages.copy();
  return (os::now_ns() - begin) / copies;
}

// Copy for as long as this lives.
class Others {
 public:
  Others(std::vector<Pages>& pages, size_t first) {
    for (size_t i = first; i < pages.size(); ++i) {
      threads_.emplace_back([this, &own = pages[i]](const std::stop_token& ended) {
        ++begun_;
        while (!ended.stop_requested()) own.copy();
      });
    }
    while (begun_ != threads_.size()) std::this_thread::yield();
  }

 private:
  std::atomic<size_t> begun_{0};
  std::vector<std::jthread> threads_;
};

}  // namespace

std::optional<Copying> copy_beside(uint64_t pages, uint64_t threads) {
  if (pages == 0 || threads < 2 || pages > kMostBytes / kPageBytes / 2 / threads) return std::nullopt;
  std::vector<Pages> own;
  for (uint64_t i = 0; i < threads; ++i) own.emplace_back(pages * kPageBytes);
  const uint64_t once = std::max<uint64_t>(1, timed_ns(own[0], 1)), copies = std::max<uint64_t>(1, kRoundNs / once);
  std::vector<uint64_t> alone, beside;
  for (int round = 0; round < kRounds; ++round) {
    alone.push_back(timed_ns(own[0], copies));
    const Others others(own, 1);
    beside.push_back(timed_ns(own[0], copies));
  }
  return Copying{distribution(alone)->p50, distribution(beside)->p50};
}

}  // namespace instbench::bench
