#include "runtime/image/image_plan.hpp"

#include <gtest/gtest.h>

#include "runtime/module/load.hpp"

namespace instbench {
namespace {

Module module_from(const std::string& wat) {
  return *load(assemble_wat(wat, "test.wat"), "test.wat", Bodies::validate);
}

ImagePlan plan_of(const std::string& wat) {
  const Module module = module_from(wat);
  return plan_image(module, examine(module), 0);
}

TEST(ImagePlan, NoSegmentsNoImage) {
  const ImagePlan plan = plan_of("(module (memory 1))");
  EXPECT_TRUE(plan.empty());
  EXPECT_EQ(plan.file_bytes(), 0u);
}

TEST(ImagePlan, ASegmentOfZerosIsNoImage) {
  EXPECT_TRUE(plan_of(R"((module (memory 1) (data (i32.const 8) "\00\00\00")))").empty());
}

TEST(ImagePlan, TrimsToThePagesWithContent) {
  const ImagePlan plan = plan_of(R"((module (memory 2) (data (i32.const 8190) "ab\00\00")))");
  ASSERT_EQ(plan.runs.size(), 1u);
  EXPECT_EQ(plan.runs[0].first_page, 1u);
  EXPECT_EQ(plan.runs[0].pages, 1u);
  EXPECT_EQ(plan.content[4094], std::byte{'a'});
  EXPECT_EQ(plan.file_bytes(), 4096u);
}

TEST(ImagePlan, LaterSegmentsWin) {
  const ImagePlan plan =
      plan_of(R"((module (memory 1) (data (i32.const 0) "aaaa") (data (i32.const 1) "b") (data (i32.const 2) "\00")))");
  EXPECT_EQ(plan.content[0], std::byte{'a'});
  EXPECT_EQ(plan.content[1], std::byte{'b'});
  EXPECT_EQ(plan.content[2], std::byte{0});
  EXPECT_EQ(plan.content[3], std::byte{'a'});
}

TEST(ImagePlan, ShortHolesAreSpannedAndLongOnesSplit) {
  // Pages 0, 2 and 200: the hole of one page is mapped along, the hole of 197 is not.
  const ImagePlan plan = plan_of(
      R"((module (memory 20) (data (i32.const 0) "a") (data (i32.const 8192) "b") (data (i32.const 819200) "c")))");
  ASSERT_EQ(plan.runs.size(), 3u);
  ASSERT_EQ(plan.extents.size(), 2u);
  EXPECT_EQ(plan.extents[0].pages, 3u);
  EXPECT_EQ(plan.extents[1].first_page, 200u);
  EXPECT_EQ(plan.extents[1].file_offset, 3 * 4096u);
  EXPECT_EQ(plan.hole_bytes(), 4096u);
}

TEST(ImagePlan, NeverMoreExtentsThanTheCap) {
  std::string wat = "(module (memory 3000)";
  for (int i = 0; i < 100; ++i) wat += "(data (i32.const " + std::to_string(i * (300 + i) * 4096) + ") \"x\")";
  const ImagePlan plan = plan_of(wat + ")");
  EXPECT_EQ(plan.runs.size(), 100u);
  EXPECT_LE(plan.extents.size(), ImagePlan::kMostExtents);
  EXPECT_GT(plan.extents.size(), 1u);
  for (const PageRun& run : plan.runs) {
    EXPECT_TRUE(std::any_of(plan.extents.begin(), plan.extents.end(), [&](const Extent& extent) {
      return run.first_page >= extent.first_page && run.first_page + run.pages <= extent.first_page + extent.pages;
    }));
  }
}

TEST(ImagePlan, KeyFollowsContentAndPlaceNotSegments) {
  const std::string one = plan_of(R"((module (memory 1) (data (i32.const 0) "ab")))").key;
  EXPECT_EQ(one, plan_of(R"((module (memory 9) (data (i32.const 0) "a") (data (i32.const 1) "b")))").key);
  EXPECT_NE(one, plan_of(R"((module (memory 1) (data (i32.const 0) "ac")))").key);
  EXPECT_NE(one, plan_of(R"((module (memory 1) (data (i32.const 4096) "ab")))").key);
}

TEST(TablePlan, HoldsFunctionIndicesInOrder) {
  const Module module = module_from(R"((module (import "m" "f" (func $i)) (func $a) (func $b) (table 6 funcref)
    (elem (i32.const 1) $a $b $i) (elem (i32.const 2) $a)))");
  const TableImage image = plan_table(module, examine(module), 0);
  EXPECT_EQ(image, (TableImage{kNoFunction, 1, 1, 0}));
}

}  // namespace
}  // namespace instbench
