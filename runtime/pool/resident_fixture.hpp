// One module in a pool whose resets keep pages, and what one of its cycles costs.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "runtime/os/counters.hpp"
#include "runtime/os/features.hpp"
#include "runtime/pool/test_modules.hpp"

namespace instbench {

using namespace testing_modules;
using os::Call;

// 8 MiB, of which pages 0 to 99 hold content.
inline constexpr const char* kEightMiB = R"((module (memory 128) (table 10 funcref) (func $f) (elem (i32.const 0) $f)
  (data (i32.const 0) "begin") (data (i32.const 409595) "end")))";

inline uint64_t total(const os::Counters& counters) {
  uint64_t sum = 0;
  for (const uint64_t calls : counters.calls) sum += calls;
  return sum;
}

inline uint64_t calls(const os::Counters& counters, Call call) { return counters.calls[static_cast<size_t>(call)]; }

class Resident : public testing::Test {
 protected:
  void SetUp() override {
    if (!os::feature("pagemap_scan").ok) GTEST_SKIP() << os::feature("pagemap_scan").why_not;
  }
  struct Release {
    os::Counters cost;
    ResetPath path;
  };
  // One instance that writes a byte of each of these pages.
  static Release cycle(PoolWith& one, const std::vector<uint64_t>& pages) {
    Lease lease(one.pool, *one.tenant);
    if (!pages.empty()) {
      std::byte* memory = lease->memory(0).data();
      for (const uint64_t page : pages) memory[page * os::kPageBytes + 9] = std::byte{0xee};
    }
    const os::Counters before = os::counters();
    lease.release();
    return {os::counters() - before, lease.path().reset};
  }
  static std::vector<uint64_t> every(uint64_t step, uint64_t count) {
    std::vector<uint64_t> pages;
    for (uint64_t i = 0; i < count; ++i) pages.push_back(i * step);
    return pages;
  }
};

}  // namespace instbench
