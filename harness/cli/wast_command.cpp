// instbench wast: the specification's test scripts, under every strategy. Each script is run by a process of its own,
// so that one that crashes or hangs costs that script only.
#include <algorithm>
#include <iostream>
#include <memory>
#include <mutex>
#include <thread>

#include "harness/cli/cli.hpp"
#include "harness/cli/commands.hpp"
#include "harness/cli/image_folder.hpp"
#include "harness/cli/selection.hpp"
#include "harness/run/progress.hpp"
#include "harness/wast/report.hpp"
#include "harness/wast/runner.hpp"
#include "runtime/module/load.hpp"
#include "runtime/os/environment.hpp"
#include "runtime/os/process.hpp"

namespace instbench::bench {
namespace {

struct WastOptions {
  std::vector<std::string> names;
  std::vector<std::string> arms;
  std::string codegen = "auto";
  double timeout_s = 600;
  bool one = false;  // this process runs one script and writes its tallies as JSON
  bool quiet = false;
};

// What became of one script: a tally per arm, or why its process gave none.
struct Answer {
  std::vector<Tally> tallies;
  std::string unreadable;  // the script is not one
  std::string broken;      // its process crashed, hung or failed
  bool interrupted = false;
};

std::vector<std::string> arm_texts(const WastOptions& options) {
  return options.arms.empty() ? core_arms(Presets::all) : options.arms;
}

Compiler compiler_of(const WastOptions& options) {
  try {
    return parse_compiler(options.codegen);
  } catch (const std::invalid_argument& error) {
    throw UsageError(std::string("--codegen: ") + error.what());
  }
}

int run_one(const WastOptions& options) {
  const std::vector<Strategy> strategies = core_strategies(arm_texts(options));
  provide_image_folder(strategies);
  Json all = Json::array();
  try {
    for (const Tally& tally : run_script(options.names.front(), strategies, compiler_of(options)))
      all.push_back(to_json(tally));
  } catch (const LoadError& error) {
    all = {{"unreadable", error.what()}};
  }
  std::cout << all.dump(-1, ' ', false, Json::error_handler_t::replace) << std::endl;
  return std::cout ? kExitOk : kExitFailure;
}

std::string end_of(const os::ChildResult& child, double timeout_s) {
  if (child.timed_out) return "did not end within " + std::to_string(static_cast<int>(timeout_s)) + " s";
  if (child.signal) return "was killed by signal " + std::to_string(*child.signal);
  const std::string error = child.err.substr(0, child.err.find('\n'));
  return "ended with exit code " + std::to_string(child.exit_code) + (error.empty() ? "" : ": " + error);
}

Answer ask(const std::string& file, const WastOptions& options) {
  std::vector<std::string> argv = {os::self_path(), "wast", "--one", "--codegen=" + options.codegen, file};
  for (const std::string& arm : arm_texts(options)) argv.push_back("--arm=" + arm);
  const os::ChildResult child = os::run_child(argv, "", timeout_of(options.timeout_s));
  Answer answer;
  answer.interrupted = child.interrupted;
  const Json json = Json::parse(child.out, nullptr, /*allow_exceptions=*/false);
  if (json.is_object() && json.contains("unreadable")) {
    answer.unreadable = json.at("unreadable").get<std::string>();
  } else if (json.is_array() && child.exit_code == 0 && !child.signal) {
    for (const Json& tally : json) answer.tallies.push_back(tally_from(tally));
  } else {
    answer.broken = "the process that ran this script " + end_of(child, options.timeout_s);
  }
  return answer;
}

// As many processes as CPUs; the answers in the files' order.
std::vector<Answer> ask_all(const std::vector<std::string>& files, const WastOptions& options) {
  std::vector<Answer> answers(files.size());
  Progress progress(progress_visibility(options.quiet), files.size());
  std::mutex lock;
  size_t next = 0;
  const auto work = [&] {
    while (true) {
      size_t mine = 0;
      {
        const std::lock_guard held(lock);
        if (next == files.size() || os::interrupted() != 0) return;
        mine = next++;
        progress.begin(files[mine]);
      }
      Answer answer;
      try {
        answer = ask(files[mine], options);
      } catch (const std::exception& error) {
        answer.broken = error.what();
      }
      const std::lock_guard held(lock);
      answers[mine] = std::move(answer);
      progress.end();
    }
  };
  std::vector<std::jthread> others;
  const size_t processes = std::min<size_t>(files.size(), std::max(1u, os::environment().cpus));
  for (size_t i = 1; i < processes; ++i) others.emplace_back(work);
  work();
  others.clear();
  progress.clear();
  return answers;
}

// A script that gave no answer is one failure of every arm: nothing about it is known.
void add(std::vector<ArmTally>& arms, const std::string& file, const Answer& answer) {
  for (size_t i = 0; i < arms.size(); ++i) {
    if (answer.tallies.size() == arms.size()) {
      arms[i].tally.add(answer.tallies[i]);
    } else {
      const std::string& why = answer.unreadable.empty() ? answer.broken : answer.unreadable;
      arms[i].tally.add(Outcome::failure(why.empty() ? "its process gave no answer" : why), file);
    }
  }
}

int wast(const WastOptions& options) {
  if (options.one && options.names.size() == 1) return run_one(options);
  const std::vector<std::string> texts = arm_texts(options);
  core_strategies(texts);
  compiler_of(options);
  timeout_of(options.timeout_s);
  std::vector<std::string> files;
  try {
    files = script_files(options.names);
  } catch (const std::runtime_error& error) {
    throw UsageError(error.what());
  }
  os::catch_interrupts();
  const std::vector<Answer> answers = ask_all(files, options);
  if (os::interrupted() != 0) {
    std::cerr << "instbench: interrupted; nothing was judged\n";
    return kExitSignal + os::interrupted();
  }
  const auto unreadable = [](const Answer& answer) { return !answer.unreadable.empty(); };
  if (std::all_of(answers.begin(), answers.end(), unreadable)) {
    for (const Answer& answer : answers) std::cerr << "instbench: " << answer.unreadable << "\n";
    return kExitUsage;
  }
  std::vector<ArmTally> arms;
  for (const std::string& text : texts) arms.push_back({text, {}});
  for (size_t i = 0; i < files.size(); ++i) add(arms, files[i], answers[i]);
  std::cout << failures_text(arms) << table_text(arms) << std::flush;
  const bool failed = std::any_of(arms.begin(), arms.end(), [](const ArmTally& arm) { return arm.tally.failed != 0; });
  return failed ? kExitFailure : kExitOk;
}

}  // namespace

void add_wast(CLI::App& app, Action& action) {
  auto options = std::make_shared<WastOptions>();
  CLI::App* verb = app.add_subcommand("wast", "Run WebAssembly test scripts (.wast) on every strategy");
  verb->add_option("SCRIPTS", options->names, "Script files, or folders of *.wast files")->required();
  verb->add_option("--arm", options->arms, "Only this arm, repeatable; default: every preset")->allow_extra_args(false);
  verb->add_option("--codegen", options->codegen, "auto, tcc, cc, or none (nothing is called then)")
      ->capture_default_str();
  verb->add_option("--timeout", options->timeout_s, "Seconds a script may take under all arms, 0.1 to 86400")
      ->capture_default_str();
  verb->add_flag("--quiet,-q", options->quiet, "No progress");
  verb->add_flag("--one", options->one)->group("");  // hidden: what the command runs for each script
  verb->footer(
      "Last line: N passed, N failed, N skipped, over all arms. Exit code 0 when nothing failed, 1 otherwise.");
  verb->callback([options, &action] { action = [options] { return wast(*options); }; });
}

}  // namespace instbench::bench
