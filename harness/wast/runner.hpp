// Runner: one script file under several arms, in this process.
//
// A strategy that pools plays the script twice on one pool: the second play finds slots that the first one left
// dirty, with affinity each module on its own. Throws LoadError when the file is not a script.
#pragma once

#include <string>
#include <vector>

#include "harness/wast/outcome.hpp"
#include "runtime/codegen/code.hpp"
#include "runtime/instance/strategy.hpp"

namespace instbench::bench {

// One tally per strategy, in their order.
std::vector<Tally> run_script(const std::string& file, const std::vector<Strategy>& strategies, Compiler compiler);

// "harness/x.wast" as given; a folder stands for the *.wast files in it, sorted. Throws std::runtime_error naming what
// is not there or a folder without scripts.
std::vector<std::string> script_files(const std::vector<std::string>& names);

}  // namespace instbench::bench
