#include "harness/report/mix_text.hpp"

#include <algorithm>
#include <map>

#include "harness/protocol/text.hpp"
#include "harness/report/format.hpp"

namespace instbench::bench {
namespace {

constexpr std::string_view kModule = " module=";
constexpr double kLeastShown = 0.001;

// "hit" of "slot=hit memory=kept …".
std::string slot_of(const std::string& path) {
  const std::string first = path.substr(0, path.find(' '));
  return first.substr(first.find('=') + 1);
}

std::string shares_text(const Json& paths) {
  std::map<std::string, double> counts;
  double all = 0;
  for (const auto& [path, count] : paths.items()) {
    counts[slot_of(path)] += count.get<double>();
    all += count.get<double>();
  }
  std::vector<std::string> parts;
  for (const char* slot : {"fresh", "hit", "stolen", "shared", "cold", "evicted"}) {
    if (!counts.contains(slot)) continue;
    const double share = counts[slot] / all;
    parts.push_back((share < kLeastShown ? "< " + percent_text(kLeastShown) : percent_text(share)) + " " + slot);
  }
  return join(parts, ", ");
}

// Median cycles of one module by slot; of several paths with the same slot their mean, by how often each was taken.
class Cycles {
 public:
  void add(const std::string& slot, double samples, double median_ns) {
    sums_[slot].samples += samples;
    sums_[slot].ns += samples * median_ns;
  }
  bool has(const std::string& slot) const { return sums_.contains(slot); }
  double at(const std::string& slot) const { return sums_.at(slot).ns / sums_.at(slot).samples; }

 private:
  struct Sum {
    double samples = 0, ns = 0;
  };
  std::map<std::string, Sum> sums_;
};

std::map<std::string, Cycles> cycles_by_module(const Json& phases_by_path) {
  std::map<std::string, Cycles> modules;
  for (const auto& [path, phases] : phases_by_path.items()) {
    const size_t at = path.find(kModule);
    const auto samples = number_at(phases, {"samples"}), median = number_at(phases, {"cycle_p50"});
    if (at != path.npos && samples && median && *samples > 0)
      modules[path.substr(at + kModule.size())].add(slot_of(path), *samples, *median);
  }
  return modules;
}

// The mean over the modules named.
double mean_of(std::map<std::string, Cycles>& modules, const std::vector<std::string>& names, const std::string& slot) {
  double sum = 0;
  for (const std::string& name : names) sum += modules[name].at(slot);
  return sum / static_cast<double>(names.size());
}

std::string cost_text(std::map<std::string, Cycles> modules) {
  std::vector<std::string> evicted, hit, both;
  for (const auto& [name, cycles] : modules) {
    if (cycles.has("evicted")) evicted.push_back(name);
    if (cycles.has("hit")) hit.push_back(name);
    if (cycles.has("evicted") && cycles.has("hit")) both.push_back(name);
  }
  if (both.empty() && evicted.empty() == hit.empty()) return "";  // of different modules: not to be compared
  if (both.empty() && hit.empty()) return "; an evicted cycle takes " + time_text(mean_of(modules, evicted, "evicted"));
  if (both.empty()) return "; a hit takes " + time_text(mean_of(modules, hit, "hit"));
  return "; an evicted cycle takes " + time_text(mean_of(modules, both, "evicted")) + ", a hit " +
         time_text(mean_of(modules, both, "hit")) + (both.size() == modules.size() ? "" : " (" + join(both, ", ") + ")");
}

}  // namespace

std::string slots_text(const Json& cell) {
  const Json paths = cell.value("paths", Json()), by_path = cell.value("phases_by_path", Json());
  if (!paths.is_object() || paths.empty()) return "";
  return "slots: " + shares_text(paths) + (by_path.is_object() ? cost_text(cycles_by_module(by_path)) : "");
}

std::string choices_text(const Json& cell) {
  const Json facts = cell.value("facts", Json());
  const Json modules = facts.is_object() ? facts.value("modules", Json()) : Json();
  if (!modules.is_object()) return "";
  std::map<std::string, std::vector<std::string>> by_reset;
  for (const auto& [name, own] : modules.items()) {
    const Json chosen = own.is_object() ? own.value("chosen", Json()) : Json();
    const Json reset = chosen.is_object() ? chosen.value("reset", Json()) : Json();
    if (reset.is_string()) by_reset[reset].push_back(name);
  }
  std::vector<std::string> parts;
  for (const auto& [reset, names] : by_reset) parts.push_back("reset=" + reset + " for " + join(names, ", "));
  return join(parts, "; ");
}

}  // namespace instbench::bench
