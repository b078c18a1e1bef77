#include "harness/run/journal.hpp"

#include <filesystem>
#include <system_error>

#include "harness/protocol/text.hpp"
#include "harness/run/experiment.hpp"
#include "harness/run/provenance.hpp"

namespace instbench::bench {
namespace {

// A reason may quote bytes that are not UTF-8 (a path, a crash message): they are replaced, not thrown at.
std::string one_line(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

}  // namespace

std::string journal_path(const std::string& out) { return out.ends_with(".json") ? out + "l" : out + ".jsonl"; }

Recorded read_journal(const std::string& path) {
  std::string text;
  try {
    text = os::read_text(path);
  } catch (const std::system_error& error) {
    throw JournalError("no journal to read: " + std::string(error.what()));
  }
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
  if (!recorded.header.is_object() || recorded.header.value("schema", "") != "instbench-journal/1") {
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

RunJournal RunJournal::resume(const std::string& path, const Json& header) {
  Recorded recorded = read_journal(path);
  const std::string differs = difference(recorded.header, header);
  if (!differs.empty()) {
    throw JournalError("cannot resume " + path + ": it was begun by " + differs +
                       "; repeat the command it was begun with, or start anew with another --out or --force");
  }
  return RunJournal(os::Journal::open(path, false), std::move(recorded));
}

void RunJournal::append(const Json& line) {
  file_.append(one_line(line));
  recorded_.lines.push_back(line);
}

Json line_of(const Step& step, const Request& request, const Json& sample, double wall_ms) {
  return {{"step", step.number},      {"case", id_of(request.cell)},
          {"arm", request.arm.id},    {"role", step.role == Role::pilot ? "pilot" : "block"},
          {"block", step.block},      {"position", step.position},
          {"passes", request.passes}, {"iterations", request.iterations ? Json(*request.iterations) : Json(nullptr)},
          {"at", utc_now()},          {"wall_ms", wall_ms},
          {"sample", sample}};
}

}  // namespace instbench::bench
