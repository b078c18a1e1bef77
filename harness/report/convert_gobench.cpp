#include <set>

#include "harness/report/comparison.hpp"
#include "harness/report/convert.hpp"
#include "harness/report/convert_cells.hpp"

namespace instbench::bench {
namespace {

std::string go_architecture(const std::string& machine) {
  return machine == "x86_64" ? "amd64" : machine == "aarch64" ? "arm64" : machine;
}

// Only what tells machines apart is configuration: benchstat puts files whose configuration differs in tables of their
// own, and the files of two commits are to stand beside each other. So the commit and the run are comments.
std::string header(const Json& result) {
  const Json& machine = result.at("machine");
  return "# instbench run " + text_at(result.at("run"), "id") + ", commit " + text_at(result.at("tool"), "git") +
         (result.at("tool").value("dirty", false) ? " with changes not committed" : "") + ", kernel " +
         text_at(machine, "kernel") + "\ngoos: linux\ngoarch: " + go_architecture(text_at(machine, "architecture")) +
         "\npkg: instbench\ncpu: " + text_at(machine, "cpu") + "\n";
}

// "A", "B" and "control" in a comparison, so that -col /arm puts B beside A; else the arm's id.
std::string arm_name(const Json& result, const std::string& id) {
  if (result.contains("comparison")) {
    const Json& comparison = comparison_of(result);
    if (comparison.at("a").at("arm") == id) return "A";
    if (comparison.at("b").at("arm") == id) return "B";
    if (comparison.at("control") == id) return "control";
  }
  std::string name = plain_name(id);
  for (char& c : name) c = c == '/' ? '_' : c;  // a slash would end the value of /arm
  return name;
}

// Always with the number of threads behind it: a name that ends in "-8" would be read as one that ran on 8 of them.
std::string line(const Process& process, const std::map<std::string, int64_t>& counters, const std::string& name,
                 uint64_t threads) {
  std::string text = "BenchmarkCycle/" + name + "-" + std::to_string(threads) + " " +
                     std::to_string(process.iterations) + " " + Json(process.real_ns).dump() + " ns/op";
  if (process.cpu_ns) text += " " + Json(*process.cpu_ns).dump() + " cpu-ns/op";
  for (const auto& [counter, value] : counters) text += " " + std::to_string(value) + " " + counter + "/op";
  return text + "\n";
}

}  // namespace

std::string gobench_text(const Json& result) {
  std::string lines;
  std::set<std::string> counted;
  UniqueNames case_names, arm_names;
  for (const Json& cell : result.at("cells")) {
    if (cell.at("status") != "ok") continue;
    const std::string case_id = cell.at("case"), arm_id = cell.at("arm");
    const std::string name =
        case_names.of(case_id, plain_name(case_id)) + "/arm=" + arm_names.of(arm_id, arm_name(result, arm_id));
    const auto counters = exact_counters(cell);
    for (const auto& [counter, value] : counters) counted.insert(counter);
    const uint64_t threads = case_named(result, case_id).value("threads", uint64_t{1});
    for (const Process& process : processes_of(cell)) lines += line(process, counters, name, threads);
  }
  std::string units = "Unit cpu-ns/op better=lower\n";
  for (const std::string& counter : counted) units += "Unit " + counter + "/op assume=exact better=lower\n";
  return header(result) + units + lines;
}

}  // namespace instbench::bench
