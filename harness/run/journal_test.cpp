#include "harness/run/journal.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "harness/run/experiment.hpp"
#include "harness/run/provenance.hpp"

namespace instbench::bench {
namespace {

class JournalFile : public testing::Test {
 protected:
  JournalFile() { std::filesystem::remove(path_); }
  ~JournalFile() override { std::filesystem::remove(path_); }
  std::string path_ = testing::TempDir() + "instbench_journal_test.jsonl";
};

Json header_with_seed(uint64_t seed) {
  Experiment experiment;
  experiment.settings.seed = seed;
  return header_of(experiment, "id", "now");
}

std::string resume_error(const std::string& path, const Json& header) {
  try {
    RunJournal::resume(path, header);
  } catch (const JournalError& error) {
    return error.what();
  }
  return "resumed";
}

TEST_F(JournalFile, ResumeGivesBackWhatWasRecordedLessTheCutLine) {
  {
    RunJournal journal = RunJournal::create(path_, header_with_seed(1));
    journal.append({{"step", 0}});
    journal.append({{"step", 1}});
  }
  std::ofstream(path_, std::ios::app) << "{\"step\": 2, \"cu";
  RunJournal again = RunJournal::resume(path_, header_with_seed(1));
  EXPECT_EQ(again.recorded().lines.size(), 2U);
  again.append({{"step", 2}});
  EXPECT_EQ(read_journal(path_).lines.back()["step"], 2);
}

TEST_F(JournalFile, AnotherPlanBinaryOrMachineIsRefused) {
  RunJournal::create(path_, header_with_seed(1));
  EXPECT_NE(resume_error(path_, header_with_seed(2)).find("another plan"), std::string::npos);
  Json header = header_with_seed(1);
  header["tool"]["git"] = "0123456789ab";
  EXPECT_NE(resume_error(path_, header).find("another binary (git"), std::string::npos);
  header = header_with_seed(1);
  header["machine"]["kernel"] = "2.4.0";
  EXPECT_NE(resume_error(path_, header).find("another machine or setting (kernel"), std::string::npos);
  EXPECT_EQ(resume_error(path_, header_with_seed(1)), "resumed");
}

TEST_F(JournalFile, WhatIsNoJournalIsLeftAlone) {
  EXPECT_NE(resume_error(path_, header_with_seed(1)).find("no journal to read"), std::string::npos);
  std::ofstream(path_) << "{\"a\": 1}\nnot the end of a line";
  EXPECT_NE(resume_error(path_, header_with_seed(1)).find("not the header"), std::string::npos);
  EXPECT_EQ(std::filesystem::file_size(path_), 30U);
  std::ofstream(path_) << "cut in its header";
  EXPECT_NE(resume_error(path_, header_with_seed(1)).find("not the header"), std::string::npos);
  std::ofstream(path_) << "no json\n";
  EXPECT_NE(resume_error(path_, header_with_seed(1)).find(":1: not a JSON object"), std::string::npos);
}

TEST_F(JournalFile, BytesThatAreNotUtf8DoNotStopTheRun) {
  RunJournal journal = RunJournal::create(path_, header_with_seed(1));
  journal.append({{"reason", "caf\xe9"}});
  EXPECT_EQ(read_journal(path_).lines.size(), 1U);
}

TEST(JournalPath, LiesBesideTheResult) {
  EXPECT_EQ(journal_path("a/b.json"), "a/b.jsonl");
  EXPECT_EQ(journal_path("a/b"), "a/b.jsonl");
}

TEST(WithoutFolders, KeepsNamesAndDropsPlaces) {
  EXPECT_EQ(without_folders("/home/someone/x.wasm"), "x.wasm");
  EXPECT_EQ(without_folders("--out=/home/someone/r.json"), "--out=r.json");
  EXPECT_EQ(without_folders("../../secret/x.wasm#1"), "x.wasm#1");
  EXPECT_EQ(without_folders("core:pool,reset=madvise"), "core:pool,reset=madvise");
  EXPECT_EQ(without_folders("--touch=write=1"), "--touch=write=1");
  EXPECT_EQ(without_folders("results/local/a.json"), "results/local/a.json");
}

}  // namespace
}  // namespace instbench::bench
