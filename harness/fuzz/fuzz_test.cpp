// A short regression run of the differential fuzzer: kept seeds and pseudo-random decisions, the same in each run.
#include <gtest/gtest.h>

#include <filesystem>

#include "harness/fuzz/differential.hpp"
#include "harness/protocol/touch_plan.hpp"
#include "runtime/module/load.hpp"

namespace instbench::bench {
namespace {

std::vector<uint8_t> decisions(uint8_t mode, uint64_t seed, size_t length) {
  Random random(seed);
  std::vector<uint8_t> bytes{mode};
  while (bytes.size() < length) bytes.push_back(static_cast<uint8_t>(random.next()));
  return bytes;
}

TEST(Fuzz, EmbeddedModulesAsTheyAre) {
  size_t modules = 0;
  for (const auto& file : std::filesystem::directory_iterator(INSTBENCH_SOURCE_DIR "/corpus/wat")) {
    std::vector<uint8_t> input{0};
    for (const std::byte byte : read_module_file(file.path().string())) input.push_back(std::to_integer<uint8_t>(byte));
    EXPECT_EQ(differs(input).value_or(""), "") << file.path();
    ++modules;
  }
  EXPECT_GE(modules, 20u);
}

TEST(Fuzz, GeneratedModulesWithoutCode) {
  for (uint64_t seed = 1; seed <= 150; ++seed) EXPECT_EQ(differs(decisions(1, seed, 200)).value_or(""), "") << seed;
}

TEST(Fuzz, GeneratedModulesWithCode) {
  for (uint64_t seed = 1; seed <= 40; ++seed) EXPECT_EQ(differs(decisions(2, seed, 600)).value_or(""), "") << seed;
}

TEST(Fuzz, BytesThatAreNoModule) {
  for (uint64_t seed = 1; seed <= 200; ++seed) EXPECT_EQ(differs(decisions(0, seed, 100)).value_or(""), "") << seed;
}

}  // namespace
}  // namespace instbench::bench
