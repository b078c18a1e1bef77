#include "harness/run/comparison_parts.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "harness/judge/family.hpp"
#include "harness/judge/signed_rank.hpp"
#include "harness/run/comparison.hpp"
#include "harness/run/fold.hpp"

namespace instbench::bench {
namespace {

constexpr double kConfidence = 0.95;
constexpr double kLeanError = 0.01;

// A figure that is shown but does not gate: its name, and where a sample has it.
struct ShownMetric {
  const char* name;
  std::vector<const char*> path;
};

const std::vector<ShownMetric>& shown_metrics() {
  static const std::vector<ShownMetric> metrics{{"cycle.mean", {"batch", "real_ns"}},
                                                {"instantiate", {"phases", "instantiate", "p50"}},
                                                {"cycle.p90", {"phases", "cycle", "p90"}},
                                                {"cycle.p99", {"phases", "cycle", "p99"}},
                                                {"instantiate.p90", {"phases", "instantiate", "p90"}},
                                                {"instantiate.p99", {"phases", "instantiate", "p99"}},
                                                {"first.instantiate", {"first", "instantiate"}},
                                                {"first.cycle", {"first", "cycle"}}};
  return metrics;
}

std::optional<double> value_at(const Json& sample, const std::vector<const char*>& path) {
  const Json* at = &sample;
  for (const char* key : path) {
    if (!at->is_object() || !at->contains(key)) return std::nullopt;
    at = &at->at(key);
  }
  return at->is_number() && at->get<double>() > 0 ? std::optional(at->get<double>()) : std::nullopt;
}

Json shown_row(const CompareRun& run, uint32_t case_index, const ShownMetric& metric,
               const std::vector<Block>& blocks) {
  std::vector<double> a, b, d;
  for (const Block* block : counted_blocks(blocks, case_index, Role::screen)) {
    const auto in_a = value_at(*block->arms.at(kArmA).sample, metric.path);
    const auto in_b = value_at(*block->arms.at(kArmB).sample, metric.path);
    if (!in_a || !in_b) continue;
    a.push_back(*in_a);
    b.push_back(*in_b);
    d.push_back(std::log(*in_b / *in_a));
  }
  if (d.empty()) return nullptr;
  return {{"case", run.case_ids[case_index]},
          {"metric", metric.name},
          {"a_ns", median(a)},
          {"b_ns", median(b)},
          {"change", change_of(hodges_lehmann(d))},
          {"interval", change_interval(interval(d, kConfidence))},
          {"blocks", d.size()}};
}

const Json* cell_of(const Json& cells, const std::string& case_id, const std::string& arm) {
  for (const Json& cell : cells) {
    if (cell.at("case") == case_id && cell.at("arm") == arm) return &cell;
  }
  return nullptr;
}

// What one phase counted under `name`; a counter that is not listed was zero everywhere.
Json counter_in(const Json& counters, const std::string& phase, const std::string& name) {
  const Json zero = {{"exact", true}, {"value", 0}};
  return counters.value(phase, Json::object()).value(name, zero);
}

// "same", "changed" or "not exact".
std::string counter_verdict(const Json& a, const Json& b) {
  const auto low = [](const Json& c) { return c.at(c.at("exact").get<bool>() ? "value" : "min").get<double>(); };
  const auto high = [](const Json& c) { return c.at(c.at("exact").get<bool>() ? "value" : "max").get<double>(); };
  if (a.at("exact").get<bool>() && b.at("exact").get<bool>()) return low(a) == low(b) ? "same" : "changed";
  // What was exact and is a range now has changed; what was a range may be exact this time by chance.
  if (a.at("exact").get<bool>()) return "changed";
  return high(a) < low(b) || high(b) < low(a) ? "changed" : "not exact";
}

void compare_case_counters(const std::string& case_id, const Json& a, const Json& b, const Policy& policy,
                           const std::string& day, Json& list, size_t& equal) {
  std::set<std::string> phases, names;
  for (const Json* counters : {&a, &b}) {
    for (const auto& [phase, values] : counters->items()) {
      phases.insert(phase);
      for (const auto& [name, value] : values.items()) names.insert(name);
    }
  }
  for (const std::string& name : names) {
    const std::string whole = counter_verdict(counter_in(a, "cycle", name), counter_in(b, "cycle", name));
    for (const std::string& phase : phases) {
      if (phase != "cycle" && whole == "changed") continue;
      const Json in_a = counter_in(a, phase, name), in_b = counter_in(b, phase, name);
      const std::string verdict = counter_verdict(in_a, in_b);
      if (verdict == "same") {
        ++equal;
        continue;
      }
      const std::string why =
          policy.intent_of(case_id, name, in_a.value("value", Json()), in_b.value("value", Json()), day).why;
      list.push_back({{"case", case_id},
                      {"phase", phase},
                      {"counter", name},
                      {"a", in_a},
                      {"b", in_b},
                      {"verdict", verdict},
                      {"expected", why.empty() ? Json(nullptr) : Json(why)}});
    }
  }
}

std::string reason_in(const Json& cell) {
  const Json reason = cell.value("reason", Json());
  return reason.is_string() ? reason.get<std::string>() : "no reason given";
}

}  // namespace

std::string letter_of(const std::string& arm_id) { return arm_id.substr(0, arm_id.find(' ')); }

double change_of(double log_ratio) { return std::expm1(log_ratio); }

Json change_interval(const std::optional<Interval>& log_interval) {
  if (!log_interval) return nullptr;
  return {change_of(log_interval->low), change_of(log_interval->high)};
}

Json blocks_json(const CompareRun& run, const std::vector<Block>& blocks) {
  Json list = Json::array();
  for (const Block& block : blocks) {
    Json order = Json::array(), cycle = Json::object(), instantiate = Json::object(), delay = Json::object();
    for (const uint32_t arm : block.order) order.push_back(letter_of(run.arm_ids[arm]));
    const Figures* last = nullptr;
    for (const auto& [arm, figures] : block.arms) {
      const std::string letter = letter_of(run.arm_ids[arm]);
      cycle[letter] = or_null(figures.cycle_ns);
      instantiate[letter] = or_null(figures.instantiate_ns);
      delay[letter] = or_null(figures.run_delay_share);
      if (last == nullptr || last->at_s < figures.at_s) last = &figures;
    }
    list.push_back({{"case", run.case_ids[block.case_index]},
                    {"stage", name_of(block.stage)},
                    {"block", block.block},
                    {"attempt", block.attempt},
                    {"order", order},
                    {"counts", block.counts},
                    {"disturbed", block.disturbed()},
                    {"in_turns", block.in_turns},
                    {"run_delay_share", delay},
                    {"at", last->at},
                    {"at_s", last->at_s},
                    {"cycle_ns", cycle},
                    {"instantiate_ns", instantiate}});
  }
  return list;
}

Json shown_json(const CompareRun& run, const Stages& stages, const std::vector<Block>& blocks) {
  Json list = Json::array();
  for (const uint32_t c : stages.measured) {
    for (const ShownMetric& metric : shown_metrics()) {
      const bool judged = std::any_of(stages.tests.begin(), stages.tests.end(), [&](const Test& test) {
        return test.case_index == c && std::string(name_of(test.metric)) == metric.name;
      });
      if (judged) continue;
      Json row = shown_row(run, c, metric, blocks);
      if (!row.is_null()) list.push_back(std::move(row));
    }
  }
  return list;
}

Json order_effect_json(const CompareRun& run, const std::vector<Block>& blocks) {
  std::vector<double> signed_differences;
  for (uint32_t c = 0; c < run.case_ids.size(); ++c) {
    for (const Role stage : {Role::screen, Role::confirm}) {
      const std::vector<double> d = log_ratios(blocks, c, stage, Metric::cycle, kArmB);
      if (d.size() < 2) continue;
      const double centre = hodges_lehmann(d);
      for (const Block* block : counted_blocks(blocks, c, stage)) {
        const auto ratio = log_ratio(*block, Metric::cycle, kArmB);
        if (!ratio) continue;
        const auto place = [&](uint32_t arm) { return std::find(block->order.begin(), block->order.end(), arm); };
        const double sign = place(kArmB) > place(kArmA) ? 1 : -1;
        signed_differences.push_back(sign * (*ratio - centre));
      }
    }
  }
  const auto effect = order_effect(signed_differences);
  if (!effect) return nullptr;
  return {{"change", change_of(effect->estimate)}, {"interval", change_interval(effect->interval)}};
}

Json redone_json(const CompareRun& run, const std::vector<Block>& blocks) {
  std::map<uint32_t, size_t> by_arm;
  for (uint32_t arm = 0; arm < run.arm_ids.size(); ++arm) by_arm[arm] = 0;
  size_t redone = 0, planned = 0, still = 0, unknown = 0;
  for (const Block& block : blocks) {
    planned += block.attempt == 0 ? 1 : 0;
    redone += block.attempt > 0 ? 1 : 0;
    still += block.counts && block.disturbed() ? 1 : 0;
    unknown += block.counts && block.delay_unknown() ? 1 : 0;
    if (block.counts) continue;
    for (const auto& [arm, figures] : block.arms)
      by_arm[arm] += figures.run_delay_share.value_or(0) > kDisturbedShare ? 1 : 0;
  }
  Json lean = nullptr, counts = Json::object();
  const size_t in_a = by_arm[kArmA], in_b = by_arm[kArmB];
  if (in_a + in_b > 0 && binomial_two_sided(std::max(in_a, in_b), in_a + in_b) < kLeanError)
    lean = in_a > in_b ? "A" : "B";
  for (const auto& [arm, count] : by_arm) counts[letter_of(run.arm_ids[arm])] = count;
  return {{"blocks", redone},   {"of", planned},    {"still_disturbed", still},
          {"unknown", unknown}, {"by_arm", counts}, {"lean", lean}};
}

Json counters_json(const std::vector<std::string>& case_ids, const Json& cells, const std::string& a,
                   const std::string& b, const Policy& policy, const std::string& day) {
  Json list = Json::array();
  size_t equal = 0;
  for (const std::string& id : case_ids) {
    const Json *in_a = cell_of(cells, id, a), *in_b = cell_of(cells, id, b);
    if (in_a == nullptr || in_b == nullptr || in_a->at("status") != "ok" || in_b->at("status") != "ok") continue;
    const Json of_a = in_a->value("counters", Json()), of_b = in_b->value("counters", Json());
    if (of_a.is_object() && of_b.is_object()) compare_case_counters(id, of_a, of_b, policy, day, list, equal);
  }
  return {{"counters", list}, {"counters_equal", equal}};
}

void find_in_cells(const std::vector<std::string>& case_ids, const Json& cells, const std::string& a,
                   const std::string& b, Findings& findings) {
  for (const std::string& id : case_ids) {
    const Json *in_a = cell_of(cells, id, a), *in_b = cell_of(cells, id, b);
    if (in_a == nullptr || in_b == nullptr) {
      findings.coverage.push_back(id + ": missing in " + letter_of(in_a == nullptr ? a : b));
      continue;
    }
    bool failed = false;
    for (const Json* cell : {in_a, in_b}) {
      const std::string arm = letter_of(cell->at("arm"));
      if (cell->at("status") == "failed") findings.failures.push_back(id + ", " + arm + ": " + reason_in(*cell));
      failed = failed || cell->at("status") == "failed";
      if (cell->at("status") == "ok" && !cell->value("counters", Json()).is_object())
        findings.unfit.push_back(id + ", " + arm + ": counted nothing, so its exact counters are not compared");
      if (cell->at("status") == "ok" && cell->value("verified", Json()) != true)
        findings.unfit.push_back(id + ", " + arm + ": not verified: nobody compared its instances with a fresh one");
    }
    const auto skipped = [](const Json& cell) { return cell.at("status") == "skipped" && reason_in(cell) != kGivenUp; };
    const bool skipped_a = skipped(*in_a), skipped_b = skipped(*in_b);
    if (failed || (!skipped_a && !skipped_b)) continue;
    const std::string reason = reason_in(skipped_a ? *in_a : *in_b);
    if (skipped_a == skipped_b)
      findings.skipped.push_back(id + ": " + reason);
    else
      findings.coverage.push_back(id + ": skipped in " + (skipped_a ? "A" : "B") + " only: " + reason);
  }
}

void find_unjudged(const std::vector<std::string>& case_ids, const Json& cells, const std::string& a,
                   const std::string& b, const Json& tests, Findings& findings) {
  for (const std::string& id : case_ids) {
    const Json *in_a = cell_of(cells, id, a), *in_b = cell_of(cells, id, b);
    if (in_a == nullptr || in_b == nullptr || in_a->at("status") != "ok" || in_b->at("status") != "ok") continue;
    const bool judged = std::any_of(tests.begin(), tests.end(), [&](const Json& test) {
      return test.at("case") == id && test.at("metric") == name_of(Metric::cycle);
    });
    if (!judged) findings.failures.push_back(id + ": measured in both arms, but not judged");
  }
}

void find_coverage(const std::vector<std::string>& case_ids, const Policy& policy, Findings& findings) {
  const auto has = [](const std::vector<std::string>& ids, const std::string& id) {
    return std::find(ids.begin(), ids.end(), id) != ids.end();
  };
  for (const Policy::Expected& line : policy.expected) {
    if (!has(case_ids, line.case_id))
      findings.coverage.push_back(line.case_id + ": the policy expects a change of it, and no such case was measured");
  }
  if (!policy.cases) return;
  for (const std::string& id : *policy.cases) {
    if (!has(case_ids, id)) findings.coverage.push_back(id + ": in the policy, not measured");
  }
  for (const std::string& id : case_ids) {
    if (!has(*policy.cases, id)) findings.coverage.push_back(id + ": measured, not in the policy's cases");
  }
}

void find_stale(const Policy& policy, const std::string& day, Findings& findings) {
  for (const Policy::Expected& line : policy.expected) {
    if (line.is_stale_on(day))
      findings.warnings.push_back(line.case_id + ", " + line.metric +
                                  ": stale in the policy, which expected a change until " + line.until + " (" +
                                  line.why + "): take the line out, or review it anew");
  }
}

}  // namespace instbench::bench
