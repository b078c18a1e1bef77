#include "runtime/os/beneath.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <set>

#include "runtime/os/clock.hpp"

namespace instbench::os {
namespace {

namespace fs = std::filesystem;

class Beneath : public testing::Test {
 protected:
  Beneath()  // one folder a test: they run at the same time
      : top_(fs::path(testing::TempDir()) /
             (std::string("instbench_beneath_") + testing::UnitTest::GetInstance()->current_test_info()->name())) {
    fs::remove_all(top_);
    fs::create_directories(top_ / "inside/d");
    std::ofstream(top_ / "inside/f") << "text";
    std::ofstream(top_ / "secret") << "secret";
    fs::create_symlink("../secret", top_ / "inside/out");
    fs::create_symlink("d", top_ / "inside/within");
    directory_ = open_directory((top_ / "inside").string());
  }
  ~Beneath() override { fs::remove_all(top_); }
  const fs::path& top() const { return top_; }
  const Fd& directory() const { return directory_; }
  int open_error(const std::string& path, const OpenHow& how = {}) const {
    return open_beneath(directory_, path, how).error;
  }

 private:
  fs::path top_;
  Fd directory_;
};

TEST_F(Beneath, PathsThatLeadOutAreToldFromOtherErrors) {
  EXPECT_EQ(open_error("f"), 0);
  EXPECT_EQ(open_error("within/../f"), 0);
  EXPECT_EQ(open_error("absent"), ENOENT);
  EXPECT_EQ(open_error("../secret"), kLeadsOut);
  EXPECT_EQ(open_error("out"), kLeadsOut);
  EXPECT_EQ(open_error((top() / "secret").string()), kLeadsOut);
  EXPECT_EQ(open_error("out", {.follow = Follow::no}), ELOOP);
  EXPECT_EQ(unlink_beneath(directory(), "../secret"), kLeadsOut);
  EXPECT_EQ(unlink_beneath(directory(), "/f"), kLeadsOut);
  EXPECT_EQ(make_directory_beneath(directory(), "d/../../new"), kLeadsOut);
  EXPECT_EQ(rename_beneath(directory(), "f", directory(), "../stolen"), kLeadsOut);
  EXPECT_EQ(symlink_beneath("d/../..", directory(), "link"), kLeadsOut);
  EXPECT_TRUE(fs::exists(top() / "secret"));
}

TEST_F(Beneath, NamesOfTheFolderItselfAreNoNames) {
  EXPECT_EQ(unlink_beneath(directory(), ".."), EINVAL);
  EXPECT_EQ(remove_directory_beneath(directory(), "d/."), EINVAL);
  EXPECT_EQ(rename_beneath(directory(), "d/..", directory(), "x"), EINVAL);
  EXPECT_EQ(make_directory_beneath(directory(), ".."), EEXIST);
  EXPECT_EQ(unlink_beneath(directory(), ""), ENOENT);
}

TEST_F(Beneath, OpenDirectoryNamesWhatItCannotOpen) {
  try {
    open_directory((top() / "inside/f").string());
    FAIL() << "opened a file";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code().value(), ENOTDIR);
    EXPECT_NE(std::string(error.what()).find("inside/f"), std::string::npos);
  }
}

TEST_F(Beneath, MoreBuffersThanOneCallTakesAreAShortTransfer) {
  const Opened file = open_beneath(directory(), "g", {.access = FileAccess::read_write, .create = true});
  ASSERT_EQ(file.error, 0);
  std::byte byte{'x'};
  std::array<Range, kMostBuffers + 1> many;
  many.fill({&byte, 1});
  EXPECT_EQ(write_file(file.fd, many, std::nullopt).count, kMostBuffers);
  EXPECT_EQ(read_file(file.fd, many, 10).count, kMostBuffers - 10);
  EXPECT_EQ(read_file(file.fd, many, UINT64_MAX).error, EINVAL);
  FileInfo info;
  EXPECT_EQ(file_info(file.fd, info), 0);
  EXPECT_EQ(info.size, kMostBuffers);
  EXPECT_EQ(info.kind, FileKind::regular);
}

TEST_F(Beneath, AReaderGoesOnWhereItIsTold) {
  std::set<std::string> names;
  uint64_t place = 0;
  for (;;) {
    DirectoryReader reader(directory(), place);
    DirectoryEntry entry;
    if (!reader.next(entry)) {
      EXPECT_EQ(reader.error(), 0);
      break;
    }
    EXPECT_TRUE(names.insert(std::string(entry.name)).second) << entry.name;
    EXPECT_EQ(entry.kind == FileKind::symlink, entry.name == "out" || entry.name == "within");
    place = entry.next;
  }
  EXPECT_EQ(names, (std::set<std::string>{".", "..", "d", "f", "out", "within"}));
  const Opened file = open_beneath(directory(), "f", {});
  DirectoryReader none(file.fd, 0);
  DirectoryEntry entry;
  EXPECT_FALSE(none.next(entry));
  EXPECT_EQ(none.error(), ENOTDIR);
}

TEST(Clocks, SleepIsAsLongAsSaid) {
  const uint64_t before = clock_now_ns(ClockKind::monotonic);
  EXPECT_EQ(sleep_for(3'000'000), Sleep::whole);
  EXPECT_GE(clock_now_ns(ClockKind::monotonic) - before, 3'000'000u);
  EXPECT_GT(clock_resolution_ns(ClockKind::realtime), 0u);
}

}  // namespace
}  // namespace instbench::os
