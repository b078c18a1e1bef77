// judge_probe, for oracle_test.py: one question a line on stdin (a word, then numbers), its answers a line on stdout.
#include <cstdio>
#include <iostream>
#include <limits>
#include <optional>
#include <span>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "harness/judge/family.hpp"
#include "harness/judge/normal.hpp"
#include "harness/judge/rank_sum.hpp"
#include "harness/judge/signed_rank.hpp"
#include "harness/judge/student.hpp"

namespace {

using namespace instbench::bench;
using Numbers = std::vector<double>;

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

void add(Numbers& out, const std::optional<Interval>& interval) {
  out.push_back(interval ? interval->low : kUnknown);
  out.push_back(interval ? interval->high : kUnknown);
}

// threshold, confidence, d... -> estimate, p_greater, p_less, low, high, one-sided low and high, scatter
Numbers paired(std::span<const double> in) {
  const auto d = in.subspan(2);
  Numbers out = {hodges_lehmann(d), p_greater(d, in[0]), p_less(d, in[0])};
  add(out, interval(d, in[1]));
  out.push_back(lower_bound(d, in[1]).value_or(kUnknown));
  out.push_back(upper_bound(d, in[1]).value_or(kUnknown));
  out.push_back(scatter(d).value_or(kUnknown));
  return out;
}

// threshold, confidence, size of a, a..., b... -> shift, p_greater, p_less, low, high
Numbers unpaired(std::span<const double> in) {
  const auto size = static_cast<size_t>(in[2]);
  const auto a = in.subspan(3, size), b = in.subspan(3 + size);
  Numbers out = {shift(a, b), p_shift_greater(a, b, in[0]), p_shift_less(a, b, in[0])};
  add(out, shift_interval(a, b, in[1]));
  return out;
}

size_t whole(double number) { return static_cast<size_t>(number); }

Numbers answer(const std::string& question, std::span<const double> in) {
  if (question == "paired") return paired(in);
  if (question == "unpaired") return unpaired(in);
  if (question == "signed_rank_tail") return {signed_rank_tail(whole(in[0]), whole(in[1]))};
  if (question == "rank_sum_tail") return {rank_sum_tail(whole(in[0]), whole(in[1]), whole(in[2]))};
  if (question == "holm") return holm_adjusted(in);
  if (question == "binomial") return {binomial_tail(whole(in[0]), whole(in[1]), in[2])};
  if (question == "normal_cdf") return {normal_cdf(in[0])};
  if (question == "normal_quantile") return {normal_quantile(in[0])};
  if (question == "student_quantile") return {student_quantile(in[0], in[1])};
  if (question == "student_power") return {student_power(in[0], in[1], in[2])};
  throw std::invalid_argument("unknown question: " + question);
}

}  // namespace

int main() {
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::string question;
    words >> question;
    Numbers in;
    for (double number = 0; words >> number;) in.push_back(number);
    for (const double number : answer(question, in)) std::printf("%.17g ", number);
    std::printf("\n");
  }
}
