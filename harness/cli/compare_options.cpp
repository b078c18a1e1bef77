#include "harness/cli/compare_options.hpp"

#include "harness/cli/cli.hpp"
#include "harness/cli/program_options.hpp"
#include "harness/protocol/inject.hpp"
#include "runtime/os/file.hpp"

namespace instbench::bench {

void add_compare_options(CLI::App& verb, CompareOptions& o) {
  Wanted& wanted = o.sides.wanted;
  wanted.default_suite = "gate";
  verb.add_option("NAMES", wanted.names,
                  "Suites, modules of the corpus, or paths; default: the suite gate. Without --a and --b: two modules");
  verb.add_option("--a", o.sides.a,
                  "The old side: core[@BUILD][:STRATEGY], BUILD = git+REV or the path of another instbench or its build\n"
                  "folder; or RESULT.json[#ARM], measured earlier. Without a strategy: pool-lazy");
  verb.add_option("--b", o.sides.b, "The new side, likewise");
  verb.add_option("--arm", wanted.arms, "The strategy under which two modules are compared; default: core:pool-lazy")
      ->allow_extra_args(false);
  verb.add_option("--touch", wanted.touches, "Workload and conditions instead of the suite's, as for run; repeatable")
      ->allow_extra_args(false);
  verb.add_flag("--call", wanted.call, "Call the modules' exports as the corpus says, answers checked");
  add_program_options(verb, wanted);
  verb.add_option("--codegen", o.codegen, "How guest code is made: auto, tcc, cc, none")
      ->capture_default_str()
      ->check(CLI::IsMember({"auto", "tcc", "cc", "none"}));
  verb.add_option("--filter", wanted.filter, "Only cases whose id matches this regular expression");
  verb.add_option("--policy", o.policy, "Reviewed tolerances and intended changes (harness/report/README.md)");
  verb.add_option("--tolerance", o.tolerance, "Slowdowns below this are no regression; default: 3%");
  verb.add_option("--floor", o.floor, "Nor are those below this time; default: 20ns, about one clock read");
  verb.add_option("--screen-blocks", o.screen_blocks,
                  "Blocks of A and B in which every case is screened; a multiple of 6")
      ->capture_default_str()
      ->check(CLI::Range(6, 600));
  verb.add_option("--confirm-blocks", o.confirm_blocks,
                  "The most blocks of A, B and A′ that a case not cleared by the screen gets; a multiple of 6")
      ->capture_default_str()
      ->check(CLI::Range(18, 600));
  verb.add_option("--batch-ms", o.batch_ms, "Length of a process's timed batch, 0.1 to 60000; its second pass takes 15 more")
      ->capture_default_str();
  verb.add_option("--inject", o.inject,
                  "Selftest: slow B by a known amount: 5% of each cycle, or one more `syscall` or copied `page`");
  add_seed(verb, o.seed, "Decides orders and addresses touched");
  verb.add_option("--timeout", o.timeout_s, "Seconds a worker process may take, 0.1 to 86400")->capture_default_str();
  verb.add_flag("--allow-unpaired", o.allow_unpaired, "Let the clock gate against a saved result too");
  add_out(verb, o.out, "Result file; its journal lies beside it; default: results/local/<date>-….json");
  verb.add_flag("--dry-run", o.dry_run, "Print the plan; build and run nothing");
  verb.add_flag("--resume", o.resume, "Go on with the journal of --out (same command, binaries and machine)");
  verb.add_flag("--force", o.force, "Replace --out if it is there");
  verb.add_flag("--quiet,-q", o.quiet, "No progress");
}

Injection injection_of(const std::string& text) {
  try {
    return parse_injection(text);
  } catch (const GrammarError& error) {
    throw UsageError(std::string("--inject: ") + error.what());
  }
}

CompareSettings settings_of(const CompareOptions& options) {
  CompareSettings settings;
  try {
    Policy policy;
    if (!options.policy.empty()) {
      const std::string text = os::read_text(options.policy);
      policy = parse_policy_text(text, options.policy);
      settings.policy = Json::parse(text);
    }
    settings.tolerance = policy.tolerance.value_or(settings.tolerance);
    settings.floor_ns = policy.floor_ns.value_or(settings.floor_ns);
    settings.inconclusive_passes = policy.inconclusive_passes.value_or(false);
    if (!options.tolerance.empty()) settings.tolerance = parse_share(options.tolerance, "--tolerance");
    if (!options.floor.empty()) settings.floor_ns = parse_nanoseconds(options.floor, "--floor");
  } catch (const PolicyError& error) {
    throw UsageError(error.what());
  } catch (const std::system_error& error) {
    throw UsageError(std::string("--policy: ") + error.what());
  }
  if (!options.on_inconclusive.empty()) settings.inconclusive_passes = options.on_inconclusive == "pass";
  for (const auto& [name, blocks] : {std::pair("--screen-blocks", options.screen_blocks),
                                     std::pair("--confirm-blocks", options.confirm_blocks)}) {
    if (blocks % 6 != 0) throw UsageError(std::string(name) + " takes a multiple of 6: all orders of A, B and A′");
  }
  settings.procedure.screen_blocks = options.screen_blocks;
  settings.procedure.confirm_most = options.confirm_blocks;
  return settings;
}

}  // namespace instbench::bench
