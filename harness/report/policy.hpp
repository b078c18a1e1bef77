// What a project decided about its gate: a reviewed JSON file.
//   {"policy": "instbench-policy/1", "tolerance": "3%", "floor": "20ns", "on_inconclusive": "fail",
//    "tolerances": [{"cases": "REGEX", "metric": "cycle", "tolerance": "5%"}],
//    "expected": [{"case": "ID", "metric": "cycle", "change": "slower", "at_most": 0.2, "until": "2027-01-31",
//                  "why": "…"},
//                 {"case": "ID", "metric": "faults.minor", "a": 16, "b": 17, "why": "…"}],
//    "cases": ["ID", …]}
// Every key but the first is optional; an unknown one is an error. `tolerances`: the last that matches wins. `expected`
// are intended changes: they are shown and do not fail the gate; a metric is cycle, instantiate or a counter's name,
// with the exact values where "a" and "b" are given. A change of a time beyond "at_most" is not covered; after the day
// "until" the line is stale and covers nothing. `cases` is the coverage: one that is missing or new exits 5.
#pragma once

#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "harness/protocol/cell.hpp"

namespace instbench::bench {

// A policy that cannot be used. One line that names the file, the key and what is accepted.
struct PolicyError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Policy {
  struct Tolerance {
    std::string cases;   // regular expression, searched in case ids
    std::string metric;  // empty: every one
    double share = 0;
  };
  struct Expected {
    std::string case_id, metric, change, why;
    std::optional<double> a, b;     // of an exact counter
    std::optional<double> at_most;  // of a time: the largest change that is meant, a share
    std::string until;              // the last day on which it holds, "2027-01-31"; empty: no last one
    bool is_stale_on(const std::string& day) const { return !until.empty() && until < day; }
  };
  // What the lines say of a change. Both are empty where no line names it.
  struct Intent {
    std::string why;  // a line covers it: why it is meant
    std::string but;  // no line covers it: how the one that names it falls short
  };
  std::optional<double> tolerance;  // share
  std::optional<double> floor_ns;
  std::optional<bool> inconclusive_passes;
  std::vector<Tolerance> tolerances;
  std::vector<Expected> expected;
  std::optional<std::vector<std::string>> cases;

  // The default's, unless a line of `tolerances` says otherwise.
  double tolerance_of(const std::string& case_id, const std::string& metric, double otherwise) const;
  // Of a test's change, B/A − 1, and of a counter's, in a comparison of this day, "2026-11-26".
  Intent intent_of(const std::string& case_id, const std::string& metric, double change, const std::string& day) const;
  Intent intent_of(const std::string& case_id, const std::string& counter, const Json& a, const Json& b,
                   const std::string& day) const;
};

Policy parse_policy(const Json& json, const std::string& file);
Policy parse_policy_text(const std::string& text, const std::string& file);

// "3%" or "0.03" -> 0.03, from 0.1 % to 100 %; "20ns", "1us" -> nanoseconds. Throws PolicyError that names `what`.
double parse_share(const std::string& text, const std::string& what);
double parse_nanoseconds(const std::string& text, const std::string& what);

}  // namespace instbench::bench
