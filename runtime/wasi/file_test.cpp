// Files and directories beneath the preopen.
#include <gtest/gtest.h>

#include <set>

#include "runtime/wasi/test_guest.hpp"

namespace instbench::wasi {
namespace {

namespace fs = std::filesystem;
using WasiFile = WithFolder;

TEST_F(WasiFile, ThePreopenHasItsName) {
  Options given = options();
  given.preopen_name = "/data";
  World world(given);
  Guest guest(world);
  EXPECT_EQ(guest.call("fd_prestat_get", {3, 0}), Errno::success);
  EXPECT_EQ(guest.get<uint32_t>(0), 0u);
  EXPECT_EQ(guest.get<uint32_t>(4), 5u);
  EXPECT_EQ(guest.call("fd_prestat_dir_name", {3, 8, 5}), Errno::success);
  EXPECT_EQ(guest.text(8, 6), std::string("/data\0", 6));
  EXPECT_EQ(guest.call("fd_prestat_dir_name", {3, 8, 4}), Errno::nametoolong);
  EXPECT_EQ(guest.call("fd_prestat_dir_name", {3, Guest::kEnd - 4, 5}), Errno::fault);
  EXPECT_EQ(guest.call("fd_prestat_get", {3, Guest::kEnd - 7}), Errno::fault);
  EXPECT_EQ(guest.call("fd_prestat_get", {4, 0}), Errno::badf);
  EXPECT_EQ(guest.call("fd_fdstat_get", {3, 0}), Errno::success);
  EXPECT_EQ(guest.get<Fdstat>(0).type, FileType::directory);
  EXPECT_EQ(guest.get<Fdstat>(0).inheriting, Guest::kEvery);
}

TEST_F(WasiFile, WritesSeeksAndReads) {
  World world(options());
  Guest guest(world);
  uint32_t fd = 0;
  ASSERT_EQ(guest.open("new", oflag::create | oflag::exclusive, Guest::kEvery, fd), Errno::success);
  EXPECT_EQ(fd, 4u);
  EXPECT_EQ(guest.write(fd, "0123456789"), Errno::success);
  EXPECT_EQ(read(inside() / "new"), "0123456789");
  EXPECT_EQ(guest.call("fd_tell", {fd, 0}), Errno::success);
  EXPECT_EQ(guest.get<uint64_t>(0), 10u);
  EXPECT_EQ(guest.call("fd_seek", {fd, static_cast<uint64_t>(-3), 2, 0}), Errno::success);
  EXPECT_EQ(guest.get<uint64_t>(0), 7u);
  EXPECT_EQ(guest.read(fd), "789");
  EXPECT_EQ(guest.call("fd_seek", {fd, static_cast<uint64_t>(-9), 1, 0}), Errno::success);
  EXPECT_EQ(guest.read(fd, 2), "12");
  EXPECT_EQ(guest.call("fd_seek", {fd, static_cast<uint64_t>(-1), 0, 0}), Errno::inval);
  EXPECT_EQ(guest.call("fd_seek", {fd, 0, 3, 0}), Errno::inval);
  EXPECT_EQ(guest.call("fd_seek", {fd, 0, 0, Guest::kEnd - 7}), Errno::fault);
  EXPECT_EQ(guest.read(fd, 1), "3");  // where it was
  EXPECT_EQ(guest.call("fd_sync", {fd}), Errno::success);
  EXPECT_EQ(guest.call("fd_datasync", {fd}), Errno::success);
  EXPECT_EQ(guest.call("fd_close", {fd}), Errno::success);
  EXPECT_EQ(guest.read(fd), "errno 8");
  EXPECT_EQ(guest.open("new", oflag::create | oflag::exclusive, Guest::kEvery, fd), Errno::exist);
}

TEST_F(WasiFile, ReadsAndWritesAtAPlace) {
  write(inside() / "f", "abcdef");
  World world(options());
  Guest guest(world);
  uint32_t fd = 0;
  ASSERT_EQ(guest.open("f", 0, Guest::kEvery, fd), Errno::success);
  guest.put(0, Iovec{100, 2});
  EXPECT_EQ(guest.call("fd_pread", {fd, 0, 1, 3, 16}), Errno::success);
  EXPECT_EQ(guest.text(100, 2), "de");
  guest.put_text(100, "XY");
  EXPECT_EQ(guest.call("fd_pwrite", {fd, 0, 1, 1, 16}), Errno::success);
  EXPECT_EQ(guest.get<uint32_t>(16), 2u);
  EXPECT_EQ(guest.read(fd), "aXYdef");  // from the start: the position did not move
  EXPECT_EQ(guest.call("fd_pread", {fd, 0, 1, 100, 16}), Errno::success);
  EXPECT_EQ(guest.get<uint32_t>(16), 0u);
  for (const char* name : {"fd_pread", "fd_pwrite"}) {
    EXPECT_EQ(guest.call(name, {fd, 0, 1, UINT64_MAX, 16}), Errno::inval);
    guest.put(0, Iovec{Guest::kEnd - 1, 2});
    EXPECT_EQ(guest.call(name, {fd, 0, 1, 0, 16}), Errno::fault);
    guest.put(0, Iovec{100, 2});
    EXPECT_EQ(guest.call(name, {fd, 0, 1, 0, Guest::kEnd - 3}), Errno::fault);
    EXPECT_EQ(guest.call(name, {3, 0, 1, 0, 16}), Errno::isdir);
    EXPECT_EQ(guest.call(name, {99, 0, 1, 0, 16}), Errno::badf);
  }
  EXPECT_EQ(read(inside() / "f"), "aXYdef");
}

TEST_F(WasiFile, RightsSayWhatItIsOpenedFor) {
  write(inside() / "f", "abc");
  World world(options());
  Guest guest(world);
  uint32_t reader = 0, writer = 0, appender = 0;
  ASSERT_EQ(guest.open("f", 0, Guest::kRead, reader), Errno::success);
  EXPECT_EQ(guest.write(reader, "x"), Errno::notcapable);
  ASSERT_EQ(guest.open("f", 0, right::fd_write, writer), Errno::success);
  EXPECT_EQ(guest.read(writer), "errno 76");
  EXPECT_EQ(guest.call("fd_seek", {writer, 1, 0, 0}), Errno::notcapable);
  ASSERT_EQ(guest.open("f", 0, Guest::kEvery, appender, fdflag::append), Errno::success);
  EXPECT_EQ(guest.write(appender, "d"), Errno::success);
  EXPECT_EQ(guest.call("fd_fdstat_set_flags", {appender, 0}), Errno::success);
  EXPECT_EQ(guest.call("fd_seek", {appender, 0, 0, 0}), Errno::success);
  EXPECT_EQ(guest.write(appender, "A"), Errno::success);
  EXPECT_EQ(read(inside() / "f"), "Abcd");
  EXPECT_EQ(guest.call("fd_fdstat_set_rights", {3, Guest::kEvery & ~right::path_open, 0}), Errno::notcapable);
  EXPECT_EQ(guest.call("fd_fdstat_set_rights", {3, right::fd_readdir, 0}), Errno::success);
  EXPECT_EQ(guest.open("f"), Errno::notcapable);
  world.reset();
  EXPECT_EQ(guest.open("f"), Errno::success);
}

TEST_F(WasiFile, SizesAndTimes) {
  write(inside() / "f", "abcdef");
  World world(options());
  Guest guest(world);
  uint32_t fd = 0;
  ASSERT_EQ(guest.open("f", 0, Guest::kEvery, fd), Errno::success);
  EXPECT_EQ(guest.call("fd_filestat_set_size", {fd, 3}), Errno::success);
  EXPECT_EQ(guest.call("fd_allocate", {fd, 0, 5}), Errno::success);
  EXPECT_EQ(guest.call("fd_advise", {fd, 0, 5, 2}), Errno::success);
  EXPECT_EQ(guest.call("fd_advise", {fd, 0, 5, 6}), Errno::inval);
  EXPECT_EQ(guest.call("fd_filestat_set_times", {fd, 1'500'000'000'000'000'001, 7, fstflag::atim | fstflag::mtim}),
            Errno::success);
  EXPECT_EQ(guest.call("fd_filestat_get", {fd, 0}), Errno::success);
  auto stat = guest.get<Filestat>(0);
  EXPECT_EQ(stat.type, FileType::regular_file);
  EXPECT_EQ(stat.size, 5u);
  EXPECT_EQ(stat.links, 1u);
  EXPECT_EQ(stat.access_ns, 1'500'000'000'000'000'001u);
  EXPECT_EQ(stat.modification_ns, 7u);
  EXPECT_NE(stat.inode, 0u);

  Filestat by_path;
  EXPECT_EQ(guest.stat("f", by_path), Errno::success);
  EXPECT_EQ(by_path.inode, stat.inode);
  EXPECT_EQ(by_path.device, stat.device);
  guest.put_text(Guest::kPath, "f");
  EXPECT_EQ(guest.call("path_filestat_set_times", {3, 0, Guest::kPath, 1, 0, 9, fstflag::mtim}), Errno::success);
  EXPECT_EQ(guest.stat("f", by_path), Errno::success);
  EXPECT_EQ(by_path.modification_ns, 9u);
  EXPECT_EQ(by_path.access_ns, stat.access_ns);
  EXPECT_EQ(guest.call("path_filestat_set_times", {3, 0, Guest::kPath, 1, 0, 9, 12}), Errno::inval);
  EXPECT_EQ(guest.call("fd_filestat_set_times", {fd, 0, 0, 3}), Errno::inval);
  EXPECT_EQ(guest.call("fd_filestat_set_times", {fd, 0, 0, 16}), Errno::inval);
  EXPECT_EQ(guest.call("path_filestat_get", {3, 0, Guest::kPath, 1, Guest::kEnd - 63}), Errno::fault);
  EXPECT_EQ(guest.call("fd_filestat_set_size", {3, 0}), Errno::isdir);
}

// All names that fd_readdir gives, through a buffer of `bytes`.
std::set<std::string> names(Guest& guest, uint32_t bytes) {
  std::set<std::string> found;
  for (uint64_t cookie = 0;;) {
    EXPECT_EQ(guest.call("fd_readdir", {3, 1000, bytes, cookie, 0}), Errno::success);
    const uint32_t used = guest.get<uint32_t>(0);
    for (uint32_t at = 0; at + sizeof(Dirent) <= used;) {
      const auto entry = guest.get<Dirent>(1000 + at);
      at += sizeof(Dirent);
      if (at + entry.name_bytes > used) break;  // cut
      const std::string name = guest.text(1000 + at, entry.name_bytes);
      EXPECT_EQ(entry.type, name[0] == 'f' ? FileType::regular_file : FileType::directory) << name;
      EXPECT_EQ(entry.inode == 0, name == "..");
      EXPECT_TRUE(found.insert(name).second) << name;
      at += entry.name_bytes;
      cookie = entry.next;
    }
    if (used < bytes) return found;
  }
}

TEST_F(WasiFile, ListsADirectoryWholeWhateverTheBuffer) {
  std::set<std::string> expected{".", "..", "directory"};
  fs::create_directory(inside() / "directory");
  for (int i = 0; i < 300; ++i) {
    expected.insert("file" + std::to_string(i));
    write(inside() / ("file" + std::to_string(i)), "");
  }
  World world(options());
  Guest guest(world);
  EXPECT_EQ(names(guest, 40), expected);
  EXPECT_EQ(names(guest, 4000), expected);
  EXPECT_EQ(names(guest, 30000), expected);
  EXPECT_EQ(guest.call("fd_readdir", {3, 1000, 0, 0, 0}), Errno::success);
  EXPECT_EQ(guest.get<uint32_t>(0), 0u);
  EXPECT_EQ(guest.call("fd_readdir", {3, Guest::kEnd - 9, 10, 0, 0}), Errno::fault);
  EXPECT_EQ(guest.call("fd_readdir", {3, 0, 10, 0, Guest::kEnd - 3}), Errno::fault);
  EXPECT_EQ(guest.call("fd_readdir", {4, 0, 10, 0, 0}), Errno::badf);
}

TEST_F(WasiFile, MakesRenamesAndRemoves) {
  World world(options());
  Guest guest(world);
  EXPECT_EQ(guest.on_path("path_create_directory", "d"), Errno::success);
  EXPECT_EQ(guest.on_path("path_create_directory", "d"), Errno::exist);
  EXPECT_EQ(guest.on_path("path_create_directory", "."), Errno::exist);
  EXPECT_EQ(guest.on_path("path_create_directory", "d/e/"), Errno::success);
  write(inside() / "d/f", "text");
  EXPECT_EQ(guest.rename("d/f", "d/e/g"), Errno::success);
  EXPECT_EQ(read(inside() / "d/e/g"), "text");
  EXPECT_EQ(guest.rename("d/e/g/", "d/h"), Errno::notdir);
  EXPECT_EQ(guest.rename("d/e/", "moved/"), Errno::success);
  EXPECT_EQ(guest.link("moved/g", "twin"), Errno::success);
  EXPECT_EQ(guest.link("moved/g", "twin2", kSymlinkFollow), Errno::inval);
  Filestat stat;
  EXPECT_EQ(guest.stat("twin", stat), Errno::success);
  EXPECT_EQ(stat.links, 2u);
  EXPECT_EQ(guest.on_path("path_remove_directory", "moved"), Errno::notempty);
  EXPECT_EQ(guest.on_path("path_unlink_file", "moved"), Errno::isdir);
  EXPECT_EQ(guest.on_path("path_unlink_file", "twin/"), Errno::notdir);
  EXPECT_EQ(guest.on_path("path_remove_directory", "twin"), Errno::notdir);
  EXPECT_EQ(guest.on_path("path_unlink_file", "moved/g"), Errno::success);
  EXPECT_EQ(guest.on_path("path_remove_directory", "moved"), Errno::success);
  EXPECT_EQ(guest.on_path("path_remove_directory", "absent"), Errno::noent);
  EXPECT_EQ(guest.on_path("path_unlink_file", ""), Errno::noent);
  EXPECT_EQ(guest.rename("absent", "x"), Errno::noent);
}

TEST_F(WasiFile, LinksWithinTheDirectoryAreFollowed) {
  fs::create_directory(inside() / "d");
  write(inside() / "d/f", "text");
  World world(options());
  Guest guest(world);
  EXPECT_EQ(guest.symlink("d/f", "link"), Errno::success);
  uint32_t fd = 0;
  ASSERT_EQ(guest.open("link", 0, Guest::kRead, fd), Errno::success);
  EXPECT_EQ(guest.read(fd), "text");
  EXPECT_EQ(guest.open("link", 0, Guest::kRead, fd, 0, 0), Errno::loop);
  ASSERT_EQ(guest.open("d/../link", 0, Guest::kRead, fd), Errno::success);
  Filestat stat;
  EXPECT_EQ(guest.stat("link", stat), Errno::success);
  EXPECT_EQ(stat.type, FileType::symbolic_link);
  EXPECT_EQ(guest.stat("link", stat, kSymlinkFollow), Errno::success);
  EXPECT_EQ(stat.type, FileType::regular_file);

  guest.put_text(Guest::kPath, "link");
  EXPECT_EQ(guest.call("path_readlink", {3, Guest::kPath, 4, 100, 10, 0}), Errno::success);
  EXPECT_EQ(guest.get<uint32_t>(0), 3u);
  EXPECT_EQ(guest.text(100, 3), "d/f");
  EXPECT_EQ(guest.call("path_readlink", {3, Guest::kPath, 4, 100, 1, 0}), Errno::success);
  EXPECT_EQ(guest.get<uint32_t>(0), 1u);
  EXPECT_EQ(guest.call("path_readlink", {3, Guest::kPath, 4, 100, 0, 0}), Errno::success);
  EXPECT_EQ(guest.get<uint32_t>(0), 0u);
  EXPECT_EQ(guest.call("path_readlink", {3, Guest::kPath, 4, Guest::kEnd - 9, 10, 0}), Errno::fault);
  guest.put_text(Guest::kPath, "d/f");
  EXPECT_EQ(guest.call("path_readlink", {3, Guest::kPath, 3, 100, 10, 0}), Errno::inval);
}

TEST_F(WasiFile, DirectoriesOpenForReadingOnly) {
  fs::create_directory(inside() / "d");
  write(inside() / "d/f", "text");
  World world(options());
  Guest guest(world);
  uint32_t directory = 0, fd = 0;
  ASSERT_EQ(guest.open("d", oflag::directory, Guest::kEvery, directory), Errno::success);
  ASSERT_EQ(guest.open("f", 0, Guest::kEvery, fd, 0, kSymlinkFollow, directory), Errno::success);
  EXPECT_EQ(guest.read(fd), "text");
  EXPECT_EQ(guest.read(directory), "errno 31");
  EXPECT_EQ(guest.write(directory, "x"), Errno::isdir);
  EXPECT_EQ(guest.call("fd_sync", {directory}), Errno::success);
  EXPECT_EQ(guest.open("d"), Errno::isdir);  // for writing, and not said to be a directory
  EXPECT_EQ(guest.open("d", oflag::create | oflag::directory, Guest::kEvery, fd), Errno::inval);
  EXPECT_EQ(guest.open("d/f", oflag::directory, Guest::kEvery, fd), Errno::notdir);
  EXPECT_EQ(guest.open("d/f", 16, Guest::kEvery, fd), Errno::inval);
  EXPECT_EQ(guest.open("d/f", 0, Guest::kEvery, fd, 32), Errno::inval);
  EXPECT_EQ(guest.open("d/f", 0, Guest::kEvery, fd, 0, 0, 1), Errno::notdir);
  ASSERT_EQ(guest.open("d/f", oflag::truncate, Guest::kEvery, fd), Errno::success);
  EXPECT_EQ(guest.read(fd), "");
}

TEST_F(WasiFile, NoDescriptorOutlivesAReset) {
  write(inside() / "f", "text");
  World world(options());
  Guest guest(world);
  const size_t before = open_descriptors();
  uint32_t fd = 0;
  Errno error = Errno::success;
  for (int i = 0; i < 2000 && error == Errno::success; ++i) error = guest.open("f", 0, Guest::kRead, fd);
  EXPECT_EQ(error, Errno::mfile);
  EXPECT_EQ(open_descriptors(), before + 1024 - 4);
  EXPECT_EQ(guest.call("fd_close", {500}), Errno::success);
  EXPECT_EQ(guest.call("fd_close", {400}), Errno::success);
  ASSERT_EQ(guest.open("f", 0, Guest::kRead, fd), Errno::success);
  EXPECT_EQ(fd, 400u);
  EXPECT_EQ(guest.call("fd_renumber", {400, 401}), Errno::success);
  EXPECT_EQ(open_descriptors(), before + 1024 - 4 - 2);
  EXPECT_EQ(guest.call("fd_renumber", {401, 401}), Errno::success);
  EXPECT_EQ(guest.call("fd_renumber", {3, 4}), Errno::success);  // the preopen as well
  EXPECT_EQ(guest.call("fd_prestat_get", {4, 0}), Errno::success);
  EXPECT_EQ(guest.call("fd_prestat_get", {3, 0}), Errno::badf);
  world.reset();
  EXPECT_EQ(open_descriptors(), before);
  EXPECT_EQ(guest.call("fd_close", {4}), Errno::badf);
  EXPECT_EQ(guest.open("absent", Guest::kRead), Errno::noent);
  EXPECT_EQ(guest.call("path_open", {3, 0, 0, 1, 0, 0, 0, 0, Guest::kEnd - 3}), Errno::fault);
  EXPECT_EQ(open_descriptors(), before);
}

TEST_F(WasiFile, AWorldGivesItsDirectoryBack) {
  const size_t before = open_descriptors();
  { World world(options()); }
  EXPECT_EQ(open_descriptors(), before);
}

}  // namespace
}  // namespace instbench::wasi
