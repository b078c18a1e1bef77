#include "harness/cli/cli.hpp"

#include <cmath>
#include <iostream>

#include "harness/cli/commands.hpp"
#include "harness/protocol/text.hpp"
#include "runtime/os/build_info.hpp"

namespace instbench::bench {
namespace {

constexpr const char* kFooter =
    "Exit codes: 0 pass; 1 the tool or a benchmark failed (a leak above all); 2 wrong arguments; 3 a gate found a\n"
    "change; 4 inconclusive or unfit environment; 5 coverage mismatch (a case missing, new, or skipped on one side);\n"
    "130 and 143 interrupted (Ctrl-C, SIGTERM). When several apply: 1, 5, 3, 4, 0.\n"
    "Environment: INSTBENCH_HOME (the source tree with corpus/ and plot/), INSTBENCH_PYTHON (for plot and fetch),\n"
    "INSTBENCH_CACHE_DIR (fetched and precompiled modules), INSTBENCH_CACHE_BYTES (the cap of the latter, 4GiB),\n"
    "INSTBENCH_WORKER (another worker, see harness/protocol/README.md), NO_COLOR.";

std::string version_text() {
  const os::BuildInfo& build = os::build_info();
  std::string text = std::string("instbench ") + build.version + " (" + build.commit +
                     (build.dirty ? ", modified" : "") + ", " + build.build_type + ", " + build.compiler;
  if (*build.sanitizers != '\0') text += std::string(", sanitizers ") + build.sanitizers;
  if (build.assertions) text += ", assertions";
  return text + ")";
}

std::vector<std::string> names_of(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* verb : app.get_subcommands({})) names.push_back(verb->get_name());
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

// The verb the arguments had reached when they went wrong.
const CLI::App& deepest(const CLI::App& app) {
  const auto chosen = app.get_subcommands();
  return chosen.empty() ? app : deepest(*chosen.front());
}

// CLI11 says what it did not expect; we add what it would have taken.
std::string usage_message(const CLI::App& app, const std::vector<std::string>& arguments,
                          const CLI::ParseError& error) {
  const CLI::App& verb = deepest(app);
  const bool unexpected = dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr;
  if (unexpected || (&verb == &app && !arguments.empty())) {
    const std::vector<std::string> known = names_of(verb);
    for (const std::string& argument : arguments) {
      const std::string name = argument.substr(0, argument.find('='));
      const bool is_flag = name.starts_with("-");
      if ((!is_flag && &verb != &app) || std::find(known.begin(), known.end(), name) != known.end()) continue;
      return unknown_name(is_flag ? "option" : "verb", name, known);
    }
  }
  return std::string(error.what()) + "; see `instbench " + (&verb == &app ? "" : verb.get_name() + " ") + "--help`";
}

}  // namespace

void check_range(const std::string& option, double value, double least, double most) {
  if (value >= least && value <= most) return;
  throw UsageError(option + " takes " + number_text(least) + " to " + number_text(most) + ", not " +
                   number_text(value));
}

std::chrono::milliseconds timeout_of(double seconds) {
  check_range("--timeout", seconds, 0.1, 86400);
  return std::chrono::milliseconds(std::llround(seconds * 1000));
}

int run_cli(const std::vector<std::string>& arguments) {
  CLI::App app("instbench: what it costs to bring a WebAssembly instance to life, use it, and give it back",
               "instbench");
  app.set_version_flag("--version", version_text());
  app.footer(kFooter);
  app.require_subcommand(1);
  Action action;
  add_list(app, action);
  add_inspect(app, action);
  add_run(app, action, arguments);
  add_advise(app, action, arguments);
  add_call(app, action);
  add_compare(app, action, arguments);
  add_gate(app, action, arguments);
  add_plot(app, action);
  add_convert(app, action);
  add_fetch(app, action);
  add_doctor(app, action);
  add_shape(app, action);
  add_profile(app, action);
  add_worker(app, action);
  add_wast(app, action);
  add_fuzz(app, action);
  try {
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));  // CLI11 takes them reversed
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help, --version
    throw UsageError(usage_message(app, arguments, error));
  }
  return action();
}

}  // namespace instbench::bench
