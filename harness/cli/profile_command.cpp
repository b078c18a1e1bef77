// instbench profile: warm cycles of one case for as long as a profiler looks on.
#include <cstdlib>
#include <iostream>
#include <memory>

#include "harness/cli/cli.hpp"
#include "harness/cli/commands.hpp"
#include "harness/cli/engine_arms.hpp"
#include "harness/cli/one_case.hpp"
#include "harness/cli/program_options.hpp"
#include "harness/engines/engines.hpp"
#include "harness/report/format.hpp"
#include "harness/worker/itt.hpp"
#include "harness/worker/worker.hpp"
#include "runtime/os/probes.hpp"
#include "runtime/os/process.hpp"

namespace instbench::bench {
namespace {

struct ProfileOptions {
  Wanted wanted;
  std::string module, arm = "core:pool-lazy", touch, codegen = "auto";
  double seconds = 10;
};

// The collector that looks on, if one does, and what there is to say about it.
struct Collector {
  std::unique_ptr<Itt> itt;
  std::string text;
};

Collector find_collector() {
  const char* const file = std::getenv(Itt::kCollectorVariable);
  if (file == nullptr || *file == '\0')
    return {nullptr, std::string("no ITT tasks: ") + Itt::kCollectorVariable + " names no collector"};
  try {
    auto itt = std::make_unique<Itt>(fetched_file("ittapi", Itt::kLibrary));
    return {std::move(itt), std::string("ITT tasks, instead of USDT probes, for the collector ") + file};
  } catch (const std::runtime_error& error) {
    return {nullptr, std::string("no ITT tasks: ") + error.what()};
  }
}

std::string marks_text(bool has_probes, const Collector& collector) {
  if (!has_probes) return "no marks: this engine has none";
  if (collector.itt != nullptr) return collector.text;
  return (os::kHasProbes ? "USDT probes instbench:{release,acquire,init,start,work,cycle_end}; "
                         : "built without USDT probes (systemtap-sdt-dev); ") +
         collector.text;
}

int profile(const ProfileOptions& options) {
  check_range("--seconds", options.seconds, 0.1, 86400);
  Wanted wanted = options.wanted;
  wanted.names = {options.module};
  wanted.arms = {options.arm};
  wanted.one_slot = true;
  const bool calls = wanted.call || !wanted.invoked.empty();
  if (calls && !options.touch.empty())
    throw UsageError("--touch: one workload at a time; --call and --invoke are others");
  if (!calls) wanted.touches = {options.touch.empty() ? "slots=1" : options.touch};
  os::catch_interrupts();
  const std::string request = request_of_one(wanted, options.codegen);
  const Collector collector = find_collector();
  const ProfiledCycles profiled = run_profiled(
      request, options.seconds, collector.itt.get(),
      [&](bool has_probes) {
        std::cerr << "pid " << os::process_id() << ": warm; cycles for " << options.seconds << " s, "
                  << marks_text(has_probes, collector) << "\n";
      },
      engines());
  std::cout << profiled.cycles << " cycles, " << time_text(profiled.ns_per_cycle) << " each with whoever looked on\n";
  return os::interrupted() != 0 ? kExitSignal + os::interrupted() : kExitOk;
}

}  // namespace

void add_profile(CLI::App& app, Action& action) {
  auto options = std::make_shared<ProfileOptions>();
  CLI::App* verb = app.add_subcommand(
      "profile",
      "Warm cycles of one case for a profiler to look at; phases are USDT probes (perf, bpftrace) or ITT tasks (VTune)");
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

}  // namespace instbench::bench
