#include "harness/report/markdown.hpp"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/protocol/text.hpp"
#include "harness/report/comparison.hpp"
#include "harness/report/escape.hpp"
#include "harness/report/format.hpp"
#include "harness/report/provenance_text.hpp"

namespace instbench::bench {
namespace {

// Longest names and sentences, in characters. A character takes at most 4 bytes, or 12 as a reference.
constexpr size_t kName = 100, kSentence = 300;
constexpr size_t kNoteBytes = 100;  // "… more rows left out"

std::string name(const std::string& text) { return markdown_name(shortened(clean_text(text), kName)); }
std::string sentence(const std::string& text) { return markdown_escaped(shortened(clean_text(text), kSentence)); }

// The comment as far as it has been written. Each section that is still to come has room kept for its note.
class Page {
 public:
  Page(size_t most_bytes, size_t kept) : left_(most_bytes - std::min(most_bytes, kept)) {}

  void add(const std::string& text) {
    text_ += text;
    left_ -= std::min(left_, text.size());
  }

  // `head`, the rows that fit, a note of the others, `tail`. Without rows nothing at all.
  void section(const std::string& head, const std::vector<std::string>& rows, const std::string& tail = "") {
    if (rows.empty()) return;
    const size_t frame = head.size() + tail.size() + kNoteBytes;
    size_t fit = 0, bytes = frame;
    while (fit < rows.size() && bytes + rows[fit].size() < left_) bytes += rows[fit++].size();
    const size_t missing = rows.size() - fit;
    const std::string note =
        "\n" + counted(static_cast<double>(missing), "more row") + " left out: this text is limited in length.\n";
    if (fit == 0) {
      text_ += note;  // room for it was kept
      return;
    }
    add(head);
    for (size_t i = 0; i < fit; ++i) add(rows[i]);
    if (missing > 0) add(note);
    add(tail);
  }

  std::string take() { return std::move(text_); }

 private:
  std::string text_;
  size_t left_;
};

std::string row_of(const std::vector<std::string>& cells) { return "| " + join(cells, " | ") + " |\n"; }

std::string test_row(const Json& test, const Json& comparison) {
  std::string verdict = text_at(test, "verdict");
  if (is_expected(test)) verdict += " (expected)";
  const bool plain = verdict == "same" || verdict == "improved" || is_expected(test) || !gates(test);
  const auto detectable = number_at(test, {"detectable"});
  return row_of({name(text_at(test, "case")), name(text_at(test, "metric")), time_at(test, "a_ns"),
                 time_at(test, "b_ns"), change_at(test, "change") + " " + interval_text(test.value("interval", Json())),
                 plain ? verdict : "**" + verdict + "**", detectable ? "+" + percent_text(*detectable) : "?",
                 control_text(test), sentence(join(notes_of(test, comparison), "; "))});
}

std::string test_head() {
  return row_of({"case", "metric", "A", "B", "change [95 % interval]", "verdict", "finds", "A′ (control), %", ""}) +
         "|---|---|--:|--:|--:|---|--:|--:|---|\n";
}

std::string counter_row(const Json& counter) {
  const std::string verdict = is_expected(counter) ? "changed (expected)" : "**changed**";
  return row_of({name(text_at(counter, "case")), name(counter_name(counter)), counter_value(counter.at("a")),
                 counter_value(counter.at("b")), verdict, sentence(text_at(counter, "expected"))});
}

std::vector<std::string> changed_counters(const Json& comparison) {
  std::vector<std::string> rows;
  for (const Json& counter : comparison.at("counters")) {
    if (counter.at("verdict") == "changed") rows.push_back(counter_row(counter));
  }
  return rows;
}

// What must be seen comes before what is only to be known.
std::vector<std::string> tests_where(const Json& comparison, std::string_view verdicts) {
  std::vector<std::string> rows;
  for (const std::string& verdict : split(verdicts, ' ')) {
    for (const Json& test : comparison.at("tests")) {
      if (test.at("verdict") == verdict) rows.push_back(test_row(test, comparison));
    }
  }
  return rows;
}

std::vector<std::string> all_tests(const Json& comparison) {
  std::vector<std::string> rows;
  for (const Json& test : comparison.at("tests")) rows.push_back(test_row(test, comparison));
  return rows;
}

std::vector<std::string> items(const Json& comparison, const std::vector<std::pair<const char*, const char*>>& lists) {
  std::vector<std::string> rows;
  for (const auto& [key, word] : lists) {
    for (const std::string& text : texts_at(comparison, key)) {
      rows.push_back("- " + std::string(word) + ": " + sentence(text) + "\n");
    }
  }
  return rows;
}

std::string verdict_line(const Json& result, const Json& comparison) {
  std::string out = std::string(kCommentMarker) + "\n### instbench gate: " + outcome_text(result) + "\n\n";
  const std::string injected = injected_text(comparison);
  if (!injected.empty()) out += "> **" + sentence(injected) + "**\n\n";
  out += verdicts_text(comparison) + " · " + blocks_text(comparison);
  if (!result.at("run").value("complete", true)) out += " · **NOT COMPLETE**";
  out += "\n\nA " + name(text_at(comparison.at("a"), "label")) + ", B " + name(text_at(comparison.at("b"), "label")) +
         "; change of B against A with its plain 95 % interval; finds: the " +
         "smallest slowdown found 9 times in 10\n";
  const std::string unpaired = unpaired_text(comparison);
  if (!unpaired.empty()) out += "\n**Not paired**: " + sentence(unpaired) + ".\n";
  return out;
}

std::string provenance(const Json& result, const Json& comparison) {
  std::string out = "\n<details><summary>Where this comes from</summary>\n\n";
  for (const auto& [key, value] : provenance_lines(result)) out += "- " + key + ": " + sentence(value) + "\n";
  for (const std::string& text : {order_effect_text(comparison), redone_text(comparison)}) {
    if (!text.empty()) out += "- " + sentence(text) + "\n";
  }
  return out + "\n</details>\n";
}

}  // namespace

std::string comparison_markdown(const Json& result, size_t most_bytes) {
  const Json& comparison = comparison_of(result);
  const std::string end = provenance(result, comparison);
  constexpr size_t kSections = 5;
  Page page(most_bytes, end.size() + kSections * kNoteBytes);
  page.add(verdict_line(result, comparison));
  page.section("\n" + test_head(), tests_where(comparison, "regressed inconclusive improved"));
  page.section(
      "\n" + row_of({"case", "exact counter, per cycle", "A", "B", "verdict", ""}) + "|---|---|--:|--:|---|---|\n",
      changed_counters(comparison));
  page.section("\n", items(comparison, {{"failures", "failed"}, {"coverage", "coverage"}, {"unfit", "unfit"}}));
  page.section("\n<details><summary>All tests</summary>\n\n" + test_head(), all_tests(comparison), "\n</details>\n");
  page.section("\n", items(comparison, {{"warnings", "warning"}, {"skipped", "skipped"}}));
  return page.take() + end;
}

}  // namespace instbench::bench
