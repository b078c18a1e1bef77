#include "harness/report/provenance_text.hpp"

#include <algorithm>
#include <cctype>

#include "harness/protocol/text.hpp"
#include "harness/report/comparison.hpp"
#include "harness/report/escape.hpp"
#include "harness/report/format.hpp"

namespace instbench::bench {
namespace {

std::string quoted_for_shell(const std::string& word) {
  const bool plain = !word.empty() && std::all_of(word.begin(), word.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || std::string_view("-_./=:,@%+").find(static_cast<char>(c)) != std::string_view::npos;
  });
  if (plain) return word;
  std::string out = "'";
  for (const char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::string machine_text(const Json& machine) {
  std::vector<std::string> parts{text_at(machine, "cpu")};
  if (const auto cpus = number_at(machine, {"cpus"})) parts.push_back(counted(*cpus, "CPU"));
  if (const auto memory = number_at(machine, {"memory_bytes"})) parts.push_back(bytes_text(*memory));
  parts.push_back("kernel " + text_at(machine, "kernel"));
  if (!text_at(machine, "thp").empty()) parts.push_back("THP " + text_at(machine, "thp"));
  if (machine.value("hypervisor", Json()) == true) parts.push_back("virtual machine");
  if (!text_at(machine, "governor").empty()) parts.push_back("governor " + text_at(machine, "governor"));
  return join(parts, ", ");
}

// An arm of another build names it; any other is this program's own.
std::string arm_text(const Json& result, const Json& side) {
  const Json& tool = result.at("tool");
  std::string build =
      "commit " + text_at(tool, "git") + (tool.value("dirty", false) ? " with changes not committed" : "");
  for (const Json& arm : result.at("arms")) {
    if (arm.at("id") != side.at("arm")) continue;
    if (arm.contains("build")) build = "build " + text_at(arm, "build");
    if (arm.contains("commit")) build = "commit " + text_at(arm, "commit");
  }
  return text_at(side, "label") + ", " + build;
}

}  // namespace

std::string command_text(const Json& result) {
  std::string command = "instbench";
  for (const std::string& word : texts_at(result.at("run"), "argv")) command += " " + quoted_for_shell(word);
  return command;
}

std::vector<std::pair<std::string, std::string>> provenance_lines(const Json& result) {
  const Json &comparison = comparison_of(result), &run = result.at("run");
  const auto seed = number_at(run, {"seed"}), batch = number_at(run, {"batch_ms"});
  std::string blocks = blocks_text(comparison);
  if (batch) blocks += " with batches of " + number_text(*batch) + " ms";
  if (run.contains("seed") && seed) blocks += ", seed " + run.at("seed").dump();
  return {{"machine", machine_text(result.at("machine"))},
          {"A", arm_text(result, comparison.at("a"))},
          {"B", arm_text(result, comparison.at("b"))},
          {"run", text_at(run, "id") + ", " + text_at(run, "started") + ", instbench " +
                      text_at(result.at("tool"), "version") + " (" + text_at(result.at("tool"), "build_type") + ")"},
          {"blocks", blocks},
          {"tolerance", tolerance_text(comparison.at("tolerance"))},
          {"command", command_text(result)}};
}

}  // namespace instbench::bench
