// instbench gate: two arms judged by the clock and their counters (compare_command.cpp), or with --exact the counters of
// a suite against the reviewed lock file, without a clock.
#include <algorithm>
#include <filesystem>
#include <iostream>
#include <memory>

#include "harness/cli/cli.hpp"
#include "harness/cli/commands.hpp"
#include "harness/cli/compare_options.hpp"
#include "harness/cli/home.hpp"
#include "harness/cli/out_path.hpp"
#include "harness/cli/selection.hpp"
#include "harness/protocol/text.hpp"
#include "harness/report/exact_gate.hpp"
#include "harness/report/format.hpp"
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
  CompareOptions paired;
  std::string lock;
  bool exact = false, update = false;
};

Experiment experiment_of(const GateOptions& options, const Selection& selection) {
  Experiment experiment;
  Settings& settings = experiment.settings;
  settings.suite = selection.label;
  settings.blocks = kBlocks;
  settings.pilot_passes = {"verify", "counters", "trace"};
  settings.block_passes = {"counters", "trace"};
  settings.codegen = options.paired.codegen;
  settings.timeout = timeout_of(options.paired.timeout_s);
  if (!options.paired.inject.empty()) {
    settings.inject = injection_of(options.paired.inject);
    if (settings.inject->kind == Injection::Kind::share)
      throw UsageError("--inject " + options.paired.inject + ": --exact uses no clock; inject syscall or page");
  }
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
  if (nearest.empty()) {
    const std::vector<std::string> suites = suites_of(lock);
    std::cout << "gate: " << file << " has no counters of suite " << suite << ", on any machine; "
              << (suites.empty() ? "it has none at all" : "it has those of " + join(suites, ", "))
              << "; add them with --update, and have them reviewed\n";
    return kExitCoverage;
  }
  std::cout << "gate: " << file << " has no counters of suite " << suite << " for this kind of machine, "
            << feature_key(result).dump() << "\n";
  std::cout << "  nearest section differs in " << nearest << "\n";
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
  std::cout << "gate: wrote " << file << ": " << counted(static_cast<double>(section.at("cases").size()), "case")
            << " of suite " << suite << ", " << counted(static_cast<double>(report.changes.size()), "counter") << " changed\n";
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

int gate_exactly(const GateOptions& options) {
  const Wanted& w = options.paired.sides.wanted;
  if (w.call || !w.invoked.empty() || !w.preinit.empty() || !w.stdin_file.empty() || !w.dir.empty() || !w.args.empty() ||
      !w.env.empty())
    throw UsageError("gate --exact counts the suite's own cases, or --touch: leave out --call, --invoke and what belongs to them");
  const bool part = !options.paired.sides.wanted.filter.empty() || !options.paired.sides.wanted.arms.empty() || !options.paired.sides.wanted.touches.empty();
  if (!options.paired.inject.empty() && options.update)
    throw UsageError("--inject slows the workers on purpose: it is never locked with --update");
  if (options.update && part) throw UsageError("--update locks whole suites: leave out --filter, --arm and --touch");
  const Manifest manifest = load_manifest();
  const Selection selection = select(manifest, options.paired.sides.wanted);
  const std::string file = !options.lock.empty() ? options.lock : home() + "/corpus/counters.lock.json";
  if (options.update) check_replaceable(file);
  const Json lock = read_lock(file, options.update);

  Experiment experiment = experiment_of(options, selection);
  os::catch_interrupts();
  experiment.modules = prepare_all(manifest, selection);
  const Json header = header_of(experiment, run_id(), utc_now());
  std::vector<Json> lines;
  Progress progress(progress_visibility(options.paired.quiet), experiment.runnable().size());
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
  return report_on(judge(*section, result, part ? Scope::selection : Scope::whole_suite), file,
                   options.paired.inject);
}

// With --exact the suite is `embedded` and the arms are the presets that are run by default, unless said otherwise.
void check_exact(const GateOptions& options) {
  const CompareOptions& p = options.paired;
  const std::pair<const char*, bool> of_the_clock[] = {
      {"--a", !p.sides.a.empty()},          {"--b", !p.sides.b.empty()},       {"--baseline", !p.baseline.empty()},
      {"--policy", !p.policy.empty()},      {"--tolerance", !p.tolerance.empty()}, {"--floor", !p.floor.empty()},
      {"--on-inconclusive", !p.on_inconclusive.empty()}, {"--markdown", !p.markdown.empty()},
      {"--junit", !p.junit.empty()},        {"--json", !p.json.empty()},       {"--resume", p.resume},
      {"--out", !p.out.empty()},            {"--allow-unpaired", p.allow_unpaired}, {"--dry-run", p.dry_run}};
  for (const auto& [name, given] : of_the_clock) {
    if (given) throw UsageError(std::string(name) + " has no meaning with --exact, which uses no clock and no second arm");
  }
}

int gate(GateOptions options) {
  if (options.exact) {
    check_exact(options);
    options.paired.sides.wanted.default_suite = "embedded";
    return gate_exactly(options);
  }
  if (options.update || !options.lock.empty())
    throw UsageError(std::string(options.update ? "--update" : "--lock") + " belongs to gate --exact");
  CompareOptions& paired = options.paired;
  if (!paired.baseline.empty()) {
    if (!paired.sides.a.empty()) throw UsageError("--baseline stands in the place of --a: give one of them");
    paired.sides.a = paired.baseline;
    if (paired.sides.b.empty()) paired.sides.b = "core";
    if (paired.baseline.find(".json") == paired.baseline.npos)
      throw UsageError("--baseline takes a saved result, RESULT.json[#ARM], not '" + paired.baseline + "'; an arm is --a's");
  }
  return compare(paired);
}

}  // namespace

void add_gate(CLI::App& app, Action& action, const std::vector<std::string>& arguments) {
  auto options = std::make_shared<GateOptions>();
  CompareOptions& paired = options->paired;
  paired.verb = Verb::gate;
  paired.arguments = arguments;
  CLI::App* verb =
      app.add_subcommand("gate", "Fail when B is slower than A or counts something else; --exact: against the lock file");
  add_compare_options(*verb, paired);
  verb->add_option("--on-inconclusive", paired.on_inconclusive, "fail (exit 4, the default) or pass (0, with a warning)")
      ->check(CLI::IsMember({"fail", "pass"}));
  verb->add_option("--baseline", paired.baseline, "RESULT.json[#ARM], measured earlier, in place of --a");
  verb->add_option("--markdown", paired.markdown, "Write a pull request's comment to this file");
  verb->add_option("--junit", paired.junit, "Write JUnit XML to this file");
  verb->add_option("--json", paired.json, "Write the verdicts as JSON to this file");
  verb->add_flag("--exact", options->exact, "Exact counters against the lock file; no clock is used");
  verb->add_option("--lock", options->lock, "With --exact: lock file; default: corpus/counters.lock.json");
  verb->add_flag("--update", options->update, "With --exact: write what was counted and say what changed");
  verb->callback([options, &action] { action = [options] { return gate(*options); }; });
}

}  // namespace instbench::bench
