// instbench plot and fetch: Python programs of the source tree, which take over this process.
#include <algorithm>
#include <filesystem>
#include <iostream>

#include "harness/cli/cli.hpp"
#include "harness/cli/commands.hpp"
#include "harness/cli/engine_arms.hpp"
#include "harness/cli/home.hpp"
#include "harness/corpus/resolve.hpp"
#include "runtime/os/process.hpp"

namespace instbench::bench {
namespace {

// Takes every argument after the verb as it is, --help included.
CLI::App* pass_through(CLI::App& app, const std::string& name, const std::string& description) {
  CLI::App* verb = app.add_subcommand(name, description);
  verb->set_help_flag();
  verb->prefix_command();
  return verb;
}

[[noreturn]] void become_python(const std::string& script, const std::vector<std::string>& before,
                                const std::vector<std::string>& after) {
  std::vector<std::string> argv{python(), "-B", home() + "/" + script};
  if (!std::filesystem::exists(argv.back()))
    throw std::runtime_error(argv.back() + " is not there; is INSTBENCH_HOME right?");
  argv.insert(argv.end(), before.begin(), before.end());
  argv.insert(argv.end(), after.begin(), after.end());
  os::exec(argv);
}

}  // namespace

void add_plot(CLI::App& app, Action& action) {
  CLI::App* verb = pass_through(app, "plot", "Draw charts from result files (plot --help)");
  verb->callback([verb, &action] {
    action = [verb]() -> int {
      if (verb->remaining().empty()) throw UsageError("plot needs a result file; see `instbench plot --help`");
      become_python("plot/plot.py", {}, verb->remaining());
    };
  });
}

namespace {

constexpr const char* kFetchHelp =
    "Fetch real modules or engines into the cache. What is there already, and whole, is not fetched again.\n"
    "\n"
    "usage: instbench fetch [SUITE_OR_MODULE]... [--only MODULE]...\n"
    "       instbench fetch ENGINE[@VERSION]... [--sha256 HEX]\n"
    "\n"
    "modules, through npm at pinned versions (bytes checked against corpus/manifest.json):\n"
    "  real, calls, …       the real modules of a suite; without a name: real (`instbench list` names suites and modules)\n"
    "  MODULE               one of them: rollup, sqlite, …\n"
    "  --only MODULE        only this one of what is named; repeatable\n"
    "engines (each at the version of harness/engines/pins.json, unless said):\n"
    "  wasmtime[@VERSION]   libwasmtime.so from PyPI, through pip; a version that is not pinned needs --sha256 of its wheel\n"
    "  wasmtime-rs          Wasmtime as a Rust crate, built by cargo (some minutes)\n"
    "  wasmi                libwasmi.so for `--arm capi@wasmi`, built by cargo\n"
    "  ittapi               Intel's ITT API for `instbench profile` under VTune, built by cargo\n"
    "\n"
    "The cache is INSTBENCH_CACHE_DIR, else $XDG_CACHE_HOME/instbench, else ~/.cache/instbench. Standard output: a line\n"
    "NAME<tab>present|fetched|generated<tab>PATH each. Exit code: 0 all there; 1 one is not (one line says why).\n";

bool asks_for_help(const std::string& argument) { return argument == "--help" || argument == "-h"; }

// "wasmtime", "wasmtime@48.0.0": not the name of a module.
bool is_engine(const std::string& argument) { return is_fetched(argument.substr(0, argument.find('@'))); }

}  // namespace

void add_fetch(CLI::App& app, Action& action) {
  CLI::App* verb = pass_through(
      app, "fetch", "Fetch real modules (fetch real) or engines (fetch wasmtime[@VERSION]) into the cache (fetch --help)");
  verb->callback([verb, &action] {
    action = [verb]() -> int {
      const std::vector<std::string> arguments = verb->remaining();
      if (std::any_of(arguments.begin(), arguments.end(), asks_for_help)) {
        std::cout << kFetchHelp;
        return kExitOk;
      }
      if (std::any_of(arguments.begin(), arguments.end(), is_engine))
        become_python("harness/engines/fetch.py", {"--cache", default_cache_dir()}, arguments);
      become_python("corpus/fetch.py", {"--manifest", home() + "/corpus/manifest.json", "--cache", default_cache_dir()},
                    verb->remaining());
    };
  });
}

}  // namespace instbench::bench
