#include "harness/engines/library/message.hpp"

#include <gtest/gtest.h>

namespace instbench::bench {
namespace {

TEST(Message, OneLineIsTheFirst) {
  EXPECT_EQ(one_line(""), "");
  EXPECT_EQ(one_line("out of bounds"), "out of bounds");
  EXPECT_EQ(one_line("out of bounds\nat f\n    in g"), "out of bounds");
  EXPECT_EQ(one_line(std::string_view("trap\0\0", 6)), "trap");
}

TEST(Message, TheLastCauseStandsBehindIt) {
  EXPECT_EQ(one_line("while executing\n    0: f\n\nCaused by:\n    unreachable"), "while executing: unreachable");
  EXPECT_EQ(one_line("while executing:\n    0: f\n\nCaused by:\n    0: imported\n    1: out of bounds\n"),
            "while executing:: out of bounds");
  EXPECT_EQ(one_line("while executing\n    0: f\nCaused by: nothing"), "while executing");
}

}  // namespace
}  // namespace instbench::bench
