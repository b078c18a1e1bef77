// instbench fuzz: random lives of instances against a plain model, under each strategy: does one ever see another's bytes?
#include <functional>
#include <iostream>
#include <memory>
#include <optional>

#include "harness/cli/cli.hpp"
#include "harness/cli/commands.hpp"
#include "harness/cli/image_folder.hpp"
#include "harness/cli/program_options.hpp"
#include "harness/cli/selection.hpp"
#include "harness/fuzz/canary.hpp"
#include "harness/fuzz/model.hpp"
#include "harness/report/format.hpp"
#include "harness/report/terminal.hpp"
#include "harness/run/progress.hpp"
#include "runtime/codegen/code.hpp"
#include "runtime/instance/prepared.hpp"
#include "runtime/os/compaction.hpp"
#include "runtime/os/process.hpp"
#include "runtime/os/usage.hpp"

namespace instbench::bench {
namespace {

struct FuzzOptions {
  std::vector<std::string> arms;
  uint64_t operations = 1'000'000;
  uint32_t threads = 1;
  uint64_t seed = 1;
  uint64_t canary = 0;
  bool compact = false;
};

struct Interrupted {};

std::string counts_text(const ModelReport& report) {
  return std::to_string(report.operations) + " operations, " + std::to_string(report.modules) + " modules, " +
         std::to_string(report.instances) + " instances, " +
         std::to_string(report.links) + " linked, " + std::to_string(report.evictions) + " evictions, " +
         std::to_string(report.steals) + " steals, " + std::to_string(report.budget_changes) + " budgets (" +
         std::to_string(report.trimmed) + " slots trimmed), " + std::to_string(report.calls) + " calls, " + std::to_string(report.traps) + " traps, " +
         std::to_string(report.paged_out) + " paged out, " + std::to_string(report.aged) + " aged, " +
         std::to_string(report.collapses) + " made huge, " + std::to_string(report.thread_hops) + " threads, " + std::to_string(report.forks) + " forks, " +
         bytes_text(static_cast<double>(report.bytes_compared)) + " compared";
}

// What one arm's run says, and whether it is well.
struct Outcome {
  bool ok = true;
  std::string text;
};

Outcome model_outcome(const FuzzOptions& options, const Strategy& strategy, const std::function<void()>& progress) {
  ModelOptions model;
  model.strategy = strategy;
  model.seed = options.seed;
  model.operations = options.operations;
  model.threads = options.threads;
  model.progress = progress;
  const ModelReport report = run_model(model);
  return {!report.difference, (report.difference ? "DIFFERS: " + *report.difference : "ok") + "  " + counts_text(report)};
}

Outcome canary_outcome(const FuzzOptions& options, const Strategy& strategy, const std::function<void()>& progress) {
  const CanaryReport report = run_canary(strategy, options.canary, progress);
  return {!report.leak, (report.leak ? "LEAKS: " + *report.leak : "ok") + "  " + std::to_string(report.tenants) +
                            " tenants, " + std::to_string(report.pages_looked_at) + " pages looked at"};
}

int fuzz(const FuzzOptions& options) {
  const std::vector<std::string> arms = options.arms.empty() ? core_arms(Presets::all) : options.arms;
  const std::vector<Strategy> strategies = core_strategies(arms);
  provide_image_folder(strategies);
  os::catch_interrupts();
  std::optional<os::Compaction> compaction;
  if (options.compact) compaction.emplace();
  const uint64_t of_each = options.operations / options.threads;
  const uint64_t steps = options.canary != 0 ? options.canary : (of_each + kOperationsPerThread - 1) / kOperationsPerThread;
  Progress progress(progress_visibility(false), arms.size() * steps);
  int status = kExitOk;
  for (size_t i = 0; i < arms.size(); ++i) {
    const auto step = [&] {
      progress.end();
      if (os::interrupted() != 0) throw Interrupted();
      progress.begin(arms[i]);
    };
    const uint64_t begin = os::now_ns();
    Outcome outcome;
    try {
      progress.begin(arms[i]);
      outcome = options.canary != 0 ? canary_outcome(options, strategies[i], step) : model_outcome(options, strategies[i], step);
      outcome.text += ", " + time_text(static_cast<double>(os::now_ns() - begin));
    } catch (const Interrupted&) {
      progress.clear();
      std::cerr << "instbench: interrupted; " << arms[i] << " was not judged\n";
      return kExitSignal + os::interrupted();
    } catch (const Unsupported& error) {
      outcome.text = std::string("skipped: ") + error.what();
    } catch (const CodegenError& error) {
      outcome.text = std::string("skipped: ") + error.what();
    }
    progress.clear();
    std::cout << wrapped(arms[i] + "  ", outcome.text) << std::flush;
    if (!outcome.ok) status = kExitFailure;
  }
  return status;
}

}  // namespace

void add_fuzz(CLI::App& app, Action& action) {
  auto options = std::make_shared<FuzzOptions>();
  CLI::App* verb = app.add_subcommand("fuzz", "Random lives of instances beside a plain model, under each strategy: isolation");
  verb->add_option("--arm", options->arms, "core:PRESET[,AXIS=VALUE…], repeatable; default: every preset")
      ->allow_extra_args(false);
  verb->add_option("--operations", options->operations, "For each arm")
      ->capture_default_str()
      ->check(CLI::Range(uint64_t{1}, uint64_t{1'000'000'000'000}));
  verb->add_option("--threads", options->threads, "So many threads at once, over slots that they share")
      ->capture_default_str()
      ->check(CLI::Range(1, 64));
  add_seed(*verb, options->seed, "Another seed, other lives");
  verb->add_option("--canary", options->canary,
                   "Instead of the model: so many tenants, each marks 64 MiB of memory and looks for another's mark")
      ->check(CLI::Range(uint64_t{1}, uint64_t{1'000'000'000}));
  verb->add_flag("--compact", options->compact, "Keep memory compaction running beside it (root)");
  verb->footer(
      "Each arm ends with what was done: operations (instantiate, write, grow, call, …), modules and instances; linked:\n"
      "instances that wrote through another's memory or table; evictions: slots taken from another module; steals: slots\n"
      "taken from another thread's cache; budgets: changes of what idle slots may keep (slots trimmed: those that gave pages\n"
      "back for it); calls and traps of guest code; paged out, aged, made huge: living memories that the kernel was asked to\n"
      "send out, to regard as unused, to make huge pages of; threads: the life went on in another one; forks: and in a\n"
      "child; compared: bytes held against the model. `ok`: no instance saw what it must not. DIFFERS names seed and operation.");
  verb->callback([options, &action] { action = [options] { return fuzz(*options); }; });
}

}  // namespace instbench::bench
