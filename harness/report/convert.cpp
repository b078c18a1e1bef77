#include "harness/report/convert.hpp"

#include <algorithm>
#include <cctype>

#include "harness/report/convert_cells.hpp"
#include "harness/report/format.hpp"

namespace instbench::bench {

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

std::string plain_name(const std::string& text) {
  std::string name;
  for (const char c : text) {
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

std::string UniqueNames::of(const std::string& id, const std::string& wanted) {
  const auto known = names_.find(id);
  if (known != names_.end()) return known->second;
  std::string name = wanted;
  for (size_t n = 2; !taken_.insert(name).second; ++n) name = wanted + "_" + std::to_string(n);
  return names_[id] = name;
}

std::vector<Process> processes_of(const Json& cell) {
  std::vector<Process> processes;
  const Json batch = cell.value("batch", Json(nullptr));
  if (!batch.is_object()) return processes;
  const Json &real = batch.at("real_ns"), &cpu = batch.at("cpu_ns"), &iterations = batch.at("iterations");
  for (size_t i = 0; i < real.size(); ++i) {
    if (!real.at(i).is_number()) continue;
    Process process{real.at(i), {}, 1};
    if (i < cpu.size() && cpu.at(i).is_number()) process.cpu_ns = cpu.at(i).get<double>();
    if (i < iterations.size() && iterations.at(i).is_number()) process.iterations = iterations.at(i);
    processes.push_back(process);
  }
  return processes;
}

std::map<std::string, int64_t> exact_counters(const Json& cell) {
  std::map<std::string, int64_t> exact;
  const Json counters = cell.value("counters", Json(nullptr));
  if (!counters.is_object() || !counters.contains("cycle")) return exact;
  for (const auto& [name, counter] : counters.at("cycle").items()) {
    if (counter.at("exact").get<bool>()) exact[name] = counter.at("value").get<int64_t>();
  }
  return exact;
}

double median_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

const Json& case_named(const Json& result, const std::string& id) {
  for (const Json& c : result.at("cases")) {
    if (c.at("id") == id) return c;
  }
  throw ResultError("cell of the unknown case '" + id + "'");
}

}  // namespace instbench::bench
