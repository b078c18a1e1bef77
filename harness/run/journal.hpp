// The journal of a run: OUT.jsonl beside OUT.json. Its first line is the header, every other line one
// worker process with its whole sample. Only ever appended to; a result is a fold of it. A kill loses at
// most the sample in flight (of a comparison: the block), and a last line without its end is dropped when the journal is opened again.
#pragma once

#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "harness/protocol/cell.hpp"
#include "harness/run/experiment.hpp"
#include "runtime/os/file.hpp"

namespace instbench::bench {

// A journal that cannot be used: unreadable, foreign, or of another run. One line, with what to do.
struct JournalError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Recorded {
  Json header;
  std::vector<Json> lines;  // {"step", "case", "arm", "role", "block", "position", "at", …, "in_turns", "sample"}, each an object
};

std::string journal_path(const std::string& out);  // "a.json" -> "a.jsonl", "a" -> "a.jsonl"

// The whole lines of a journal's text; `path` is for messages. Throws JournalError.
Recorded parse_journal(const std::string& text, const std::string& path);

class RunJournal {
 public:
  static RunJournal create(const std::string& path, const Json& header);  // replaces what is there
  // Of a run that nobody will go on with: kept in memory, so that nothing of it is left however it ends.
  static RunJournal without_file(const Json& header) { return {std::nullopt, {header, {}}}; }
  // Checks that the journal at `path` belongs to the run that `header` describes and that every line is of a step
  // of its plan, once (or again after a killed worker), and goes on with it. Nothing is changed before all is right.
  static RunJournal resume(const std::string& path, const Json& header, const Experiment& experiment);

  void append(const Json& line);
  const Recorded& recorded() const { return recorded_; }

 private:
  RunJournal(std::optional<os::Journal> file, Recorded recorded)
      : file_(std::move(file)), recorded_(std::move(recorded)) {}
  std::optional<os::Journal> file_;
  Recorded recorded_;
};

// The journal's line for one finished process.
Json line_of(const Step& step, const Request& request, const Json& sample, double wall_ms);

}  // namespace instbench::bench
