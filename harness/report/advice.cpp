#include "harness/report/advice.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "harness/protocol/text.hpp"
#include "harness/report/format.hpp"
#include "harness/report/terminal.hpp"

namespace instbench::bench {
namespace {

// One arm and what it took, by case.
struct Measured {
  std::string arm, engine, strategy;
  std::map<std::string, double> cycle_ns;
  std::optional<double> resident_bytes;  // the most of any case, per instance
  std::map<std::string, std::string> skipped;  // case -> reason
};

std::vector<Measured> measured(const Json& result) {
  std::vector<Measured> all;
  for (const Json& arm : result.at("arms")) {
    Measured one{arm.at("id"), arm.at("engine"), arm.value("strategy", ""), {}, {}, {}};
    for (const Json& cell : result.at("cells")) {
      if (cell.at("arm") != one.arm) continue;
      const std::string id = cell.at("case");
      const std::optional<double> cycle = number_at(cell, {"batch", "median_real_ns"});
      if (cell.at("status") == "ok" && cycle)
        one.cycle_ns[id] = *cycle;
      else if (cell.at("reason").is_string())
        one.skipped[id] = cell.at("reason").get<std::string>();
      if (const auto bytes = number_at(cell, {"memory", "private_dirty_bytes"}))
        one.resident_bytes = std::max(one.resident_bytes.value_or(0), *bytes);
    }
    all.push_back(std::move(one));
  }
  return all;
}

// The arms of the core, or those of the others: Wasmtime by whichever way.
std::vector<Measured> arms_of(const std::vector<Measured>& all, bool core) {
  std::vector<Measured> some;
  for (const Measured& one : all) {
    if ((one.engine == "core") == core && !one.cycle_ns.empty()) some.push_back(one);
  }
  return some;
}

std::vector<std::string> common_cases(const std::vector<Measured>& arms) {
  std::vector<std::string> cases;
  if (arms.empty()) return cases;
  for (const auto& [id, ns] : arms.front().cycle_ns) {
    if (std::all_of(arms.begin(), arms.end(), [&, &case_id = id](const Measured& arm) { return arm.cycle_ns.contains(case_id); }))
      cases.push_back(id);
  }
  return cases;
}

// How many times faster than the first arm: over all cases, and where least.
struct Gain {
  double mean = 1, least = 1;
  std::string least_in;
};

Gain gain_of(const Measured& arm, const Measured& reference, const std::vector<std::string>& cases) {
  Gain gain;
  double sum = 0;
  for (const std::string& id : cases) {
    const double ratio = reference.cycle_ns.at(id) / arm.cycle_ns.at(id);
    sum += std::log(ratio);
    if (gain.least_in.empty() || ratio < gain.least) {
      gain.least = ratio;
      gain.least_in = id;
    }
  }
  gain.mean = std::exp(sum / static_cast<double>(cases.size()));
  return gain;
}

size_t advised(const std::vector<Measured>& arms, const std::vector<std::string>& cases) {
  size_t best = 0;
  double best_mean = 1;
  for (size_t i = 1; i < arms.size(); ++i) {
    const double mean = gain_of(arms[i], arms[0], cases).mean;
    if (mean <= best_mean * (1 + kWorthIt)) continue;
    best = i;
    best_mean = mean;
  }
  return best;
}

std::string figures(const std::vector<Measured>& arms, const std::vector<std::string>& cases) {
  size_t first = 0;
  for (const std::string& id : cases) first = std::max(first, columns_of(id));
  constexpr size_t kTail = 26;
  first = std::max(first, kTail);
  std::string out;
  for (const Measured& arm : arms) {
    const Gain gain = gain_of(arm, arms[0], cases);
    out += "  " + arm.arm + "\n    " + padded("all conditions (geo. mean)", first, Align::left) + "  " +
           padded(ratio_text(gain.mean), 8, Align::right) + "\n";
    for (const std::string& id : cases) {
      out += "    " + padded(id, first, Align::left) + "  " +
             padded(ratio_text(arms[0].cycle_ns.at(id) / arm.cycle_ns.at(id)), 8, Align::right) + "  " +
             padded(time_text(arm.cycle_ns.at(id)), 8, Align::right) + "\n";
    }
    if (arm.resident_bytes)
      out += "    " + padded("private memory, an instance", first, Align::left) + "  " + bytes_text(*arm.resident_bytes) + "\n";
  }
  return out;
}

// Wasmtime's names for what is not its default (crate documentation of Config and PoolingAllocationConfig).
std::string wasmtime_settings(const std::string& strategy) {
  struct Setting {
    const char *axis, *name, *usual;
  };
  static constexpr std::array kSettings{
      Setting{"allocator", "Config::allocation_strategy", "on-demand"},
      Setting{"cow", "Config::memory_init_cow", "on"},
      Setting{"table-lazy", "Config::table_lazy_init", "on"},
      Setting{"keep", "PoolingAllocationConfig::linear_memory_keep_resident", "0"},
      Setting{"table-keep", "PoolingAllocationConfig::table_keep_resident", "0"},
      Setting{"pagemap-scan", "PoolingAllocationConfig::pagemap_scan", "off"},
      Setting{"batch", "PoolingAllocationConfig::decommit_batch_size", "1"},
      Setting{"warm-slots", "PoolingAllocationConfig::max_unused_warm_slots", "100"},
  };
  std::string out;
  for (const std::string& axis : split(strategy, ',')) {
    const size_t equals = axis.find('=');
    const std::string value = equals == std::string::npos ? "" : axis.substr(equals + 1);
    for (const Setting& setting : kSettings) {
      if (axis.substr(0, equals) == setting.axis && value != setting.usual && value != setting.usual + std::string("B"))
        out += "    " + std::string(setting.name) + ": " + value + "\n";
    }
  }
  return out.empty() ? "    Wasmtime's defaults\n" : out;
}

// How many pages an instance writes: each of them is a fault where every page is given back.
std::optional<std::pair<double, double>> pages_written(const Json& result) {
  std::optional<std::pair<double, double>> range;
  for (const Json& cell : result.at("cells")) {
    if (cell.at("arm") != "core:pool-lazy" || cell.at("status") != "ok") continue;
    const auto faults = number_at(cell, {"counters", "cycle", "faults.minor", "value"});
    if (!faults) continue;
    if (!range) range = {*faults, *faults};
    range = {std::min(range->first, *faults), std::max(range->second, *faults)};
  }
  return range;
}

std::string advice_for(const std::vector<Measured>& arms, const std::vector<std::string>& cases, bool core) {
  const size_t best = advised(arms, cases);
  const Gain gain = gain_of(arms[best], arms[0], cases);
  std::string out = (core ? "core: " : "Wasmtime: ") + arms[best].arm;
  if (best == 0) {
    out += ": no other arm is more than " + percent_text(kWorthIt) + " faster over these conditions\n";
  } else {
    out += ": " + ratio_text(gain.mean) + " against " + arms[0].arm + " over " +
           counted(static_cast<double>(cases.size()), "condition") + "; least " + ratio_text(gain.least) + " (" + gain.least_in +
           ")\n";
  }
  return core ? out : out + wasmtime_settings(arms[best].strategy);
}

bool runs_the_module(const Json& result) {
  const Json cases = result.value("cases", Json::array());
  return std::any_of(cases.begin(), cases.end(), [](const Json& one) { return one.contains("workload") && one.at("workload").value("kind", "") == "call"; });
}

std::string faults_text(const Json& result) {
  const auto pages = pages_written(result);
  if (!pages) return "";
  const std::string least = counted(pages->first, "page fault"), most = counted(pages->second, "page fault");
  return "core:pool-lazy takes " + least + (pages->second == pages->first ? "" : " to " + most) + " a cycle: what is written" +
         (runs_the_module(result) ? " by the calls, page by page\n"
                                  : " here, which is chosen, not your program's own (--invoke or --call runs that)\n");
}

// "a, b were not measured: reason".
std::string unmeasured_text(const std::vector<Measured>& all) {
  std::map<std::string, std::vector<std::string>> arms;  // by reason
  for (const Measured& one : all) {
    if (one.cycle_ns.empty() && !one.skipped.empty()) arms[one.skipped.begin()->second].push_back(one.arm);
  }
  std::string out;
  for (const auto& [reason, names] : arms) out += wrapped("", join(names, ", ") + " not measured: " + reason);
  return out;
}

}  // namespace

std::string advice_text(const Json& result) {
  const std::vector<Measured> all = measured(result);
  std::string figures_of_all, advice;
  for (const bool core : {true, false}) {
    const std::vector<Measured> arms = arms_of(all, core);
    const std::vector<std::string> cases = common_cases(arms);
    if (cases.empty()) continue;
    figures_of_all += figures(arms, cases);
    advice += advice_for(arms, cases, core);
  }
  if (advice.empty()) return "nothing was measured that advice could rest on\n" + unmeasured_text(all);
  return "cycle; ×: times faster than the first arm of the engine\n" + figures_of_all + unmeasured_text(all) + faults_text(result) +
         "\nadvice\n" + advice;
}

}  // namespace instbench::bench
