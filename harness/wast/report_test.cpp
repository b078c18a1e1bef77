// Counting, its way through JSON, and the text with its last line.
#include "harness/wast/report.hpp"

#include <gtest/gtest.h>

namespace instbench::bench {
namespace {

Tally sample() {
  Tally tally;
  tally.files = 1;
  tally.modules = 3;
  tally.reused = 2;
  tally.add({}, "f.wast:1");
  tally.add({}, "f.wast:2");
  tally.add(Outcome::failure("expected (i32:1), got (i32:2)"), "f.wast:3");
  tally.add(Outcome::skip("SIMD"), "f.wast:4");
  tally.add(Outcome::skip("SIMD"), "f.wast:5");
  tally.add(Outcome::skip("no code"), "f.wast:6");
  return tally;
}

TEST(Tally, EveryOutcomeIsCountedOnce) {
  const Tally tally = sample();
  EXPECT_EQ(tally.passed, 2u);
  EXPECT_EQ(tally.failed, 1u);
  EXPECT_EQ(tally.skipped, 3u);
  EXPECT_EQ(tally.failures, (std::vector<Failure>{{"f.wast:3", "expected (i32:1), got (i32:2)"}}));
  EXPECT_EQ(tally.skips.at("SIMD").count, 2u);
  EXPECT_EQ(tally.skips.at("SIMD").first, "f.wast:4");
}

TEST(Tally, SumsAddUp) {
  Tally sum = sample();
  sum.add(sample());
  EXPECT_EQ(sum.files, 2u);
  EXPECT_EQ(sum.modules, 6u);
  EXPECT_EQ(sum.reused, 4u);
  EXPECT_EQ(sum.passed + sum.failed + sum.skipped, 12u);
  EXPECT_EQ(sum.failures.size(), 2u);
  EXPECT_EQ(sum.skips.at("no code").count, 2u);
}

TEST(Tally, SurvivesJson) {
  const Tally back = tally_from(to_json(sample()));
  EXPECT_EQ(to_json(back), to_json(sample()));
  EXPECT_EQ(back.skips.at("SIMD").first, "f.wast:4");
  EXPECT_THROW(tally_from(Json::object()), Json::exception);
}

TEST(Report, EndsWithTheSumsOfAllArms) {
  const std::string text = table_text({{"core:eager", sample()}, {"core:pool", sample()}});
  const std::string last = "4 passed, 2 failed, 6 skipped\n";
  ASSERT_GE(text.size(), last.size());
  EXPECT_EQ(text.substr(text.size() - last.size() - 1), "\n" + last);
  EXPECT_NE(text.find("skipped 4: SIMD (first at f.wast:4)\n"), std::string::npos) << text;
  EXPECT_NE(text.find("core:pool          1         3         2         3         2         1         3\n"),
            std::string::npos)
      << text;
  EXPECT_EQ(table_text({}).substr(table_text({}).size() - 30), "0 passed, 0 failed, 0 skipped\n");
}

TEST(Report, AFailureOfSeveralArmsIsListedOnce) {
  Tally other = sample();
  other.add(Outcome::failure("another"), "f.wast:9");
  EXPECT_EQ(failures_text({{"core:eager", sample()}, {"core:pool", other}}),
            "f.wast:3: expected (i32:1), got (i32:2)  [every arm]\nf.wast:9: another  [core:pool]\n");
  EXPECT_EQ(failures_text({{"core:eager", sample()}}), "f.wast:3: expected (i32:1), got (i32:2)  [core:eager]\n");
  EXPECT_EQ(failures_text({}), "");
}

}  // namespace
}  // namespace instbench::bench
