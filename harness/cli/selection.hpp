// From what the user typed to cases, arms and modules. Everything wrong with it is a UsageError that
// says what there is; nothing is run before all of it is right.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "harness/corpus/manifest.hpp"
#include "harness/protocol/cell.hpp"
#include "harness/run/experiment.hpp"
#include "runtime/instance/strategy.hpp"

namespace instbench::bench {

struct Wanted {
  std::vector<std::string> names;    // suites, modules of the manifest, paths; empty: the default suite
  std::string default_suite = "embedded";
  std::vector<std::string> arms;     // empty: the presets that are run by default
  bool mix = false;                  // --mix: the modules share one pool; one case a workload, over all of them
  std::vector<std::string> touches;  // --touch; empty: the suite's own cases, `none` for modules
  bool usual_touches = false;        // the tool's own choice: what a module is too small for is a skipped cell
  bool call = false;                 // --call: each module's own script instead
  std::vector<std::string> invoked;  // --invoke: calls to make instead, in this order
  bool one_slot = false;             // calls on one slot alone, for what takes a single case; else over 64 slots too
  // What a called program finds, instead of what its script says: --stdin, --dir, --arg, --env. Empty: as the script says.
  std::vector<std::string> preinit;  // --preinit: exports run once
  std::string stdin_file, dir;
  std::vector<std::string> args, env;
  std::string filter;                // regular expression, searched in case ids; empty: all
};

struct Selection {
  std::string label;        // "embedded", "real+x.wasm": names of files, not folders
  std::vector<Case> cases;  // Case::module is a label
  std::vector<Arm> arms;
  std::map<std::string, std::string> modules;  // label -> what resolve() takes
  std::vector<std::string> named;              // labels of modules named one by one
};

Selection select(const Manifest& manifest, const Wanted& wanted);
Selection select_cases(const Manifest& manifest, const Wanted& wanted);  // the arms left out
// Only those whose id the regular expression is found in; empty: all. Throws UsageError when none is.
void keep_matching(std::vector<Case>& cases, const std::string& filter);
enum class Presets : uint8_t { all, by_default };
std::vector<std::string> core_arms(Presets which);  // "core:eager", ...
// Of arms of the core. Throws UsageError for another engine's, and for two that are the same.
std::vector<Strategy> core_strategies(const std::vector<std::string>& arms);
// Of those arms that ask for it, "core:?": presets and axes, for people; "" when none asks. Throws as engine_settings().
std::string settings_asked_for(const std::vector<std::string>& arms);
Arm arm_of(const std::string& text);  // "core:pool-lazy" -> canonical axes

// Loads every module of the selection once (progress on standard error). A module that the user named and
// that cannot hold the --touch pages is a UsageError; in a suite it is a skipped cell of its own.
std::map<std::string, PreparedModule> prepare_all(const Manifest& manifest, const Selection& selection);

}  // namespace instbench::bench
