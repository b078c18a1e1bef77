#include <algorithm>
#include <cmath>
#include <set>

#include "harness/run/fold.hpp"

namespace instbench::bench {
namespace {

std::vector<Json> samples_of(const std::vector<Json>& lines) {
  std::vector<Json> samples;
  for (const Json& line : lines) samples.push_back(line.at("sample"));
  return samples;
}

// The values under `key` of those samples that have it and know it.
std::vector<Json> known(const std::vector<Json>& samples, const char* key) {
  std::vector<Json> values;
  for (const Json& sample : samples) {
    if (sample.contains(key) && !sample.at(key).is_null()) values.push_back(sample.at(key));
  }
  return values;
}

Json status(const char* word, const std::string& reason) { return {{"status", word}, {"reason", reason}}; }

std::string reason_of(const Json& sample) {
  const Json reason = sample.value("reason", Json(nullptr));
  return reason.is_string() ? reason.get<std::string>() : "the worker gave no reason";
}

// The manifest says that instantiation traps: then that is the right answer, and any other is a fault.
constexpr std::string_view kRefused = "instantiation failed:";

Json failure(const Json& sample, const std::string& expect) {
  const std::string reason = reason_of(sample);
  if (expect.empty() || !reason.starts_with(kRefused)) return status("failed", reason);
  return status("skipped", "expected: instantiation fails:" + reason.substr(kRefused.size()));
}

// Why the cell has no figures, or null when it has.
Json verdict(const std::vector<Json>& samples, const std::string& expect) {
  for (const Json& sample : samples) {
    if (sample.at("status") == "failed") return failure(sample, expect);
  }
  for (const Json& sample : samples) {
    if (sample.at("status") == "skipped") return status("skipped", reason_of(sample));
    const Json verified = sample.value("verified", Json(nullptr));
    if (!verified.is_null() && verified != true) {
      return status("failed", "verification failed: the instance differs from a fresh reference");
    }
  }
  if (!samples.empty() && !expect.empty()) {
    return status("failed", "instantiation succeeded, but the manifest expects: " + expect);
  }
  return nullptr;
}

Json column(const std::vector<Json>& objects, const char* key) {
  Json values = Json::array();
  for (const Json& object : objects) values.push_back(object.value(key, Json(nullptr)));
  return values;
}

Json batch_of(const std::vector<Json>& samples) {
  const std::vector<Json> batches = known(samples, "batch");
  if (batches.empty()) return nullptr;
  std::vector<double> real;
  for (const Json& batch : batches) {
    if (batch.value("real_ns", Json(nullptr)).is_number()) real.push_back(batch.at("real_ns"));
  }
  return {{"real_ns", column(batches, "real_ns")},
          {"cpu_ns", column(batches, "cpu_ns")},
          {"iterations", column(batches, "iterations")},
          {"median_real_ns", real.empty() ? Json(nullptr) : Json(median(real))}};
}

Json summed(const std::vector<Json>& objects) {
  Json sums = Json::object();
  for (const Json& object : objects) {
    for (const auto& [key, value] : object.items()) {
      if (value.is_number()) sums[key] = sums.value(key, uint64_t{0}) + value.get<uint64_t>();
    }
  }
  return sums;
}

Json phases_by_path(const std::vector<Json>& objects) {
  std::set<std::string> paths;
  for (const Json& object : objects) {
    for (const auto& [path, phases] : object.items()) paths.insert(path);
  }
  Json merged = Json::object();
  for (const std::string& path : paths) {
    std::vector<Json> parts;
    for (const Json& object : objects) {
      if (object.contains(path)) parts.push_back(object.at(path));
    }
    merged[path] = median_of_objects(parts);
    merged[path]["samples"] = summed(parts).value("samples", 0);
  }
  return merged;
}

// The counters of each process, for an engine whose system calls are counted by ptrace only those of processes in which
// they were: elsewhere they are not known, and not zero.
std::vector<Json> counters_of(const std::vector<Json>& samples) {
  const auto counts_calls = [](const Json& sample) {
    const Json engine = sample.value("engine", Json());
    const Json kinds = engine.is_object() ? engine.value("counters", Json()) : Json();
    return !kinds.is_array() || std::find(kinds.begin(), kinds.end(), "syscalls") != kinds.end();
  };
  const bool any = std::any_of(samples.begin(), samples.end(), counts_calls);
  std::vector<Json> counters;
  for (const Json& sample : samples) {
    const Json own = sample.value("counters", Json());
    if (!own.is_null() && (!any || counts_calls(sample))) counters.push_back(own);
  }
  return counters;
}

Json noise_of(const std::vector<Json>& noises) {
  Json out = {{"run_delay_share_max", nullptr}};
  for (const Json& noise : noises) {
    const Json delay = noise.value("run_delay_ns", Json(nullptr)), wall = noise.value("wall_ns", Json(nullptr));
    if (!delay.is_number() || !wall.is_number() || wall.get<double>() <= 0) continue;
    const double share = delay.get<double>() / wall.get<double>();
    Json& most = out["run_delay_share_max"];
    if (most.is_null() || most.get<double>() < share) most = share;
  }
  const Json sums = summed(noises);
  for (const char* key : {"steal_ticks", "nvcsw", "nivcsw", "migrations", "psi_some_us", "major_faults"}) {
    out[key] = sums.value(key, Json(nullptr));
  }
  return out;
}

}  // namespace

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

Json median_of_objects(const std::vector<Json>& objects) {
  Json merged = Json::object();
  for (const Json& object : objects) {
    if (!object.is_object()) continue;  // a worker's word
    for (const auto& [key, value] : object.items()) {
      if (!merged.contains(key) || merged.at(key).is_null()) merged[key] = value;
    }
  }
  for (auto& [key, value] : merged.items()) {
    std::vector<Json> all;
    for (const Json& object : objects) {
      if (object.is_object() && object.contains(key)) all.push_back(object.at(key));
    }
    if (value.is_object()) {
      value = median_of_objects(all);
    } else if (value.is_number()) {
      std::vector<double> numbers;
      for (const Json& one : all) {
        if (one.is_number()) numbers.push_back(one);
      }
      const double middle = median(numbers);
      const bool whole = value.is_number_integer() && middle == std::floor(middle);
      value = whole ? Json(static_cast<int64_t>(middle)) : Json(middle);
    }
  }
  return merged;
}

Json fold_counters(const std::vector<Json>& per_process) {
  std::set<std::pair<std::string, std::string>> names;
  for (const Json& counters : per_process) {
    for (const auto& [phase, values] : counters.items()) {
      if (!values.is_object()) continue;  // "cycles", "unsupported"
      for (const auto& [name, value] : values.items()) names.insert({phase, name});
    }
  }
  Json folded = Json::object();
  for (const Json& counters : per_process) {
    // A phase without counters was counted and all of them were zero; an absent phase is not known.
    for (const auto& [phase, values] : counters.items()) {
      if (values.is_object()) folded[phase] = Json::object();
    }
  }
  for (const auto& [phase, name] : names) {
    double least = INFINITY, most = -INFINITY;
    for (const Json& counters : per_process) {
      // A process that lists no such counter saw it zero everywhere: that is a count, not an unknown.
      const Json value = counters.value(phase, Json::object()).value(name, Json(0));
      if (!value.is_number()) continue;
      least = std::min(least, value.get<double>());
      most = std::max(most, value.get<double>());
    }
    if (least > most) continue;  // every process says that it does not know
    const bool exact = per_process.size() >= 3 && least == most && least == std::floor(least);
    folded[phase][name] = exact ? Json{{"exact", true}, {"value", static_cast<int64_t>(least)}}
                                : Json{{"exact", false}, {"min", least}, {"max", most}};
  }
  return folded;
}

Json fold_cell(const CellLines& lines, const std::string& expect, uint64_t blocks, Pilot pilot) {
  const std::vector<Json> timed = samples_of(lines.blocks);
  std::vector<Json> all = samples_of(lines.pilots);
  all.insert(all.end(), timed.begin(), timed.end());

  Json cell = verdict(all, expect);
  if (!cell.is_null()) return cell;
  if (timed.empty()) {
    const bool piloted = pilot == Pilot::planned && !lines.pilots.empty();
    const std::string done = piloted ? "after its pilot, before the first of " : "before the first of ";
    return status("skipped", "not run: stopped " + done + std::to_string(blocks) + " blocks");
  }
  const std::vector<Json> verified = known(all, "verified"), counters = counters_of(all);
  cell = {{"status", "ok"},
          {"reason", nullptr},
          {"verified", verified.empty() ? Json(nullptr) : Json(true)},
          {"processes", timed.size()},
          {"batch", batch_of(timed)},
          {"first", median_of_objects(known(all, "first"))},
          {"phases", median_of_objects(known(timed, "phases"))},
          {"phases_by_path", phases_by_path(known(timed, "phases_by_path"))},
          {"counters", counters.empty() ? Json(nullptr) : fold_counters(counters)},
          {"paths", summed(known(all, "paths"))},
          {"memory", median_of_objects(known(all, "memory"))},
          {"floor", median_of_objects(known(all, "floor"))},
          {"facts", median_of_objects(known(all, "facts"))},
          {"noise", noise_of(known(timed, "noise"))}};
  const std::vector<Json> engines = known(all, "engine");
  if (!engines.empty()) {
    cell["engine"] = *std::max_element(engines.begin(), engines.end(), [](const Json& a, const Json& b) {
      return a.value("counters", Json()).size() < b.value("counters", Json()).size();
    });
  }
  const std::vector<Json> events = known(all, "kernel_events");
  if (!events.empty()) cell["kernel_events"] = median_of_objects(events);
  const std::vector<Json> tools = known(all, "tool");
  if (!tools.empty()) cell["tool"] = tools.front();
  const std::vector<Json> traces = known(all, "trace");
  const auto untraced =
      std::find_if(traces.begin(), traces.end(), [](const Json& t) { return t.contains("unsupported"); });
  if (!traces.empty()) cell["trace"] = untraced == traces.end() ? fold_counters(traces) : *untraced;
  return cell;
}

}  // namespace instbench::bench
