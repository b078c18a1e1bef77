#include "harness/engines/engines.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "harness/engines/core/injection.hpp"
#include "harness/protocol/cell.hpp"
#include "harness/worker/stretch.hpp"
#include "runtime/instance/strategy.hpp"
#include "runtime/module/load.hpp"
#include "runtime/module/sha256.hpp"
#include "runtime/os/build_info.hpp"
#include "runtime/os/features.hpp"
#include "runtime/pool/test_modules.hpp"

namespace instbench::bench {
namespace {

class Worker : public testing::Test {
 protected:
  void SetUp() override {
    path_ = std::filesystem::temp_directory_path() /
            ("instbench-worker-test-" +
             std::to_string(std::hash<std::string>{}(testing::UnitTest::GetInstance()->current_test_info()->name())) +
             ".wat");
  }
  void TearDown() override { std::filesystem::remove(path_); }

  Request request(const char* wat, const std::string& strategy, Workload workload = {}, uint64_t slots = 1) {
    std::ofstream(path_) << wat;
    Request request;
    request.module_path = path_;
    request.cell.module = "test";
    request.cell.workload = workload;
    request.cell.slots = slots;
    request.arm = {"core", canonical(parse_strategy(strategy)), "core:" + strategy};
    request.batch_ms = 1;
    return request;
  }
  static Json ask(const Request& request) { return Json::parse(run_request(to_json(request).dump(), engines())); }

 private:
  std::filesystem::path path_;
};

Workload writing(uint64_t pages) {
  Workload workload;
  workload.kind = Workload::Kind::touch;
  workload.write = pages;
  return workload;
}

TEST_F(Worker, AWholeSample) {
  const Json sample = ask(request(testing_modules::kRich, "pool-lazy", writing(4), 3));
  ASSERT_EQ(sample["status"], "ok") << sample["reason"];
  EXPECT_EQ(sample["verified"], true);
  EXPECT_EQ(sample["verified_slots"], 3);
  EXPECT_GT(sample["batch"]["iterations"], 0);
  EXPECT_GT(sample["batch"]["real_ns"], 0);
  EXPECT_EQ(sample["first"]["path"], "slot=cold memory=mapped tables=lazy reset=madvise");
  EXPECT_EQ(sample["counters"]["cycle"], (Json{{"syscalls.madvise", 1.0},
                                               {"faults.minor", 4.0},
                                               {"bytes.copied", sample["counters"]["instantiate"]["bytes.copied"]}}));
  EXPECT_EQ(sample["counters"]["release"]["syscalls.madvise"], 1.0);
  EXPECT_EQ(sample["counters"]["instantiate"]["syscalls.madvise"], 0.0);
  EXPECT_EQ(sample["counters"]["work"]["faults.minor"], 4.0);
  EXPECT_EQ(sample["memory"]["instances"], 3);
  EXPECT_GT(sample["floor"]["madvise_clean_ns"], 0);
  // Cycles after the warm-up only: the cold ones before it are not in the histogram.
  ASSERT_EQ(sample["paths"].size(), 1U) << sample["paths"];
  EXPECT_TRUE(sample["paths"].contains("slot=hit memory=kept tables=lazy reset=madvise"));
}

// The parent says which bytes the module has, so bodies need not be validated again, but for the proof.
TEST_F(Worker, RetainedTablesCostNoEntryAndNoFaultAgain) {
  constexpr const char* kTable = R"((module (memory 1) (table 900 funcref) (func $f) (elem (i32.const 0) $f $f $f $f)
    (func (export "read") (result funcref) (table.get 0 (i32.const 3)))))";
  Workload looking;
  looking.kind = Workload::Kind::touch;
  looking.calls = 3;
  const auto cycle = [&](const char* strategy, const std::string& path) {
    Request asked = request(kTable, strategy, looking, 2);
    asked.module_sha256 = sha256_hex(assemble_wat(kTable, "test.wat"));
    const Json sample = ask(asked);
    EXPECT_EQ(sample["status"], "ok") << sample["reason"];
    EXPECT_EQ(sample["verified"], true);
    for (const auto& [taken, count] : sample["paths"].items()) EXPECT_TRUE(taken.starts_with(path)) << taken;
    return sample["counters"]["cycle"];
  };
  const Json lazy = cycle("pool-lazy", "slot=hit memory=kept tables=lazy ");
  EXPECT_EQ(lazy["table.entries"], 3.0);
  EXPECT_GE(lazy["faults.minor"], 1.0);
  const Json retained = cycle("pool-lazy,tables=retained", "slot=hit memory=kept tables=retained ");
  EXPECT_EQ(retained.value("table.entries", 0.0), 0.0);
  EXPECT_EQ(retained.value("faults.minor", 0.0), 0.0);
  EXPECT_EQ(retained["syscalls.madvise"], lazy["syscalls.madvise"]);
  cycle("best", "slot=hit memory=kept tables=retained ");
  cycle("pool,tables=precomputed", "slot=hit memory=kept tables=precomputed ");
}

