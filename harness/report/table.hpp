// A result as a table for a terminal of 120 columns: one block per case, one row per arm, and a closing
// line that says what to type next. Pure. A phase shorter than five clock reads is "< 100 ns", never a
// figure; a cell without figures is a row with its reason. How far a cycle figure can be trusted stands
// beside it: the spread over the blocks, and "~" when the process waited for a CPU.
#pragma once

#include <string>

#include "harness/protocol/cell.hpp"
#include "harness/report/terminal.hpp"

namespace instbench::bench {

struct TableOptions {
  std::string reference;  // the arm that "×" compares with; empty: core:eager, else the first
  std::string file;       // where the result lies, for the closing line; empty: no file named
  double seconds = 0;     // wall time of the run
  Colour colour = Colour::off;
};

std::string table_text(const Json& result, const TableOptions& options);

}  // namespace instbench::bench
