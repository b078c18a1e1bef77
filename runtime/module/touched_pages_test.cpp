#include "runtime/module/touched_pages.hpp"

#include <gtest/gtest.h>

namespace instbench {
namespace {

std::vector<std::byte> filled(size_t size, int value) { return std::vector<std::byte>(size, std::byte(value)); }

TEST(TouchedPages, ZeroBytesTouchNothing) {
  TouchedPages pages;
  pages.write(0, filled(100'000, 0));
  EXPECT_EQ(pages.count(), 0U);
}

TEST(TouchedPages, CountsEachPageOnce) {
  TouchedPages pages;
  pages.write(8192, filled(1, 1));
  pages.write(4095, filled(2, 1));  // one byte on each of two pages
  pages.write(8200, filled(3, 1));
  pages.write(0, filled(10, 1));
  EXPECT_EQ(pages.count(), 3U);
  pages.write(1 << 20, filled(1, 1));
  EXPECT_EQ(pages.count(), 4U);
}

TEST(TouchedPages, FindsTheOnlyNonZeroByte) {
  for (const size_t at : {size_t{0}, size_t{7}, size_t{8}, size_t{4090}, size_t{4095}}) {
    std::vector<std::byte> page = filled(4096, 0);
    page[at] = std::byte{1};
    TouchedPages pages;
    pages.write(4096, page);
    EXPECT_EQ(pages.count(), 1U) << at;
  }
}

TEST(TouchedPages, HolesInsideALargeSegmentStayHoles) {
  std::vector<std::byte> data = filled(10 * 4096, 0);
  data[0] = data[9 * 4096] = std::byte{1};
  TouchedPages pages;
  pages.write(100, data);  // the last byte written lands on page 9
  EXPECT_EQ(pages.count(), 2U);
}

}  // namespace
}  // namespace instbench
