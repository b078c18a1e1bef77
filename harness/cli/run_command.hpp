// instbench run, for the verbs that measure first and then say something about it.
#pragma once

#include <string>
#include <vector>

#include "harness/cli/selection.hpp"
#include "harness/protocol/cell.hpp"

namespace instbench::bench {

struct RunOptions {
  Wanted wanted;
  std::string out, codegen = "auto";  // `out` empty: a name of its own in results/local
  uint64_t verify_rounds = kVerifyRounds;
  uint32_t blocks = 3;
  double batch_ms = 30;
  uint64_t seed = 1;
  double timeout_s = 120;
  bool dry_run = false, resume = false, force = false, quiet = false;
  std::vector<std::string> arguments;  // of the command line, for the result and for the advice to resume
};

// Measures, writes the result, prints the table. An exit code; `options.out` names the result then.
int run(RunOptions& options);

}  // namespace instbench::bench
