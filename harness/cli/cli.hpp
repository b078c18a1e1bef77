// The command line: verbs, one file each (*_command.cpp), over the layers below. Data goes to standard
// output, progress and messages to standard error.
#pragma once

#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

namespace instbench::bench {

// Exit codes, for every verb. When several apply: 1, 5, 3, 4, 0.
inline constexpr int kExitOk = 0;
inline constexpr int kExitFailure = 1;       // the tool or a benchmark failed, a leak above all
inline constexpr int kExitUsage = 2;         // wrong arguments; nothing was run
inline constexpr int kExitRegression = 3;    // a gate found a change
inline constexpr int kExitInconclusive = 4;  // a gate could not tell, or the environment is unfit
inline constexpr int kExitCoverage = 5;      // a case is missing, new, or skipped on one side only
inline constexpr int kExitSignal = 128;      // plus the signal: 130 on Ctrl-C, 143 on SIGTERM

// Wrong arguments. what() is one line that says what is accepted.
struct UsageError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Throws UsageError unless least <= value <= most (so also when it is not a number).
void check_range(const std::string& option, double value, double least, double most);

// --timeout SECONDS of run and gate, 0.1 s to a day.
std::chrono::milliseconds timeout_of(double seconds);

// Everything after the program's name. Returns an exit code; throws what main() turns into a message.
int run_cli(const std::vector<std::string>& arguments);

}  // namespace instbench::bench
