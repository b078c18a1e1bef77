// instbench worker: the process that measures; `--json` for the harness, or a cell by hand with Google
// Benchmark's own flags.
#include <iostream>
#include <iterator>

#include "harness/cli/cli.hpp"
#include "harness/cli/commands.hpp"
#include "harness/cli/one_case.hpp"
#include "harness/engines/engines.hpp"
#include "harness/protocol/text.hpp"
#include "harness/worker/passes.hpp"
#include "runtime/os/process.hpp"
#include "runtime/os/trace.hpp"

namespace instbench::bench {
namespace {

constexpr const char* kUsage =
    "worker --json (a request on standard input), or worker MODULE [SETTING=VALUE…] ARM [--benchmark_*…], as in "
    "`instbench worker spidermonkey write=64,slots=64 core:pool-lazy --benchmark_repetitions=5`";

int answer_request() {
  const std::string request{std::istreambuf_iterator<char>(std::cin), {}};
  std::cout << run_request(request, engines()) << std::endl;
  return std::cout ? kExitOk : kExitFailure;
}

// Runs another worker program on this process's standard input under ptrace. Its sample is the first line of the output, what
// it called per cycle the last.
int trace_program(const std::vector<std::string>& program) {
  Json trace;
  try {
    trace = traced_slopes(os::trace_child([&] { os::exec(program); }));
  } catch (const std::exception& error) {
    trace = {{"unsupported", error.what()}};
  }
  std::cout << Json{{"trace", trace}}.dump() << std::endl;
  return std::cout ? kExitOk : kExitFailure;
}

int by_hand(const std::vector<std::string>& arguments) {
  std::vector<std::string> words, flags;
  for (const std::string& argument : arguments) (argument.starts_with("--") ? flags : words).push_back(argument);
  for (const std::string& flag : flags) {
    if (!flag.starts_with("--benchmark_") && flag != "--help")
      throw UsageError("unknown option '" + flag + "'; " + kUsage);
  }
  if (words.size() < 2 || words.size() > 3)
    throw UsageError(std::string("worker takes a module, a workload and an arm: ") + kUsage);
  Wanted wanted;
  wanted.names = {words.front()};
  wanted.arms = {words.back()};
  wanted.touches = {words.size() == 3 ? words[1] : "slots=1"};
  return run_by_hand(request_of_one(wanted, "auto"), flags, engines());
}

}  // namespace

void add_worker(CLI::App& app, Action& action) {
  CLI::App* verb =
      app.add_subcommand("worker", "Measure one cell in this process: --json, or by hand with --benchmark_* flags");
  verb->prefix_command();
  verb->footer(kUsage);
  verb->callback([verb, &action] {
    action = [arguments = verb->remaining()] {
      if (arguments == std::vector<std::string>{"--json"}) return answer_request();
      if (arguments.size() > 1 && arguments.front() == "--trace")
        return trace_program({arguments.begin() + 1, arguments.end()});
      return by_hand(arguments);
    };
  });
}

}  // namespace instbench::bench
