#include "harness/build/binary.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "harness/build/arm_text.hpp"
#include "harness/build/scratch.hpp"
#include "runtime/os/file.hpp"
#include "runtime/os/process.hpp"

namespace instbench::bench {
namespace {

std::string refusal(const std::string& path) {
  try {
    check_binary(path);
  } catch (const ArmError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(Binary, TheVersionLine) {
  EXPECT_EQ(parse_version("instbench 0.1.0 (0123456789ab, Release, GNU 12.2.0)"),
            (BinaryFacts{"0.1.0", "0123456789ab", false, "Release", "GNU 12.2.0", "", false}));
  EXPECT_EQ(parse_version("instbench 0.1.0 (unknown, modified, Debug, Clang 14.0.6, sanitizers address,undefined, "
                          "assertions)"),
            (BinaryFacts{"0.1.0", "unknown", true, "Debug", "Clang 14.0.6", "address,undefined", true}));
  for (const char* other : {"", "instbench", "instbench 0.1.0", "instbench 0.1.0 (", "instbench 0.1.0 ()",
                            "instbench 0.1.0 (a, b)", "instbench 0.1.0 (a, modified, b)", "true (GNU coreutils) 9.1"})
    EXPECT_EQ(parse_version(other), std::nullopt) << other;
}

TEST(Binary, WhatIsNotThere) {
  const Scratch scratch;
  EXPECT_NE(refusal(scratch / "absent").find("no such build: '"), std::string::npos);
  EXPECT_NE(refusal(scratch / "").find("holds no instbench"), std::string::npos);
}

TEST(Binary, WhatIsNoProgramOrAnothers) {
  const Scratch scratch;
  const std::string script = scratch / "script", foreign = scratch / "foreign", other = scratch / "instbench";
  os::write_atomically(script, "#!/bin/sh\ntouch " + scratch / "was-run");
  EXPECT_NE(refusal(script).find("is no program"), std::string::npos) << refusal(script);

  std::string program = os::read_text("/bin/true");
  program[18] = static_cast<char>(~program[18]);  // e_machine
  os::write_atomically(foreign, program);
  fs::permissions(foreign, fs::perms::owner_all);
  EXPECT_NE(refusal(foreign).find("another kind of machine"), std::string::npos) << refusal(foreign);

  fs::copy_file("/bin/true", other);
  EXPECT_NE(refusal(scratch.path().string()).find("is not instbench: its --version says 'true"), std::string::npos);
  fs::remove(other);
  fs::copy_file("/bin/false", other);
  fs::permissions(other, fs::perms::owner_read);
  EXPECT_NE(refusal(other).find("cannot run it: exec('" + other), std::string::npos) << refusal(other);
  EXPECT_FALSE(fs::exists(scratch / "was-run"));
}

}  // namespace
}  // namespace instbench::bench
