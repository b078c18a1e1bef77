#include "harness/run/journal.hpp"

#include <filesystem>
#include <map>
#include <system_error>

#include "harness/protocol/text.hpp"
#include "harness/run/provenance.hpp"
#include "harness/run/sample.hpp"

namespace instbench::bench {
namespace {

// A reason may quote bytes that are not UTF-8 (a path, a crash message): they are replaced, not thrown at.
std::string one_line(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

os::Journal reopen(const std::string& path) {
  try {
    return os::Journal::reopen(path);
  } catch (const std::system_error& error) {
    if (error.code() == std::errc::device_or_resource_busy) throw;
    throw JournalError("no journal to read: " + std::string(error.what()));
  }
}

// The header is what the fold goes by, so all of it must be as this run would write it, but for what names the run
// that began. Both sides are compared as read back: bytes that are not UTF-8 have been replaced.
void check_header(const Json& recorded, const Json& header, const std::string& path) {
  Json expected = header;
  const Json run = recorded.value("run", Json());
  for (const char* key : {"id", "started", "suite", "argv"}) {
    if (run.is_object() && run.contains(key)) expected["run"][key] = run.at(key);
  }
  expected = Json::parse(one_line(expected));
  for (const auto& [key, value] : expected.items()) {
    if (recorded.value(key, Json()) == value) continue;
    throw JournalError(path + ":1: its \"" + key + "\" is not that of the run this command describes; start anew " +
                       "with another --out or --force");
  }
}

// What is wrong with a line, or an empty string.
std::string problem_with(const Json& line, const Experiment& experiment) {
  const Json number = line.value("step", Json());
  if (!number.is_number_integer()) return "no step, or one that is not a whole number";
  const size_t steps = experiment.plan.size();
  if (number < 0 || number >= steps)
    return "step " + number.dump() + " of a plan of " + std::to_string(steps) + " steps, counted from 0";
  const Step& step = experiment.plan[number.get<size_t>()];
  const Json planned = {{"case", id_of(experiment.cases[step.case_index])},
                        {"arm", experiment.arms[step.arm_index].id},
                        {"role", name_of(step.role)},
                        {"block", step.block},
                        {"attempt", step.attempt},
                        {"position", step.position},
                        {"of", step.of}};
  const Json expected = Json::parse(one_line(planned));
  for (const auto& [key, value] : expected.items()) {
    const Json there = line.value(key, Json());
    if (there != value)
      return "the " + key + " of step " + number.dump() + " is " + there.dump() + ", planned was " + value.dump();
  }
  if (!line.value("at", Json()).is_string()) return "no time (\"at\")";
  const Json sample = line.value("sample", Json());
  const Json status = sample.is_object() ? sample.value("status", Json()) : Json();
  if (status != "ok" && status != "skipped" && status != "failed") return "no sample with a valid status";
  return "";
}

// What a comparison measures next hangs on all that it has measured; a run's steps do not hang on each other.
const char* remedy_of(Mode mode) {
  return mode == Mode::compare ? "take out this line and all below it, which were planned by it" : "remove the line";
}

void check_lines(const std::vector<Json>& lines, const Experiment& experiment, const std::string& path) {
  std::map<size_t, size_t> seen;  // step -> index of its last line
  for (size_t i = 0; i < lines.size(); ++i) {
    const auto number_of = [](size_t index) { return std::to_string(index + 2); };  // line 1 is the header
    std::string problem = problem_with(lines[i], experiment);
    if (problem.empty()) {
      const size_t step = lines[i].at("step").get<size_t>();
      const auto before = seen.find(step);
      // A step is there again only where a resumed run asked again after a killed worker.
      if (before != seen.end() && !was_killed(lines[before->second].at("sample")))
        problem = "step " + std::to_string(step) + " is there already, in line " + number_of(before->second);
      seen[step] = i;
    }
    if (problem.empty()) continue;
    throw JournalError(path + ":" + number_of(i) + ": " + problem + "; " + remedy_of(experiment.settings.mode) +
                       ", or start anew with --force");
  }
}

}  // namespace

std::string journal_path(const std::string& out) { return out.ends_with(".json") ? out + "l" : out + ".jsonl"; }

Recorded parse_journal(const std::string& text, const std::string& path) {
  std::vector<std::string> lines = split(text, '\n');
  lines.pop_back();  // empty after the last newline, or cut short by a kill
  Recorded recorded;
  for (size_t i = 0; i < lines.size(); ++i) {
    Json line = Json::parse(lines[i], nullptr, false);
    if (line.is_discarded() || !line.is_object()) {
      throw JournalError(path + ":" + std::to_string(i + 1) + ": not a JSON object; this is no journal of instbench");
    }
    if (i == 0) {
      recorded.header = std::move(line);
    } else {
      recorded.lines.push_back(std::move(line));
    }
  }
  if (!recorded.header.is_object() || recorded.header.value("schema", Json()) != "instbench-journal/1") {
    throw JournalError(path + ": its first line is not the header of an instbench-journal/1");
  }
  return recorded;
}

RunJournal RunJournal::create(const std::string& path, const Json& header) {
  os::Journal file = os::Journal::open(path, true);
  try {
    file.append(one_line(header));
  } catch (...) {
    std::error_code ignored;  // the error that matters is the one in flight
    std::filesystem::remove(path, ignored);
    throw;
  }
  return RunJournal(std::move(file), {header, {}});
}

RunJournal RunJournal::resume(const std::string& path, const Json& header, const Experiment& experiment) {
  os::Journal file = reopen(path);
  Recorded recorded = parse_journal(file.text(), path);
  const std::string differs = difference(recorded.header, header);
  if (!differs.empty()) {
    throw JournalError("cannot resume " + path + ": it was begun by " + differs +
                       "; go on with what it was begun with, or start anew with another --out or --force");
  }
  check_header(recorded.header, header, path);
  check_lines(recorded.lines, experiment, path);
  file.cut_unfinished_line();
  return RunJournal(std::move(file), std::move(recorded));
}

void RunJournal::append(const Json& line) {
  if (file_) file_->append(one_line(line));
  recorded_.lines.push_back(line);
}

Json line_of(const Step& step, const Request& request, const Json& sample, double wall_ms) {
  return {{"step", step.number},      {"case", id_of(request.cell)},
          {"arm", request.arm.id},    {"role", name_of(step.role)},
          {"block", step.block},      {"attempt", step.attempt},
          {"position", step.position}, {"of", step.of},
          {"passes", request.passes}, {"iterations", request.iterations ? Json(*request.iterations) : Json(nullptr)},
          {"at", utc_now()},          {"wall_ms", wall_ms},
          {"in_turns", request.turns.has_value()},
          {"sample", sample}};
}

}  // namespace instbench::bench
