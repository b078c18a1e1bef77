// Options that `run` and `call` share: what a called program finds.
#pragma once

#include <CLI/CLI.hpp>

#include "harness/cli/selection.hpp"

namespace instbench::bench {

// --invoke, --preinit, --stdin, --dir, --arg, --env. `wanted` must outlive the parsing.
void add_program_options(CLI::App& verb, Wanted& wanted);

}  // namespace instbench::bench
