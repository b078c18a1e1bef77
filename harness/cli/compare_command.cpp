// instbench compare and gate: two arms in blocks, a screen and a confirmation, verdicts.
#include "harness/cli/compare_options.hpp"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <regex>

#include "harness/build/staging.hpp"
#include "harness/cli/cli.hpp"
#include "harness/cli/colour.hpp"
#include "harness/cli/commands.hpp"
#include "harness/cli/home.hpp"
#include "harness/cli/out_path.hpp"
#include "harness/corpus/resolve.hpp"
#include "harness/protocol/inject.hpp"
#include "harness/protocol/text.hpp"
#include "harness/report/comparison_table.hpp"
#include "harness/report/convert.hpp"
#include "harness/report/junit.hpp"
#include "harness/report/markdown.hpp"
#include "harness/report/verdicts.hpp"
#include "harness/run/comparison.hpp"
#include "harness/run/fold.hpp"
#include "harness/run/journal.hpp"
#include "harness/run/provenance.hpp"
#include "harness/run/runner.hpp"
#include "runtime/module/sha256.hpp"
#include "runtime/os/file.hpp"
#include "runtime/os/process.hpp"

namespace instbench::bench {
namespace {

// Of a block's batch: 2.25 ms each at the usual 45.
constexpr uint64_t kParts = 20;
constexpr size_t kStepSummaryBytes = 1 << 20;  // GitHub's limit

using Clock = std::chrono::steady_clock;

Experiment experiment_of(const CompareOptions& options, const CompareSettings& compare, const Selection& selection) {
  Experiment experiment;
  Settings& settings = experiment.settings;
  settings.mode = Mode::compare;
  settings.suite = selection.label;
  for (const std::string& argument : options.arguments) settings.argv.push_back(without_folders(argument));
  settings.seed = options.seed;
  settings.blocks = options.screen_blocks;
  settings.batch_ms = options.batch_ms;
  settings.codegen = options.codegen;
  settings.timeout = timeout_of(options.timeout_s);
  settings.pilot_passes = {"trace", "verify", "batch", "counters", "memory", "verify_after"};
  settings.block_passes = {"first", "batch", "phases"};
  settings.parts = kParts;
  settings.compare = to_json(compare);
  if (!options.inject.empty()) settings.inject = injection_of(options.inject);
  experiment.cases = selection.cases;
  experiment.arms = selection.arms;
  return experiment;
}

// One live arm against a saved result: a run of as many processes as a screen has blocks.
void measure_alone(Experiment& experiment) {
  Settings& settings = experiment.settings;
  settings.mode = Mode::run;
  settings.parts = 1;  // saved results have none
  settings.block_passes = {"first", "batch", "phases", "counters"};
  settings.compare = nullptr;
  experiment.plan = make_plan(experiment.cases.size(), experiment.arms.size(), settings.seed, settings.blocks,
                              settings.pilots);
}

int print_plan(const Experiment& experiment, const std::vector<Step>& plan) {
  for (const Step& step : plan) {
    std::cout << name_of(step.role) << (step.role == Role::pilot ? "" : " " + std::to_string(step.block)) << "\t"
              << id_of(experiment.cases[step.case_index]) << "\t" << experiment.arms[step.arm_index].id << "\n";
  }
  std::cerr << experiment.cases.size() << " cases, " << plan.size()
            << " worker processes before any confirmation; nothing was run (--dry-run)\n";
  return kExitOk;
}

// All that can be said before anything is measured: as if every pilot were right.
int dry_run(const Experiment& experiment) {
  if (experiment.settings.mode == Mode::run) return print_plan(experiment, experiment.plan);
  std::vector<uint32_t> cases;
  for (uint32_t c = 0; c < experiment.cases.size(); ++c) cases.push_back(c);
  std::vector<Step> plan = pilot_steps(cases);
  const std::vector<Step> screen = screen_steps(cases, 0, experiment.settings.blocks, experiment.settings.seed);
  plan.insert(plan.end(), screen.begin(), screen.end());
  return print_plan(experiment, plan);
}

// Fresh copies of each arm's worker and modules. Another worker given as words (INSTBENCH_WORKER) is not ours to copy,
// and which of its words are its program is not known.
void stage(Experiment& experiment, Staging& staging) {
  constexpr char kPlaces[] = {'A', 'B', 'C'};
  const char* other = std::getenv("INSTBENCH_WORKER");
  const bool words = other != nullptr && *other != '\0';
  std::vector<std::string> paths;
  for (const auto& [name, module] : experiment.modules) {
    if (module.state == PreparedModule::State::ready) paths.push_back(module.path);
  }
  std::vector<StagedArm> staged;
  for (size_t i = 0; i < experiment.arms.size(); ++i) {
    Arm& arm = experiment.arms[i];
    const bool in_library = !arm.library.empty(), is_program = !in_library && !arm.facts.is_null();
    if (arm.worker.empty()) arm.worker = {os::self_path(), "worker", "--json"};
    // A program with its interpreter and its own files stays where it is.
    const bool copied = !is_program && (in_library || !arm.build.empty() || !words);
    std::vector<std::string> files = paths;
    if (in_library && arm.unavailable.empty()) files.push_back(arm.library);
    staged.push_back(staging.stage(kPlaces[i], copied ? arm.worker.front() : os::self_path(), files));
    if (in_library && arm.unavailable.empty()) arm.library = staged.back().modules.at(arm.library);
    if (!copied) continue;
    arm.worker.front() = staged.back().worker;
    arm.worker_sha256 = sha256_hex(os::read_bytes(arm.worker.front()));
  }
  experiment.path_of = [staged = std::move(staged)](const std::string& path, uint32_t arm) {
    return staged[arm].modules.at(path);
  };
}

// The plan as the lines recorded so far decide it.
Stages stages_for(const Json& header, const std::vector<Json>& lines, const std::string& journal) {
  try {
    return stages_of(compare_run_of(header), lines);
  } catch (const Json::exception& error) {
    throw JournalError(journal + ": not the lines of a comparison: " + error.what());
  }
}

RunJournal open_journal(const CompareOptions& options, Experiment& experiment, const Json& header) {
  if (options.out.empty()) return RunJournal::without_file(header);
  const std::string path = journal_path(options.out);
  if (!options.resume) return RunJournal::create(path, header);
  if (experiment.settings.mode == Mode::compare)
    experiment.plan = stages_for(header, parse_journal(os::read_text(path), path).lines, path).plan;
  return RunJournal::resume(path, header, experiment);
}

End measure(const CompareOptions& options, Experiment& experiment, RunJournal& journal, const std::string& id) {
  const auto record = [&](Json line) {
    line["by"] = id;
    journal.append(line);
  };
  const AskWorker ask = ask_in_child(experiment.settings.timeout);
  for (;;) {
    const bool staged = experiment.settings.mode == Mode::compare;
    if (staged) {
      const Stages stages = stages_for(journal.recorded().header, journal.recorded().lines, journal_path(options.out));
      if (stages.complete) return End::complete;
      experiment.plan = stages.plan;
    }
    const std::vector<Json> done = journal.recorded().lines;
    Progress progress(progress_visibility(options.quiet), experiment.runnable().size());
    const End end = execute(experiment, done, ask, record, progress);
    if (end == End::interrupted || !staged) return end;
    if (journal.recorded().lines.size() == done.size()) throw std::logic_error("a stage of the comparison ran nothing");
  }
}

// The reports that were asked for, and GitHub's step summary where there is one.
void write_reports(const CompareOptions& options, const Json& result) {
  if (!options.markdown.empty()) os::write_atomically(options.markdown, comparison_markdown(result));
  if (!options.junit.empty()) os::write_atomically(options.junit, comparison_junit(result));
  if (!options.json.empty()) write_json(options.json, verdicts_json(result));
  const char* summary = std::getenv("GITHUB_STEP_SUMMARY");
  if (options.verb != Verb::gate || summary == nullptr || *summary == '\0') return;
  std::ofstream file(summary, std::ios::app);
  file << comparison_markdown(result, kStepSummaryBytes) << "\n";
  if (!file.flush()) std::cerr << "instbench: warning: cannot write GitHub's step summary\n";
}

int finish(const CompareOptions& options, const Json& result, double seconds) {
  if (!options.out.empty()) write_json(options.out, result);
  write_reports(options, result);
  std::cout << comparison_text(result, {"", options.out, seconds, colour_of_stdout()}) << std::flush;
  if (!std::cout) {
    std::cerr << "instbench: the verdicts cannot be written to standard output\n";
    return kExitFailure;
  }
  const Json& comparison = result.at("comparison");
  if (options.verb == Verb::gate) return comparison.at("exit_code");
  const bool failed = !comparison.at("failures").empty() || comparison.at("tests").empty();
  return failed ? kExitFailure : kExitOk;  // compare shows; gate judges
}

Json saved_result(const std::string& file) {
  try {
    return parse_result(os::read_text(file), file);
  } catch (const ResultError& error) {
    throw std::runtime_error(error.what());
  }
}

// The arm of a saved result that a side means.
std::string arm_in(const Json& result, const SavedResult& saved) {
  std::vector<std::string> ids;
  for (const Json& arm : result.at("arms")) ids.push_back(arm.at("id"));
  if (ids.empty()) throw std::runtime_error(saved.file + " has no arm");
  if (!saved.arm && ids.size() == 1) return ids.front();
  if (!saved.arm) throw UsageError(saved.file + " has " + std::to_string(ids.size()) + " arms: say " + saved.file + "#" + ids.front() + " or another of " + join(ids, ", "));
  if (std::find(ids.begin(), ids.end(), *saved.arm) == ids.end()) throw UsageError(saved.file + ": " + unknown_name("arm", *saved.arm, ids));
  return *saved.arm;
}

UnpairedClock clock_of(const CompareOptions& options) {
  return options.allow_unpaired ? UnpairedClock::gates : UnpairedClock::shown;
}

// What a saved result holds below its outline shows when it is judged.
Json judged(const Json& a, const std::string& arm_a, const Json& b, const std::string& arm_b, const CompareOptions& options,
            const CompareSettings& settings, const std::string& file) {
  try {
    return unpaired_comparison(a, arm_a, b, arm_b, to_json(settings), clock_of(options));
  } catch (const Json::exception& error) {
    throw std::runtime_error(file + ": not a whole result of instbench: " + error.what());
  }
}

// Only the cases that the user's --filter leaves, so that the others are not missing.
Json filtered(Json result, const std::string& filter) {
  if (filter.empty()) return result;
  const std::regex expression(filter);
  for (const auto& [list, key] : {std::pair("cases", "id"), std::pair("cells", "case")}) {
    Json kept = Json::array();
    for (const Json& entry : result.at(list)) {
      if (std::regex_search(entry.at(key).get<std::string>(), expression)) kept.push_back(entry);
    }
    result[list] = kept;
  }
  return result;
}

// Two saved results: nothing is measured.
int judge_saved(const CompareOptions& options, const CompareSettings& settings, const Sides& sides) {
  const Wanted& w = options.sides.wanted;
  if (!w.names.empty() || !w.touches.empty() || w.call || !w.invoked.empty() || !options.inject.empty() || options.resume ||
      options.dry_run)
    throw UsageError("two saved results are judged as they are: leave out names, workloads, --inject, --resume and --dry-run");
  if (!options.out.empty()) check_out(options.out, options.force ? Existing::replace : Existing::refuse);
  const Json a = filtered(saved_result(sides.saved_a->file), w.filter);
  Json b = filtered(saved_result(sides.saved_b->file), w.filter);
  b["comparison"] = judged(a, arm_in(a, *sides.saved_a), b, arm_in(b, *sides.saved_b), options, settings,
                           sides.saved_a->file + " or " + sides.saved_b->file);
  return finish(options, b, 0);
}

void check_reports(const CompareOptions& options) {
  const std::string journal = options.out.empty() ? "" : journal_path(options.out);
  const std::vector<NamedFile> outputs{{"--out", options.out},
                                       {"the journal of --out", journal},
                                       {"--markdown", options.markdown},
                                       {"--junit", options.junit},
                                       {"--json", options.json}};
  check_apart(outputs);
  // What is read is not to be written over: inputs may name one file, an output none of theirs.
  const auto without_arm = [](const std::string& saved) { return saved.substr(0, saved.find('#')); };
  std::vector<NamedFile> inputs{{"--policy", options.policy},
                                {"--baseline", without_arm(options.baseline)},
                                {"--a", without_arm(options.sides.a)},
                                {"--b", without_arm(options.sides.b)}};
  for (const std::string& name : options.sides.wanted.names) inputs.push_back({"the module", name});
  for (const NamedFile& input : inputs) {
    std::vector<NamedFile> files = outputs;
    files.push_back(input);
    check_apart(files);
  }
  for (const std::string& file : {options.markdown, options.junit, options.json}) {
    if (file.empty()) continue;
    check_replaceable(file);
    os::check_writable(file);
  }
}

// Makes the modules ready, stages copies and runs the plan; without --out no file is kept. Null when Ctrl-C came before
// anything was measured.
Json measured(const CompareOptions& options, Experiment& experiment, const Manifest& manifest,
              const Selection& selection, End& end) {
  experiment.modules = prepare_all(manifest, selection);
  if (os::interrupted() != 0) return nullptr;
  const std::string id = run_id();
  Staging staging(default_cache_dir());
  stage(experiment, staging);
  RunJournal journal = open_journal(options, experiment, header_of(experiment, id, utc_now()));
  // An old report must not be taken for this run's if this run dies.
  for (const std::string& file : {options.out, options.markdown, options.junit, options.json}) {
    if (!file.empty()) std::filesystem::remove(file);
  }
  try {
    end = measure(options, experiment, journal, id);
  } catch (const std::system_error& error) {  // the disk is full, above all
    if (options.out.empty()) throw;
    throw std::runtime_error(std::string(error.what()) + "; what was measured is in " + journal_path(options.out) +
                             ", go on with: " + resume_command(options.arguments, options.out));
  }
  try {
    return fold(journal.recorded().header, journal.recorded().lines);
  } catch (const Json::exception& error) {
    throw std::runtime_error(journal_path(options.out) + ": a sample is not as the protocol has it: " + error.what());
  }
}

Sides sides_of(const Manifest& manifest, const CompareOptions& options) {
  try {
    return select_sides(manifest, options.sides, options.dry_run ? Builds::named : Builds::made);
  } catch (const ArmError& error) {
    throw UsageError(error.what());
  }
}

}  // namespace

int compare(CompareOptions options) {
  if (options.resume && options.out.empty()) throw UsageError("--resume needs --out FILE: the run to go on with");
  if (options.resume && options.force) throw UsageError("--resume and --force contradict each other");
  check_range("--batch-ms", options.batch_ms, 0.1, 60000);
  const CompareSettings settings = settings_of(options);
  check_reports(options);
  const Manifest manifest = load_manifest();
  os::catch_interrupts();
  Sides sides;
  try {
    sides = sides_of(manifest, options);
  } catch (const Interrupted&) {
    return kExitSignal + os::interrupted();
  }
  if (sides.saved_a && sides.saved_b) return judge_saved(options, settings, sides);

  Experiment experiment = experiment_of(options, settings, sides.selection);
  const bool alone = sides.saved_a || sides.saved_b;
  Json saved;
  std::string saved_arm;
  if (alone) {
    measure_alone(experiment);
    const SavedResult& side = sides.saved_a ? *sides.saved_a : *sides.saved_b;
    saved = filtered(saved_result(side.file), options.sides.wanted.filter);
    saved_arm = arm_in(saved, side);
    judged(saved, saved_arm, saved, saved_arm, options, settings, side.file);  // what is wrong with it shows now
    if (sides.saved_b && !options.inject.empty()) throw UsageError("--inject slows B, and B is a saved result");
  }
  if (options.dry_run) return dry_run(experiment);
  if (options.out.empty())
    options.out = default_out((options.verb == Verb::gate ? "gate-" : "compare-") + sides.selection.label, run_id());
  check_out(options.out, options.resume ? Existing::resume : options.force ? Existing::replace : Existing::refuse);

  const auto begin = Clock::now();
  End end = End::complete;
  Json result = measured(options, experiment, manifest, sides.selection, end);
  if (result.is_null()) return kExitSignal + os::interrupted();
  if (alone) {
    const std::string live = experiment.arms.front().id;
    result["comparison"] =
        sides.saved_a ? judged(saved, saved_arm, result, live, options, settings, sides.saved_a->file)
                      : judged(result, live, saved, saved_arm, options, settings, sides.saved_b->file);
  }
  const int code = finish(options, result, std::chrono::duration<double>(Clock::now() - begin).count());
  if (end == End::complete) return code;
  std::cerr << "instbench: interrupted; what was measured is kept, go on with:\n  "
            << resume_command(options.arguments, options.out) << "\n";
  return kExitSignal + os::interrupted();
}

std::optional<Json> try_out() {
  CompareOptions options;
  options.quiet = true;
  options.sides.a = options.sides.b = "core:pool-lazy";
  options.sides.wanted.names = {"spidermonkey"};
  options.sides.wanted.touches = {"write=16,slots=64"};
  const Manifest manifest = load_manifest();
  os::catch_interrupts();
  const Sides sides = sides_of(manifest, options);
  Experiment experiment = experiment_of(options, settings_of(options), sides.selection);
  End end = End::complete;
  const Json result = measured(options, experiment, manifest, sides.selection, end);
  if (result.is_null() || end == End::interrupted) return std::nullopt;
  return result;
}

void add_compare(CLI::App& app, Action& action, const std::vector<std::string>& arguments) {
  auto options = std::make_shared<CompareOptions>();
  options->arguments = arguments;
  CLI::App* verb = app.add_subcommand("compare", "Two arms in one run: improved, same, regressed or inconclusive");
  add_compare_options(*verb, *options);
  verb->callback([options, &action] { action = [options] { return compare(*options); }; });
}

}  // namespace instbench::bench
