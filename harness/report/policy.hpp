// What a project decided about its gate: a reviewed JSON file.
//   {"policy": "instbench-policy/1", "tolerance": "3%", "floor": "20ns", "on_inconclusive": "fail",
//    "tolerances": [{"cases": "REGEX", "metric": "cycle", "tolerance": "5%"}],
//    "expected": [{"case": "ID", "metric": "cycle", "change": "slower", "why": "…"},
//                 {"case": "ID", "metric": "faults.minor", "a": 16, "b": 17, "why": "…"}],
//    "cases": ["ID", …]}
// Every key but the first is optional; an unknown one is an error. `tolerances`: the last that matches wins. `expected`
// are intended changes: they are shown and do not fail the gate; a metric is cycle, instantiate or a counter's name, with
// the exact values where "a" and "b" are given. `cases` is the coverage: one that is missing or new exits 5.
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
    std::optional<double> a, b;  // of an exact counter
  };
  std::optional<double> tolerance;  // share
  std::optional<double> floor_ns;
  std::optional<bool> inconclusive_passes;
  std::vector<Tolerance> tolerances;
  std::vector<Expected> expected;
  std::optional<std::vector<std::string>> cases;

  // The default's, unless a line of `tolerances` says otherwise.
  double tolerance_of(const std::string& case_id, const std::string& metric, double otherwise) const;
  // Why a change is intended: of a test ("slower" or "faster") or of a counter; null when it is not.
  const Expected* find_expected(const std::string& case_id, const std::string& metric, const std::string& change) const;
  const Expected* find_expected(const std::string& case_id, const std::string& counter, const Json& a,
                                const Json& b) const;
};

Policy parse_policy(const Json& json, const std::string& file);
Policy parse_policy_text(const std::string& text, const std::string& file);

// "3%" or "0.03" -> 0.03, from 0.1 % to 100 %; "20ns", "1us" -> nanoseconds. Throws PolicyError that names `what`.
double parse_share(const std::string& text, const std::string& what);
double parse_nanoseconds(const std::string& text, const std::string& what);

}  // namespace instbench::bench
