#include "harness/run/sample.hpp"

#include <cstdlib>
#include <cstring>
#include <sstream>

#include "harness/protocol/text.hpp"

namespace instbench::bench {
namespace {

// The last line that says something: the tail of a crash message is worth more than its beginning.
std::string last_line(const std::string& text) {
  std::string last;
  for (const std::string& line : split(text, '\n')) {
    if (line.find_first_not_of(" \t\r") != line.npos) last = line;
  }
  return last;
}

std::string with_stderr(std::string reason, const std::string& err) {
  const std::string line = last_line(err);
  return line.empty() ? reason : reason + ": " + line;
}

// Deeper than any sample is; what goes through one is recursive.
bool is_too_deep(const std::string& text) {
  constexpr int kDeepest = 64;
  int depth = 0;
  bool in_string = false, escaped = false;
  for (const char c : text) {
    if (in_string) {
      in_string = escaped || c != '"';
      escaped = !escaped && c == '\\';
    } else if (c == '"') {
      in_string = true;
      escaped = false;
    } else if (c == '[' || c == '{') {
      if (++depth > kDeepest) return true;
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return false;
}

// Times that no measurement gives, and counts that are none.
std::string implausible(const Json& sample) {
  constexpr double kLongestNs = 1e15;  // eleven days
  const auto at = [](const Json& object, const char* key) {
    return object.is_object() ? object.value(key, Json(nullptr)) : Json(nullptr);
  };
  const auto object_at = [&](const Json& object, const char* key) {
    Json found = at(object, key);
    return found.is_object() ? found : Json::object();
  };
  const Json time = at(at(sample, "batch"), "real_ns");
  if (time.is_number() && (!(time.get<double>() > 0) || time.get<double>() > kLongestNs))
    return "its batch takes " + time.dump() + " ns a cycle, which nothing does";
  const Json phases = object_at(sample, "phases"), cycle = object_at(at(sample, "counters"), "cycle");
  for (const auto& [phase, figures] : phases.items()) {
    const Json p50 = at(figures, "p50");
    if (p50.is_number() && (p50.get<double>() < 0 || p50.get<double>() > kLongestNs))
      return "its phase " + phase + " takes " + p50.dump() + " ns, which nothing does";
  }
  for (const auto& [counter, value] : cycle.items()) {
    if (!value.is_number() && !value.is_null()) return "its counter " + counter + " is not a number";
  }
  return "";
}

std::string problem_with(const Json& sample) {
  if (!sample.is_object()) return "its answer is not one JSON object";
  if (sample.value("protocol", Json(nullptr)) != kProtocolVersion) {
    return "its answer is not of protocol " + std::to_string(kProtocolVersion);
  }
  const Json status = sample.value("status", Json(nullptr));
  if (status == "refused") {
    const Json reason = sample.value("reason", Json(nullptr));
    return "it refuses the cell" + (reason.is_string() ? ": " + reason.get<std::string>() : "") +
           " (a strategy is refused when it is described; a cell is skipped)";
  }
  if (status != "ok" && status != "skipped" && status != "failed") return "its answer has no valid status";
  return status == "ok" ? implausible(sample) : "";
}

Json killed_sample(const char* by, const std::string& reason) {
  Json sample = failed_sample(reason);
  sample["ended"] = by;
  return sample;
}

}  // namespace

Json failed_sample(const std::string& reason) {
  return {{"protocol", kProtocolVersion}, {"status", "failed"}, {"reason", reason}};
}

Json skipped_sample(const std::string& reason) {
  return {{"protocol", kProtocolVersion}, {"status", "skipped"}, {"reason", reason}};
}

bool was_killed(const Json& sample) { return sample.is_object() && sample.contains("ended"); }

std::string reason_of(const Json::exception& error) {
  const std::string text = error.what();
  const size_t tag = text.starts_with('[') ? text.find("] ") : text.npos;
  return tag == text.npos ? text : text.substr(tag + 2);
}

Json sample_from(const os::ChildResult& child, std::chrono::milliseconds timeout, size_t processes) {
  if (child.timed_out) {
    std::string limit = number_text(static_cast<double>(timeout.count()) / 1000) + " s (--timeout)";
    if (processes > 1) limit += " for each of the " + std::to_string(processes) + " processes that take turns";
    return killed_sample("timeout", with_stderr("worker: no answer within " + limit, child.err));
  }
  if (child.signal) {
    const std::string name = "signal " + std::to_string(*child.signal) + " (" + ::strsignal(*child.signal) + ")";
    return killed_sample("signal", with_stderr("worker: killed by " + name, child.err));
  }
  if (child.exit_code != 0) {
    return failed_sample(with_stderr("worker: exit code " + std::to_string(child.exit_code), child.err));
  }
  if (is_too_deep(child.out)) return failed_sample("worker: its answer is nested too deeply");
  Json sample = Json::parse(child.out, nullptr, false);
  const std::string problem = problem_with(sample);
  return problem.empty() ? sample : failed_sample(with_stderr("worker: " + problem, child.err));
}

std::vector<std::string> worker_command() {
  const char* other = std::getenv("INSTBENCH_WORKER");
  if (other == nullptr || *other == '\0') return {os::self_path(), "worker", "--json"};
  std::istringstream words(other);
  std::vector<std::string> argv;
  for (std::string word; words >> word;) argv.push_back(word);
  return argv;
}

}  // namespace instbench::bench
