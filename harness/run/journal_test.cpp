#include "harness/run/journal.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "harness/run/experiment.hpp"
#include "harness/run/provenance.hpp"
#include "harness/run/sample.hpp"

namespace instbench::bench {
namespace {

class JournalFile : public testing::Test {
 protected:
  JournalFile() { std::filesystem::remove(path_); }
  ~JournalFile() override { std::filesystem::remove(path_); }
  // One file a test: they run at the same time.
  std::string path_ = testing::TempDir() + "instbench_journal_" +
                      testing::UnitTest::GetInstance()->current_test_info()->name() + ".jsonl";
};

Experiment with_seed(uint64_t seed) {
  Experiment e;
  e.settings.seed = seed;
  e.settings.blocks = 2;
  Case c;
  c.module = "m";
  e.cases = {c};
  e.modules["m"].facts = {{"name", "m"}};
  e.arms = {{"core", "s", "core:a"}, {"core", "t", "core:b"}};
  e.plan = make_plan(1, 2, seed, 2, Pilots::one_per_cell);
  return e;
}

Json header_with_seed(uint64_t seed) { return header_of(with_seed(seed), "id", "now"); }

Json ok_sample() { return {{"protocol", 1}, {"status", "ok"}}; }

Json line(size_t step, const Json& sample = ok_sample()) {
  const Experiment e = with_seed(1);
  return line_of(e.plan.at(step), e.request_for(e.plan.at(step)), sample, 1.5);
}

Json killed() {
  os::ChildResult child;
  child.signal = 9;
  return sample_from(child, std::chrono::milliseconds(1));
}

std::string resume_error(const std::string& path, const Json& header) {
  try {
    RunJournal::resume(path, header, with_seed(1));
  } catch (const JournalError& error) {
    return error.what();
  }
  return "resumed";
}

TEST_F(JournalFile, ResumeGivesBackWhatWasRecordedLessTheCutLine) {
  {
    RunJournal journal = RunJournal::create(path_, header_with_seed(1));
    journal.append(line(0));
    journal.append(line(1));
  }
  std::ofstream(path_, std::ios::app) << "{\"step\": 2, \"cu";
  RunJournal again = RunJournal::resume(path_, header_with_seed(1), with_seed(1));
  EXPECT_EQ(again.recorded().lines.size(), 2U);
  again.append(line(2));
  EXPECT_EQ(parse_journal(os::read_text(path_), path_).lines.back()["step"], 2);
}

TEST_F(JournalFile, WithoutAFileItRecordsAllTheSame) {
  RunJournal journal = RunJournal::without_file(header_with_seed(1));
  journal.append(line(0));
  EXPECT_EQ(journal.recorded().header, header_with_seed(1));
  EXPECT_EQ(journal.recorded().lines.size(), 1U);
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
  EXPECT_EQ(resume_error(path_, header_of(with_seed(1), "another id", "later")), "resumed");
}

TEST_F(JournalFile, AnotherWorkerOfTheSameArmIsRefused) {
  const auto with_worker = [](const std::string& sha256) {
    Experiment e = with_seed(1);
    e.arms[1].worker_sha256 = sha256;
    return header_of(e, "id", "now");
  };
  const std::string old_worker(64, '1'), new_worker(64, '2');
  EXPECT_EQ(with_worker(old_worker).at("arms")[1].at("worker_sha256"), old_worker);
  EXPECT_FALSE(with_worker("").at("arms")[1].contains("worker_sha256"));
  RunJournal::create(path_, with_worker(old_worker));
  EXPECT_EQ(resume_error(path_, with_worker(old_worker)), "resumed");
  const std::string begin =
                        "cannot resume " + path_ + ": it was begun by another worker of arm core:b (its SHA-256 was ",
                    end = "); go on with what it was begun with, or start anew with another --out or --force";
  EXPECT_EQ(resume_error(path_, with_worker(new_worker)), begin + "111111111111…, is 222222222222…" + end);
  EXPECT_EQ(resume_error(path_, with_worker("")), begin + "111111111111…, is not known" + end);
}

TEST_F(JournalFile, AHeaderThatTheFoldCannotTrustIsRefused) {
  for (const char* key : {"tool", "machine", "run", "cases", "arms", "expect", "plan_hash", "schema"}) {
    Json header = header_with_seed(1);
    header[key] = 5;
    std::ofstream(path_) << header.dump() << "\n";
    EXPECT_NE(resume_error(path_, header_with_seed(1)), "resumed") << key;
  }
  Json header = header_with_seed(1);
  header["expect"]["m"] = "instantiation fails: x";
  std::ofstream(path_) << header.dump() << "\n";
  EXPECT_NE(resume_error(path_, header_with_seed(1)).find(path_ + ":1: its \"expect\""), std::string::npos);
}

// What resuming says to a journal of these lines; the file is left as it was.
std::string judged(const std::string& path, const std::vector<Json>& lines) {
  std::string text = header_with_seed(1).dump() + "\n";
  for (const Json& one : lines) text += one.dump() + "\n";
  std::ofstream(path) << text << "cut";
  const std::string error = resume_error(path, header_with_seed(1));
  EXPECT_EQ(os::read_text(path), error == "resumed" ? text : text + "cut");
  return error;
}

Json with(const char* key, const Json& value) {
  Json changed = line(1);
  changed[key] = value;
  return changed;
}

TEST_F(JournalFile, EveryLineMustBeOfItsStep) {
  EXPECT_EQ(judged(path_, {line(0), line(1), line(4)}), "resumed");
  for (const auto& [key, value] : std::vector<std::pair<const char*, Json>>{{"step", 6},
                                                                            {"step", -1},
                                                                            {"step", 1.5},
                                                                            {"step", "1"},
                                                                            {"step", 18446744073709551615U},
                                                                            {"step", nullptr},
                                                                            {"step", 2},
                                                                            {"case", "n none s1"},
                                                                            {"arm", "core:a"},
                                                                            {"role", "block"},
                                                                            {"block", 1},
                                                                            {"position", "1"},
                                                                            {"at", 5},
                                                                            {"sample", 5},
                                                                            {"sample", {{"status", 5}}}}) {
    const std::string error = judged(path_, {line(0), with(key, value)});
    EXPECT_EQ(error.find(path_ + ":3: "), 0U) << key << " " << value << ": " << error;
  }
  EXPECT_EQ(judged(path_, {line(0), 5}).find(path_ + ":3: not a JSON object"), 0U);
}

// In a run the step is asked again; in a comparison what follows was planned by what was measured in its place.
TEST_F(JournalFile, WhatIsToBeDoneAboutALineIsSaidForItsKindOfRun) {
  EXPECT_TRUE(judged(path_, {line(0), with("block", 1)}).ends_with("; remove the line, or start anew with --force"));
  Experiment comparison = with_seed(1);
  comparison.settings.mode = Mode::compare;
  const Json header = header_of(comparison, "id", "now");
  std::ofstream(path_) << header.dump() << "\n" << line(0).dump() << "\n" << with("block", 1).dump() << "\n";
  try {
    RunJournal::resume(path_, header, comparison);
    ADD_FAILURE() << "resumed";
  } catch (const JournalError& error) {
    EXPECT_EQ(error.what(), path_ +
                                ":3: the block of step 1 is 1, planned was 0; take out this line and all below it, " +
                                "which were planned by it, or start anew with --force");
  }
}

TEST_F(JournalFile, AStepIsThereOnceUnlessItsWorkerWasKilled) {
  const std::string error = judged(path_, {line(0), line(1), line(0)});
  EXPECT_EQ(error.find(path_ + ":4: step 0 is there already, in line 2"), 0U) << error;
  EXPECT_EQ(judged(path_, {line(0, killed()), line(1), line(0, killed()), line(0)}), "resumed");
  EXPECT_NE(judged(path_, {line(0, failed_sample("wrong")), line(0)}), "resumed");
  EXPECT_NE(judged(path_, {line(0, killed()), line(0), line(0)}), "resumed");
}

TEST_F(JournalFile, IsLockedBeforeItIsRead) {
  const RunJournal first = RunJournal::create(path_, header_with_seed(1));
  std::ofstream(path_, std::ios::app) << "no JSON\n";
  EXPECT_THROW(RunJournal::resume(path_, header_with_seed(1), with_seed(1)), std::system_error);
}

TEST_F(JournalFile, WhatIsNoJournalIsLeftAlone) {
  EXPECT_NE(resume_error(path_, header_with_seed(1)).find("no journal to read"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(path_));
  std::ofstream(path_) << "{\"a\": 1}\nnot the end of a line";
  EXPECT_NE(resume_error(path_, header_with_seed(1)).find("not the header"), std::string::npos);
  EXPECT_EQ(std::filesystem::file_size(path_), 30U);
  std::ofstream(path_) << "cut in its header";
  EXPECT_NE(resume_error(path_, header_with_seed(1)).find("not the header"), std::string::npos);
  std::ofstream(path_) << "no json\n";
  EXPECT_NE(resume_error(path_, header_with_seed(1)).find(":1: not a JSON object"), std::string::npos);
}

TEST_F(JournalFile, BytesThatAreNotUtf8DoNotStopTheRun) {
  Experiment experiment = with_seed(1);
  experiment.cases[0].module = "caf\xe9";
  experiment.modules["caf\xe9"].facts = {{"name", "caf\xe9"}};
  const Json header = header_of(experiment, "id", "now");
  {
    RunJournal journal = RunJournal::create(path_, header);
    const Step& step = experiment.plan.front();
    journal.append(line_of(step, experiment.request_for(step), ok_sample(), 1));
  }
  EXPECT_EQ(RunJournal::resume(path_, header, experiment).recorded().lines.size(), 1U);
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
