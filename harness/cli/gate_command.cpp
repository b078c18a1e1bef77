// instbench gate --exact: the counters of a suite against the reviewed lock file, without a clock.
#include <algorithm>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>

#include "harness/cli/cli.hpp"
#include "harness/cli/commands.hpp"
#include "harness/cli/home.hpp"
#include "harness/cli/out_path.hpp"
#include "harness/cli/selection.hpp"
#include "harness/report/exact_gate.hpp"
#include "harness/report/lock.hpp"
#include "harness/run/fold.hpp"
#include "harness/run/provenance.hpp"
#include "harness/run/runner.hpp"
#include "runtime/os/environment.hpp"
#include "runtime/os/file.hpp"
#include "runtime/os/process.hpp"

namespace instbench::bench {
namespace {

// With the pilot three processes a cell: the fewest in which a counter can be exact.
constexpr uint32_t kBlocks = 2;
constexpr size_t kListed = 40;  // lines of each kind; the rest are counted

struct GateOptions {
  Wanted wanted;
  std::string lock;
  std::string inject;
  bool exact = false, update = false, quiet = false;
  double timeout_s = 120;
};

// What to count in addition, to see that the gate finds it.
std::optional<Injection> injection_of(const GateOptions& options) {
  if (options.inject.empty()) return std::nullopt;
  if (options.update) throw UsageError("--update locks what the program does by itself: leave out --inject");
  try {
    const Injection injection = parse_injection(options.inject);
    if (injection.kind == Injection::Kind::share)
      throw UsageError("--inject " + options.inject + ": gate --exact uses no clock; inject syscall or page");
    return injection;
  } catch (const GrammarError& error) {
    throw UsageError(std::string("--inject: ") + error.what());
  }
}

Experiment experiment_of(const GateOptions& options, const Selection& selection) {
  Experiment experiment;
  Settings& settings = experiment.settings;
  settings.suite = selection.label;
  settings.blocks = kBlocks;
  settings.pilot_passes = {"verify", "counters", "trace"};
  settings.block_passes = {"counters", "trace"};
  settings.timeout = timeout_of(options.timeout_s);
  settings.inject = injection_of(options);
  experiment.cases = selection.cases;
  experiment.arms = selection.arms;
  experiment.plan = make_plan(selection.cases.size(), selection.arms.size(), settings.seed, kBlocks, settings.pilots);
  return experiment;
}

void print(const std::string& title, const std::vector<std::string>& lines) {
  if (lines.empty()) return;
  std::cout << title << " (" << lines.size() << "):\n";
  for (size_t i = 0; i < lines.size() && i < kListed; ++i) std::cout << "  " << lines[i] << "\n";
  if (lines.size() > kListed) std::cout << "  … and " << lines.size() - kListed << " more\n";
}

// Notes are often the same for every cell: one line says it for all of them.
void print_notes(const std::vector<std::string>& notes) {
  for (size_t i = 0; i < notes.size() && i < 3; ++i) std::cerr << "note: " << notes[i] << "\n";
  if (notes.size() > 3) std::cerr << "note: … and " << notes.size() - 3 << " more of this kind\n";
}

int report_on(const GateReport& report, const std::string& lock, const std::string& injected = "") {
  print("failed", report.failures);
  print("coverage", report.coverage);
  print("changed", report.changes);
  print_notes(report.notes);
  const int code = report.exit_code();
  if (code == kExitOk) std::cout << "gate: pass, " << report.compared << " exact counters as in " << lock << "\n";
  if (!injected.empty()) {
    std::cout << "gate: every worker was asked to inject a " << injected << "\n";
  } else if (code == kExitRegression || code == kExitCoverage) {
    std::cout << "gate: counters or coverage differ from " << lock
              << "; if that is meant (fewer is a change too), repeat the gate of the whole\n"
                 "suite with --update and have the diff reviewed\n";
  }
  return code;
}

int no_section(const Json& lock, const Json& result, const std::string& suite, const std::string& file) {
  const std::string nearest = nearest_difference(lock, feature_key(result), suite);
  std::cout << "gate: " << file << " has no counters of suite " << suite << " for this kind of machine, "
            << feature_key(result).dump() << "\n";
  if (!nearest.empty()) std::cout << "  nearest section differs in " << nearest << "\n";
  std::cout << "  add one with --update here, and have it reviewed\n";
  return kExitCoverage;
}

// Rewrites this machine's section, unless a cell failed: a failure is never locked in.
int update(const Json& lock, const Json& result, const std::string& suite, const std::string& file) {
  GateReport report = check_counts(result);
  if (report.exit_code() != kExitOk) return report_on(report, file);
  const Json section = section_of(result, suite);
  if (const Json* old = find_section(lock, feature_key(result), suite)) {
    report = judge(*old, result, Scope::whole_suite);
    print("coverage", report.coverage);
    print("changed", report.changes);
  }
  print_notes(report.notes);
  os::write_atomically(file, lock_text(with_section(lock, section)));
  std::cout << "gate: wrote " << file << ": " << section.at("cases").size() << " cases of suite " << suite << ", "
            << report.changes.size() << " counters changed\n";
  return kExitOk;
}

Json read_lock(const std::string& file, bool may_be_absent) {
  std::error_code absent;
  if (!std::filesystem::exists(file, absent)) {
    if (may_be_absent) return empty_lock();
    throw std::runtime_error(file + " is not there: make it with gate --exact --update");
  }
  return parse_lock(os::read_text(file), file);
}

int gate(const GateOptions& options) {
  if (!options.exact) throw UsageError("gate judges exact counters only: say gate --exact");
  const bool part = !options.wanted.filter.empty() || !options.wanted.arms.empty() || !options.wanted.touches.empty();
  if (options.update && part) throw UsageError("--update locks whole suites: leave out --filter, --arm and --touch");
  const Manifest manifest = load_manifest();
  const Selection selection = select(manifest, options.wanted);
  const std::string file = !options.lock.empty() ? options.lock : home() + "/corpus/counters.lock.json";
  if (options.update) check_replaceable(file);
  const Json lock = read_lock(file, options.update);

  Experiment experiment = experiment_of(options, selection);
  os::catch_interrupts();
  experiment.modules = prepare_all(manifest, selection);
  const Json header = header_of(experiment, run_id(), utc_now());
  std::vector<Json> lines;
  Progress progress(progress_visibility(options.quiet), experiment.runnable().size());
  // Counts do not depend on what else runs, so every CPU may count.
  const End end = execute_side_by_side(
      experiment, ask_in_child(experiment.settings.timeout), [&](const Json& line) { lines.push_back(line); }, progress,
      std::max(1u, os::environment().cpus));
  progress.clear();
  if (end == End::interrupted) {
    std::cerr << "instbench: interrupted; nothing was judged\n";
    return kExitSignal + os::interrupted();
  }
  const Json result = fold(header, lines);
  if (options.update) return update(lock, result, selection.label, file);
  const Json* section = find_section(lock, feature_key(result), selection.label);
  if (section == nullptr) {
    const GateReport counts = check_counts(result);
    return counts.exit_code() != kExitOk ? report_on(counts, file) : no_section(lock, result, selection.label, file);
  }
  return report_on(judge(*section, result, part ? Scope::selection : Scope::whole_suite), file, options.inject);
}

}  // namespace

void add_gate(CLI::App& app, Action& action) {
  auto options = std::make_shared<GateOptions>();
  CLI::App* verb = app.add_subcommand("gate", "Fail when a reviewed counter changed, in either direction");
  verb->add_flag("--exact", options->exact, "Exact counters against the lock file; no clock is used");
  verb->add_option("NAMES", options->wanted.names, "Suite (or modules); default: embedded");
  verb->add_option("--arm", options->wanted.arms, "Only this arm, repeatable; default: every preset")
      ->allow_extra_args(false);
  verb->add_option("--touch", options->wanted.touches, "Workload and conditions instead of the suite's")
      ->allow_extra_args(false);
  verb->add_option("--filter", options->wanted.filter, "Only cases whose id matches this regular expression");
  verb->add_option("--lock", options->lock, "Lock file; default: corpus/counters.lock.json of the source tree");
  verb->add_option("--timeout", options->timeout_s, "Seconds a worker process may take, 0.1 to 86400")
      ->capture_default_str();
  verb->add_flag("--update", options->update, "Write what was counted into the lock file and say what changed");
  verb->add_option("--inject", options->inject, "Selftest: one more syscall or page per instantiation; must exit 3");
  verb->add_flag("--quiet,-q", options->quiet, "No progress");
  verb->callback([options, &action] { action = [options] { return gate(*options); }; });
}

}  // namespace instbench::bench
