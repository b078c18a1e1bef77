// instbench doctor: is this machine fit to measure on? It says what it found and what to do, and forbids nothing.
#include <iostream>
#include <memory>

#include "harness/cli/cli.hpp"
#include "harness/cli/colour.hpp"
#include "harness/cli/commands.hpp"
#include "harness/report/doctor.hpp"
#include "runtime/os/fitness.hpp"

namespace instbench::bench {
namespace {

// Long enough for a hundredth of it to be a tick of /proc/stat.
constexpr double kSpinSeconds = 1.0;

struct DoctorOptions {
  bool json = false, no_trial = false;
};

DoctorTrial try_out(const DoctorOptions& options, const std::function<DoctorTrial()>& trial) {
  if (options.no_trial) return {std::nullopt, "--no-trial"};
  if (!trial) return {std::nullopt, "no trial was made"};
  try {
    return trial();
  } catch (const std::exception& error) {
    return {std::nullopt, error.what()};
  }
}

int doctor(const DoctorOptions& options, const std::function<DoctorTrial()>& trial) {
  const os::Roots roots;
  const os::Fitness facts{os::read_cpu_facts(roots), os::read_memory_facts(roots), os::read_process_facts(roots),
                          os::probe_facts(kSpinSeconds)};
  const auto findings = findings_of(facts);
  const DoctorTrial tried = try_out(options, trial);
  if (options.json) {
    std::cout << doctor_json(findings, tried).dump(1, ' ', false, Json::error_handler_t::replace) << "\n";
  } else {
    std::cout << doctor_text(findings, tried, colour_of_stdout());
  }
  return kExitOk;
}

}  // namespace

void add_doctor(CLI::App& app, Action& action, const std::function<DoctorTrial()>& trial) {
  auto options = std::make_shared<DoctorOptions>();
  CLI::App* verb = app.add_subcommand("doctor", "Whether this machine is fit to measure on, and what to do about it");
  verb->add_flag("--json", options->json, "As JSON");
  verb->add_flag("--no-trial", options->no_trial, "Only look: measure no arm against itself");
  verb->callback([options, trial, &action] { action = [options, trial] { return doctor(*options, trial); }; });
}

}  // namespace instbench::bench
