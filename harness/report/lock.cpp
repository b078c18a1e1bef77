#include "harness/report/lock.hpp"

#include <algorithm>
#include <set>

#include "harness/protocol/text.hpp"

namespace instbench::bench {
namespace {

constexpr const char* kSchema = "instbench-counters-lock/1";

// A file's name in a case id may be any bytes: those that are not UTF-8 are replaced, not thrown at.
std::string one_line(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

// ptrace serves the second count only: whether it works changes no counter.
bool decides_counters(const std::string& feature) { return feature != "ptrace"; }

std::string working_features(const Json& machine) {
  std::vector<std::string> names;
  const Json features = machine.value("features", Json::object());
  for (const auto& [name, why_not] : features.items()) {
    if (why_not.is_null() && decides_counters(name)) names.push_back(name);
  }
  return join(names, " ");
}

// One cell of a result -> its lock entry: {"phases": {…}, "ranges": […]} or "skipped".
Json entry_of(const Json& cell) {
  if (cell.at("status") != "ok") return "skipped";
  Json phases = Json::object(), ranges = Json::array();
  for (const auto& [phase, counters] : cell.at("counters").items()) {
    phases[phase] = Json::object();
    for (const auto& [name, counter] : counters.items()) {
      if (!counter.at("exact").get<bool>()) {
        ranges.push_back(phase + " " + name);
      } else if (counter.at("value") != 0) {
        phases[phase][name] = counter.at("value");
      }
    }
  }
  return {{"phases", phases}, {"ranges", ranges}};
}

void add_entry(std::string& out, const std::string& arm, const Json& entry) {
  out += "        " + one_line(arm) + ": ";
  if (!entry.is_object()) {
    out += one_line(entry);
    return;
  }
  out += "{\"ranges\": " + one_line(entry.at("ranges")) + ", \"phases\": {";
  const char* separator = "\n";
  for (const auto& [phase, counters] : entry.at("phases").items()) {
    out += separator + std::string("          ") + one_line(phase) + ": " + one_line(counters);
    separator = ",\n";
  }
  out += "}}";
}

void add_section(std::string& out, const Json& section) {
  out += "    {\"suite\": " + one_line(section.at("suite")) + ",\n     \"kernel\": " + one_line(section.at("kernel")) +
         ",\n     \"key\": " + one_line(section.at("key")) + ",\n     \"cases\": {";
  const char* case_separator = "\n";
  for (const auto& [case_id, arms] : section.at("cases").items()) {
    out += case_separator + std::string("      ") + one_line(case_id) + ": {";
    const char* arm_separator = "\n";
    for (const auto& [arm, entry] : arms.items()) {
      out += arm_separator;
      add_entry(out, arm, entry);
      arm_separator = ",\n";
    }
    out += "}";
    case_separator = ",\n";
  }
  out += "}}";
}

bool is_counted(const Json& entry) {
  if (!entry.is_object() || !entry.value("phases", Json()).is_object() || !entry.value("ranges", Json()).is_array())
    return false;
  for (const Json& range : entry.at("ranges")) {
    if (!range.is_string()) return false;
  }
  for (const auto& [phase, counters] : entry.at("phases").items()) {
    if (!counters.is_object()) return false;
    for (const auto& [name, value] : counters.items()) {
      if (!value.is_number()) return false;
    }
  }
  return true;
}

bool well_formed(const Json& section) {
  for (const char* key : {"suite", "kernel", "key", "cases"}) {
    if (!section.is_object() || !section.contains(key)) return false;
  }
  if (!section.at("suite").is_string() || !section.at("kernel").is_string()) return false;
  if (!section.at("key").is_object() || !section.at("cases").is_object()) return false;
  for (const auto& [case_id, arms] : section.at("cases").items()) {
    if (!arms.is_object()) return false;
    for (const auto& [arm, entry] : arms.items()) {
      if (!is_counted(entry) && entry != "skipped") return false;
    }
  }
  return true;
}

}  // namespace

Json feature_key(const Json& result) {
  const Json& machine = result.at("machine");
  return {{"page_bytes", machine.value("page_bytes", Json(nullptr))},
          {"thp", machine.value("thp", Json(nullptr))},
          {"fault_around_bytes", machine.value("fault_around_bytes", Json(nullptr))},
          {"sanitizers", result.at("tool").value("sanitizers", "")},
          {"features", working_features(machine)}};
}

std::string kernel_series(const Json& result) {
  const std::vector<std::string> parts = split(result.at("machine").value("kernel", "unknown"), '.');
  return parts.size() < 2 ? parts.front() : parts[0] + "." + parts[1];
}

Json empty_lock() { return {{"schema", kSchema}, {"sections", Json::array()}}; }

Json parse_lock(const std::string& text, const std::string& file) {
  Json lock = Json::parse(text, nullptr, false);
  if (lock.is_discarded()) throw LockError(file + ": not JSON; restore it, or rewrite it with `gate --exact --update`");
  if (!lock.is_object() || lock.value("schema", Json()) != kSchema || !lock.value("sections", Json()).is_array()) {
    throw LockError(file + ": not a lock file of schema " + kSchema);
  }
  for (const Json& section : lock.at("sections")) {
    if (!well_formed(section))
      throw LockError(file + ": a section lacks its suite, kernel, key or cases, or an entry its counters");
  }
  return lock;
}

std::string lock_text(const Json& lock) {
  std::string out = "{\"schema\": " + one_line(lock.at("schema")) + ",\n  \"sections\": [";
  const char* separator = "\n";
  for (const Json& section : lock.at("sections")) {
    out += separator;
    add_section(out, section);
    separator = ",\n";
  }
  return out + "]}\n";
}

const Json* find_section(const Json& lock, const Json& key, const std::string& suite) {
  for (const Json& section : lock.at("sections")) {
    if (section.at("suite") == suite && section.at("key") == key) return &section;
  }
  return nullptr;
}

std::vector<std::string> suites_of(const Json& lock) {
  std::set<std::string> suites;
  for (const Json& section : lock.at("sections")) suites.insert(section.at("suite").get<std::string>());
  return {suites.begin(), suites.end()};
}

std::string nearest_difference(const Json& lock, const Json& key, const std::string& suite) {
  std::vector<std::string> fewest;
  for (const Json& section : lock.at("sections")) {
    if (section.at("suite") != suite) continue;
    std::vector<std::string> differs;
    for (const auto& [name, here] : key.items()) {
      const Json there = section.at("key").value(name, Json(nullptr));
      if (there != here) differs.push_back(name + ": " + there.dump() + " there, " + here.dump() + " here");
    }
    if (fewest.empty() || differs.size() < fewest.size()) fewest = differs;
  }
  return join(fewest, "; ");
}

Json section_of(const Json& result, const std::string& suite) {
  Json cases = Json::object();
  for (const Json& cell : result.at("cells")) {
    cases[cell.at("case").get<std::string>()][cell.at("arm").get<std::string>()] = entry_of(cell);
  }
  return {{"suite", suite}, {"kernel", kernel_series(result)}, {"key", feature_key(result)}, {"cases", cases}};
}

Json with_section(Json lock, const Json& section) {
  Json& sections = lock.at("sections");
  const auto same = std::find_if(sections.begin(), sections.end(), [&](const Json& other) {
    return other.at("suite") == section.at("suite") && other.at("key") == section.at("key");
  });
  if (same != sections.end()) {
    *same = section;
  } else {
    sections.push_back(section);
  }
  std::sort(sections.begin(), sections.end(), [](const Json& a, const Json& b) {
    return std::pair(a.at("suite").dump(), a.at("key").dump()) < std::pair(b.at("suite").dump(), b.at("key").dump());
  });
  return lock;
}

}  // namespace instbench::bench
