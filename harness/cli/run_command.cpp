// instbench run: measure cells, keep every sample, fold, print the table.
#include <chrono>
#include <iostream>
#include <memory>

#include "harness/cli/cli.hpp"
#include "harness/cli/colour.hpp"
#include "harness/cli/commands.hpp"
#include "harness/cli/home.hpp"
#include "harness/cli/out_path.hpp"
#include "harness/cli/program_options.hpp"
#include "harness/cli/run_command.hpp"
#include "harness/cli/selection.hpp"
#include "harness/protocol/text.hpp"
#include "harness/report/format.hpp"
#include "harness/report/table.hpp"
#include "harness/run/fold.hpp"
#include "harness/run/journal.hpp"
#include "harness/run/provenance.hpp"
#include "harness/run/runner.hpp"
#include "runtime/os/file.hpp"
#include "runtime/os/process.hpp"

namespace instbench::bench {
namespace {

Experiment experiment_of(const RunOptions& options, const Selection& selection) {
  Experiment experiment;
  Settings& settings = experiment.settings;
  settings.suite = selection.label;
  for (const std::string& argument : options.arguments) settings.argv.push_back(without_folders(argument));
  settings.seed = options.seed;
  settings.blocks = options.blocks;
  settings.codegen = options.codegen;
  settings.verify_rounds = options.verify_rounds;
  settings.batch_ms = options.batch_ms;
  settings.timeout = timeout_of(options.timeout_s);
  experiment.cases = selection.cases;
  experiment.arms = selection.arms;
  experiment.plan =
      make_plan(selection.cases.size(), selection.arms.size(), options.seed, options.blocks, settings.pilots);
  return experiment;
}

int print_plan(const Experiment& experiment) {
  for (const Step& step : experiment.plan) {
    std::cout << (step.role == Role::pilot ? "pilot" : "block " + std::to_string(step.block)) << "\t"
              << id_of(experiment.cases[step.case_index]) << "\t" << experiment.arms[step.arm_index].id << "\n";
  }
  const auto count = [](size_t number, const char* noun) { return counted(static_cast<double>(number), noun); };
  std::cerr << count(experiment.cases.size(), "case") << " × " << count(experiment.arms.size(), "arm") << " = "
            << count(experiment.cases.size() * experiment.arms.size(), "cell") << ", " << experiment.plan.size()
            << " worker processes; nothing was run (--dry-run)\n";
  return kExitOk;
}

// What a finished run means: a failed cell is a failure, and so is a run that measured nothing at all
// (other than modules that are there to be refused).
int exit_code_of(const Json& result) {
  size_t ok = 0, expected = 0;
  for (const Json& cell : result.at("cells")) {
    if (cell.at("status") == "failed") return kExitFailure;
    if (cell.at("status") == "ok") ++ok;
    if (cell.at("reason").is_string() && cell.at("reason").get<std::string>().starts_with("expected: ")) ++expected;
  }
  if (ok + expected > 0) return kExitOk;
  std::cerr << "instbench: nothing was measured: every cell was skipped\n";
  return kExitFailure;
}

// Folds what the journal holds into OUT, prints it, and says how the run ended.
int finish(const RunOptions& options, const RunJournal& journal, End end, double seconds) {
  const Json result = fold(journal.recorded().header, journal.recorded().lines);
  write_json(options.out, result);
  std::cout << table_text(result, {"", options.out, seconds, colour_of_stdout()}) << std::flush;
  if (end == End::complete) return exit_code_of(result);
  std::cerr << "instbench: interrupted; what was measured is kept, go on with:\n  "
            << resume_command(options.arguments, options.out) << "\n";
  return kExitSignal + os::interrupted();
}

RunJournal open_journal(const RunOptions& options, const Experiment& experiment, const std::string& id) {
  const std::string path = journal_path(options.out);
  const Json header = header_of(experiment, id, utc_now());
  return options.resume ? RunJournal::resume(path, header, experiment) : RunJournal::create(path, header);
}

int measure(const RunOptions& options, const Experiment& experiment, RunJournal& journal) {
  const auto begin = std::chrono::steady_clock::now();
  const std::vector<Json> done = journal.recorded().lines;
  Progress progress(progress_visibility(options.quiet), experiment.runnable().size());
  try {
    const End end = execute(
        experiment, done, ask_in_child(experiment.settings.timeout), [&](const Json& line) { journal.append(line); },
        progress);
    progress.clear();
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
    return finish(options, journal, end, taken.count());
  } catch (const std::system_error& error) {  // the disk is full, above all
    throw std::runtime_error(std::string(error.what()) + "; what was measured is in " + journal_path(options.out) +
                             ", go on with: " + resume_command(options.arguments, options.out));
  }
}

}  // namespace

namespace {

std::string help_of_touch() {
  std::string text = "Settings of --touch, each with a list of values (the cases are their product):\n";
  for (const TouchSetting& setting : touch_settings())
    text += "  " + padded(setting.name, 12, Align::left) + setting.meaning + "\n";
  return text +
         "Without --touch a suite's cases are its own, and a module's are `none` (untouched) with slots=1 and slots=64.\n"
         "With --call or --invoke a --touch that names only slots and threads is about the calls (--call --touch slots=1,8),\n"
         "and without one they are made with slots=1 and slots=64; one that names work is a case beside the calls.\n"
         "`--touch call,slots=1,8` is the module's own calls without --call. Sweeps that `instbench plot` draws: plot/README.md.";
}

bool asks_for_settings(const RunOptions& options) {
  const std::string settings = settings_asked_for(options.wanted.arms);
  std::cout << settings << std::flush;
  return !settings.empty();
}

}  // namespace

int run(RunOptions& options) {
  if (options.resume && options.out.empty()) throw UsageError("--resume needs --out FILE: the run to go on with");
  if (options.resume && options.force) throw UsageError("--resume and --force contradict each other");
  check_range("--batch-ms", options.batch_ms, 0.1, 60000);
  const Manifest manifest = load_manifest();
  const Selection selection = select(manifest, options.wanted);
  Experiment experiment = experiment_of(options, selection);
  if (options.dry_run) return print_plan(experiment);

  const std::string id = run_id();
  if (options.out.empty()) options.out = default_out(selection.label, id);
  check_out(options.out, options.resume ? Existing::resume : options.force ? Existing::replace : Existing::refuse);
  os::catch_interrupts();
  experiment.modules = prepare_all(manifest, selection);
  if (os::interrupted() != 0) return kExitSignal + os::interrupted();
  RunJournal journal = open_journal(options, experiment, id);
  return measure(options, experiment, journal);
}

void add_run(CLI::App& app, Action& action, const std::vector<std::string>& arguments) {
  auto options = std::make_shared<RunOptions>();
  options->arguments = arguments;
  CLI::App* verb = app.add_subcommand("run", "Measure a suite or modules under several arms");
  verb->add_option("NAMES", options->wanted.names,
                   "Suites, modules of the corpus, or paths (.wasm, .wat, .shape, x.wasm#N); default: embedded");
  verb->add_option("--arm", options->wanted.arms, "ENGINE[:PRESET][,AXIS=VALUE…], repeatable; default: core:eager, overlay, overlay-lazy, pool, pool-lazy and\n"
                   "pool-copy. 'ENGINE:?' prints the presets and axes of core, wasmtime, … and runs nothing; `instbench list`\n"
                   "names engines, and the core's presets")
      ->allow_extra_args(false);
  verb->add_option("--touch", options->wanted.touches,
                   "Workload and conditions instead of the suite's: write=0,1,4,16,read=2,slots=1,64; repeatable (settings: below)")
      ->allow_extra_args(false);
  verb->add_flag("--mix", options->wanted.mix,
                 "The modules share one pool, one case over all of them: a cycle drops the oldest instance and makes one\n"
                 "of the next module. --touch then also takes pool=SLOTS (fewer than modules, if not given) and\n"
                 "order=uniform,rotate (drawn, each equally often; in turn)");
  verb->add_flag("--call", options->wanted.call,
                 "Call the modules' exports as the corpus says, answers checked: instantiate, call, drop (slots: see --touch)");
  add_program_options(*verb, options->wanted);
  verb->add_option(
          "--codegen", options->codegen,
          "How guest code is made where any is run: auto (cc -O2 for small modules, else TinyCC), tcc, cc, none")
      ->capture_default_str()
      ->check(CLI::IsMember({"auto", "tcc", "cc", "none"}));
  verb->add_option("--filter", options->wanted.filter, "Only cases whose id matches this regular expression");
  verb->add_option("--blocks", options->blocks, "Rounds: processes per cell beside its pilot")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  verb->add_option("--batch-ms", options->batch_ms, "Length of a timed batch, 0.1 to 60000")->capture_default_str();
  add_seed(*verb, options->seed, "Decides the order of cells and the addresses touched");
  verb->add_option("--verify-rounds", options->verify_rounds,
                   "Instances that each pilot makes, compares, dirties and drops: the isolation check, longer")
      ->capture_default_str()
      ->check(CLI::Range(uint64_t{1}, kMostVerifyRounds));
  verb->add_option("--timeout", options->timeout_s, "Seconds a worker process may take, 0.1 to 86400")
      ->capture_default_str();
  add_out(*verb, options->out,
          "Result file; its journal lies beside it (.jsonl); default: results/local/<date>-<suite>-<id>.json");
  verb->add_flag("--dry-run", options->dry_run, "Print the plan and run nothing");
  verb->add_flag("--resume", options->resume,
                 "Go on with the journal of --out (same command, binary and machine); asks again those workers that\n"
                 "a signal or the time-out ended");
  verb->add_flag("--force", options->force, "Replace --out if it is there");
  verb->add_flag("--quiet,-q", options->quiet, "No progress");
  verb->footer(help_of_touch());
  verb->callback([options, &action] {
    action = [options] { return asks_for_settings(*options) ? kExitOk : run(*options); };
  });
}

}  // namespace instbench::bench
