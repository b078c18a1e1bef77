#include "harness/cli/colour.hpp"

#include <cstdlib>

#include "runtime/os/process.hpp"

namespace instbench::bench {

Colour colour_of_stdout() {
  const char* no_colour = std::getenv("NO_COLOR");
  const bool refused = no_colour != nullptr && *no_colour != '\0';
  return !refused && os::is_terminal(os::Stream::out) ? Colour::on : Colour::off;
}

}  // namespace instbench::bench
