// Where a comparison's figures come from, as lines of a name and a value. Pure.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "harness/protocol/cell.hpp"

namespace instbench::bench {

// machine, A, B (each with its commit), run, blocks, tolerance, command. Clean text; what is not known is left out.
std::vector<std::pair<std::string, std::string>> provenance_lines(const Json& result);

std::string command_text(const Json& result);  // as typed into a shell: "instbench compare embedded --a=core:pool"

}  // namespace instbench::bench
