#include <cmath>
#include <numeric>

#include "harness/report/convert.hpp"
#include "harness/report/convert_cells.hpp"
#include "harness/report/format.hpp"

namespace instbench::bench {
namespace {

double mean_of(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double stddev_of(const std::vector<double>& values) {
  const double mean = mean_of(values);
  double squares = 0;
  for (const double v : values) squares += (v - mean) * (v - mean);
  return std::sqrt(squares / static_cast<double>(values.size() - 1));
}

// The processes of a cell that have both times.
struct Times {
  std::vector<double> real, cpu;
  std::vector<uint64_t> iterations;
};

Times times_of(const Json& cell) {
  Times times;
  for (const Process& process : processes_of(cell)) {
    if (!process.cpu_ns) continue;
    times.real.push_back(process.real_ns);
    times.cpu.push_back(*process.cpu_ns);
    times.iterations.push_back(process.iterations);
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
  for (const auto& [name, value] : exact_counters(cell)) add(name, static_cast<double>(value));
}

void add_entries(Json& entries, const Json& cell, const std::string& name, size_t family, uint64_t threads) {
  const Times times = times_of(cell);
  const size_t processes = times.real.size();
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

}  // namespace

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
  UniqueNames names;
  size_t family = 0;
  for (const Json& cell : result.at("cells")) {
    if (cell.at("status") != "ok") continue;
    const std::string id = cell.at("case").get<std::string>() + "/" + cell.at("arm").get<std::string>();
    add_entries(entries, cell, names.of(id, plain_name(id)), family++,
                case_named(result, cell.at("case")).value("threads", uint64_t{1}));
  }
  return {{"context", context}, {"benchmarks", entries}};
}

}  // namespace instbench::bench
