#include "runtime/os/kernel_events.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <system_error>
#include <thread>

#include "runtime/os/mapping.hpp"

namespace instbench::os {
namespace {

// A page written and given back, `times` over.
void write_and_discard(Range page, int times) {
  for (int i = 0; i < times; ++i) {
    *reinterpret_cast<volatile std::byte*>(page.base) = std::byte{1};
    discard(page);
  }
}

TEST(KernelEvents, GivingPagesBackBesideAnotherThreadInterruptsItsProcessor) {
  if (std::thread::hardware_concurrency() < 2) GTEST_SKIP() << "one processor: nobody to interrupt";
  constexpr int kTimes = 2000;
  const Mapping mapping = Mapping::reserve(kPageBytes, kPageBytes);
  protect(mapping.range(), Access::read_write);
  try {
    const KernelEventCounter events;
    std::atomic<bool> stop{false}, running{false};
    std::thread bystander([&] {
      running = true;
      while (!stop) {
      }
    });
    while (!running) std::this_thread::yield();
    // On a busy machine it takes a while until the two run at the same time.
    uint64_t seen = 0, discarded = 0;
    for (int round = 0; round < 2000 && seen == 0; ++round, discarded += kTimes) {
      write_and_discard(mapping.range(), kTimes);
      seen = events.read().tlb_shootdowns;
    }
    stop = true;
    bystander.join();
    EXPECT_GT(seen, 0u);
    EXPECT_LE(seen, discarded + 100);
  } catch (const std::system_error& error) {
    GTEST_SKIP() << error.what();
  }
}

}  // namespace
}  // namespace instbench::os
