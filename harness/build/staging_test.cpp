#include "harness/build/staging.hpp"

#include <gtest/gtest.h>

#include <set>

#include "harness/build/entries.hpp"
#include "harness/build/scratch.hpp"
#include "runtime/os/file.hpp"
#include "runtime/os/process.hpp"

namespace instbench::bench {
namespace {

struct Originals {
  Scratch scratch;
  std::string cache = scratch / "cache", worker = scratch / "worker";
  std::vector<std::string> modules;

  Originals() {
    os::write_atomically(worker, "#!/bin/sh\necho ran\n");
    for (const char* name : {"a.wasm", "b.wat", "none", "long.extension-of-a-file", "real#1", "x.wasm"}) {
      os::write_atomically(scratch / name, name);
      modules.push_back(scratch / name);
    }
    modules.back() += "#12";  // a core module of a component
  }
};

fs::perms mode_of(const std::string& path) { return fs::status(path).permissions(); }

TEST(Staging, CopiesOfEqualLengthThatAreFilesOfTheirOwn) {
  const Originals originals;
  Staging staging(originals.cache);
  std::set<size_t> worker_lengths, module_lengths;
  std::set<std::string> paths;
  for (const char place : {'A', 'B', 'C'}) {
    const StagedArm arm = staging.stage(place, originals.worker, originals.modules);
    EXPECT_EQ(arm.worker, staging.path() + "/" + place + "/instbench");
    EXPECT_EQ(os::run_child({arm.worker}, "", std::chrono::minutes(1)).out, "ran\n");
    EXPECT_EQ(mode_of(arm.worker), fs::perms::owner_all);
    worker_lengths.insert(arm.worker.size());
    ASSERT_EQ(arm.modules.size(), originals.modules.size());
    for (const std::string& path : originals.modules) {
      std::string copy = arm.modules.at(path);
      if (path.ends_with("#12")) {
        ASSERT_TRUE(copy.ends_with(".wasm#12")) << copy;
        copy.resize(copy.size() - 3);
      }
      EXPECT_EQ(os::read_text(copy), fs::path(path).filename().string().substr(0, path.ends_with("#12") ? 6 : 99));
      EXPECT_EQ(mode_of(copy), fs::perms::owner_read | fs::perms::owner_write);
      EXPECT_EQ(fs::hard_link_count(copy), 1u);
      EXPECT_EQ(copy.find('#'), copy.npos) << copy;
      module_lengths.insert(copy.size());
      paths.insert(copy);
    }
    EXPECT_TRUE(arm.modules.at(originals.modules[1]).ends_with(".wat"));
  }
  EXPECT_EQ(worker_lengths.size(), 1u);
  EXPECT_EQ(module_lengths.size(), 1u);
  EXPECT_EQ(paths.size(), 3 * originals.modules.size());
}

TEST(Staging, StagedAgainAnArmHasTheNewFilesOnly) {
  const Originals originals;
  Staging staging(originals.cache);
  const StagedArm before = staging.stage('A', originals.worker, originals.modules);
  os::write_atomically(originals.modules[1], "changed");
  const StagedArm after = staging.stage('A', originals.worker, {originals.modules[1]});
  EXPECT_EQ(os::read_text(after.modules.at(originals.modules[1])), "changed");
  EXPECT_FALSE(fs::exists(before.modules.at(originals.modules[1])));
}

TEST(Staging, IsPrivateAndGoneAtTheEnd) {
  const Originals originals;
  std::string path;
  {
    Staging staging(originals.cache);
    path = staging.path();
    EXPECT_TRUE(path.starts_with(originals.cache + "/compare-")) << path;
    EXPECT_EQ(path.size(), (originals.cache + "/compare-XXXXXX").size());
    EXPECT_EQ(mode_of(path), fs::perms::owner_all);
    staging.stage('A', originals.worker, originals.modules);
  }
  EXPECT_FALSE(fs::exists(path));
  EXPECT_TRUE(fs::is_empty(originals.cache));
}

TEST(Staging, AMissingFileIsNamed) {
  const Originals originals;
  Staging staging(originals.cache);
  try {
    staging.stage('A', originals.worker, {originals.scratch / "absent.wasm"});
    FAIL() << "staged";
  } catch (const std::system_error& error) {
    EXPECT_NE(std::string(error.what()).find("absent.wasm"), std::string::npos) << error.what();
  }
}

TEST(Staging, RemovesWhatKilledRunsLeftAndNothingElse) {
  const Scratch scratch;
  const auto leave = [&](const std::string& prefix, std::chrono::hours age) {
    const std::string path = os::PrivateDir::make_new(scratch.path().string(), prefix).path();
    os::write_atomically(path + "/A/instbench", "x");
    fs::last_write_time(path, fs::file_time_type::clock::now() - age);
    return path;
  };
  using std::chrono::hours;
  const std::string old = leave("compare-", hours(25)), young = leave("compare-", hours(0));
  const std::string held = leave("compare-", hours(25)), other = leave("other-", hours(25));
  const std::string old_draft = leave(".compare-", hours(25)), young_draft = leave(".compare-", hours(23));
  os::write_atomically(young + "/lock", "");  // a killed run's
  const auto folder = os::PrivateDir::open(held);
  const auto lock = os::FileLock::take(folder, "lock", std::chrono::milliseconds(0));
  fs::last_write_time(held, fs::file_time_type::clock::now() - hours(25));
  const Staging staging(scratch.path().string());
  for (const std::string& path : {old, young, old_draft}) EXPECT_FALSE(fs::exists(path)) << path;
  for (const std::string& path : {held, other, young_draft}) EXPECT_TRUE(fs::exists(path)) << path;
}

TEST(Staging, TwoAtOnceLeaveEachOtherAlone) {
  const Originals originals;
  Staging first(originals.cache);
  const StagedArm arm = first.stage('A', originals.worker, originals.modules);
  {
    const Staging second(originals.cache);
    EXPECT_TRUE(fs::exists(second.path()));
    EXPECT_EQ(os::run_child({arm.worker}, "", std::chrono::minutes(1)).out, "ran\n");
  }
  EXPECT_EQ(os::run_child({arm.worker}, "", std::chrono::minutes(1)).out, "ran\n");
}

TEST(Entries, TheNewestFirst) {
  const Scratch scratch;
  for (const auto& [name, age] : {std::pair("a-1", 3), std::pair("a-2", 1), std::pair("b-1", 2)}) {
    os::write_atomically(scratch / name, "");
    fs::last_write_time(scratch / name, fs::file_time_type::clock::now() - std::chrono::hours(age));
  }
  const auto names = [&](const std::string& begin) {
    std::vector<std::string> all;
    for (const Entry& entry : entries_of(scratch.path().string(), begin)) all.push_back(entry.name);
    return all;
  };
  EXPECT_EQ(names(""), (std::vector<std::string>{"a-2", "b-1", "a-1"}));
  EXPECT_EQ(names("a-"), (std::vector<std::string>{"a-2", "a-1"}));
  EXPECT_TRUE(entries_of(scratch / "absent", "").empty());
}

}  // namespace
}  // namespace instbench::bench
