#include "harness/report/verdicts.hpp"

#include "harness/report/comparison.hpp"
#include "harness/report/provenance_text.hpp"

namespace instbench::bench {
namespace {

// The parts of `from` with these keys; one that is not there is null.
Json part_of(const Json& from, std::initializer_list<const char*> keys) {
  Json part = Json::object();
  for (const char* key : keys) part[key] = from.value(key, Json());
  return part;
}

}  // namespace

Json verdicts_json(const Json& result) {
  const Json &comparison = comparison_of(result), &run = result.at("run");
  Json verdicts = part_of(comparison, {"exit_code",
                                       "paired",
                                       "a",
                                       "b",
                                       "control",
                                       "tolerance",
                                       "family_error",
                                       "screen_blocks",
                                       "confirm_blocks_most",
                                       "inconclusive_passes",
                                       "injected",
                                       "verdicts",
                                       "tests",
                                       "counters",
                                       "order_effect",
                                       "redone",
                                       "coverage",
                                       "skipped",
                                       "failures",
                                       "unfit",
                                       "warnings"});
  verdicts["schema"] = "instbench-verdicts/1";
  verdicts["complete"] = run.value("complete", true);
  verdicts["counter_verdicts"] = {{"changed", counters_with(comparison, "changed")},
                                  {"not exact", counters_with(comparison, "not exact")},
                                  {"equal", comparison.value("counters_equal", Json())}};
  verdicts["provenance"] = {
      {"run", part_of(run, {"id", "started", "ended", "seed", "suite", "argv", "batch_ms"})},
      {"tool", part_of(result.at("tool"), {"version", "git", "dirty", "build_type", "compiler"})},
      {"machine", part_of(result.at("machine"),
                          {"cpu", "cpus", "memory_bytes", "kernel", "architecture", "thp", "hypervisor", "governor"})},
      {"arms", result.at("arms")}};
  return verdicts;
}

}  // namespace instbench::bench
