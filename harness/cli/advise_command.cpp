// instbench advise: a short sweep over one module, and what it advises, for the core and in Wasmtime's own terms.
#include <iostream>
#include <memory>

#include "harness/cli/cli.hpp"
#include "harness/cli/commands.hpp"
#include "harness/cli/program_options.hpp"
#include "harness/cli/run_command.hpp"
#include "harness/report/advice.hpp"
#include "runtime/os/file.hpp"

namespace instbench::bench {
namespace {

// From the simplest to the most elaborate; the first of each engine is what the others are compared with. What is not
// fetched is a row that says so.
const std::vector<std::string> kCoreArms{"core:pool-lazy", "core:pool-copy", "core:pool-keep", "core:pool-scan", "core:best"};
const std::vector<std::string> kWasmtimeArms{"pooling",          "on-demand", "pooling-keep,keep=64KiB", "pooling-keep,keep=1MiB",
                                             "pooling-keep,keep=16MiB"};
const std::vector<std::string> kScanArms{"pooling-scan,keep=64KiB", "pooling-scan,keep=1MiB"};

// Through its C API Wasmtime is measured without calls; it has no pagemap_scan there either.
std::vector<std::string> usual_arms(bool calls) {
  std::vector<std::string> arms = kCoreArms;
  for (const std::string& strategy : kWasmtimeArms) arms.push_back((calls ? "wasmtime-rs:" : "wasmtime:") + strategy);
  for (const std::string& strategy : kScanArms) arms.push_back("wasmtime-rs:" + strategy);
  return arms;
}

int advise(RunOptions options) {
  const bool calls = options.wanted.call || !options.wanted.invoked.empty();
  if (options.wanted.arms.empty()) options.wanted.arms = usual_arms(calls);
  options.wanted.usual_touches = options.wanted.touches.empty() && !calls;
  if (options.wanted.usual_touches) options.wanted.touches = {"write=0,16,64,slots=1", "write=16,64,slots=64,vary=0.05"};
  const int status = run(options);
  if (status != kExitOk || options.dry_run) return status;
  std::cout << "\n" << advice_text(Json::parse(os::read_text(options.out)));
  return kExitOk;
}

}  // namespace

void add_advise(CLI::App& app, Action& action, const std::vector<std::string>& arguments) {
  auto options = std::make_shared<RunOptions>();
  options->arguments = arguments;
  options->blocks = 2;
  options->wanted.names.resize(1);
  CLI::App* verb =
      app.add_subcommand("advise", "A short sweep over one module: which strategy, which of Wasmtime's settings, and why");
  verb->add_option("MODULE", options->wanted.names[0], "A module of the corpus or a path")->required();
  verb->add_option("--arm", options->wanted.arms, "These arms instead, the simplest first; repeatable")->allow_extra_args(false);
  verb->add_option("--touch", options->wanted.touches, "Workload and conditions instead of 0, 16 and 64 pages; repeatable")
      ->allow_extra_args(false);
  verb->add_flag("--call", options->wanted.call, "Call the module's exports as the corpus says, answers checked");
  add_program_options(*verb, options->wanted);
  verb->add_option("--blocks", options->blocks, "Processes per cell beside its pilot")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  add_out(*verb, options->out, "Result file; default: a name of its own in results/local/");
  verb->add_flag("--force", options->force, "Replace --out if it is there");
  verb->add_flag("--dry-run", options->dry_run, "Print the plan and run nothing");
  verb->callback([options, &action] { action = [options] { return advise(*options); }; });
}

}  // namespace instbench::bench
