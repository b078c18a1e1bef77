// Parts of a comparison beside its verdicts: what was measured in which order, what is only shown, what was counted, and
// what stands in the way of trusting it. Each is one key of harness/report/README.md's `comparison`. Pure.
#pragma once

#include "harness/run/compare_stages.hpp"

namespace instbench::bench {

template <typename T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

// "A", "B" or "A′": the first word of a comparison's arm ids.
std::string letter_of(const std::string& arm_id);
// B/A − 1 from a logarithm, and an interval of them as [low, high] or null.
double change_of(double log_ratio);
Json change_interval(const std::optional<Interval>& log_interval);

Json blocks_json(const CompareRun& run, const std::vector<Block>& blocks);
Json shown_json(const CompareRun& run, const Stages& stages, const std::vector<Block>& blocks);
Json order_effect_json(const CompareRun& run, const std::vector<Block>& blocks);
Json redone_json(const CompareRun& run, const std::vector<Block>& blocks);

// Exact counters of A's and B's cells, case by case: {"counters": those that changed or are not exact in one of them,
// "counters_equal": n}. A counter that changes in the whole cycle is not listed again for the phase it changed in.
Json counters_json(const std::vector<std::string>& case_ids, const Json& cells, const std::string& a,
                   const std::string& b, const Policy& policy, const std::string& day);

// What a comparison ran into. Failures exit 1, coverage 5, unfit 4; the others are words only.
struct Findings {
  std::vector<std::string> failures, coverage, unfit, skipped, warnings;
};
// Cells that failed, were skipped in one arm only, were not verified or counted nothing.
void find_in_cells(const std::vector<std::string>& case_ids, const Json& cells, const std::string& a,
                   const std::string& b, Findings& findings);
// Cases that were measured in both arms and that no test judges: a worker answered without a time, or the control failed.
void find_unjudged(const std::vector<std::string>& case_ids, const Json& cells, const std::string& a,
                   const std::string& b, const Json& tests, Findings& findings);
// Cases that the policy asks for and that are not there, or the other way round.
void find_coverage(const std::vector<std::string>& case_ids, const Policy& policy, Findings& findings);
// Intended changes that are intended no more.
void find_stale(const Policy& policy, const std::string& day, Findings& findings);

}  // namespace instbench::bench
