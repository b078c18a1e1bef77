#include "harness/report/call_overhead.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "harness/report/format.hpp"

namespace instbench::bench {
namespace {

constexpr double kLeast = 0.10;  // of what the calls take: the two figures scatter by up to that

using Overheads = std::map<std::string, double>;  // ns by case; 0: too little to tell

std::optional<double> overhead_ns(const Json& cell) {
  const auto call = number_at(cell, {"floor", "kept_call_ns"}), cycle = number_at(cell, {"batch", "median_real_ns"});
  if (cell.at("status") != "ok" || !call || !cycle) return std::nullopt;
  const double beyond = *cycle - *call;
  return beyond < kLeast * *call ? 0 : beyond;
}

// "7.13× less (12 cases; in 3 one of the two is below 10 %)"; empty without a case in which both are known and not 0.
std::string mean_text(const Overheads& reference, const Overheads& own) {
  double logarithms = 0;
  int cases = 0, hidden = 0;
  for (const auto& [name, ns] : own) {
    const auto other = reference.find(name);
    if (other == reference.end()) continue;
    if (ns == 0 || other->second == 0) {
      ++hidden;
      continue;
    }
    logarithms += std::log(other->second / ns);
    ++cases;
  }
  if (cases == 0) return "";
  const double ratio = std::exp(logarithms / cases);
  return (ratio >= 1 ? ratio_text(ratio) + " less (" : ratio_text(1 / ratio) + " more (") + counted(cases, "case") +
         (hidden == 0 ? ")" : "; in " + std::to_string(hidden) + " one of the two is below 10 %)");
}

Overheads least_of(const std::vector<const Overheads*>& arms) {
  Overheads least;
  for (const Overheads* arm : arms) {
    for (const auto& [name, ns] : *arm) {
      const auto known = least.try_emplace(name, ns).first;
      known->second = std::min(known->second, ns);
    }
  }
  return least;
}

}  // namespace

std::string call_overhead_text(const Json& cell) {
  const auto overhead = overhead_ns(cell);
  if (!overhead) return "";
  const std::string call = time_text(*number_at(cell, {"floor", "kept_call_ns"}));
  return cell.at("arm").get<std::string>() + (*overhead > 0 ? " " + time_text(*overhead) : " < 10 %") + " on top of " + call;
}

std::vector<std::string> call_overhead_means(const Json& result, const std::string& reference) {
  std::map<std::string, Overheads> by_arm;
  for (const Json& cell : result.at("cells")) {
    if (const auto ns = overhead_ns(cell)) by_arm[cell.at("arm")][cell.at("case")] = *ns;
  }
  std::vector<std::string> texts;
  std::map<std::string, std::vector<const Overheads*>> by_engine;
  std::string own_engine;
  for (const Json& arm : result.at("arms")) {
    const std::string id = arm.at("id"), engine = id.substr(0, id.find(':'));
    if (id == reference) own_engine = engine;
    if (by_arm.contains(id)) by_engine[engine].push_back(&by_arm[id]);
    const std::string mean = id == reference ? "" : mean_text(by_arm[reference], by_arm[id]);
    if (!mean.empty()) texts.push_back(id + " " + mean);
  }
  for (const auto& [engine, arms] : by_engine) {
    if (engine == own_engine || arms.size() < 2) continue;
    const std::string mean = mean_text(by_arm[reference], least_of(arms));
    if (!mean.empty()) texts.push_back("in each case the least of " + engine + "'s arms " + mean);
  }
  return texts;
}

}  // namespace instbench::bench
