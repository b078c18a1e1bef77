// For tests: a folder of one test, removed with it.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

namespace instbench::bench {

namespace fs = std::filesystem;

class Scratch {
 public:
  Scratch()
      : path_(fs::path(testing::TempDir()) /
              ("instbench_build_" + std::string(testing::UnitTest::GetInstance()->current_test_info()->name()))) {
    fs::remove_all(path_);
    fs::create_directories(path_);
  }
  ~Scratch() { fs::remove_all(path_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  const fs::path& path() const { return path_; }
  std::string operator/(const std::string& leaf) const { return (path_ / leaf).string(); }

 private:
  fs::path path_;
};

}  // namespace instbench::bench
