// instbench doctor: is this machine fit to measure on? It says what it found and what to do, and forbids nothing.
#include <chrono>
#include <iostream>
#include <memory>

#include "harness/cli/cli.hpp"
#include "harness/cli/colour.hpp"
#include "harness/cli/commands.hpp"
#include "harness/cli/compare_options.hpp"
#include "harness/report/doctor.hpp"
#include "harness/report/format.hpp"
#include "runtime/os/fitness.hpp"
#include "runtime/os/process.hpp"

namespace instbench::bench {
namespace {

// Long enough for a hundredth of it to be a tick of /proc/stat.
constexpr double kSpinSeconds = 1.0;

struct DoctorOptions {
  bool json = false, no_trial = false;
};

// What a comparison of an arm with itself shows here.
DoctorTrial trial_of(const DoctorOptions& options) {
  if (options.no_trial) return {std::nullopt, "--no-trial"};
  if (os::is_terminal(os::Stream::err)) std::cerr << "a trial: an arm against itself, about 5 s\n";
  try {
    const auto begin = std::chrono::steady_clock::now();
    const auto result = try_out();
    if (!result) return {std::nullopt, "interrupted"};
    const Json& comparison = result->at("comparison");
    for (const Json& failure : comparison.at("failures")) return {std::nullopt, failure.get<std::string>()};
    if (comparison.at("tests").empty()) return {std::nullopt, "the trial's case was skipped"};
    const Json& test = comparison.at("tests").at(0);
    const auto number = [&](const char* key) { return number_at(test, {key}); };
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
    if (!number("scatter") || !number("detectable"))
      return {std::nullopt, "the processes of one and the same arm scatter so much that no slowdown could be found"};
    return {DoctorEffect{*number("scatter"), *number("detectable"), test.at("blocks"), taken.count(), test.at("case")},
            ""};
  } catch (const std::exception& error) {
    return {std::nullopt, error.what()};
  }
}

int doctor(const DoctorOptions& options) {
  const os::Roots roots;
  const os::Fitness facts{os::read_cpu_facts(roots), os::read_memory_facts(roots), os::read_process_facts(roots),
                          os::probe_facts(kSpinSeconds)};
  const auto findings = findings_of(facts);
  const DoctorTrial tried = trial_of(options);
  if (options.json) {
    std::cout << doctor_json(findings, tried).dump(1, ' ', false, Json::error_handler_t::replace) << "\n";
  } else {
    std::cout << doctor_text(findings, tried, colour_of_stdout());
  }
  return os::interrupted() == 0 ? kExitOk : kExitSignal + os::interrupted();
}

}  // namespace

void add_doctor(CLI::App& app, Action& action) {
  auto options = std::make_shared<DoctorOptions>();
  CLI::App* verb = app.add_subcommand("doctor", "Whether this machine is fit to measure on, and what to do about it");
  verb->add_flag("--json", options->json, "As JSON");
  verb->add_flag("--no-trial", options->no_trial, "Only look: measure no arm against itself");
  verb->callback([options, &action] { action = [options] { return doctor(*options); }; });
}

}  // namespace instbench::bench
