// Options that several verbs share.
#pragma once

#include <CLI/CLI.hpp>

#include "harness/cli/selection.hpp"

namespace instbench::bench {

// What a called program finds: --invoke, --preinit, --stdin, --dir, --arg, --env. `wanted` must outlive the parsing.
void add_program_options(CLI::App& verb, Wanted& wanted);

// --seed, a whole number of 64 bits.
void add_seed(CLI::App& verb, uint64_t& seed, const std::string& description);
// --out, the name of a file.
void add_out(CLI::App& verb, std::string& out, const std::string& description);

}  // namespace instbench::bench
