// Standard input, output and error: bytes in memory.
#include <gtest/gtest.h>

#include "runtime/wasi/test_guest.hpp"

namespace instbench::wasi {
namespace {

TEST(WasiStream, InputIsReadPieceByPieceThroughIovecs) {
  Options options;
  options.stdin_bytes = "hello, world";
  World world(options);
  Guest guest(world);
  guest.put(0, Iovec{100, 3});
  guest.put(8, Iovec{999, 0});  // an empty one is no end of the input
  guest.put(16, Iovec{200, 4});
  EXPECT_EQ(guest.call("fd_read", {0, 0, 3, 24}), Errno::success);
  EXPECT_EQ(guest.get<uint32_t>(24), 7u);
  EXPECT_EQ(guest.text(100, 4), std::string("hel\0", 4));
  EXPECT_EQ(guest.text(200, 4), "lo, ");
  EXPECT_EQ(guest.read(0), "world");
  EXPECT_EQ(guest.read(0), "");
  world.reset();
  EXPECT_EQ(guest.read(0, 5), "hello");
}

TEST(WasiStream, EmptyIovecsDoNotHideThoseBehindThem) {
  Options options;
  options.stdin_bytes = "x";
  World world(options);
  Guest guest(world);
  for (uint32_t i = 0; i < 100; ++i) guest.put(i * 8, Iovec{0, 0});
  guest.put(800, Iovec{5000, 1});
  EXPECT_EQ(guest.call("fd_read", {0, 0, 101, 4000}), Errno::success);
  EXPECT_EQ(guest.get<uint32_t>(4000), 1u);
}

TEST(WasiStream, OutputIsCapturedApart) {
  World world({});
  Guest guest(world);
  guest.put_text(100, "one two");
  guest.put(0, Iovec{100, 4});
  guest.put(8, Iovec{104, 3});
  EXPECT_EQ(guest.call("fd_write", {1, 0, 2, 16}), Errno::success);
  EXPECT_EQ(guest.get<uint32_t>(16), 7u);
  EXPECT_EQ(guest.write(2, "wrong"), Errno::success);
  EXPECT_EQ(world.stdout_text(), "one two");
  EXPECT_EQ(world.stderr_text(), "wrong");
  world.reset();
  EXPECT_EQ(world.stdout_text(), "");
  EXPECT_EQ(world.stderr_text(), "");
}

TEST(WasiStream, OutputBeyondTheCapIsCountedNotKept) {
  Options options;
  options.output_cap_bytes = 5;
  World world(options);
  Guest guest(world);
  EXPECT_EQ(guest.write(1, "abc"), Errno::success);
  EXPECT_EQ(guest.write(1, "defg"), Errno::success);
  EXPECT_EQ(guest.get<uint32_t>(Guest::kAnswer), 4u);  // the guest goes on as before
  EXPECT_EQ(guest.write(1, "h"), Errno::success);
  EXPECT_EQ(world.stdout_text(), "abcde");
  EXPECT_EQ(world.dropped_bytes(), 3u);
  world.reset();
  EXPECT_EQ(world.dropped_bytes(), 0u);
}

TEST(WasiStream, BuffersOutOfBoundsAreAFaultAndMoveNothing) {
  Options options;
  options.stdin_bytes = "input";
  World world(options);
  Guest guest(world);
  guest.put(0, Iovec{100, 4});
  const Iovec bad[] = {
      {Guest::kEnd - 1, 2}, {UINT32_MAX, 1}, {UINT32_MAX, UINT32_MAX}, {1, UINT32_MAX}, {Guest::kEnd + 1, 0}};
  for (const Iovec& iovec : bad) {
    guest.put(8, iovec);
    for (const char* name : {"fd_read", "fd_write"}) {
      const uint64_t fd = std::string(name) == "fd_read" ? 0 : 1;
      EXPECT_EQ(guest.call(name, {fd, 0, 2, 400}), Errno::fault) << name << iovec.buffer;
      EXPECT_EQ(guest.call(name, {fd, Guest::kEnd - 7, 1, 400}), Errno::fault);
      EXPECT_EQ(guest.call(name, {fd, 0, 0x2000'0001, 400}), Errno::fault);  // times 8 is 8 more than 2^32
      EXPECT_EQ(guest.call(name, {fd, 0, 1, Guest::kEnd - 3}), Errno::fault);
    }
  }
  EXPECT_EQ(world.stdout_text(), "");
  EXPECT_EQ(guest.read(0), "input");
}

TEST(WasiStream, ALengthThatNoSizeCanSayIsRefused) {
  World world({});
  Guest guest(world, "(module (memory 16))");
  for (uint32_t i = 0; i < 4096; ++i) guest.put(i * 8, Iovec{0, 1 << 20});
  EXPECT_EQ(guest.call("fd_read", {0, 0, 4095, 40000}), Errno::success);
  EXPECT_EQ(guest.call("fd_read", {0, 0, 4096, 40000}), Errno::inval);  // 4 GiB
}

TEST(WasiStream, IsNoFileAndNoTerminal) {
  World world({});
  Guest guest(world);
  for (uint64_t fd = 0; fd < 3; ++fd) {
    EXPECT_EQ(guest.call("fd_seek", {fd, 0, 0, 0}), Errno::spipe);
    EXPECT_EQ(guest.call("fd_tell", {fd, 0}), Errno::spipe);
    EXPECT_EQ(guest.call("fd_pread", {fd, 0, 0, 0, 0}), Errno::spipe);
    EXPECT_EQ(guest.call("fd_pwrite", {fd, 0, 0, 0, 0}), Errno::spipe);
    EXPECT_EQ(guest.call("fd_advise", {fd, 0, 0, 0}), Errno::spipe);
    EXPECT_EQ(guest.call("fd_allocate", {fd, 0, 1}), Errno::spipe);
    EXPECT_EQ(guest.call("fd_sync", {fd}), Errno::inval);
    EXPECT_EQ(guest.call("fd_datasync", {fd}), Errno::inval);
    EXPECT_EQ(guest.call("fd_readdir", {fd, 0, 10, 0, 100}), Errno::notdir);
    EXPECT_EQ(guest.call("fd_filestat_get", {fd, 0}), Errno::success);
    EXPECT_EQ(guest.get<Filestat>(0).type, FileType::unknown);
    EXPECT_EQ(guest.call("fd_fdstat_get", {fd, 0}), Errno::success);
    const auto stat = guest.get<Fdstat>(0);
    EXPECT_EQ(stat.type, FileType::unknown);
    EXPECT_EQ(stat.rights & (right::fd_read | right::fd_write), fd == 0 ? right::fd_read : right::fd_write);
    EXPECT_EQ(stat.rights & right::fd_seek, 0u);
  }
  EXPECT_EQ(guest.write(0, "x"), Errno::notcapable);
  EXPECT_EQ(guest.read(1), "errno 76");
}

TEST(WasiStream, CanBeClosedAndComesBackWithReset) {
  World world({});
  Guest guest(world);
  EXPECT_EQ(guest.call("fd_close", {1}), Errno::success);
  EXPECT_EQ(guest.call("fd_close", {1}), Errno::badf);
  EXPECT_EQ(guest.write(1, "x"), Errno::badf);
  EXPECT_EQ(guest.call("fd_renumber", {2, 1}), Errno::badf);  // only over an open one
  EXPECT_EQ(guest.call("fd_renumber", {2, 0}), Errno::success);
  EXPECT_EQ(guest.write(0, "to stderr"), Errno::success);
  EXPECT_EQ(world.stderr_text(), "to stderr");
  world.reset();
  EXPECT_EQ(guest.write(1, "x"), Errno::success);
  EXPECT_EQ(guest.write(0, "x"), Errno::notcapable);
}

TEST(WasiStream, NoPreopenEndsTheSearchForThem) {
  World world({});
  Guest guest(world);
  for (const uint64_t fd : {0, 1, 2, 3, 4, 1000}) {
    EXPECT_EQ(guest.call("fd_prestat_get", {fd, 0}), Errno::badf) << fd;
    EXPECT_EQ(guest.call("fd_prestat_dir_name", {fd, 0, 10}), Errno::badf) << fd;
  }
  EXPECT_EQ(guest.open("x"), Errno::badf);
}

TEST(WasiStream, FlagsAndRights) {
  World world({});
  Guest guest(world);
  EXPECT_EQ(guest.call("fd_fdstat_set_flags", {0, fdflag::nonblock}), Errno::success);
  EXPECT_EQ(guest.call("fd_fdstat_get", {0, 0}), Errno::success);
  EXPECT_EQ(guest.get<Fdstat>(0).flags, fdflag::nonblock);
  EXPECT_EQ(guest.call("fd_fdstat_set_flags", {0, fdflag::sync}), Errno::notsup);
  EXPECT_EQ(guest.call("fd_fdstat_set_flags", {0, 32}), Errno::inval);
  EXPECT_EQ(guest.call("fd_fdstat_set_flags", {9, 0}), Errno::badf);
  EXPECT_EQ(guest.call("fd_fdstat_get", {9, 0}), Errno::badf);
  EXPECT_EQ(guest.call("fd_fdstat_get", {0, Guest::kEnd - 23}), Errno::fault);
  EXPECT_EQ(guest.call("fd_filestat_get", {0, Guest::kEnd - 63}), Errno::fault);
  EXPECT_EQ(guest.call("fd_fdstat_set_rights", {1, right::fd_read, 0}), Errno::notcapable);
  EXPECT_EQ(guest.call("fd_fdstat_set_rights", {1, 0, 0}), Errno::success);
  EXPECT_EQ(guest.write(1, "x"), Errno::notcapable);
}

}  // namespace
}  // namespace instbench::wasi
