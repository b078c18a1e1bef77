#include "runtime/os/copy.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "runtime/os/file.hpp"

namespace instbench::os {
namespace {

namespace fs = std::filesystem;

class Copy : public testing::Test {
 protected:
  Copy()
      : base_(fs::path(testing::TempDir()) /
              ("instbench_copy_" + std::string(testing::UnitTest::GetInstance()->current_test_info()->name()))) {
    fs::remove_all(base_);
    fs::create_directories(base_);
  }
  ~Copy() override { fs::remove_all(base_); }
  std::string path(const std::string& leaf) const { return (base_ / leaf).string(); }
  static int refusal(const std::string& from, const std::string& to) {
    try {
      copy_file_bytes(from, to, 0600);
    } catch (const std::system_error& error) {
      return error.code().value();
    }
    return 0;
  }

  fs::path base_;
};

TEST_F(Copy, HasTheBytesAndTheModeAndIsAFileOfItsOwn) {
  std::string text;
  for (size_t i = 0; text.size() < (size_t{5} << 19); ++i) text += std::to_string(i);  // some chunks and a rest
  write_atomically(path("from"), text);
  copy_file_bytes(path("from"), path("to"), 0700);
  EXPECT_EQ(read_text(path("to")), text);
  struct stat from {
  }, to{};
  ASSERT_EQ(::stat(path("from").c_str(), &from), 0);
  ASSERT_EQ(::stat(path("to").c_str(), &to), 0);
  EXPECT_NE(from.st_ino, to.st_ino);
  EXPECT_EQ(to.st_nlink, 1u);
  EXPECT_EQ(to.st_mode & 07777, 0700u);
}

TEST_F(Copy, AnEmptyFile) {
  write_atomically(path("from"), "");
  copy_file_bytes(path("from"), path("to"), 0600);
  EXPECT_EQ(read_text(path("to")), "");
}

TEST_F(Copy, TakesOverNoFileAndLeavesNone) {
  write_atomically(path("from"), "new");
  write_atomically(path("to"), "old");
  EXPECT_EQ(refusal(path("from"), path("to")), EEXIST);
  EXPECT_EQ(read_text(path("to")), "old");
  EXPECT_EQ(refusal(path("absent"), path("other")), ENOENT);
  EXPECT_EQ(refusal(path(""), path("other")), EISDIR);
  EXPECT_FALSE(fs::exists(path("other")));
}

}  // namespace
}  // namespace instbench::os
