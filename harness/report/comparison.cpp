#include "harness/report/comparison.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "harness/protocol/text.hpp"
#include "harness/report/convert.hpp"
#include "harness/report/escape.hpp"
#include "harness/report/format.hpp"

namespace instbench::bench {
namespace {

const Json& at_or_null(const Json& object, const char* key) {
  static const Json null;
  return object.is_object() && object.contains(key) ? object.at(key) : null;
}

// "+0.6", "-0.4", "+113": percent with a sign; of `whole` and above without decimals.
std::string signed_percent(double change, double whole) {
  char buffer[48];
  std::snprintf(buffer, sizeof buffer, "%+.*f", std::abs(change) >= whole - 0.0005 ? 0 : 1, 100 * change);
  return std::string(buffer) == "-0.0" ? "+0.0" : buffer;
}

std::string ends_text(const Json& interval, double whole) {
  if (!interval.is_array()) return "";
  return "[" + signed_percent(interval.at(0).get<double>(), whole) + "," +
         signed_percent(interval.at(1).get<double>(), whole) + "]";
}

// The tolerance that the intervals seen would fit in, rounded up to half a percent.
std::optional<double> fitting_tolerance(const Json& test) {
  const Json& interval = at_or_null(test, "interval");
  if (!interval.is_array()) return std::nullopt;
  double most = interval.at(1).get<double>();
  const Json& control = at_or_null(at_or_null(test, "control"), "interval");
  if (control.is_array()) most = std::max({most, -control.at(0).get<double>(), control.at(1).get<double>()});
  const double share = std::ceil(200 * most + 1e-9) / 200;
  return share > test.at("tolerance").get<double>() && share <= 1 ? std::optional(share) : std::nullopt;
}

std::string settling(const Json& test) {
  if (test.at("stage") == "screen") return "";  // not confirmed: its reason says why
  const auto blocks = number_at(test, {"needs_blocks"});
  const auto tolerance = fitting_tolerance(test);
  const std::string wider = tolerance ? "a tolerance of " + percent_text(*tolerance) + " would pass it: --tolerance " +
                                            number_text(100 * *tolerance) + "%"
                                      : "";
  if (blocks) {
    // Blocks of A, B and A′ come in six orders.
    const std::string count = number_text(6 * std::ceil(*blocks / 6));
    return "about " + count + " blocks would settle it: --confirm-blocks " + count +
           (wider.empty() ? "" : "; or " + wider);
  }
  const std::string best = test.at("stage") == "unpaired" ? "measuring both arms in one run may settle it"
                                                          : "how many blocks would settle it cannot be said";
  return best + (wider.empty() ? "" : "; " + wider);
}

}  // namespace

const Json& comparison_of(const Json& result) {
  if (!result.is_object() || !result.contains("comparison") || !result.at("comparison").is_object())
    throw ResultError("the result holds no comparison; instbench compare makes one");
  return result.at("comparison");
}

std::string text_at(const Json& object, const char* key) {
  const Json& value = at_or_null(object, key);
  return value.is_string() ? clean_text(value.get<std::string>()) : "";
}

std::vector<std::string> texts_at(const Json& object, const char* key) {
  std::vector<std::string> texts;
  for (const Json& text : at_or_null(object, key)) texts.push_back(clean_text(text.get<std::string>()));
  return texts;
}

bool is_expected(const Json& entry) { return at_or_null(entry, "expected").is_string(); }

bool gates(const Json& test) { return test.value("gates", true); }

std::string time_at(const Json& object, const char* key) {
  const auto time = number_at(object, {key});
  return time ? time_text(*time) : "?";
}

std::string change_at(const Json& object, const char* key) {
  const auto change = number_at(object, {key});
  return change ? change_text(*change) : "?";
}

std::string interval_text(const Json& interval) { return ends_text(interval, 1); }

std::string control_text(const Json& test) {
  constexpr double kWhole = 0.1;  // it stands in a narrow column, and what matters of it is small
  const Json& control = at_or_null(test, "control");
  if (!control.is_object()) return "";
  const auto change = number_at(control, {"change"});
  const std::string interval = ends_text(at_or_null(control, "interval"), kWhole);
  return (change ? signed_percent(*change, kWhole) : "?") + " " + (interval.empty() ? "" : interval + " ") +
         (at_or_null(control, "inside") == true ? "ok" : "out");
}

std::string tolerance_text(const Json& tolerance) {
  const auto share = number_at(tolerance, {"share"}), floor = number_at(tolerance, {"floor_ns"});
  return (share ? percent_text(*share) : "?") + (floor ? ", at least " + number_text(*floor) + " ns" : "");
}

std::string own_tolerance(const Json& test, const Json& tolerance) {
  const auto own = number_at(test, {"tolerance"}), share = number_at(tolerance, {"share"});
  if (!own || (share && std::abs(*own - *share) < 1e-9)) return "";
  const auto floor = number_at(tolerance, {"floor_ns"}), a = number_at(test, {"a_ns"});
  const bool from_floor = floor && a && std::abs(*own * *a - *floor) < 0.02 * *floor;
  return percent_text(*own) + (from_floor ? " (" + number_text(*floor) + " ns)" : "");
}

std::string counter_name(const Json& counter) {
  const std::string phase = text_at(counter, "phase");
  return (phase == "cycle" || phase.empty() ? "" : phase + " ") + text_at(counter, "counter");
}

std::string counter_value(const Json& value) {
  if (const auto exact = number_at(value, {"value"})) return Json(std::llround(*exact)).dump();
  const auto least = number_at(value, {"min"}), most = number_at(value, {"max"});
  if (!least || !most) return "?";
  return *least == *most ? number_text(*least) : number_text(*least) + "–" + number_text(*most);
}

size_t counters_with(const Json& comparison, const char* verdict) {
  const Json& counters = at_or_null(comparison, "counters");
  return static_cast<size_t>(std::count_if(counters.begin(), counters.end(),
                                           [&](const Json& counter) { return counter.at("verdict") == verdict; }));
}

std::vector<std::string> notes_of(const Json& test, const Json& comparison) {
  std::vector<std::string> notes;
  const std::string reason = text_at(test, "reason"),
                    tolerance = own_tolerance(test, at_or_null(comparison, "tolerance"));
  if (!reason.empty()) notes.push_back(reason);
  if (test.at("verdict") == "inconclusive" && !settling(test).empty()) notes.push_back(settling(test));
  if (!tolerance.empty()) notes.push_back("tolerance " + tolerance);
  if (is_expected(test)) notes.push_back("expected: " + text_at(test, "expected"));
  return notes;
}

std::string verdicts_text(const Json& comparison) {
  std::vector<std::string> parts;
  for (const char* verdict : {"improved", "same", "regressed", "inconclusive"}) {
    parts.push_back(number_text(number_at(comparison, {"verdicts", verdict}).value_or(0)) + " " + verdict);
  }
  const size_t changed = counters_with(comparison, "changed");
  const auto equal = number_at(comparison, {"counters_equal"});
  if (changed > 0 || equal.value_or(0) > 0) {
    parts.push_back(counted(static_cast<double>(changed), "counter") + " changed, " +
                    (equal ? number_text(*equal) : "?") + " equal");
  }
  return join(parts, " · ");
}

std::string blocks_text(const Json& comparison) {
  std::optional<double> fewest, most;
  const bool paired = comparison.value("paired", true);
  for (const Json& test : comparison.at("tests")) {
    const auto blocks = number_at(test, {"blocks"});
    if (!blocks || (paired && test.at("stage") != "confirm")) continue;
    fewest = std::min(fewest.value_or(*blocks), *blocks);
    most = std::max(most.value_or(*blocks), *blocks);
  }
  const std::string range = !fewest ? "" : number_text(*fewest) + (*fewest == *most ? "" : "–" + number_text(*most));
  if (!paired) return (range.empty() ? "?" : range) + " processes of each arm";
  const auto screen = number_at(comparison, {"screen_blocks"});
  return (screen ? number_text(*screen) : "?") + (range.empty() ? "" : "+" + range) + " blocks";
}

std::string outcome_text(const Json& result) {
  if (!result.at("run").value("complete", true)) return "INTERRUPTED, nothing is judged: go on with --resume";
  const Json& comparison = comparison_of(result);
  const int code = comparison.at("exit_code").get<int>();
  const Json& tests = comparison.at("tests");
  const bool open = std::any_of(tests.begin(), tests.end(),
                                [](const Json& test) { return test.at("verdict") == "inconclusive" && gates(test); });
  const bool slower = std::any_of(tests.begin(), tests.end(), [](const Json& test) {
    return test.at("verdict") == "regressed" && gates(test) && test.at("expected").is_null();
  });
  const char* word = code == 0   ? (open ? "PASSED, with inconclusive tests allowed" : "PASSED")
                     : code == 1 ? "FAILED"
                     : code == 3 ? (slower ? "REGRESSED" : "EXACT COUNTERS CHANGED")
                     : code == 4 ? (texts_at(comparison, "unfit").empty() ? "INCONCLUSIVE" : "UNFIT ENVIRONMENT")
                     : code == 5 ? "COVERAGE DIFFERS"
                                 : "NOT FINISHED";
  const auto meant = [](const Json& list) {
    return std::count_if(list.begin(), list.end(), [](const Json& one) { return !one.at("expected").is_null(); });
  };
  const auto expected = meant(tests) + meant(comparison.value("counters", Json::array()));
  return std::string(word) + " (exit " + std::to_string(code) + ")" +
         (code != 0 || expected == 0 ? "" : ", " + counted(static_cast<double>(expected), "change") + " expected by the policy");
}

std::string unpaired_text(const Json& comparison) {
  if (comparison.value("paired", true)) return "";
  const Json& tests = comparison.at("tests");
  const bool clock_gates = std::any_of(tests.begin(), tests.end(), gates);
  return std::string("one side was measured at another time; what changed on the machine since counts as change") +
         (clock_gates ? "" : ", so these verdicts are shown and gate nothing (--allow-unpaired)");
}

std::string injected_text(const Json& comparison) {
  const std::string what = text_at(comparison, "injected");
  if (what.empty()) return "";
  const std::string more = what.ends_with('%') ? what + " of its time" : "one " + what;
  return "INJECTED: every cycle of B was made to cost " + more + " more (--inject " + what +
         "). This tries the gate and says nothing about B";
}

std::string order_effect_text(const Json& comparison) {
  const Json& effect = at_or_null(comparison, "order_effect");
  if (!effect.is_object()) return "";
  return "running second changes a process by " + change_at(effect, "change") + " " +
         interval_text(at_or_null(effect, "interval")) + ", all cases together";
}

std::string redone_text(const Json& comparison) {
  const Json& redone = at_or_null(comparison, "redone");
  const auto blocks = number_at(redone, {"blocks"}), still = number_at(redone, {"still_disturbed"}),
             unknown = number_at(redone, {"unknown"}), of = number_at(redone, {"of"});
  if (blocks.value_or(0) + still.value_or(0) + unknown.value_or(0) == 0) return "";
  std::vector<std::string> arms;
  for (const char* arm : {"A", "B", "A′"}) {
    if (const auto count = number_at(redone, {"by_arm", arm}))
      arms.push_back(std::string(arm) + " " + number_text(*count));
  }
  std::string text = number_text(blocks.value_or(0)) + " of " + (of ? number_text(*of) : "?") +
                     " blocks measured again because a process waited for a CPU" +
                     (arms.empty() ? "" : " (" + join(arms, ", ") + ")");
  if (still.value_or(0) > 0) text += "; " + number_text(*still) + " still disturbed";
  if (unknown.value_or(0) > 0) text += "; of " + number_text(*unknown) + " the kernel does not tell";
  const std::string lean = text_at(redone, "lean");
  if (!lean.empty()) text += "; they lean to " + lean + ", more than chance: waiting may be an effect of that arm";
  return text;
}

}  // namespace instbench::bench
