// Journal -> result (harness/report/README.md). Pure: the same journal gives the same result, whether
// the run ended, was stopped or was resumed. A cell whose every process failed, was skipped or never
// ran is there too, with its reason.
#pragma once

#include "harness/protocol/cell.hpp"

namespace instbench::bench {

// `lines` in any order of cells, each cell's in the order measured.
Json fold(const Json& header, const std::vector<Json>& lines);

// One cell from its processes' samples. `expect` is the manifest's "instantiation fails: …", or empty;
// `blocks` how many the plan asked for.
struct CellLines {
  std::vector<Json> pilots;
  std::vector<Json> blocks;
};
enum class Pilot : uint8_t { planned, none };
Json fold_cell(const CellLines& lines, const std::string& expect, uint64_t blocks, Pilot pilot);

// Counters of several processes -> {phase: {name: {"exact": true, "value": n} or {"exact": false,
// "min", "max"}}}. Exact: at least three processes, and in each the same whole number.
Json fold_counters(const std::vector<Json>& per_process);

// Middle value; mean of the middle two. REQUIRES: not empty.
double median(std::vector<double> values);

// Objects merged key by key: numbers to their median, the first process's text and flags kept, nulls
// left out unless all are null.
Json median_of_objects(const std::vector<Json>& objects);

}  // namespace instbench::bench
