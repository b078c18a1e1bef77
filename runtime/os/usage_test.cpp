#include "runtime/os/usage.hpp"

#include <gtest/gtest.h>

#include "runtime/os/build_info.hpp"
#include "runtime/os/features.hpp"

namespace instbench::os {
namespace {

TEST(Usage, EachFirstWriteToAPageIsOneMinorFault) {
  if (*build_info().sanitizers != '\0') GTEST_SKIP() << "the sanitizer's shadow memory faults too";
  constexpr size_t kPages = 32;
  const Mapping mapping = Mapping::reserve(kPages * kPageBytes, kHugePageBytes);
  protect(mapping.range(), Access::read_write);
  disable_huge_pages();
  const Faults before = thread_faults();
  for (size_t i = 0; i < kPages; ++i) mapping.range().base[i * kPageBytes] = std::byte{1};
  EXPECT_EQ(thread_faults().minor - before.minor, kPages);
}

TEST(Usage, ResidentCountsOnlyTheRange) {
  const Mapping one = Mapping::reserve(64 * kPageBytes, kPageBytes),
                other = Mapping::reserve(64 * kPageBytes, kHugePageBytes);
  for (const Mapping* mapping : {&one, &other}) protect(mapping->range(), Access::read_write);
  for (size_t i = 0; i < 5; ++i) one.range().base[i * kPageBytes] = std::byte{1};
  for (size_t i = 0; i < 9; ++i) other.range().base[i * kPageBytes] = std::byte{1};
  const auto resident = resident_in({other.range()});
  if (!resident) GTEST_SKIP() << "/proc/self/smaps cannot be read here";
  // Neighbouring anonymous mappings may be one VMA in smaps, which then lies in neither range.
  if (resident->rss_bytes == 0) GTEST_SKIP() << "the kernel merged the two mappings";
  EXPECT_EQ(resident->rss_bytes, 9 * kPageBytes);
  EXPECT_EQ(resident->private_dirty_bytes, 9 * kPageBytes);
}

TEST(Usage, AClockReadTakesTime) { EXPECT_GT(clock_read_ns(), 0.0); }

TEST(Features, AMissingOneHasItsReason) {
  for (const Feature& one : features()) EXPECT_NE(one.support.ok, !one.support.why_not.empty()) << one.name;
  EXPECT_THROW(feature("no such feature"), std::out_of_range);
}

TEST(Features, WhatTheCoreRestsOnIsHere) {
  for (const char* name : {"memfd", "madvise_discard", "remap_fixed"})
    EXPECT_TRUE(feature(name).ok) << feature(name).why_not;
}

}  // namespace
}  // namespace instbench::os
