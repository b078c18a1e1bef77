#include "harness/protocol/inject.hpp"

#include <gtest/gtest.h>

#include "harness/protocol/cell.hpp"

namespace instbench::bench {
namespace {

std::string error_of(const std::string& text) {
  try {
    parse_injection(text);
  } catch (const GrammarError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(Inject, SharesAreOfTheCycle) {
  EXPECT_EQ(parse_injection("5%"), (Injection{Injection::Kind::share, 0.05}));
  EXPECT_EQ(parse_injection("0.5%"), (Injection{Injection::Kind::share, 0.005}));
  EXPECT_EQ(parse_injection("1000%"), (Injection{Injection::Kind::share, 10}));
  EXPECT_EQ(parse_injection("0%"), Injection{});
  EXPECT_EQ(parse_injection("0"), Injection{});
}

TEST(Inject, WhatIsPrintedIsWhatWasWritten) {
  for (const char* text : {"5%", "0.5%", "33.3%", "1000%", "0%", "syscall", "page"}) {
    EXPECT_EQ(to_text(parse_injection(text)), text);
  }
}

TEST(Inject, BadTextIsRefusedWithWhatIsAccepted) {
  for (const char* text : {"", "%", "5", "0.05", "-1%", "1001%", "5%%", "5 %", "nan%", "inf%", "pages"}) {
    EXPECT_NE(error_of(text).find("5%"), std::string::npos) << text << ": " << error_of(text);
    EXPECT_NE(error_of(text).find("syscall or page"), std::string::npos) << text;
  }
}

TEST(Inject, TravelsInTheRequest) {
  Request request;
  EXPECT_FALSE(to_json(request).contains("inject"));
  EXPECT_EQ(request_from_json(to_json(request)).inject, std::nullopt);
  request.inject = parse_injection("5%");
  EXPECT_EQ(to_json(request)["inject"], "5%");
  EXPECT_EQ(request_from_json(to_json(request)).inject, request.inject);
  Json json = to_json(request);
  json["inject"] = "much";
  EXPECT_THROW(request_from_json(json), GrammarError);
  json["inject"] = 5;
  EXPECT_THROW(request_from_json(json), GrammarError);
}

}  // namespace
}  // namespace instbench::bench
