#include <algorithm>

#include "harness/report/convert.hpp"
#include "harness/report/convert_cells.hpp"
#include "harness/report/escape.hpp"
#include "harness/report/format.hpp"

namespace instbench::bench {
namespace {

constexpr size_t kLongestName = 1000;  // Bencher takes 1,024 characters

Json measures_of(const Json& cell) {
  Json measures = Json::object();
  std::vector<double> times;
  for (const Process& process : processes_of(cell)) times.push_back(process.real_ns);
  if (!times.empty()) {
    const auto [least, most] = std::minmax_element(times.begin(), times.end());
    measures["latency"] = {{"value", median_of(times)}, {"lower_value", *least}, {"upper_value", *most}};
  }
  const auto add = [&](const char* name, std::optional<double> ns) {
    if (ns) measures[name] = {{"value", *ns}};
  };
  add("instantiate", number_at(cell, {"phases", "instantiate", "p50"}));
  add("first-cycle", number_at(cell, {"first", "cycle"}));
  for (const auto& [counter, value] : exact_counters(cell)) measures[counter] = {{"value", value}};
  return measures;
}

}  // namespace

Json bmf_json(const Json& result) {
  const Json control = result.contains("comparison") ? result.at("comparison").value("control", Json()) : Json();
  Json benchmarks = Json::object();
  UniqueNames names;
  for (const Json& cell : result.at("cells")) {
    if (cell.at("status") != "ok" || cell.at("arm") == control) continue;
    const std::string id = clean_text(cell.at("case").get<std::string>() + " / " + cell.at("arm").get<std::string>());
    Json measures = measures_of(cell);
    if (!measures.empty()) benchmarks[names.of(id, shortened(id, kLongestName))] = std::move(measures);
  }
  return benchmarks;
}

}  // namespace instbench::bench
