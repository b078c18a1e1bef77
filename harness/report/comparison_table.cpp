#include "harness/report/comparison_table.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include "harness/protocol/text.hpp"
#include "harness/report/comparison.hpp"
#include "harness/report/escape.hpp"
#include "harness/report/format.hpp"

namespace instbench::bench {
namespace {

// Where the columns of a row begin.
constexpr size_t kMetric = 28, kA = 40, kB = 48, kChange = 56, kInterval = 65, kVerdict = 79, kFinds = 92,
                 kControl = 99;

// What is shown without a verdict, with a heading in two lines.
struct ShownMetric {
  const char *metric, *above, *below;
};
constexpr ShownMetric kShownMetrics[] = {{"cycle.p90", "cycle ", "p90 "},
                                         {"cycle.p99", "cycle ", "p99 "},
                                         {"instantiate", "instantiate", "p50 "},
                                         {"instantiate.p90", "instantiate", "p90 "},
                                         {"instantiate.p99", "instantiate", "p99 "},
                                         {"first.instantiate", "first ", "instantiate "},
                                         {"first.cycle", "first ", "cycle "}};
constexpr size_t kShownColumn = 13;

// A line whose cells begin at their column, or one blank after a cell that needed more than its own.
class Row {
 public:
  Row& cell(size_t column, const std::string& text) {
    if (text.empty()) return *this;
    line_ = padded(line_, std::max(column, line_.empty() ? 0 : columns_of(line_) + 1), Align::left) + text;
    return *this;
  }
  const std::string& text() const { return line_; }

 private:
  std::string line_;
};

class ComparisonTable {
 public:
  ComparisonTable(const Json& result, const TableOptions& options)
      : result_(result), comparison_(comparison_of(result)), options_(options), paint_(options.colour) {}

  std::string text() const {
    std::string out = heading();
    for (const std::string& id : cases()) out += case_rows(id);
    return out + uncounted() + shown() + left_out() + disturbances() + closing();
  }

 private:
  bool paired() const { return comparison_.value("paired", true); }

  std::string heading() const {
    std::string out;
    const std::string injected = injected_text(comparison_);
    if (!injected.empty()) out += paint_.red(paint_.bold(wrapped("", injected)));
    out += wrapped("A ", text_at(comparison_.at("a"), "label") + "   B " + text_at(comparison_.at("b"), "label"));
    if (!paired()) out += wrapped("NOT PAIRED: ", unpaired_text(comparison_));
    out +=
        wrapped("",
                "change: of B against A, Hodges–Lehmann over the blocks' ratios, with its plain 95 % interval; "
                "tolerance " +
                    tolerance_text(comparison_.at("tolerance")) + "; A and B: medians, each by itself; finds: the smallest slowdown found 9 times in 10 (?: none can be promised)");
    Row columns;
    columns.cell(0, "case").cell(kMetric, "metric").cell(kA, "A").cell(kB, "B").cell(kChange, "change");
    columns.cell(kInterval, "95 % interval").cell(kVerdict, "verdict").cell(kFinds, "finds");
    if (paired()) columns.cell(kControl, "A′ (control)");
    return out + paint_.dim(columns.text()) + "\n";
  }

  // In the run's order; what only the comparison names comes last.
  std::vector<std::string> cases() const {
    std::vector<std::string> ids;
    const auto add = [&](const std::string& id) {
      if (std::find(ids.begin(), ids.end(), id) == ids.end()) ids.push_back(id);
    };
    for (const Json& c : result_.at("cases")) add(c.at("id").get<std::string>());
    for (const char* list : {"tests", "counters"}) {
      for (const Json& entry : comparison_.at(list)) add(entry.at("case").get<std::string>());
    }
    return ids;
  }

  std::string case_rows(const std::string& id) const {
    std::string out;
    for (const Json& test : comparison_.at("tests")) {
      if (test.at("case") == id) out += test_row(test, out.empty() ? id : "");
    }
    for (const Json& counter : comparison_.at("counters")) {
      if (counter.at("case") == id && counter.at("verdict") == "changed")
        out += counter_row(counter, out.empty() ? id : "");
    }
    return out;
  }

  // Without a name, the row of a case already named. A name too long for its column has a line of its own.
  static std::string named(const std::string& id, Row& row) {
    const std::string name = clean_text(id);
    if (columns_of(name) < kMetric) {
      row.cell(0, name);
      return "";
    }
    return wrapped("", name);
  }

  std::string test_row(const Json& test, const std::string& id) const {
    Row row;
    const std::string before = named(id, row), verdict = text_at(test, "verdict");
    row.cell(kMetric, text_at(test, "metric")).cell(kA, time_at(test, "a_ns")).cell(kB, time_at(test, "b_ns"));
    row.cell(kChange, change_at(test, "change")).cell(kInterval, interval_text(test.value("interval", Json())));
    Row whole = row;
    const auto detectable = number_at(test, {"detectable"});
    whole.cell(kVerdict, verdict).cell(kFinds, detectable ? "+" + percent_text(*detectable) : "?");
    whole.cell(kControl, control_text(test));
    return before + coloured(row.text(), whole.text(), verdict, gates(test), is_expected(test)) +
           notes(join(notes_of(test, comparison_), "; "));
  }

  std::string counter_row(const Json& counter, const std::string& id) const {
    Row row;
    const std::string before = named(id, row);
    row.cell(kMetric, counter_name(counter)).cell(kA, counter_value(counter.at("a")));
    const bool ranges = number_at(counter, {"a", "min"}) || number_at(counter, {"b", "min"});
    row.cell(kB, counter_value(counter.at("b"))).cell(kChange, ranges ? "apart" : "exact");
    Row whole = row;
    whole.cell(kVerdict, "changed");
    return before + coloured(row.text(), whole.text(), "changed", true, is_expected(counter)) +
           notes(is_expected(counter) ? "expected: " + text_at(counter, "expected") : "");
  }

