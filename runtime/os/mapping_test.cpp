#include "runtime/os/mapping.hpp"

#include <gtest/gtest.h>

#include <cstring>

#include "runtime/os/counters.hpp"
#include "runtime/os/memfd.hpp"
#include "runtime/os/usage.hpp"

namespace instbench::os {
namespace {

constexpr size_t kBytes = 16 * kPageBytes;

TEST(Mapping, ReservesAlignedInaccessibleSpaceInOneCall) {
  const Counters before = counters();
  const Mapping mapping = Mapping::reserve(kBytes, kHugePageBytes);
  const Counters cost = counters() - before;
  EXPECT_EQ(cost.calls[static_cast<size_t>(Call::mmap)], 1u);
  EXPECT_EQ(cost.bytes_mapped, 0u);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(mapping.range().base) % kHugePageBytes, 0u);
  EXPECT_EQ(mapping.range().bytes, kBytes);
  EXPECT_FALSE(readable(mapping.range().base));
}

TEST(Mapping, UnmapGivesTheRangeBack) {
  Mapping mapping = Mapping::reserve(kBytes, kPageBytes);
  protect(mapping.range(), Access::read_write);
  const void* address = mapping.range().base;
  EXPECT_TRUE(readable(address));
  mapping.unmap();
  EXPECT_FALSE(mapping);
  EXPECT_FALSE(readable(address));
}

TEST(Mapping, MovedFromOwnsNothing) {
  Mapping first = Mapping::reserve(kBytes, kPageBytes);
  const Mapping second = std::move(first);
  EXPECT_FALSE(first);  // NOLINT(bugprone-use-after-move): that is what is tested
  EXPECT_TRUE(second);
}

TEST(Ranges, DiscardBringsOverlayBytesAndZerosBack) {
  std::vector<std::byte> page(kPageBytes, std::byte{0x5a});
  const FilePart part{0, page};
  const Fd file = sealed_memfd("test", kPageBytes, {&part, 1});
  const Mapping mapping = Mapping::reserve(kBytes, kPageBytes);
  const Range range = mapping.range();
  protect(range, Access::read_write);
  map_overlay_at(range.sub(0, kPageBytes), file, 0);
  EXPECT_EQ(range.base[0], std::byte{0x5a});
  range.base[0] = range.base[kPageBytes] = std::byte{7};
  discard(range);
  EXPECT_EQ(range.base[0], std::byte{0x5a});
  EXPECT_EQ(range.base[kPageBytes], std::byte{0});
}

TEST(Ranges, MapZeroReplacesAnOverlay) {
  std::vector<std::byte> page(kPageBytes, std::byte{0x5a});
  const FilePart part{0, page};
  const Fd file = sealed_memfd("test", kPageBytes, {&part, 1});
  const Mapping mapping = Mapping::reserve(kBytes, kPageBytes);
  map_overlay_at(mapping.range().sub(0, kPageBytes), file, 0);
  map_zero_at(mapping.range(), Access::read_write);
  EXPECT_EQ(mapping.range().base[0], std::byte{0});
  map_zero_at(mapping.range(), Access::none);
  EXPECT_FALSE(readable(mapping.range().base));
}

TEST(Memfd, HolesTakeNoMemory) {
  std::vector<std::byte> page(kPageBytes, std::byte{1});
  const FilePart part{63 * kPageBytes, page};
  const Fd file = sealed_memfd("test", 64 * kPageBytes, {&part, 1});
  EXPECT_EQ(allocated_bytes(file), kPageBytes);
}

TEST(Faults, EveryCallFailsOnceNamingItself) {
  const Mapping mapping = Mapping::reserve(kBytes, kPageBytes);
  const Range range = mapping.range();
  const auto message = [](Call call, auto action) -> std::string {
    inject_fault(call, 1, ENOMEM);
    try {
      action();
    } catch (const std::system_error& error) {
      EXPECT_EQ(error.code().value(), ENOMEM);
      EXPECT_FALSE(clear_fault()) << "the fault was not taken";
      return error.what();
    }
    clear_fault();
    return "nothing was thrown";
  };
  EXPECT_NE(message(Call::mmap, [] { Mapping::reserve(kBytes, kPageBytes); }).find("mmap(len=65536, reserve)"),
            std::string::npos);
  EXPECT_NE(message(Call::mmap, [&] { map_zero_at(range, Access::read_write); }).find("zero pages"), std::string::npos);
  EXPECT_NE(message(Call::mprotect, [&] { protect(range, Access::read_write); }).find("mprotect(len=65536)"),
            std::string::npos);
  EXPECT_NE(message(Call::madvise, [&] { discard(range); }).find("madvise(MADV_DONTNEED)"), std::string::npos);
  EXPECT_NE(message(Call::memfd_create, [] { sealed_memfd("x", kPageBytes, {}); }).find("memfd_create('x')"),
            std::string::npos);
  EXPECT_NE(message(Call::ftruncate, [] { sealed_memfd("x", kPageBytes, {}); }).find("ftruncate"), std::string::npos);
  EXPECT_NE(message(Call::fcntl, [] { sealed_memfd("x", kPageBytes, {}); }).find("F_ADD_SEALS"), std::string::npos);
}

TEST(Faults, OnlyTheKthCallFails) {
  const Mapping mapping = Mapping::reserve(kBytes, kPageBytes);
  inject_fault(Call::mprotect, 3, EAGAIN);
  EXPECT_NO_THROW(protect(mapping.range(), Access::read_write));
  EXPECT_NO_THROW(discard(mapping.range()));
  EXPECT_NO_THROW(protect(mapping.range(), Access::read_write));
  EXPECT_THROW(protect(mapping.range(), Access::read_write), std::system_error);
  EXPECT_NO_THROW(protect(mapping.range(), Access::read_write));
}

TEST(Faults, AFailedUnmapKeepsOwning) {
  Mapping mapping = Mapping::reserve(kBytes, kPageBytes);
  protect(mapping.range(), Access::read_write);
  inject_fault(Call::munmap, 1, ENOMEM);
  EXPECT_THROW(mapping.unmap(), std::system_error);
  EXPECT_TRUE(mapping);
  EXPECT_TRUE(readable(mapping.range().base));
}

}  // namespace
}  // namespace instbench::os
