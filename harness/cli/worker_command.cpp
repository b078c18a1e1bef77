// instbench worker: the process that measures; `--json` for the harness, or a cell by hand with Google
// Benchmark's own flags.
#include <iostream>
#include <iterator>
#include <memory>

#include "harness/cli/cli.hpp"
#include "harness/cli/commands.hpp"
#include "harness/cli/home.hpp"
#include "harness/cli/program_options.hpp"
#include "harness/cli/selection.hpp"
#include "harness/engines/engines.hpp"
#include "harness/protocol/text.hpp"
#include "harness/report/format.hpp"
#include "harness/worker/passes.hpp"
#include "runtime/os/probes.hpp"
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

// One case under one arm, as a request.
std::string request_for(const Wanted& wanted, const std::string& codegen) {
  const Manifest manifest = load_manifest();
  const Selection selection = select(manifest, wanted);
  if (selection.cases.size() != 1)
    throw UsageError("one case at a time; this is " + std::to_string(selection.cases.size()));
  Experiment experiment;
  experiment.settings.codegen = codegen;
  experiment.cases = selection.cases;
  experiment.arms = selection.arms;
  experiment.modules = prepare_all(manifest, selection);
  const PreparedModule& module = experiment.modules.begin()->second;
  if (module.state != PreparedModule::State::ready) throw std::runtime_error(wanted.names.front() + ": " + module.reason);
  return to_json(experiment.request_for(Step{})).dump();
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
  return run_by_hand(request_for(wanted, "auto"), flags, engines());
}

struct ProfileOptions {
  Wanted wanted;
  std::string module, arm = "core:pool-lazy", touch, codegen = "auto";
  double seconds = 10;
};

int profile(const ProfileOptions& options) {
  check_range("--seconds", options.seconds, 0.1, 86400);
  Wanted wanted = options.wanted;
  wanted.names = {options.module};
  wanted.arms = {options.arm};
  if (!wanted.call && wanted.invoked.empty()) wanted.touches = {options.touch.empty() ? "slots=1" : options.touch};
  os::catch_interrupts();
  const std::string request = request_for(wanted, options.codegen);
  const ProfiledCycles profiled = run_profiled(
      request, options.seconds,
      [&] {
        std::cerr << "pid " << os::process_id() << ": warm; cycles for " << options.seconds << " s"
                  << (os::kHasProbes ? ", USDT probes instbench:{release,acquire,init,start,work,cycle_end}"
                                     : ", built without USDT probes (systemtap-sdt-dev)")
                  << "\n";
      },
      engines());
  std::cout << profiled.cycles << " cycles, " << time_text(profiled.ns_per_cycle) << " each with whoever looked on\n";
  return os::interrupted() != 0 ? kExitSignal + os::interrupted() : kExitOk;
}

}  // namespace

void add_profile(CLI::App& app, Action& action) {
  auto options = std::make_shared<ProfileOptions>();
  CLI::App* verb = app.add_subcommand(
      "profile", "Warm cycles of one case for perf, bpftrace or another profiler to look at, phases marked by USDT probes");
  verb->add_option("MODULE", options->module, "A module of the corpus or a path")->required();
  verb->add_option("--arm", options->arm, "core:PRESET[,AXIS=VALUE…]; other engines without probes")->capture_default_str();
  verb->add_option("--touch", options->touch, "Workload and conditions: write=16,slots=64");
  verb->add_flag("--call", options->wanted.call, "Call the module's exports as the corpus says");
  add_program_options(*verb, options->wanted);
  verb->add_option("--codegen", options->codegen, "auto, tcc, cc, none")
      ->capture_default_str()
      ->check(CLI::IsMember({"auto", "tcc", "cc", "none"}));
  verb->add_option("--seconds", options->seconds, "How long, 0.1 to 86400")->capture_default_str();
  verb->callback([options, &action] { action = [options] { return profile(*options); }; });
}

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
