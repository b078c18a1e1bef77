// Whether what goes to standard output may be coloured.
#pragma once

#include "harness/report/terminal.hpp"

namespace instbench::bench {

// On for a terminal, unless NO_COLOR is set and not empty (https://no-color.org).
Colour colour_of_stdout();

}  // namespace instbench::bench
