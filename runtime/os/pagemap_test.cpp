#include "runtime/os/pagemap.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <vector>

#include "runtime/os/counters.hpp"
#include "runtime/os/features.hpp"
#include "runtime/os/memfd.hpp"
#include "runtime/os/usage.hpp"

namespace instbench::os {
namespace {

constexpr size_t kPages = 64;

class Pagemap : public testing::Test {
 protected:
  void SetUp() override {
    if (!feature("pagemap_scan").ok) GTEST_SKIP() << feature("pagemap_scan").why_not;
    map_zero_at(range(), Access::read_write);
    ::madvise(range().base, range().bytes, MADV_NOHUGEPAGE);
  }
  Range range() const { return mapping_.range(); }
  volatile unsigned char& page(size_t index) const {
    return reinterpret_cast<volatile unsigned char*>(range().base)[index * kPageBytes + 7];
  }
  // First page and number of pages of each run found.
  std::vector<std::pair<size_t, size_t>> found(size_t most = 16) const {
    std::vector<PageRegion> regions(most);
    const PrivatePages pages = find_private_pages(range(), regions);
    std::vector<std::pair<size_t, size_t>> runs;
    const auto base = reinterpret_cast<uint64_t>(range().base);
    for (size_t i = 0; i < pages.regions; ++i)
      runs.emplace_back((regions[i].start - base) / kPageBytes, (regions[i].end - regions[i].start) / kPageBytes);
    return runs;
  }
  using Runs = std::vector<std::pair<size_t, size_t>>;

 private:
  Mapping mapping_ = Mapping::reserve(kPages * kPageBytes, kPageBytes);
};

TEST_F(Pagemap, FindsWrittenPagesAndNoOthers) {
  EXPECT_EQ(found(), Runs{});
  for (const size_t written : {3, 4, 5, 20, 63}) page(written) = 1;
  EXPECT_EQ(+page(30), 0);  // only read: the zero page
  EXPECT_EQ(found(), (Runs{{3, 3}, {20, 1}, {63, 1}}));
  discard(range().sub(4 * kPageBytes, kPageBytes));
  EXPECT_EQ(found(), (Runs{{3, 1}, {5, 1}, {20, 1}, {63, 1}}));
}

TEST_F(Pagemap, PagesOfAFileArePrivateOnceWritten) {
  const std::vector<std::byte> content(8 * kPageBytes, std::byte{9});
  const Fd file = sealed_memfd("test", content.size(), std::vector<FilePart>{{0, content}});
  map_overlay_at(range().sub(8 * kPageBytes, content.size()), file, 0);
  EXPECT_EQ(+page(9), 9);
  EXPECT_EQ(found(), Runs{});
  page(10) = 1;
  EXPECT_EQ(found(), (Runs{{10, 1}}));
}

TEST_F(Pagemap, SaysWhereItStoppedWhenThereIsNoRoom) {
  for (const size_t written : {1, 3, 5}) page(written) = 1;
  std::array<PageRegion, 2> regions;
  const PrivatePages pages = find_private_pages(range(), regions);
  EXPECT_EQ(pages.regions, 2u);
  EXPECT_GE(pages.walk_end, range().base + 4 * kPageBytes);
  EXPECT_LE(pages.walk_end, range().base + 5 * kPageBytes);
}

TEST_F(Pagemap, ClosedPagesAreFoundToo) {
  page(12) = 1;
  protect(range().sub(10 * kPageBytes, 4 * kPageBytes), Access::none);
  EXPECT_EQ(found(), (Runs{{12, 1}}));
}

// The pagemap that the parent opened shows the parent.
TEST_F(Pagemap, AChildSeesItsOwnPages) {
  page(1) = 1;
  EXPECT_EQ(found(), (Runs{{1, 1}}));
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    page(5) = 1;
    ::_exit(found() == Runs{{1, 1}, {5, 1}} ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(found(), (Runs{{1, 1}}));
}

TEST_F(Pagemap, AFaultIsSeenByTheProcesssCount) {
  uint64_t without = 0, with = 0;
  for (size_t i = 0; i < 8; ++i) {  // the first times this very code faults in
    page(2) = 1;
    const uint64_t before = process_faults();
    page(2) = 2;
    const uint64_t between = process_faults();
    page(i + 3) = 1;
    with = process_faults() - between;
    without = between - before;
  }
  EXPECT_EQ(without, 0u);
  EXPECT_EQ(with, 1u);
}

// read(2) into a page of the guest's is a fault like any other.
TEST_F(Pagemap, AFaultInASystemCallIsSeenToo) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ASSERT_EQ(::write(ends[1], "x", 1), 1);
  const uint64_t before = process_faults();
  ASSERT_EQ(::read(ends[0], range().base + 9 * kPageBytes + 7, 1), 1);
  EXPECT_GT(process_faults(), before);
  EXPECT_EQ(found(), (Runs{{9, 1}}));
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_F(Pagemap, AChildsFaultsAreNotTakenForItsParents) {
  const uint64_t before = process_faults();
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    // Whatever number of faults it takes, it never reads as one of the parent's.
    for (size_t i = 0; i < kPages; ++i) {
      page(i) = 1;
      if (process_faults() <= before) ::_exit(1);
    }
    ::_exit(0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST_F(Pagemap, ARefusalNamesTheCall) {
  inject_fault(Call::ioctl, 1, EPERM);
  try {
    found();
    FAIL() << "scanned";
  } catch (const std::system_error& error) {
    EXPECT_NE(std::string(error.what()).find("ioctl(PAGEMAP_SCAN"), std::string::npos) << error.what();
  }
}

TEST_F(Pagemap, ManyRangesAreDiscardedTogether) {
  for (size_t i = 0; i < kPages; ++i) page(i) = 1;
  std::vector<iovec> ranges;
  for (size_t i = 0; i < kPages; i += 2) ranges.push_back({range().base + i * kPageBytes, kPageBytes});
  const Counters before = counters();
  discard_all(ranges);
  const Counters cost = counters() - before;
  const bool together = feature("process_madvise").ok;
  EXPECT_EQ(cost.calls[static_cast<size_t>(Call::process_madvise)], together ? 1u : 0u);
  EXPECT_EQ(cost.calls[static_cast<size_t>(Call::madvise)], together ? 0u : kPages / 2);
  for (size_t i = 0; i < kPages; ++i) EXPECT_EQ(+page(i), i % 2 == 0 ? 0 : 1);
}

}  // namespace
}  // namespace instbench::os
