#include "harness/run/plan.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

namespace instbench::bench {
namespace {

// "p 0.1" is the pilot of case 0, arm 1; "2 0.1" is the same cell in round 2.
std::string text_of(const std::vector<Step>& plan) {
  std::string out;
  for (const Step& s : plan) {
    out += (s.role == Role::pilot ? "p" : std::to_string(s.block)) + " " + std::to_string(s.case_index) + "." +
           std::to_string(s.arm_index) + "\n";
  }
  return out;
}

TEST(Plan, TwoArmsAlternateWhoIsFirst) {
  const std::string forward = "0 0.0\n0 0.1\n1 0.1\n1 0.0\n2 0.1\n2 0.0\n3 0.0\n3 0.1\n";
  const std::string backward = "0 0.1\n0 0.0\n1 0.0\n1 0.1\n2 0.0\n2 0.1\n3 0.1\n3 0.0\n";
  const std::string plan = text_of(make_plan(1, 2, 1, 4, Pilots::none));
  EXPECT_TRUE(plan == forward || plan == backward) << plan;
}

TEST(Plan, PilotsComeFirstInTheOrderGiven) {
  const std::string plan = text_of(make_plan(2, 2, 1, 1, Pilots::one_per_cell));
  EXPECT_TRUE(plan.starts_with("p 0.0\np 0.1\np 1.0\np 1.1\n0 ")) << plan;
}

TEST(Plan, EachRoundHoldsEachCellOnceAndArmsBackToBack) {
  const auto plan = make_plan(5, 3, 42, 4, Pilots::none);
  ASSERT_EQ(plan.size(), 60U);
  std::map<uint32_t, std::set<std::pair<uint32_t, uint32_t>>> rounds;
  for (size_t i = 0; i < plan.size(); ++i) {
    EXPECT_EQ(plan[i].number, i);
    EXPECT_EQ(plan[i].position, i % 3);
    EXPECT_EQ(plan[i].case_index, plan[i - i % 3].case_index);
    rounds[plan[i].block].insert({plan[i].case_index, plan[i].arm_index});
  }
  ASSERT_EQ(rounds.size(), 4U);
  for (const auto& [block, cells] : rounds) EXPECT_EQ(cells.size(), 15U) << block;
}

TEST(Plan, EachArmHoldsEachPlaceEquallyOften) {
  for (const size_t arms : {size_t{2}, size_t{3}, size_t{6}}) {
    std::map<std::pair<uint32_t, uint32_t>, int> places;
    for (const Step& s : make_plan(1, arms, 9, static_cast<uint32_t>(2 * arms), Pilots::none)) {
      ++places[{s.arm_index, s.position}];
    }
    ASSERT_EQ(places.size(), arms * arms);
    for (const auto& [place, times] : places) EXPECT_EQ(times, 2) << place.first << " at " << place.second;
  }
}

TEST(Plan, RoundsDifferInTheOrderOfCases) {
  std::set<std::string> orders;
  std::map<uint32_t, std::string> round;
  for (const Step& s : make_plan(8, 1, 1, 4, Pilots::none)) round[s.block] += static_cast<char>('0' + s.case_index);
  for (const auto& [block, order] : round) orders.insert(order);
  EXPECT_EQ(orders.size(), 4U);
}

TEST(Plan, TheSeedDecides) {
  EXPECT_EQ(make_plan(8, 6, 1, 3, Pilots::none), make_plan(8, 6, 1, 3, Pilots::none));
  EXPECT_NE(make_plan(8, 6, 1, 3, Pilots::none), make_plan(8, 6, 2, 3, Pilots::none));
}

TEST(Plan, NothingGivesNothing) {
  EXPECT_TRUE(make_plan(0, 3, 1, 3, Pilots::one_per_cell).empty());
  EXPECT_TRUE(make_plan(3, 0, 1, 3, Pilots::one_per_cell).empty());
}

}  // namespace
}  // namespace instbench::bench
