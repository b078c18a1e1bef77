// The gate without a clock: a run's exact counters against the reviewed lock, both ways. Pure.
//
// A change up or down is a finding (an improvement that is not locked is lost silently); a counter that
// was locked and is no longer exact is one too. What was a range when it was locked does not gate.
// A case or arm that is missing, new, or skipped on one side only is a coverage mismatch. A failed cell,
// or a count that the independent ptrace pass contradicts, is a failure of the tool.
#pragma once

#include <string>
#include <vector>

#include "harness/protocol/cell.hpp"

namespace instbench::bench {

struct GateReport {
  std::vector<std::string> failures;  // exit 1
  std::vector<std::string> coverage;  // exit 5
  std::vector<std::string> changes;   // exit 3: "case arm phase counter: 1 -> 2"
  std::vector<std::string> notes;     // exit 0
  size_t compared = 0;                // exact counters that agree, zeros of both sides left out

  int exit_code() const;  // the documented precedence: 1, 5, 3, 0
};

enum class Scope { whole_suite, selection };  // a selection does not miss what it left out

// `section` is what section_of() made when it was reviewed.
GateReport judge(const Json& section, const Json& result, Scope scope);

// Failed cells, and cells whose ptrace count contradicts the core's own; runs before anything is locked.
GateReport check_counts(const Json& result);

}  // namespace instbench::bench
