// A result in the formats of other tools. Pure. What the other format cannot hold is left out, never
// written as zero.
#pragma once

#include <stdexcept>
#include <string>

#include "harness/protocol/cell.hpp"

namespace instbench::bench {

// A file that is no result of ours, or of another major version. One line.
struct ResultError : std::runtime_error {
  using std::runtime_error::runtime_error;
};
Json parse_result(const std::string& text, const std::string& file);

// Google Benchmark's JSON, for compare.py 1.7.1: one "iteration" entry for each process of a cell (so its
// U test sees independent runs), then mean, median, stddev and cv. Real and CPU time are those of the
// batch; further figures are user counters.
Json gbench_json(const Json& result);

// Go's benchmark format, for benchstat: one line for each process of a cell, named BenchmarkCycle/CASE/arm=ARM; exact
// counters with their units declared exact. Of a comparison, arms are A, B and control: benchstat -col /arm.
std::string gobench_text(const Json& result);

// Bencher Metric Format: {"CASE / ARM": {"latency": {"value", "lower_value", "upper_value"}, …}}. Latency is the cycle
// in nanoseconds, median with the least and the greatest process; "instantiate" and "first-cycle" in nanoseconds and
// exact counters per cycle are further measures. A comparison's control is no series to track and left out.
Json bmf_json(const Json& result);

// One row for each cell, skipped and failed ones included; unknown is an empty field.
std::string csv_text(const Json& result);

}  // namespace instbench::bench
