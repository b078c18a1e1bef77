#include "harness/report/convert.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "harness/protocol/text.hpp"
#include "harness/report/format.hpp"

namespace instbench::bench {
namespace {

// Names that tools and shells take as they are: letters, digits and _ . / = : -
std::string gbench_name(const Json& cell) {
  std::string name;
  for (const char c : cell.at("case").get<std::string>() + "/" + cell.at("arm").get<std::string>()) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0 ||
                       std::string_view("_./=:-").find(c) != std::string_view::npos;
    if (plain) {
      name += c;
    } else if (c == ' ') {
      name += '/';
    } else if (c != ')') {
      name += '_';
    }
  }
  return name;
}

double mean_of(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double stddev_of(const std::vector<double>& values) {
  const double mean = mean_of(values);
  double squares = 0;
  for (const double v : values) squares += (v - mean) * (v - mean);
  return std::sqrt(squares / static_cast<double>(values.size() - 1));
}

double median_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

// The processes of a cell that have both times.
struct Times {
  std::vector<double> real, cpu;
  std::vector<uint64_t> iterations;
};

Times times_of(const Json& cell) {
  Times times;
  const Json batch = cell.value("batch", Json(nullptr));
  if (!batch.is_object()) return times;
  const Json &real = batch.at("real_ns"), &cpu = batch.at("cpu_ns"), &iterations = batch.at("iterations");
  for (size_t i = 0; i < real.size(); ++i) {
    if (!real.at(i).is_number() || i >= cpu.size() || !cpu.at(i).is_number()) continue;
    times.real.push_back(real.at(i));
    times.cpu.push_back(cpu.at(i));
    times.iterations.push_back(iterations.at(i).is_number() ? iterations.at(i).get<uint64_t>() : 1);
  }
  return times;
}

// Figures beside the batch time, as user counters of every entry of the cell.
void add_user_counters(Json& entry, const Json& cell) {
  const auto add = [&](const std::string& name, std::optional<double> value) {
    if (value && std::isfinite(*value)) entry[name] = *value;
  };
  add("instantiate_p50_ns", number_at(cell, {"phases", "instantiate", "p50"}));
  add("first_cycle_ns", number_at(cell, {"first", "cycle"}));
  const Json counters = cell.value("counters", Json(nullptr));
  if (!counters.is_object() || !counters.contains("cycle")) return;
  for (const auto& [name, counter] : counters.at("cycle").items()) {
    if (counter.at("exact").get<bool>()) add(name, counter.at("value").get<double>());
  }
}

void add_entries(Json& entries, const Json& cell, size_t family, uint64_t threads) {
  const Times times = times_of(cell);
  const size_t processes = times.real.size();
  const std::string name = gbench_name(cell);
  Json common = {{"run_name", name},         {"family_index", family}, {"per_family_instance_index", 0},
                 {"repetitions", processes}, {"threads", threads},     {"time_unit", "ns"}};
  add_user_counters(common, cell);
  for (size_t i = 0; i < processes; ++i) {
    Json entry = common;
    entry.update({{"name", name},
                  {"run_type", "iteration"},
                  {"repetition_index", i},
                  {"iterations", times.iterations[i]},
                  {"real_time", times.real[i]},
                  {"cpu_time", times.cpu[i]}});
    entries.push_back(std::move(entry));
  }
  if (processes < 2) return;  // Google Benchmark writes no aggregates of a single repetition either
  const auto aggregate = [&](const char* kind, const char* unit, double real, double cpu) {
    Json entry = common;
    entry.update({{"name", name + "_" + kind},
                  {"run_type", "aggregate"},
                  {"aggregate_name", kind},
                  {"aggregate_unit", unit},
                  {"iterations", processes},
                  {"real_time", real},
                  {"cpu_time", cpu}});
    entries.push_back(std::move(entry));
  };
  aggregate("mean", "time", mean_of(times.real), mean_of(times.cpu));
  aggregate("median", "time", median_of(times.real), median_of(times.cpu));
  aggregate("stddev", "time", stddev_of(times.real), stddev_of(times.cpu));
  if (mean_of(times.real) > 0 && mean_of(times.cpu) > 0) {
    aggregate("cv", "percentage", stddev_of(times.real) / mean_of(times.real),
              stddev_of(times.cpu) / mean_of(times.cpu));
  }
}

const Json& case_named(const Json& result, const std::string& id) {
  for (const Json& c : result.at("cases")) {
    if (c.at("id") == id) return c;
  }
  throw ResultError("cell of the unknown case '" + id + "'");
}

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
  const Times times = times_of(cell);
  const auto extreme = [&](auto pick) {
    return times.real.empty() ? "" : Json(*pick(times.real.begin(), times.real.end())).dump();
  };
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

Json parse_result(const std::string& text, const std::string& file) {
  Json result = Json::parse(text, nullptr, false);
  if (result.is_discarded() || !result.is_object())
    throw ResultError(file + ": not a JSON object; is it a result of instbench run?");
  const Json schema = result.value("schema", Json(nullptr));
  if (schema != "instbench-result/1") {
    throw ResultError(file + ": schema " + schema.dump() + ", this program reads \"instbench-result/1\"");
  }
  for (const char* key : {"tool", "run", "machine", "arms", "cases", "cells"}) {
    if (!result.contains(key)) throw ResultError(file + ": has no \"" + key + "\"");
  }
  return result;
}

Json gbench_json(const Json& result) {
  const Json &machine = result.at("machine"), &tool = result.at("tool");
  // No json_schema_version: compare.py from 1.8.4 on refuses what is not its own. Custom values are text.
  Json context = {{"date", result.at("run").value("started", "")},
                  {"executable", "instbench"},
                  {"num_cpus", machine.value("cpus", Json(nullptr))},
                  {"caches", Json::array()},
                  {"load_avg", Json::array()},
                  {"library_build_type", tool.value("build_type", "") == "Debug" ? "debug" : "release"},
                  {"instbench_schema", "instbench-result/1"},
                  {"instbench_git", tool.value("git", "")},
                  {"instbench_run", result.at("run").value("id", "")},
                  {"cpu", machine.value("cpu", "")},
                  {"kernel", machine.value("kernel", "")}};
  Json entries = Json::array();
  size_t family = 0;
  for (const Json& cell : result.at("cells")) {
    if (cell.at("status") != "ok") continue;
    add_entries(entries, cell, family++, case_named(result, cell.at("case")).value("threads", uint64_t{1}));
  }
  return {{"context", context}, {"benchmarks", entries}};
}

std::string csv_text(const Json& result) {
  std::string text = csv_header();
  for (const Json& cell : result.at("cells")) text += csv_row(result, cell);
  return text;
}

}  // namespace instbench::bench
