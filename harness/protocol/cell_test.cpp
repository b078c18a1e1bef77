#include "harness/protocol/cell.hpp"

#include <gtest/gtest.h>

#include "harness/protocol/text.hpp"

namespace instbench::bench {
namespace {

Workload touch(uint64_t read, uint64_t write) {
  Workload w;
  w.kind = Workload::Kind::touch;
  w.read = read;
  w.write = write;
  return w;
}

std::vector<std::string> ids(const std::string& text) {
  std::vector<std::string> out;
  for (const Case& c : parse_touch(text).cases) out.push_back(id_of(c));
  return out;
}

std::string error_of(const std::string& text) {
  try {
    parse_touch(text);
  } catch (const GrammarError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(CaseId, LeavesOutWhatIsUsual) {
  Case c;
  c.module = "spidermonkey";
  EXPECT_EQ(id_of(c), "spidermonkey none s1");
  c.workload = touch(0, 64);
  c.slots = 64;
  EXPECT_EQ(id_of(c), "spidermonkey touch(w64) s64");
}

TEST(CaseId, NamesEveryCondition) {
  Case c;
  c.module = "m";
  c.workload = touch(2, 16);
  c.workload.calls = 3;
  c.workload.grow = 1;
  c.workload.runs = 4;
  c.workload.reread = true;
  c.vary = 0.05;
  c.bystanders = 1;
  c.threads = 2;
  EXPECT_EQ(id_of(c), "m touch(r2,w16,c3,g1,runs4,reread) s1 v5% b1 t2");
}

Request mix_of_two() {
  Request request;
  request.cell.module = "mix(a+b)";
  request.cell.slots = 2;
  request.cell.threads = 2;
  request.cell.mix = {{"a", "b"}, 4, Mix::Order::rotate};
  request.mixed = {{"a", "/a.wat", "00"}, {"b", "/b.wat", "11"}};
  request.arm = {"core", "s", "core:s"};
  return request;
}

TEST(CaseId, OfAMixNamesThePoolAndTheOrder) {
  Case c = mix_of_two().cell;
  EXPECT_EQ(id_of(c), "mix(a+b) none s2 p4 t2 rotate");
  c.mix.order = Mix::Order::uniform;
  c.vary = 0.05;
  EXPECT_EQ(id_of(c), "mix(a+b) none s2 p4 v5% t2");
}

TEST(RequestJson, OfAMixComesBackAndIsChecked) {
  const Request request = mix_of_two();
  const Json json = to_json(request);
  const Request back = request_from_json(json);
  EXPECT_EQ(back.cell, request.cell);
  ASSERT_EQ(back.mixed.size(), 2U);
  EXPECT_EQ(back.mixed[1].path, "/b.wat");
  const auto reason_of = [&](const char* pointer, const Json& value) -> std::string {
    Json changed = json;
    changed[Json::json_pointer(pointer)] = value;
    try {
      request_from_json(changed);
    } catch (const GrammarError& error) {
      return error.what();
    }
    return "accepted";
  };
  EXPECT_EQ(reason_of("/cell/mix/pool", 3U), "pool must be 4 (slots × threads) to 65536");
  EXPECT_EQ(reason_of("/cell/mix/pool", 65537U), "pool must be 4 (slots × threads) to 65536");
  EXPECT_EQ(reason_of("/cell/mix/modules", {"a"}), "a mix is of 2 to 64 modules");
  EXPECT_NE(reason_of("/cell/mix/order", "lifo").find("unknown order 'lifo'"), std::string::npos);
  EXPECT_NE(reason_of("/mixed", Json::array()).find("must name the files"), std::string::npos);
  EXPECT_NE(reason_of("/cell/preinit", {{"x", 1}}).find("no preinit"), std::string::npos);
}

TEST(Touch, PoolAndOrderAreOfAMix) {
  EXPECT_NE(error_of("pool=2").find("is for --mix"), std::string::npos);
  const auto cases = parse_touch("pool=1,4,order=rotate", SweepOf::mix).cases;
  ASSERT_EQ(cases.size(), 2U);
  EXPECT_EQ(cases[1].mix, (Mix{{}, 4, Mix::Order::rotate}));
  EXPECT_THROW(parse_touch("call", SweepOf::mix), GrammarError);
}

TEST(Touch, ListsMakeAProductWithTheLastFastest) {
  EXPECT_EQ(ids("write=0,1,slots=1,64"),
            (std::vector<std::string>{" none s1", " none s64", " touch(w1) s1", " touch(w1) s64"}));
}

TEST(Touch, PercentAndShareAreTheSame) {
  EXPECT_EQ(parse_touch("write=1,vary=5%").cases, parse_touch("write=1,vary=0.05").cases);
}

TEST(Touch, WhatHasNoMeaningIsDropped) {
  EXPECT_EQ(ids("write=0,runs=1,2,vary=0,0.5"), (std::vector<std::string>{" none s1"}));
  EXPECT_EQ(ids("write=4,4"), (std::vector<std::string>{" touch(w4) s1"}));
}

TEST(Touch, BadTextIsRefusedWithWhatIsAccepted) {
  EXPECT_NE(error_of("writes=1").find("did you mean 'write'"), std::string::npos);
  EXPECT_NE(error_of("writes=1").find("bystanders"), std::string::npos);
  EXPECT_NE(error_of("").find("empty"), std::string::npos);
  EXPECT_NE(error_of("3,write=1").find("before any setting"), std::string::npos);
  EXPECT_NE(error_of("write=").find("not a whole number"), std::string::npos);
  EXPECT_NE(error_of("write=-1").find("not a whole number"), std::string::npos);
  EXPECT_NE(error_of("write=1x").find("not a whole number"), std::string::npos);
  EXPECT_NE(error_of("write=99999999999999999999").find("not a whole number"), std::string::npos);
  EXPECT_NE(error_of("write=1,write=2").find("twice"), std::string::npos);
  EXPECT_NE(error_of("slots=0").find("at least 1"), std::string::npos);
  EXPECT_NE(error_of("write=1,vary=101%").find("between"), std::string::npos);
  EXPECT_NE(error_of("write=1,vary=nan").find("not a share"), std::string::npos);
  EXPECT_NE(error_of("runs=5").find("needs write="), std::string::npos);
  EXPECT_NE(error_of("read=2,reread=on").find("needs write="), std::string::npos);
  EXPECT_NE(error_of("write=2,runs=3").find("runs=3"), std::string::npos);
  EXPECT_NE(error_of("write=1,read=2,reread=on").find("read=2"), std::string::npos);
  EXPECT_NE(error_of("write=1,reread=maybe").find("on or off"), std::string::npos);
}

TEST(Touch, AProductBeyondReasonIsRefused) {
  std::string text = "write=1";
  for (int i = 2; i <= 100; ++i) text += "," + std::to_string(i);
  EXPECT_NE(error_of(text + ",read=" + text.substr(6)).find("more than"), std::string::npos);
}

TEST(ProtocolJson, RequestSurvivesTheRoundTrip) {
  Request request;
  request.module_path = "/m.wasm#2";
  request.module_sha256 = "ab";
  request.cell.module = "m";
  request.cell.workload = touch(1, 4);
  request.cell.workload.runs = 2;
  request.cell.vary = 0.25;
  request.arm = {"core", "alloc=pool", "core:pool"};
  request.seed = 7;
  request.passes = {"batch", "trace"};
  request.iterations = 1000;
  request.batch_ms = 20;
  const Json json = Json::parse(to_json(request).dump());
  EXPECT_EQ(to_json(request_from_json(json)), json);
  const Request back = request_from_json(json);
  EXPECT_EQ(back.cell, request.cell);
  EXPECT_EQ(back.arm, request.arm);
  EXPECT_EQ(back.iterations, request.iterations);
}

TEST(ProtocolJson, AbsentIterationsStayAbsent) {
  Request request;
  request.arm = {"core", "", "core:pool"};
  EXPECT_FALSE(to_json(request).contains("iterations"));
  EXPECT_EQ(request_from_json(to_json(request)).iterations, std::nullopt);
}

TEST(ProtocolJson, AForeignProtocolIsRefused) {
  Json json = to_json(Request{});
  json["protocol"] = 2;
  EXPECT_THROW(request_from_json(json), GrammarError);
}

TEST(ProtocolJson, MissingAndWrongKeysAreNamed) {
  Json json = to_json(Request{});
  json["cell"].erase("slots");
  try {
    request_from_json(json);
    FAIL() << "accepted";
  } catch (const GrammarError& error) {
    EXPECT_NE(std::string(error.what()).find("\"slots\""), std::string::npos);
  }
  json = to_json(Request{});
  json["cell"]["slots"] = -3;
  EXPECT_THROW(request_from_json(json), GrammarError);
  json = to_json(Request{});
  json["cell"]["workload"]["kind"] = "call";
  EXPECT_THROW(request_from_json(json), GrammarError);
  EXPECT_THROW(request_from_json(Json::array()), GrammarError);
}

TEST(Nearest, FindsASlipAndNotAnythingElse) {
  EXPECT_EQ(nearest("pool-lasy", {"eager", "pool-lazy"}), "pool-lazy");
  EXPECT_EQ(nearest("lazy", {"core:pool-lazy"}), "core:pool-lazy");
  EXPECT_EQ(nearest("xyzzy", {"eager", "pool"}), std::nullopt);
}

}  // namespace
}  // namespace instbench::bench