TEST_F(Worker, AModuleWithoutATableToRetainIsSkipped) {
  const Json sample = ask(request(testing_modules::kBare, "pool-lazy,tables=retained"));
  EXPECT_EQ(sample["status"], "skipped");
  EXPECT_EQ(sample["reason"], "tables=retained: the module has no table");
}

TEST_F(Worker, IterationsAreThoseAsked) {
  Request asked = request(testing_modules::kRich, "pool-lazy");
  asked.iterations = 123;
  EXPECT_EQ(ask(asked)["batch"]["iterations"], 123);
}

TEST_F(Worker, TheIndependentCountAgreesForEveryPreset) {
  if (!os::feature("ptrace").ok) GTEST_SKIP() << os::feature("ptrace").why_not;
  if (*os::build_info().sanitizers != '\0') GTEST_SKIP() << "the sanitizer makes system calls of its own";
  for (const Preset& preset : presets()) {
    for (const uint64_t slots : {1, 5}) {
      Workload workload = writing(4);
      workload.grow = 1;
      Request asked = request(testing_modules::kRich, std::string(preset.name), workload, slots);
      asked.passes = {"counters", "trace"};
      const Json sample = ask(asked);
      ASSERT_EQ(sample["status"], "ok") << sample["reason"];
      Json counted = Json::object();
      for (const auto& [name, value] : sample["counters"]["cycle"].items()) {
        if (name.starts_with("syscalls.") && value != 0.0) counted[name] = value;
      }
      Json traced = sample["trace"]["cycle"];
      if (preset.strategy.reset == Reset::restore) {  // made in one reset of many: those of another run are others
        for (Json* counts : {&traced, &counted}) {
          for (const char* now_and_then : {"syscalls.ioctl", "syscalls.process_madvise", "syscalls.madvise"})
            counts->erase(now_and_then);
        }
      }
      EXPECT_EQ(traced, counted) << preset.name;
    }
  }
}

// What the counters of an injected sample have beyond those of the usual one, in one phase.
Json added(const Json& usual, const Json& injected, const char* phase) {
  Json more = Json::object();
  for (const auto& [name, value] : injected["counters"][phase].items()) {
    const double before = usual["counters"][phase].value(name, 0.0);
    if (value != before) more[name] = value.get<double>() - before;
  }
  return more;
}

TEST_F(Worker, AnInjectedSlowdownIsCountedInInstantiateOnly) {
  Request asked = request(testing_modules::kRich, "pool-lazy", writing(4), 3);
  asked.passes = {"verify", "counters", "verify_after"};
  const Json usual = ask(asked);
  EXPECT_FALSE(usual.contains("injected"));
  const std::map<std::string, Json> expected{
      {"syscall", {{"syscalls.getppid", 1.0}}}, {"page", {{"bytes.copied", 4096.0}}}, {"0%", Json::object()}};
  for (const auto& [what, more] : expected) {
    asked.inject = parse_injection(what);
    const Json sample = ask(asked);
    ASSERT_EQ(sample["status"], "ok") << sample["reason"];
    EXPECT_EQ(sample["injected"]["what"], what);
    EXPECT_EQ(added(usual, sample, "instantiate"), more) << what;
    EXPECT_EQ(added(usual, sample, "cycle"), more) << what;
    EXPECT_EQ(added(usual, sample, "work"), Json::object()) << what;
    EXPECT_EQ(added(usual, sample, "release"), Json::object()) << what;
  }
}

