#include "harness/engines/wasmtime/limits.hpp"

#include <gtest/gtest.h>

namespace instbench::bench::wasmtime {
namespace {

TEST(Limits, TheSettingThatRefusedAModuleIsNamedWithTheValueThatItNeeds) {
  EXPECT_EQ(setting_to_raise("failed deserialization for: x: table index 0 has a minimum element size of 70000 which exceeds the limit of 20000"),
            "table-elements=70000");
  EXPECT_EQ(setting_to_raise("memory has a minimum byte size of 196608 which exceeds the limit of 0x10000 bytes"),
            "max-memory=192KiB (and reserve= to no less)");
}

TEST(Limits, WhatIsNoSettingOfAnArmIsNot) {
  EXPECT_EQ(setting_to_raise("defined tables count of 5 exceeds the per-instance limit of 4"), "");
  EXPECT_EQ(setting_to_raise("the file is damaged"), "");
}

}  // namespace
}  // namespace instbench::bench::wasmtime
