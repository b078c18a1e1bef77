#include "harness/engines/library/start_state.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <vector>

namespace instbench::bench {
namespace {

std::optional<std::string> difference(const std::string& wat, const std::vector<std::byte>& memory) {
  const std::string path =
      testing::TempDir() + "/" + testing::UnitTest::GetInstance()->current_test_info()->name() + ".wat";
  std::ofstream(path) << wat;
  const auto found = start_difference(path, memory);
  std::filesystem::remove(path);
  return found;
}

std::vector<std::byte> memory_with(size_t at, const char* text) {
  std::vector<std::byte> memory(65536);
  std::memcpy(memory.data() + at, text, std::strlen(text));
  return memory;
}

constexpr const char* kModule = "(module (memory 1) (data (i32.const 100) \"first\"))";

TEST(StartState, IsTheSegmentsOverZeros) {
  EXPECT_EQ(difference(kModule, memory_with(100, "first")), std::nullopt);
  EXPECT_NE(difference(kModule, memory_with(100, "firsT")), std::nullopt);
  EXPECT_NE(difference(kModule, memory_with(100, "")), std::nullopt);
  EXPECT_NE(difference(kModule, memory_with(99, "afirst")), std::nullopt);
  EXPECT_NE(difference(kModule, {}), std::nullopt);
}

TEST(StartState, WhatCannotBeToldIsNotCompared) {
  const std::vector<std::byte> other = memory_with(7, "?");
  EXPECT_EQ(difference("(module (memory 1) (func $s) (start $s))", other), std::nullopt);
  EXPECT_EQ(difference("(module (import \"e\" \"m\" (memory 1)))", other), std::nullopt);
  EXPECT_EQ(difference("(module", other), std::nullopt);
}

}  // namespace
}  // namespace instbench::bench