TEST_F(Worker, TheIndependentCountSeesTheInjectedCall) {
  if (!os::feature("ptrace").ok) GTEST_SKIP() << os::feature("ptrace").why_not;
  if (*os::build_info().sanitizers != '\0') GTEST_SKIP() << "the sanitizer makes system calls of its own";
  Request asked = request(testing_modules::kRich, "pool-lazy", writing(4));
  asked.passes = {"counters", "trace"};
  for (const auto& [what, calls] : std::map<std::string, Json>{{"syscall", 1.0}, {"page", nullptr}, {"50%", nullptr}}) {
    asked.inject = parse_injection(what);
    const Json sample = ask(asked);
    ASSERT_EQ(sample["status"], "ok") << sample["reason"];
    EXPECT_EQ(sample["trace"]["cycle"].value("syscalls.getppid", Json(nullptr)), calls) << what;
    EXPECT_EQ(sample["counters"]["cycle"].value("syscalls.getppid", Json(nullptr)), calls) << what;
  }
}

// Of itself, so this is no claim about the machine: what took n takes at least n and the share.
TEST(Stretch, GrowsATimeByAShareOfItself) {
  const uint64_t begin = os::now_ns();
  while (os::now_ns() < begin + 100000) {
  }
  const uint64_t before = os::now_ns();
  stretch(begin, 0.5);
  EXPECT_GE(os::now_ns() - begin, (before - begin) * 3 / 2);
}

TEST_F(Worker, AStretchedBatchIsAsLongAsAsked) {
  Request asked = request(testing_modules::kRich, "pool-lazy", writing(4));
  asked.passes = {"batch", "phases"};
  asked.iterations = 40;
  asked.parts = 4;
  asked.inject = parse_injection("50%");
  const Json sample = ask(asked);
  ASSERT_EQ(sample["status"], "ok") << sample["reason"];
  EXPECT_EQ(sample["injected"], (Json{{"what", "50%"}}));
  EXPECT_EQ(sample["batch"]["iterations"], 40);
  EXPECT_EQ(sample["batch"]["parts_ns"].size(), 4U);
}

TEST_F(Worker, EverySampleSaysWhatBuildItIsOf) {
  const Json tool = ask(request("(module (memory i64 1))", "pool-lazy"))["tool"];
  EXPECT_EQ(tool["version"], os::build_info().version);
  EXPECT_EQ(tool["git"], os::build_info().commit);
  EXPECT_EQ(tool["build_type"], os::build_info().build_type);
  EXPECT_EQ(tool["assertions"], os::build_info().assertions);
  EXPECT_EQ(tool["sanitizers"], os::build_info().sanitizers);
}

TEST_F(Worker, WhatCannotBeDoneIsSkippedWithItsReason) {
  Json sample = ask(request("(module (memory i64 1))", "pool-lazy"));
  EXPECT_EQ(sample["status"], "skipped");
  EXPECT_NE(sample["reason"].get<std::string>().find("64-bit memory"), std::string::npos);
  sample = ask(request(testing_modules::kRich, "pool-lazy", writing(49)));
  EXPECT_EQ(sample["status"], "skipped");
  EXPECT_NE(sample["reason"].get<std::string>().find("do not fit"), std::string::npos);
  Request foreign = request(testing_modules::kRich, "pool-lazy");
  foreign.arm.engine = "elsewhere";
  EXPECT_EQ(ask(foreign)["status"], "skipped");
  EXPECT_EQ(ask(request("(module (memory 32768))", "pool-copy", {}, 64))["status"], "skipped");  // 128 GiB resident
}

