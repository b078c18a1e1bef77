#include <algorithm>

#include "harness/protocol/text.hpp"
#include "harness/report/convert.hpp"
#include "harness/report/convert_cells.hpp"
#include "harness/report/format.hpp"

namespace instbench::bench {
namespace {

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\n\r") == text.npos) return text;
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

std::string csv_value(const Json& value) {
  if (value.is_null()) return "";
  return csv_field(value.is_string() ? value.get<std::string>() : value.dump());
}

std::string csv_number(std::optional<double> value) { return value ? Json(*value).dump() : ""; }

constexpr const char* kPhases[] = {"acquire", "init", "start", "work", "release", "instantiate", "cycle"};

std::string csv_header() {
  std::string header =
      "case,arm,strategy,status,reason,verified,module,read,write,calls,grow,runs,reread,slots,vary,bystanders,"
      "threads,processes,batch_median_ns,batch_min_ns,batch_max_ns,first_instantiate_ns,first_cycle_ns";
  for (const char* phase : kPhases) header += "," + std::string(phase) + "_p50_ns";
  return header + ",resolution_ns,faults_per_cycle,syscalls_per_cycle\n";
}

// Sum of exact counters with this prefix; empty when one of them is a range or nothing was counted.
std::string exact_sum(const Json& cell, std::string_view prefix) {
  const Json counters = cell.value("counters", Json(nullptr));
  if (!counters.is_object() || !counters.contains("cycle")) return "";
  int64_t sum = 0;
  for (const auto& [name, counter] : counters.at("cycle").items()) {
    if (!name.starts_with(prefix)) continue;
    if (!counter.at("exact").get<bool>()) return "";
    sum += counter.at("value").get<int64_t>();
  }
  return std::to_string(sum);
}

std::string csv_row(const Json& result, const Json& cell) {
  const Json& c = case_named(result, cell.at("case"));
  std::string strategy;
  for (const Json& arm : result.at("arms")) {
    if (arm.at("id") == cell.at("arm")) strategy = arm.value("strategy", "");
  }
  std::vector<double> times;
  for (const Process& process : processes_of(cell)) times.push_back(process.real_ns);
  const auto extreme = [&](auto pick) { return times.empty() ? "" : Json(*pick(times.begin(), times.end())).dump(); };
  std::vector<std::string> fields{csv_value(cell.at("case")),
                                  csv_value(cell.at("arm")),
                                  csv_field(strategy),
                                  csv_value(cell.at("status")),
                                  csv_value(cell.value("reason", Json(nullptr))),
                                  csv_value(cell.value("verified", Json(nullptr))),
                                  csv_value(c.at("module"))};
  for (const char* key : {"read", "write", "calls", "grow", "runs", "reread"}) {
    fields.push_back(csv_value(c.at("workload").value(key, Json(nullptr))));
  }
  for (const char* key : {"slots", "vary", "bystanders", "threads"})
    fields.push_back(csv_value(c.value(key, Json(nullptr))));
  fields.push_back(csv_value(cell.value("processes", Json(nullptr))));
  fields.push_back(csv_number(number_at(cell, {"batch", "median_real_ns"})));
  fields.push_back(extreme([](auto b, auto e) { return std::min_element(b, e); }));
  fields.push_back(extreme([](auto b, auto e) { return std::max_element(b, e); }));
  fields.push_back(csv_number(number_at(cell, {"first", "instantiate"})));
  fields.push_back(csv_number(number_at(cell, {"first", "cycle"})));
  for (const char* phase : kPhases) fields.push_back(csv_number(number_at(cell, {"phases", phase, "p50"})));
  fields.push_back(csv_number(number_at(cell, {"phases", "resolution_ns"})));
  fields.push_back(exact_sum(cell, "faults."));
  fields.push_back(exact_sum(cell, "syscalls."));
  return join(fields, ",") + "\n";
}

}  // namespace

std::string csv_text(const Json& result) {
  std::string text = csv_header();
  for (const Json& cell : result.at("cells")) text += csv_row(result, cell);
  return text;
}

}  // namespace instbench::bench
