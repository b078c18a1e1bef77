// The `comparison` of a result as harness/report/README.md has it: what is the same whether it is paired or not. Pure.
#pragma once

#include <optional>
#include <string>

#include "harness/judge/verdict.hpp"
#include "harness/run/comparison_parts.hpp"

namespace instbench::bench {

// An entry of `tests`. What does not apply to its stage, or is not known, is left empty and becomes null.
struct TestRow {
  std::string case_id;
  Metric metric = Metric::cycle;
  std::string stage;  // "screen", "confirm" or "unpaired"
  bool gates = true;
  size_t blocks = 0;
  double a_ns = 0, b_ns = 0;  // medians
  double estimate = 0;        // of ln(B/A)
  std::optional<Interval> interval;
  double tolerance = 0;  // share
  std::optional<double> p_regressed, p_improved, scatter, detectable;
  Verdict verdict = Verdict::same;
  std::string reason;  // why it is inconclusive, or why the policy does not cover the change
  std::optional<size_t> needs_blocks;
  Control control;
  Json screen;           // of a confirmed test: what the screen saw
  std::string expected;  // why the policy intends the change
};
Json to_json(const TestRow& row);

// What the policy says on this day of a row that regressed or improved.
void set_expected(TestRow& row, const Policy& policy, const std::string& day);

// `parts` are the keys that the two kinds fill in each in its own way: `paired`, `a`, `b`, `injected`, `tests`, the
// counters, and those of blocks where there are any.
Json comparison_json(const CompareSettings& settings, const Json& parts, Findings findings);

}  // namespace instbench::bench