TEST_F(Worker, EveryThreadHasInstancesOfItsOwnAndAllAreCompared) {
  Request threads = request(testing_modules::kRich, "pool-lazy");
  threads.cell.threads = 3;
  threads.cell.slots = 2;
  threads.cell.workload.kind = Workload::Kind::touch;
  threads.cell.workload.write = 1;
  const Json sample = ask(threads);
  ASSERT_EQ(sample["status"], "ok") << sample["reason"];
  EXPECT_TRUE(sample["verified"].get<bool>());
  EXPECT_EQ(sample["verified_slots"], 6);
  EXPECT_GT(sample["batch"]["real_ns"].get<double>(), 0);
  EXPECT_EQ(sample["counters"]["cycle"]["syscalls.madvise"], 1);  // of the measured thread
  EXPECT_GT(sample["floor"]["copy_beside_ns"], 0);
}

TEST_F(Worker, TheFloorOfCallsIsThatOfAnInstanceThatGoesOn) {
  const auto floor_of = [&](const char* first, const char* further) {
    const std::string wat = std::string(R"((module (global $n (mut i32) (i32.const 0)) (func (export "next") (result i32)
        (global.set $n (i32.add (global.get $n) (i32.const )") + further + "))) (global.get $n)))";
    Request calls = request(wat.c_str(), "pool-lazy");
    calls.cell.workload.kind = Workload::Kind::call;
    calls.cell.workload.label = "call";
    calls.cell.workload.script = std::string(R"({"steps": [{"call": "next", "expect": )") + first + "}]}";
    const Json sample = ask(calls);
    EXPECT_EQ(sample["status"], "ok") << sample["reason"];
    return sample.value("floor", Json());
  };
  EXPECT_GT(floor_of("0", "0")["kept_call_ns"], 0);
  EXPECT_EQ(floor_of("1", "1"), nullptr);  // the second answer is 2
  EXPECT_GT(floor_of("\"nonzero\"", "1073741824")["kept_call_ns"], 0);  // 0 at the fourth call
}

TEST_F(Worker, ModulesThatShareAPoolAreMeasuredInTheCoreOnly) {
  Request one = request(testing_modules::kRich, "pool-lazy");
  one.cell.mix = {{"rich", "again"}, 2, Mix::Order::rotate};
  one.mixed = {{"rich", one.module_path, ""}, {"again", one.module_path, ""}};
  const Json sample = ask(one);
  ASSERT_EQ(sample["status"], "ok") << sample["reason"];
  EXPECT_EQ(sample["verified"], true);
  EXPECT_EQ(sample["verified_slots"], 2);
  // Equal start states share their affinity: one slot of the two is used, and is never evicted.
  ASSERT_EQ(sample["paths"].size(), 1U) << sample["paths"];
  EXPECT_TRUE(sample["paths"].contains("slot=hit memory=kept tables=lazy reset=madvise"));
  EXPECT_TRUE(sample["phases_by_path"].contains("slot=hit memory=kept tables=lazy reset=madvise module=again"));
  one.arm = {"wasmtime", "", "wasmtime"};
  EXPECT_EQ(ask(one)["status"], "skipped");
  EXPECT_EQ(ask(one)["reason"], kMixIsForTheCore);
}

TEST_F(Worker, AFailureIsASampleToo) {
  Json sample = ask(request(testing_modules::kOutOfBounds, "pool-lazy"));
  EXPECT_EQ(sample["status"], "failed");
  EXPECT_EQ(sample["reason"], "instantiation failed: data segment 1 writes [65534, 65538) of 65536 bytes");
  Request changed = request(testing_modules::kRich, "pool-lazy");
  changed.module_sha256 = "0000";
  EXPECT_NE(ask(changed)["reason"].get<std::string>().find("changed since"), std::string::npos);
  EXPECT_EQ(Json::parse(run_request("not json", engines()))["status"], "failed");
  EXPECT_EQ(Json::parse(run_request("{\"protocol\": 99}", engines()))["status"], "failed");
}

}  // namespace
}  // namespace instbench::bench
