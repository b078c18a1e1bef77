// No path leads out of the preopened directory, whatever it is made of and whatever is done with it.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <atomic>
#include <cstddef>
#include <cstdio>
#include <thread>

#include "runtime/wasi/test_guest.hpp"

namespace instbench::wasi {
namespace {

namespace fs = std::filesystem;

class WasiEscape : public WithFolder {
 protected:
  WasiEscape() {
    fs::create_directories(inside() / "d/e");
    write(inside() / "f", "inside");
    fs::create_symlink("../outside", inside() / "relative");
    fs::create_symlink(outside(), inside() / "absolute");
    fs::create_symlink("../outside/secret", inside() / "to_secret");
    fs::create_symlink("../outside/new", inside() / "to_new");
    fs::create_symlink("../../inside/f", inside() / "d/out_and_in");
    fs::create_symlink("/proc/self/root", inside() / "root");
  }
  // The ways out of the directory to a file `leaf` of the other one.
  std::vector<std::string> ways_to(const std::string& leaf) const {
    return {"../outside/" + leaf, "d/../../outside/" + leaf,   "./d/e/../../../outside/" + leaf,     "relative/" + leaf,
            "absolute/" + leaf,   (outside() / leaf).string(), "root" + (outside() / leaf).string(), "//" + leaf};
  }
  void expect_outside_untouched() const {
    EXPECT_EQ(read(outside() / "secret"), "secret");
    EXPECT_EQ(std::distance(fs::directory_iterator(outside()), {}), 1);
  }
};

TEST_F(WasiEscape, OpeningIsRefused) {
  World world(options());
  Guest guest(world);
  uint32_t fd = 0;
  for (const std::string& way : ways_to("secret")) {
    EXPECT_EQ(guest.open(way, 0, Guest::kRead, fd), Errno::notcapable) << way;
    EXPECT_EQ(guest.open(way, oflag::truncate, Guest::kEvery, fd), Errno::notcapable) << way;
  }
  for (const std::string& way : ways_to("new")) {
    EXPECT_EQ(guest.open(way, oflag::create, Guest::kEvery, fd), Errno::notcapable) << way;
  }
  for (const char* way : {"to_secret", "to_new", "d/out_and_in", "..", "../inside/f", "relative", "/", "/etc/passwd"}) {
    EXPECT_EQ(guest.open(way, oflag::create, Guest::kRead, fd), Errno::notcapable) << way;
  }
  expect_outside_untouched();
  EXPECT_FALSE(world.path_refusal());
}

TEST_F(WasiEscape, ADirectoryOpenedByTheGuestIsALimitToo) {
  World world(options());
  Guest guest(world);
  uint32_t directory = 0, fd = 0;
  ASSERT_EQ(guest.open("d", oflag::directory, Guest::kRead, directory), Errno::success);
  EXPECT_EQ(guest.open("../f", 0, Guest::kRead, fd, 0, kSymlinkFollow, directory), Errno::notcapable);
  EXPECT_EQ(guest.open("../../outside/secret", 0, Guest::kRead, fd, 0, kSymlinkFollow, directory), Errno::notcapable);
}

TEST_F(WasiEscape, LookingAndChangingIsRefused) {
  World world(options());
  Guest guest(world);
  Filestat stat;
  for (const std::string& way : ways_to("secret")) {
    for (const uint32_t lookup : {0u, kSymlinkFollow}) {
      EXPECT_EQ(guest.stat(way, stat, lookup), Errno::notcapable) << way;
      guest.put_text(Guest::kPath, way);
      EXPECT_EQ(guest.call("path_filestat_set_times", {3, lookup, Guest::kPath, way.size(), 1, 1, 5}),
                Errno::notcapable);
    }
    EXPECT_EQ(guest.call("path_readlink", {3, Guest::kPath, way.size(), 0, 10, 100}), Errno::notcapable) << way;
    EXPECT_EQ(guest.on_path("path_unlink_file", way), Errno::notcapable) << way;
    EXPECT_EQ(guest.rename(way, "stolen"), Errno::notcapable) << way;
    EXPECT_EQ(guest.link(way, "stolen"), Errno::notcapable) << way;
  }
  for (const char* up : {"..", "d/../.."}) {
    EXPECT_EQ(guest.stat(up, stat), Errno::notcapable) << up;
    EXPECT_NE(guest.on_path("path_remove_directory", up), Errno::success) << up;
    EXPECT_NE(guest.rename("f", up), Errno::success) << up;
  }
  EXPECT_EQ(guest.stat("to_secret", stat, kSymlinkFollow), Errno::notcapable);
  EXPECT_EQ(guest.stat("to_secret", stat), Errno::success);  // the link itself is inside
  EXPECT_EQ(stat.type, FileType::symbolic_link);
  EXPECT_FALSE(fs::exists(inside() / "stolen"));
  expect_outside_untouched();
}

TEST_F(WasiEscape, MakingIsRefused) {
  World world(options());
  Guest guest(world);
  for (const std::string& way : ways_to("new")) {
    EXPECT_EQ(guest.on_path("path_create_directory", way), Errno::notcapable) << way;
    EXPECT_EQ(guest.on_path("path_remove_directory", way), Errno::notcapable) << way;
    EXPECT_EQ(guest.rename("f", way), Errno::notcapable) << way;
    EXPECT_EQ(guest.rename("d", way), Errno::notcapable) << way;
    EXPECT_EQ(guest.link("f", way), Errno::notcapable) << way;
    EXPECT_EQ(guest.symlink("f", way), Errno::notcapable) << way;
  }
  EXPECT_EQ(guest.rename("f", "to_new"), Errno::success);  // replaces the link, as rename(2) does
  EXPECT_EQ(read(inside() / "to_new"), "inside");
  EXPECT_EQ(guest.on_path("path_unlink_file", "to_secret"), Errno::success);  // the link, not what it names
  EXPECT_EQ(guest.on_path("path_create_directory", "to_new/"), Errno::exist);
  EXPECT_NE(guest.on_path("path_remove_directory", "relative/"), Errno::success);
  EXPECT_NE(guest.on_path("path_unlink_file", "relative/"), Errno::success);
  EXPECT_NE(guest.rename("relative/", "x"), Errno::success);
  expect_outside_untouched();
}

TEST_F(WasiEscape, NoLinkThatLeadsOutIsLeftBehind) {
  World world(options());
  Guest guest(world);
  for (const char* target : {"/etc/passwd", "..", "../f", "d/../../outside", "d/..", "./../x"}) {
    EXPECT_EQ(guest.symlink(target, "made"), Errno::notcapable) << target;
  }
  EXPECT_EQ(guest.symlink("", "made"), Errno::noent);
  EXPECT_EQ(guest.symlink("..f/...", "made"), Errno::success);
}

TEST_F(WasiEscape, MagicLinksAreNotFollowed) {
  Options given;
  given.preopen_dir = "/proc/self";
  World world(given);
  Guest guest(world);
  uint32_t fd = 0;
  for (const char* way : {"root", "cwd", "exe", "fd/0", "root/etc/passwd"}) {
    EXPECT_NE(guest.open(way, 0, Guest::kRead, fd), Errno::success) << way;
  }
  EXPECT_EQ(guest.open("status", 0, Guest::kRead, fd), Errno::success);
}

TEST_F(WasiEscape, PathsThatAreNone) {
  World world(options());
  Guest guest(world);
  uint32_t fd = 0;
  EXPECT_EQ(guest.open(std::string("f\0", 2), 0, Guest::kRead, fd), Errno::inval);
  EXPECT_EQ(guest.open(std::string("f\0/../../outside", 16), 0, Guest::kRead, fd), Errno::inval);
  EXPECT_EQ(guest.open("", 0, Guest::kRead, fd), Errno::noent);
  EXPECT_EQ(guest.open(std::string(4096, 'x'), 0, Guest::kRead, fd), Errno::nametoolong);
  EXPECT_EQ(guest.open(std::string(256, 'x'), 0, Guest::kRead, fd), Errno::nametoolong);
  EXPECT_EQ(guest.call("path_open", {3, 0, Guest::kEnd - 1, 2, 0, 0, 0, 0, 0}), Errno::fault);
  EXPECT_EQ(guest.call("path_open", {3, 0, UINT32_MAX, UINT32_MAX, 0, 0, 0, 0, 0}), Errno::fault);
  for (const char* name : {"path_create_directory", "path_remove_directory", "path_unlink_file"}) {
    EXPECT_EQ(guest.on_path(name, std::string("f\0", 2)), Errno::inval);
    EXPECT_EQ(guest.call(name, {3, Guest::kEnd - 1, 2}), Errno::fault);
    EXPECT_EQ(guest.call(name, {4, 0, 1}), Errno::badf);
    EXPECT_EQ(guest.call(name, {1, 0, 1}), Errno::notdir);
  }
  EXPECT_EQ(guest.symlink(std::string("f\0", 2), "made"), Errno::inval);
  EXPECT_EQ(guest.rename("f", std::string("g\0", 2)), Errno::inval);
}

TEST_F(WasiEscape, ALinkThatComesAndGoesIsNoWayOut) {
  fs::create_directory(inside() / "swap");
  write(inside() / "swap/secret", "decoy");
  fs::create_directory_symlink("../outside", inside() / "other");
  const std::string swap = (inside() / "swap").string(), other = (inside() / "other").string();
  World world(options());
  Guest guest(world);
  std::atomic<bool> done = false;
  std::thread mover([&] {
    while (!done) ::renameat2(AT_FDCWD, swap.c_str(), AT_FDCWD, other.c_str(), RENAME_EXCHANGE);
  });
  int opened = 0, refused = 0;
  for (int i = 0; i < 3000; ++i) {
    uint32_t fd = 0;
    if (guest.open("swap/secret", 0, Guest::kRead, fd) == Errno::success) {
      EXPECT_EQ(guest.read(fd), "decoy");
      EXPECT_EQ(guest.call("fd_close", {fd}), Errno::success);
      ++opened;
    } else {
      ++refused;
    }
    (void)guest.on_path("path_create_directory", "swap/new");
    (void)guest.rename("f", "swap/f");
    (void)guest.rename("swap/f", "f");
  }
  done = true;
  mover.join();
  EXPECT_EQ(opened + refused, 3000);
  expect_outside_untouched();
}

TEST_F(WasiEscape, PipesAndDevicesAreNotOpened) {
  ASSERT_EQ(::mkfifo((inside() / "pipe").c_str(), 0600), 0);
  World world(options());
  Guest guest(world);
  const size_t before = open_descriptors();
  uint32_t fd = 0;
  EXPECT_EQ(guest.open("pipe", 0, Guest::kRead, fd), Errno::notsup);  // and without waiting for a writer
  EXPECT_EQ(open_descriptors(), before);
}

// The calling thread's openat2 fails with ENOSYS from here on, as before Linux 5.6.
void take_openat2_away() {
  sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog filter{std::size(program), program};
  ASSERT_EQ(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
  ASSERT_EQ(::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter), 0);
}

TEST_F(WasiEscape, AKernelThatCannotPromiseItGetsNoPaths) {
  World world(options());
  Guest guest(world);
  std::thread([&] {
    take_openat2_away();
    uint32_t fd = 0;
    Filestat stat;
    EXPECT_EQ(guest.open("f", 0, Guest::kRead, fd), Errno::notcapable);
    EXPECT_EQ(guest.stat("f", stat), Errno::notcapable);
    EXPECT_EQ(guest.on_path("path_unlink_file", "f"), Errno::notcapable);
    EXPECT_EQ(guest.on_path("path_create_directory", "g"), Errno::notcapable);
    EXPECT_EQ(guest.rename("f", "g"), Errno::notcapable);
  }).join();
  ASSERT_TRUE(world.path_refusal());
  EXPECT_NE(world.path_refusal()->find("openat2: Function not implemented"), std::string::npos);
  EXPECT_EQ(read(inside() / "f"), "inside");
  EXPECT_EQ(guest.call("fd_readdir", {3, 0, 100, 0, 200}), Errno::success);  // names no path
  world.reset();
  EXPECT_FALSE(world.path_refusal());
}

}  // namespace
}  // namespace instbench::wasi
