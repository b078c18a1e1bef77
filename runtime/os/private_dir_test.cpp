#include "runtime/os/private_dir.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <thread>

#include "runtime/os/counters.hpp"
#include "runtime/os/file.hpp"

namespace instbench::os {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

class PrivateFolder : public testing::Test {
 protected:
  PrivateFolder()
      : base_(fs::path(testing::TempDir()) /
              ("instbench_private_" + std::string(testing::UnitTest::GetInstance()->current_test_info()->name()))) {
    fs::remove_all(base_);
    fs::create_directories(base_);
  }
  ~PrivateFolder() override { fs::remove_all(base_); }
  std::string path(const std::string& leaf) const { return (base_ / leaf).string(); }
  static std::string refusal(const std::string& folder) {
    try {
      PrivateDir::open(folder);
    } catch (const std::system_error& error) {
      return error.what();
    }
    return "opened";
  }
  static std::string refusal(const PrivateDir& folder, const std::string& name) {
    try {
      folder.open_file(name);
    } catch (const std::system_error& error) {
      return error.what();
    }
    return "opened";
  }
  static void write(const PrivateDir& folder, const std::string& name, std::string_view text, unsigned mode = 0400) {
    const FilePart whole{0, std::as_bytes(std::span(text))};
    folder.write(name, text.size(), {&whole, 1}, mode);
  }