  // `whole` in the terminal's width, with the verdict that follows `before` in its colour.
  std::string coloured(const std::string& before, const std::string& whole, const std::string& verdict, bool gating,
                       bool expected) const {
    const std::string line = clipped(whole, kTerminalColumns);
    const size_t at = line.find(verdict, std::min(before.size(), line.size()));
    if (!gating || verdict.empty() || at == line.npos) return line + "\n";
    const std::string painted = expected || verdict == "inconclusive"            ? paint_.yellow(verdict)
                                : verdict == "regressed" || verdict == "changed" ? paint_.red(verdict)
                                : verdict == "improved"                          ? paint_.green(verdict)
                                                                                 : verdict;
    return line.substr(0, at) + painted + line.substr(at + verdict.size()) + "\n";
  }

  std::string notes(const std::string& text) const {
    return text.empty() ? "" : paint_.dim(wrapped(std::string(kMetric, ' '), text, kMetric));
  }

  // Counters that are a range on one side gate nothing, but must not look as if they had been compared.
  std::string uncounted() const {
    std::map<std::string, size_t> cases_of;
    for (const Json& counter : comparison_.at("counters")) {
      if (counter.at("verdict") == "not exact") ++cases_of[counter_name(counter)];
    }
    std::vector<std::string> names;
    for (const auto& [name, cases] : cases_of) {
      names.push_back(name + " (" + counted(static_cast<double>(cases), "case") + ")");
    }
    return names.empty() ? "" : paint_.dim(wrapped("not exact, so not compared: ", join(names, ", ")));
  }

  // A line per case, a column per metric: the change alone.
  std::string shown() const {
    std::map<std::pair<std::string, std::string>, std::string> changes;  // by case and metric
    std::set<std::string> metrics;
    bool any_clear = false;
    for (const Json& entry : comparison_.at("shown")) {
      const Json interval = entry.value("interval", Json());
      const bool clear = interval.is_array() && (interval.at(0) > 0 || interval.at(1) < 0);
      any_clear |= clear;
      metrics.insert(entry.at("metric"));
      changes[{entry.at("case"), entry.at("metric")}] = change_at(entry, "change") + (clear ? "*" : " ");
    }
    if (metrics.empty()) return "";
    const auto line = [&](const std::string& title, auto&& cell_of) {
      std::string cells = padded(title, kMetric, Align::left);
      for (const ShownMetric& metric : kShownMetrics) {
        if (metrics.count(metric.metric) > 0) cells += padded(cell_of(metric), kShownColumn, Align::right);
      }
      return cells.substr(0, cells.find_last_not_of(' ') + 1);
    };
    const std::string legend = any_clear ? "*: its interval excludes 0" : "";
    std::string out = paint_.dim(line("shown, never judged", [](const ShownMetric& m) { return m.above; })) + "\n" +
                      paint_.dim(line(legend, [](const ShownMetric& m) { return m.below; })) + "\n";
    for (const std::string& id : cases()) {
      const auto first = changes.lower_bound({id, ""});
      if (first == changes.end() || first->first.first != id) continue;
      Row row;
      out += named(id, row);
      out += line(row.text(),
                  [&](const ShownMetric& m) {
                    const auto change = changes.find({id, m.metric});
                    return change == changes.end() ? std::string("– ") : change->second;
                  }) +
             "\n";
    }
    return out;
  }

  std::string list(const char* key, const std::string& word, bool grave) const {
    std::string out;
    for (const std::string& text : texts_at(comparison_, key)) {
      const std::string lines = wrapped(word + ": ", text);
      out += grave ? paint_.red(lines) : paint_.dim(lines);
    }
    return out;
  }

  std::string left_out() const {
    return list("skipped", "skipped", false) + list("coverage", "coverage", true) + list("failures", "failed", true);
  }

  std::string disturbances() const {
    std::string out;
    for (const std::string& text : {order_effect_text(comparison_), redone_text(comparison_)}) {
      if (!text.empty()) out += wrapped("", text);
    }
    return out + list("warnings", "warning", false) + list("unfit", "unfit", true);
  }

  std::string closing() const {
    std::string blocks = blocks_text(comparison_);
    if (options_.seconds > 0) blocks += ", " + number_text(std::round(options_.seconds)) + " s";
    if (!result_.at("run").value("complete", true)) blocks += ", NOT COMPLETE";
    std::vector<std::string> parts{verdicts_text(comparison_), blocks};
    if (!text_at(comparison_, "injected").empty()) parts.push_back("INJECTED " + text_at(comparison_, "injected"));
    parts.push_back("gate: " + outcome_text(result_));
    if (!options_.file.empty()) parts.push_back(options_.file);
    if (!options_.file.empty() && !comparison_.at("tests").empty() && comparison_.value("paired", true))
      parts.push_back("next: instbench plot " + options_.file);
    std::string out, line;
    for (const std::string& part : parts) {
      const bool fits = columns_of(line) + columns_of(part) + 3 <= kTerminalColumns;
      if (!line.empty() && !fits) out += std::exchange(line, "") + "\n";
      line += (line.empty() ? "" : "   ") + part;
    }
    return out + line + "\n";
  }

  const Json& result_;
  const Json& comparison_;
  TableOptions options_;
  Paint paint_;
};

}  // namespace

std::string comparison_text(const Json& result, const TableOptions& options) {
  return ComparisonTable(result, options).text();
}

}  // namespace instbench::bench
