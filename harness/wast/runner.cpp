#include "harness/wast/runner.hpp"

#include <algorithm>
#include <filesystem>

#include "harness/wast/player.hpp"
#include "runtime/module/load.hpp"
#include "runtime/os/file.hpp"

namespace instbench::bench {
namespace {

namespace fs = std::filesystem;

struct Play {
  std::vector<Outcome> outcomes;
  uint64_t instances = 0, reused = 0;
};

Play play(const Script& script, Stage& stage, Slots slots) {
  Player player(script, stage, slots);
  Play result;
  for (size_t i = 0; i < script.commands.size(); ++i) result.outcomes.push_back(player.play(i));
  result.instances = player.instances();
  result.reused = player.reused();
  return result;
}

// A failure of either play is the command's.
Outcome combined(const Outcome& first, const Outcome& second) {
  if (first.kind == Outcome::Kind::failed) return first;
  if (second.kind == Outcome::Kind::failed) return Outcome::failure("on a used slot: " + second.text);
  return second;
}

std::string place_of(const Script& script, size_t command) {
  return script.file + ":" + std::to_string(script.commands[command].line);
}

Tally skip_all(const Script& script, const std::string& reason) {
  Tally tally;
  tally.files = 1;
  for (size_t i = 0; i < script.commands.size(); ++i) tally.add(Outcome::skip(reason), place_of(script, i));
  return tally;
}

Tally run_arm(const Script& script, Library& library, const Strategy& strategy) {
  Stage stage(script, library, strategy);
  Play last = play(script, stage, Slots::any);
  if (strategy.alloc == Alloc::pool) {
    const std::vector<Outcome> first = std::move(last.outcomes);
    last = play(script, stage, Slots::used_before);
    for (size_t i = 0; i < first.size(); ++i) last.outcomes[i] = combined(first[i], last.outcomes[i]);
  }
  Tally tally;
  tally.files = 1;
  tally.modules = last.instances;
  tally.reused = last.reused;
  for (size_t i = 0; i < last.outcomes.size(); ++i) tally.add(last.outcomes[i], place_of(script, i));
  const PoolStats& stats = stage.pool().stats();
  if (stats.failed_resets + stats.retired != 0)
    tally.add(Outcome::failure("a slot could not be reset: " + stats.last_failure), script.file);
  return tally;
}

// One compiler for the whole script: code of different compilers does not link.
Compiler one_compiler(const Script& script, Compiler wanted) {
  if (wanted != Compiler::automatic) return wanted;
  Compiler chosen = wanted;
  for (const ScriptCommand& command : script.commands) {
    if (!makes_instance(command)) continue;
    try {
      const Compiler here = choose_compiler(*load(command.module, script.file, Bodies::skip), wanted);
      if (chosen != Compiler::tcc) chosen = here;
    } catch (const std::runtime_error&) {  // unreadable, or no compiler: what is made of the module says so
    }
  }
  return chosen;
}

}  // namespace

std::vector<Tally> run_script(const std::string& file, const std::vector<Strategy>& strategies, Compiler compiler) {
  const Script script = parse_wast(os::read_text(file), file);
  Library library(one_compiler(script, compiler));
  std::vector<Tally> tallies;
  for (const Strategy& strategy : strategies) {
    try {
      tallies.push_back(run_arm(script, library, strategy));
    } catch (const Unsupported& error) {
      tallies.push_back(skip_all(script, error.what()));
    }
  }
  return tallies;
}

std::vector<std::string> script_files(const std::vector<std::string>& names) {
  std::vector<std::string> files;
  for (const std::string& name : names) {
    std::error_code error;
    if (!fs::is_directory(name, error)) {
      if (!fs::exists(name, error)) throw std::runtime_error("no such file or folder: " + name);
      files.push_back(name);
      continue;
    }
    std::vector<std::string> found;
    for (const auto& entry : fs::directory_iterator(name)) {
      if (entry.path().extension() == ".wast") found.push_back(entry.path().string());
    }
    if (found.empty()) throw std::runtime_error("the folder " + name + " holds no *.wast file");
    std::sort(found.begin(), found.end());
    files.insert(files.end(), found.begin(), found.end());
  }
  return files;
}

}  // namespace instbench::bench