  fs::path base_;
};

TEST_F(PrivateFolder, IsMadeForItsOwnerAlone) {
  ::umask(0);
  const PrivateDir folder = PrivateDir::open(path("a/b"));
  struct stat status {};
  ASSERT_EQ(::stat(path("a/b").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700u);
  ::umask(022);
}

TEST_F(PrivateFolder, WhatOthersCouldWriteIsRefused) {
  fs::create_directory(base_ / "open");
  ::chmod(path("open").c_str(), 0755);
  EXPECT_NE(refusal(path("open")).find("chmod 700"), std::string::npos) << refusal(path("open"));
  fs::create_directory_symlink(base_ / "open", base_ / "link");
  EXPECT_NE(refusal(path("link")).find("link"), std::string::npos);
  std::ofstream(path("file")) << "x";
  EXPECT_NE(refusal(path("file")), "opened");
  EXPECT_NE(refusal(path("file/below")), "opened");
}

TEST_F(PrivateFolder, AForeignOwnerIsRefused) {
  // Root can give a folder away; anybody else finds that the root folder is not theirs.
  std::string foreign = "/";
  if (::geteuid() == 0) {
    foreign = path("foreign");
    fs::create_directory(foreign);
    ASSERT_EQ(::chmod(foreign.c_str(), 0700), 0);
    ASSERT_EQ(::chown(foreign.c_str(), 12345, 12345), 0);
  }
  EXPECT_NE(refusal(foreign).find("belongs to user"), std::string::npos) << refusal(foreign);
}

TEST_F(PrivateFolder, FilesAreWrittenWholeAndReadBack) {
  const PrivateDir folder = PrivateDir::open(path("p"));
  EXPECT_FALSE(folder.open_file("absent").has_value());
  write(folder, "f", "one");
  write(folder, "f", "other");
  const auto file = folder.open_file("f");
  ASSERT_TRUE(file.has_value());
  EXPECT_EQ(file->bytes, 5u);
  std::byte bytes[8];
  EXPECT_EQ(read_at(file->fd, 1, bytes), 4u);
  EXPECT_EQ(bytes[0], std::byte{'t'});
  ASSERT_EQ(folder.list().size(), 1u);
  EXPECT_LE(folder.list()[0].age.count(), 60);
  EXPECT_TRUE(folder.remove("f"));
  EXPECT_TRUE(folder.remove("f"));
  EXPECT_TRUE(folder.list().empty());
}

TEST_F(PrivateFolder, AFullDiskLeavesTheOldFileAndNoOther) {
  const PrivateDir folder = PrivateDir::open(path("p"));
  write(folder, "f", "old");
  for (const Call call : {Call::pwrite, Call::ftruncate}) {
    inject_fault(call, 1, ENOSPC);
    try {
      write(folder, "f", "new");
      ADD_FAILURE() << "written";
    } catch (const std::system_error& error) {
      EXPECT_EQ(error.code().value(), ENOSPC);
    }
    EXPECT_FALSE(clear_fault());
  }
  EXPECT_EQ(read_text(path("p/f")), "old");
  EXPECT_EQ(std::distance(fs::directory_iterator(path("p")), fs::directory_iterator()), 1);
}

TEST_F(PrivateFolder, FilesThatOthersCouldHaveMadeAreRefused) {
  const PrivateDir folder = PrivateDir::open(path("p"));
  write(folder, "loose", "x", 0622);
  EXPECT_NE(refusal(folder, "loose").find("written by others"), std::string::npos);
  fs::create_symlink(path("p/loose"), path("p/link"));
  EXPECT_NE(refusal(folder, "link").find("link"), std::string::npos);
  ASSERT_EQ(::mkfifo(path("p/fifo").c_str(), 0600), 0);
  EXPECT_NE(refusal(folder, "fifo").find("no regular file"), std::string::npos);
  EXPECT_FALSE(folder.open_file_if_sound("fifo").has_value());
  EXPECT_EQ(folder.list().size(), 1u);
  if (::geteuid() == 0) {
    write(folder, "given", "x");
    ASSERT_EQ(::chown(path("p/given").c_str(), 12345, 12345), 0);
    EXPECT_NE(refusal(folder, "given").find("belongs to user 12345"), std::string::npos);
  }
}

TEST_F(PrivateFolder, NewFoldersArePrivateAndOfNamesThatNothingHad) {
  const PrivateDir first = PrivateDir::make_new(path("deep/er"), "run-"),
                   second = PrivateDir::make_new(path("deep/er"), "run-");
  EXPECT_NE(first.path(), second.path());
  EXPECT_EQ(first.path().size(), path("deep/er/run-XXXXXX").size());
  EXPECT_EQ(fs::status(first.path()).permissions(), fs::perms::owner_all);
  write(first, "f", "x");
  EXPECT_TRUE(second.list().empty());
}

TEST_F(PrivateFolder, ARenamedFolderKeepsItsFilesAndItsLock) {
  PrivateDir folder = PrivateDir::open(path("old"));
  write(folder, "f", "x");
  const auto lock = FileLock::take(folder, "k.lock", milliseconds(0));
  folder.rename("new");
  EXPECT_EQ(folder.path(), path("new"));
  EXPECT_FALSE(fs::exists(path("old")));
  EXPECT_EQ(read_text(folder.path_of("f")), "x");
  EXPECT_FALSE(FileLock::take(PrivateDir::open(path("new")), "k.lock", milliseconds(0)).has_value());
  fs::create_directories(base_ / "taken" / "below");
  EXPECT_THROW(folder.rename("taken"), std::system_error);
  EXPECT_EQ(folder.path(), path("new"));
}

TEST_F(PrivateFolder, ALockHasOneHolderAndLeavesNoFile) {
  const PrivateDir folder = PrivateDir::open(path("p"));
  auto first = std::make_unique<std::optional<FileLock>>(FileLock::take(folder, "k.lock", milliseconds(0)));
  ASSERT_TRUE(first->has_value());
  EXPECT_FALSE(FileLock::take(folder, "k.lock", milliseconds(0)).has_value());
  std::optional<bool> got;
  std::thread waiter([&] { got = FileLock::take(folder, "k.lock", std::chrono::minutes(1)).has_value(); });
  first.reset();
  waiter.join();
  EXPECT_EQ(got, true);
  EXPECT_TRUE(folder.list().empty());
}

TEST_F(PrivateFolder, ALockFileLeftByAKilledProcessLocksNothing) {
  const PrivateDir folder = PrivateDir::open(path("p"));
  write(folder, "k.lock", "", 0600);
  EXPECT_TRUE(FileLock::take(folder, "k.lock", milliseconds(0)).has_value());
}

TEST_F(PrivateFolder, ManyThreadsTakeTurns) {
  const PrivateDir folder = PrivateDir::open(path("p"));
  std::atomic<int> inside{0}, turns{0};
  const auto work = [&] {
    for (int i = 0; i < 10; ++i) {
      const auto lock = FileLock::take(folder, "k.lock", std::chrono::minutes(1));
      ASSERT_TRUE(lock.has_value());
      ASSERT_EQ(++inside, 1);
      ++turns;
      --inside;
    }
  };
  std::thread a(work), b(work);
  a.join();
  b.join();
  EXPECT_EQ(turns, 20);
}

TEST_F(PrivateFolder, TheCacheFolderFollowsTheEnvironment) {
  const auto saved = [](const char* name) {
    return std::getenv(name) ? std::optional<std::string>(std::getenv(name)) : std::nullopt;
  };
  const auto own = saved("INSTBENCH_CACHE_DIR"), xdg = saved("XDG_CACHE_HOME"), home = saved("HOME");
  ::setenv("INSTBENCH_CACHE_DIR", "/own", 1);
  ::setenv("XDG_CACHE_HOME", "/xdg", 1);
  ::setenv("HOME", "/home/me", 1);
  EXPECT_EQ(user_cache_dir(), "/own");
  ::setenv("INSTBENCH_CACHE_DIR", "own", 1);
  try {
    user_cache_dir();
    ADD_FAILURE() << "a relative folder was taken";
  } catch (const std::system_error& error) {
    EXPECT_TRUE(std::string(error.what()).starts_with("INSTBENCH_CACHE_DIR='own' is not an absolute path")) << error.what();
  }
  ::unsetenv("INSTBENCH_CACHE_DIR");
  EXPECT_EQ(user_cache_dir(), "/xdg/instbench");
  ::setenv("XDG_CACHE_HOME", "relative", 1);
  EXPECT_EQ(user_cache_dir(), "/home/me/.cache/instbench");
  ::unsetenv("HOME");
  EXPECT_EQ(user_cache_dir(), std::nullopt);
  const auto restore = [](const char* name, const auto& value) {
    value ? ::setenv(name, value->c_str(), 1) : ::unsetenv(name);
  };
  restore("INSTBENCH_CACHE_DIR", own);
  restore("XDG_CACHE_HOME", xdg);
  restore("HOME", home);
}

}  // namespace
}  // namespace instbench::os
