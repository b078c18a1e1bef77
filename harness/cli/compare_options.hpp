// Options that `compare` and `gate` share, and what they mean.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "harness/cli/sides.hpp"
#include "harness/run/compare_stages.hpp"

namespace instbench::bench {

enum class Verb { compare, gate };

struct CompareOptions {
  Verb verb = Verb::compare;
  SidesWanted sides;
  std::string policy, tolerance, floor, on_inconclusive, inject, baseline, codegen = "auto", out;
  std::string markdown, junit, json;  // gate's reports
  uint32_t screen_blocks = 18, confirm_blocks = 60;
  double batch_ms = 45;  // with the second pass about 60 ms of timed work
  uint64_t seed = 1;
  double timeout_s = 120;
  bool allow_unpaired = false, dry_run = false, resume = false, force = false, quiet = false;
  std::vector<std::string> arguments;
};

void add_compare_options(CLI::App& verb, CompareOptions& options);
// The flags, over the policy file, over the defaults. Throws UsageError.
CompareSettings settings_of(const CompareOptions& options);

Injection injection_of(const std::string& text);  // of --inject; throws UsageError

// Measures, judges and reports. Returns the exit code of the verb.
int compare(CompareOptions options);

// A short comparison of an arm with itself, for doctor: its result, nothing printed and no file kept. Nothing when Ctrl-C
// came.
std::optional<Json> try_out();

}  // namespace instbench::bench
