#include "runtime/os/file.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <system_error>
#include <thread>

namespace instbench::os {
namespace {

namespace fs = std::filesystem;

class File : public testing::Test {
 protected:
  File() : folder_(fs::path(testing::TempDir()) / ("instbench_file_" + std::string(name()))) {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  ~File() override { fs::remove_all(folder_); }
  static const char* name() { return testing::UnitTest::GetInstance()->current_test_info()->name(); }
  std::string path(const std::string& leaf) const { return (folder_ / leaf).string(); }
  size_t files() const { return static_cast<size_t>(std::distance(fs::directory_iterator(folder_), {})); }

 private:
  fs::path folder_;
};

TEST_F(File, WritesWholeAndMakesFolders) {
  write_atomically(path("a/b/c.json"), "one");
  write_atomically(path("a/b/c.json"), "two");
  EXPECT_EQ(read_text(path("a/b/c.json")), "two");
  EXPECT_EQ(std::distance(fs::directory_iterator(path("a/b")), fs::directory_iterator()), 1);
}

TEST_F(File, AFailedWriteLeavesTheOldFileAndNoOther) {
  fs::create_directory(path("target"));
  write_atomically(path("target/old"), "kept");
  EXPECT_THROW(write_atomically(path("target"), "x"), std::system_error);  // rename over a full folder
  EXPECT_EQ(files(), 1U);
  EXPECT_EQ(read_text(path("target/old")), "kept");
}

TEST_F(File, ReadErrorsNameThePath) {
  try {
    read_text(path("absent"));
    FAIL() << "read";
  } catch (const std::system_error& error) {
    EXPECT_NE(std::string(error.what()).find("absent"), std::string::npos);
  }
  EXPECT_THROW(read_bytes(path("")), std::system_error);  // a folder
}

std::string refusal(const std::function<void()>& read) {
  try {
    read();
  } catch (const std::system_error& error) {
    return error.what();
  }
  return "read";
}

TEST_F(File, WhatHasNoEndOrNoWriterIsRefused) {
  ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
  for (const std::string& place : {std::string("/dev/zero"), path("pipe")}) {
    EXPECT_TRUE(refusal([&] { read_bytes(place); }).starts_with("read('" + place + "'): not a regular file")) << place;
  }
  EXPECT_TRUE(refusal([&] { read_text_or_pipe("/dev/zero", 10); }).starts_with("read('/dev/zero'): not a regular file or pipe"));
}

TEST_F(File, APipeIsReadUpToACap) {
  ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
  const auto read_while_written = [&](size_t most) {
    std::thread writer([&] { std::ofstream(path("pipe")) << "0123456789" << std::flush; });
    std::string text;
    const std::string said = refusal([&] { text = read_text_or_pipe(path("pipe"), most); });
    writer.join();
    return said == "read" ? text : said;
  };
  EXPECT_EQ(read_while_written(10), "0123456789");
  EXPECT_TRUE(read_while_written(9).starts_with("read('" + path("pipe") + "'): more than 9 bytes"));
}

TEST_F(File, ReadsFilesWhoseSizeIsNotKnown) { EXPECT_FALSE(read_text("/proc/self/stat").empty()); }

TEST_F(File, JournalDropsALineWithoutItsEnd) {
  std::ofstream(path("j")) << "one\ntwo\nthr" << std::string(10000, 'e');
  {
    Journal journal = Journal::open(path("j"), false);
    journal.append("four");
  }
  EXPECT_EQ(read_text(path("j")), "one\ntwo\nfour\n");
  std::ofstream(path("k")) << "no end at all";
  Journal::open(path("k"), false);
  EXPECT_EQ(read_text(path("k")), "");
}

TEST_F(File, JournalTruncatesWhenAsked) {
  std::ofstream(path("j")) << "one\n";
  Journal::open(path("j"), true).append("two");
  EXPECT_EQ(read_text(path("j")), "two\n");
}

TEST_F(File, ASecondWriterIsRefused) {
  const Journal first = Journal::open(path("j"), false);
  try {
    Journal::open(path("j"), false);
    FAIL() << "opened twice";
  } catch (const std::system_error& error) {
    EXPECT_NE(std::string(error.what()).find("another process"), std::string::npos);
  }
}

TEST_F(File, AFullDiskIsAnError) {
  Journal journal = Journal::open("/dev/full", false);
  EXPECT_THROW(journal.append("x"), std::system_error);
}

}  // namespace
}  // namespace instbench::os
