#include "harness/report/junit.hpp"

#include "harness/protocol/text.hpp"
#include "harness/report/comparison.hpp"
#include "harness/report/escape.hpp"
#include "harness/report/provenance_text.hpp"

namespace instbench::bench {
namespace {

constexpr size_t kNameColumns = 120;

enum class Outcome { passed, failure, error, skipped };

struct Suite {
  size_t tests = 0, failures = 0, errors = 0, skipped = 0;
  std::string text;
};

std::string attribute(const char* name, const std::string& value) {
  return " " + std::string(name) + "=\"" + xml_escaped(value) + "\"";
}

void add(Suite& suite, const std::string& group, const std::string& name, Outcome outcome, const std::string& type,
         const std::string& message) {
  ++suite.tests;
  suite.text += "    <testcase" + attribute("classname", group) + attribute("name", name) + ">\n      ";
  switch (outcome) {
    case Outcome::passed:
      suite.text += "<system-out>" + xml_escaped(message) + "</system-out>\n";
      break;
    case Outcome::failure:
      ++suite.failures;
      suite.text += "<failure" + attribute("type", type) + attribute("message", message) + "/>\n";
      break;
    case Outcome::error:
      ++suite.errors;
      suite.text += "<error" + attribute("type", type) + attribute("message", message) + "/>\n";
      break;
    case Outcome::skipped:
      ++suite.skipped;
      suite.text += "<skipped" + attribute("message", message) + "/>\n";
      break;
  }
  suite.text += "    </testcase>\n";
}

Outcome outcome_of(const Json& test, const Json& comparison) {
  const Json& verdict = test.at("verdict");
  const bool red = verdict == "regressed" && !is_expected(test), open = verdict == "inconclusive";
  if (!red && !open) return Outcome::passed;
  return !gates(test) || (open && comparison.value("inconclusive_passes", false)) ? Outcome::skipped : Outcome::failure;
}

void add_test(Suite& suite, const Json& test, const Json& comparison) {
  const std::string verdict = text_at(test, "verdict"), notes = join(notes_of(test, comparison), "; ");
  const std::string message = verdict + ": A " + time_at(test, "a_ns") + ", B " + time_at(test, "b_ns") + ", change " +
                              change_at(test, "change") + " " + interval_text(test.value("interval", Json())) +
                              (notes.empty() ? "" : "; " + notes);
  add(suite, text_at(test, "case"), text_at(test, "metric"), outcome_of(test, comparison), verdict, message);
}

void add_counter(Suite& suite, const Json& counter) {
  const bool expected = is_expected(counter);
  add(suite, text_at(counter, "case"), counter_name(counter), expected ? Outcome::passed : Outcome::failure, "changed",
      "changed: exact counter, A " + counter_value(counter.at("a")) + ", B " + counter_value(counter.at("b")) +
          (expected ? "; expected: " + text_at(counter, "expected") : ""));
}

void add_list(Suite& suite, const Json& comparison, const char* key, const char* group, Outcome outcome) {
  for (const std::string& text : texts_at(comparison, key)) {
    add(suite, group, shortened(text, kNameColumns), outcome, group, text);
  }
}

}  // namespace

std::string comparison_junit(const Json& result) {
  const Json& comparison = comparison_of(result);
  Suite suite;
  for (const Json& test : comparison.at("tests")) add_test(suite, test, comparison);
  for (const Json& counter : comparison.at("counters")) {
    if (counter.at("verdict") == "changed") add_counter(suite, counter);
  }
  add_list(suite, comparison, "failures", "failed", Outcome::error);
  add_list(suite, comparison, "coverage", "coverage", Outcome::error);
  add_list(suite, comparison, "unfit", "unfit", Outcome::error);
  add_list(suite, comparison, "skipped", "skipped", Outcome::skipped);
  if (!result.at("run").value("complete", true))
    add(suite, "run", "complete", Outcome::error, "incomplete", "the run was stopped before its end");

  const std::string counts =
      attribute("tests", std::to_string(suite.tests)) + attribute("failures", std::to_string(suite.failures)) +
      attribute("errors", std::to_string(suite.errors)) + attribute("skipped", std::to_string(suite.skipped));
  std::string properties;
  for (const auto& [name, value] : provenance_lines(result)) {
    properties += "      <property" + attribute("name", name) + attribute("value", value) + "/>\n";
  }
  const std::string injected = injected_text(comparison);
  if (!injected.empty())
    properties += "      <property" + attribute("name", "injected") + attribute("value", injected) + "/>\n";
  const std::string title = "instbench " + text_at(comparison.at("a"), "label") + " against " +
                            text_at(comparison.at("b"), "label") + (injected.empty() ? "" : ", INJECTED");
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites" + counts + ">\n  <testsuite" +
         attribute("name", title) + counts + ">\n    <properties>\n" + properties + "    </properties>\n" + suite.text +
         "  </testsuite>\n</testsuites>\n";
}

}  // namespace instbench::bench
