#include "harness/report/table.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "harness/protocol/text.hpp"
#include "harness/report/call_overhead.hpp"
#include "harness/report/engine_notes.hpp"
#include "harness/report/format.hpp"
#include "harness/report/mix_text.hpp"

namespace instbench::bench {
namespace {

constexpr size_t kArmLeast = 21, kArmMost = 28, kInstantiate = 11, kCycle = 10, kSpread = 7, kRatio = 8, kCount = 9, kFirst = 9;
constexpr double kDisturbed = 0.01;               // share of the time spent waiting for a CPU
constexpr double kWideRange = 0.10;               // of the median
constexpr const char* kReference = "core:eager";  // as in the charts
constexpr const char* kNotVerified = "  NOT VERIFIED";

// A figure and its ratio to the reference's, both as text.
struct Figure {
  std::string value = "?";
  std::string ratio = "";
};

Figure figure(std::optional<double> own, std::optional<double> reference, double resolution_ns) {
  Figure f;
  if (!own) return f;
  const bool hidden = *own < resolution_ns;
  f.value = hidden ? "< " + time_text(resolution_ns) : time_text(*own);
  if (reference && *reference < resolution_ns) {
    f.ratio = "?";
  } else if (reference && *own > 0) {
    f.ratio = (hidden ? "> " : "") + ratio_text(*reference / (hidden ? resolution_ns : *own));
  }
  return f;
}

double median_of_sorted(const std::vector<double>& values) {
  const size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

// Range of the processes' cycle times as a share of their median; unknown below two processes.
std::optional<double> relative_range(const Json& cell) {
  const Json batch = cell.value("batch", Json(nullptr));
  if (!batch.is_object() || !batch.contains("real_ns")) return std::nullopt;
  std::vector<double> times;
  for (const Json& time : batch.at("real_ns")) {
    if (time.is_number()) times.push_back(time);
  }
  std::sort(times.begin(), times.end());
  if (times.size() < 2 || median_of_sorted(times) <= 0) return std::nullopt;
  return (times.back() - times.front()) / median_of_sorted(times);
}

// "±40 %", half the range; "–" when one process is no spread.
std::string spread_text(std::optional<double> range) {
  if (!range) return "–";
  const double percent = std::round(50 * *range);
  return percent > 999 ? ">999 %" : "±" + number_text(percent) + " %";
}

bool is_disturbed(const Json& cell) {
  return number_at(cell, {"noise", "run_delay_share_max"}).value_or(0) > kDisturbed;
}

// "faults.", "syscalls.": whether the cell's engine counts these at all. One that does not say counts everything.
bool is_counted(const Json& cell, std::string_view prefix) {
  const Json engine = cell.value("engine", Json());
  const Json kinds = engine.is_object() ? engine.value("counters", Json()) : Json();
  if (!kinds.is_array()) return true;
  return std::any_of(kinds.begin(), kinds.end(), [&](const Json& kind) {
    return kind.is_string() && prefix.starts_with(kind.get<std::string>());
  });
}

// Sum of a cell's counters per cycle whose name begins so: "64", "15.9–16.1", "?".
std::string count_text(const Json& cell, std::string_view prefix) {
  const Json counters = cell.value("counters", Json(nullptr));
  if (!counters.is_object() || !counters.contains("cycle") || !is_counted(cell, prefix)) return "?";
  double least = 0, most = 0;
  for (const auto& [name, counter] : counters.at("cycle").items()) {
    if (!name.starts_with(prefix)) continue;
    const bool exact = counter.at("exact").get<bool>();
    least += counter.at(exact ? "value" : "min").get<double>();
    most += counter.at(exact ? "value" : "max").get<double>();
  }
  const double steps = most < 100 ? 10 : 1;
  const std::string low = number_text(std::round(least * steps) / steps), high = number_text(std::round(most * steps) / steps);
  return low == high ? low : low + "–" + high;
}

// "slot=hit memory=kept tables=lazy reset=madvise" -> "hit kept lazy madvise", the most frequent path;
// with its share when others are more than the first few cycles.
std::string path_text(const Json& cell) {
  const Json paths = cell.value("paths", Json::object());
  std::string most;
  double times = 0, all = 0;
  for (const auto& [path, count] : paths.items()) {
    all += count.get<double>();
    if (count.get<double>() <= times) continue;
    times = count.get<double>();
    most = path;
  }
  if (all == 0) return "";  // an engine that does not say which way it went
  std::vector<std::string> words;
  for (const std::string& part : split(most, ' ')) words.push_back(part.substr(part.find('=') + 1));
  const std::string text = join(words, " ");
  const double percent = std::floor(100 * times / all);
  return percent >= 99 ? text : number_text(percent) + "% " + text;
}

class Table {
 public:
  Table(const Json& result, const TableOptions& options) : result_(result), options_(options), paint_(options.colour) {
    for (const Json& cell : result.at("cells")) {
      cells_[{cell.at("case").get<std::string>(), cell.at("arm").get<std::string>()}] = &cell;
    }
    for (const Json& c : result.at("cases")) cases_[c.at("id").get<std::string>()] = &c;
    if (options_.reference.empty()) options_.reference = usual_reference(result.at("arms"));
    // "  name ": longer names take a line of their own.
    for (const Json& arm : result.at("arms")) {
      const size_t columns = columns_of(arm.at("id").get<std::string>()) + 3;
      if (columns <= kArmMost) arm_columns_ = std::max(arm_columns_, columns);
    }
  }

  std::string text() const {
    std::string out = heading();
    for (const Json& c : result_.at("cases")) out += case_block(c.at("id"));
    return out + call_overhead_note() + unknown_ratio_note() + disturbed_note() + engine_notes_text(result_) + closing();
  }

 private:
  static std::string usual_reference(const Json& arms) {
    const bool there =
        std::any_of(arms.begin(), arms.end(), [](const Json& arm) { return arm.at("id") == kReference; });
    return there ? kReference : arms.at(0).at("id").get<std::string>();
  }

  const Json* cell(const std::string& case_id, const std::string& arm) const {
    const auto found = cells_.find({case_id, arm});
    return found == cells_.end() ? nullptr : found->second;
  }

  std::string heading() const {
    const auto right = [](const char* name, size_t columns) { return padded(name, columns, Align::right); };
    const std::string columns = std::string(arm_columns_, ' ') + right("instantiate", kInstantiate) + right("×", kRatio) +
                                right("cycle ", kCycle) + right("spread", kSpread) + right("×", kRatio) +
                                right("faults", kCount) + right("syscalls", kCount) + right("first", kFirst) + "  path";
    return "times faster (×) than " + options_.reference +
           "; instantiate: median" + (has_mix() ? " (of several modules: mean)" : "") + ", cycle: mean of a batch; faults and syscalls per cycle\n" +
           "spread: half the range of the blocks' cycle figures, as a share of their median\n" + paint_.dim(columns) +
           "\n";
  }

  std::string case_block(const std::string& case_id) const {
    const Json* reference = cell(case_id, options_.reference);
    std::string out = paint_.bold(case_id) + "\n", floor, start, chosen;
    std::vector<std::string> overheads;
    const std::string shared = shared_reason(case_id);
    if (!shared.empty()) return out + wrapped("  every arm ", shared);
    const double threads = number_at(*cases_.at(case_id), {"threads"}).value_or(1);
    for (const Json& arm : result_.at("arms")) {
      const Json* own = cell(case_id, arm.at("id"));
      if (own == nullptr) continue;
      out += own->at("status") == "ok" ? row(*own, reference) : reason_row(*own);
      if (floor.empty()) floor = floor_line(*own);
      if (const std::string overhead = call_overhead_text(*own); !overhead.empty()) overheads.push_back(overhead);
      if (start.empty()) start = start_line(*own) + preinit_line(*own);
      chosen += chosen_line(*own) + threads_line(*own, threads) + mix_lines(*own);
    }
    return out + floor + call_overheads_line(overheads) + chosen + start;
  }

  // "skipped: reason" when all arms of a case share it.
  std::string shared_reason(const std::string& case_id) const {
    std::string shared;
    for (const Json& arm : result_.at("arms")) {
      const Json* own = cell(case_id, arm.at("id"));
      if (own == nullptr || own->at("status") == "ok") return "";
      const std::string text = status_text(*own);
      if (!shared.empty() && text != shared) return "";
      shared = text;
    }
    return shared;
  }

  static std::string status_text(const Json& cell) {
    const Json reason = cell.value("reason", Json(nullptr));
    return cell.at("status").get<std::string>() + ": " +
           (reason.is_string() ? reason.get<std::string>() : "no reason given");
  }

  std::string reason_row(const Json& own) const {
    const std::string arm = "  " + padded(own.at("arm").get<std::string>(), arm_columns_, Align::left);
    const std::string text = wrapped(arm + " ", status_text(own));
    return own.at("status") == "failed" ? paint_.red(text) : paint_.dim(text);
  }

  bool has_mix() const { return std::any_of(cases_.begin(), cases_.end(), [](const auto& c) { return c.second->contains("mix"); }); }

  // The median of several modules is that of one of them, now this one, now that.
  Figure instantiate_of(const Json& own, const Json* reference) const {
    const Json none;
    const char* middle = cases_.at(own.at("case"))->contains("mix") ? "mean" : "p50";
    return figure(number_at(own, {"phases", "instantiate", middle}),
                  number_at(reference == nullptr ? none : *reference, {"phases", "instantiate", middle}),
                  number_at(own, {"phases", "resolution_ns"}).value_or(0));
  }

  static Figure cycle_of(const Json& own, const Json* reference) {
    const Json none;
    return figure(number_at(own, {"batch", "median_real_ns"}),
                  number_at(reference == nullptr ? none : *reference, {"batch", "median_real_ns"}), 0);
  }

  std::string row(const Json& own, const Json* reference) const {
    // What is wider than its column pushes the others on; it never touches its neighbour.
    const auto right = [](const std::string& text, size_t columns) { return padded(" " + text, columns, Align::right); };
    const Figure instantiate = instantiate_of(own, reference), cycle = cycle_of(own, reference);
    const auto first = number_at(own, {"first", "cycle"}), range = relative_range(own);
    std::string arm = "  " + padded(own.at("arm").get<std::string>(), arm_columns_ - 2, Align::left);
    if (columns_of(arm) > arm_columns_) arm += "\n" + std::string(arm_columns_, ' ');
    const std::string before = right(instantiate.value, kInstantiate) + right(instantiate.ratio, kRatio) +
                               right(cycle.value + (is_disturbed(own) ? "~" : " "), kCycle);
    const std::string spread = right(spread_text(range), kSpread);
    const std::string after = right(cycle.ratio, kRatio) + right(count_text(own, "faults."), kCount) +
                              right(count_text(own, "syscalls."), kCount) +
                              right(first ? time_text(*first) : "?", kFirst) + "  ";
    const std::string verdict = own.value("verified", Json(nullptr)) == true ? "" : kNotVerified;
    // The path gives way to figures wider than their columns.
    const size_t used = arm_columns_ + columns_of(before + spread + after + verdict);
    return arm + before + (range.value_or(0) > kWideRange ? paint_.red(spread) : spread) + after +
           clipped(path_text(own), kTerminalColumns - std::min(used, kTerminalColumns - 1)) + (verdict.empty() ? "" : paint_.red(verdict)) +
           "\n";
  }

  std::string floor_line(const Json& own) const {
    const auto madvise = number_at(own, {"floor", "madvise_clean_ns"}),
               range = number_at(own, {"floor", "range_bytes"});
    if (!madvise || !range) return "";
    return paint_.dim("  floor: one madvise over the same clean range (" + bytes_text(*range) + ") takes " +
                      time_text(*madvise)) +
           "\n";
  }

  std::string call_overheads_line(const std::vector<std::string>& overheads) const {
    if (overheads.empty()) return "";
    return paint_.dim(wrapped("  cycle beyond the same calls in an instance that is never reset: ", join(overheads, ", ")));
  }

  std::string call_overhead_note() const {
    const std::vector<std::string> means = call_overhead_means(result_, options_.reference);
    if (means.empty()) return "";
    return wrapped("what a cycle takes beyond the same calls in an instance that is never reset, geometric mean against " +
                       options_.reference + ": ", join(means, ", "));
  }

  // Of modules that share one pool: whose slot was whose next, and what a strategy that chooses chose for each of them.
  std::string mix_lines(const Json& own) const {
    if (!cases_.at(own.at("case"))->contains("mix") || own.at("status") != "ok") return "";
    std::string lines;
    for (const std::string& text : {slots_text(own), choices_text(own)}) {
      if (!text.empty()) lines += paint_.dim(wrapped("  " + own.at("arm").get<std::string>() + ": ", text));
    }
    return lines;
  }

  // "694 k", "1.62 M".
  static std::string rate_text(double per_second) {
    const double unit = per_second >= 1e6 ? 1e6 : 1e3, value = per_second / unit, steps = value < 10 ? 100 : value < 100 ? 10 : 1;
    return number_text(std::round(value * steps) / steps) + (unit == 1e6 ? " M" : " k");
  }

  // ", 94 % of 2 times one thread's (of threads that only copy the pages 97 %)": what is known of it. The former needs the
  // same case measured with one thread.
  std::string efficiency_text(const Json& own, double threads, double cycle_ns) const {
    const std::string share = share_of_one(own, threads, cycle_ns);
    const auto alone = number_at(own, {"floor", "copy_alone_ns"}), beside = number_at(own, {"floor", "copy_beside_ns"});
    if (!alone || !beside || *beside <= 0) return share;
    return share + " (of threads that only copy the pages " + percent_text(*alone / *beside) + ")";
  }

  std::string share_of_one(const Json& own, double threads, double cycle_ns) const {
    std::string with_one = own.at("case").get<std::string>();
    const std::string suffix = " t" + number_text(threads);
    const size_t at = with_one.rfind(suffix);
    if (at == std::string::npos) return "";
    with_one.erase(at, suffix.size());
    const Json* one = cell(with_one, own.at("arm").get<std::string>());
    const auto alone = one == nullptr ? std::nullopt : number_at(*one, {"batch", "median_real_ns"});
    return alone ? ", " + percent_text(*alone / cycle_ns) + " of " + number_text(threads) + " times one thread's" : "";
  }

  // What all threads do together, how long a cycle of one of them takes, and what they cost each other in the kernel.
  std::string threads_line(const Json& own, double threads) const {
    const auto cycle = number_at(own, {"batch", "median_real_ns"});
    const Json events = own.value("kernel_events", Json());
    if (own.at("status") != "ok" || !cycle || *cycle <= 0 || (threads == 1 && !events.is_object())) return "";
    std::vector<std::string> parts;
    if (threads > 1) {
      const double cpus = number_at(result_, {"machine", "cpus"}).value_or(threads);
      parts.push_back(rate_text(threads * 1e9 / *cycle) + " cycles/s of " + number_text(threads) + " threads" +
                      (threads > cpus ? " on " + counted(cpus, "CPU") : "") + efficiency_text(own, threads, *cycle));
    }
    const auto p50 = number_at(own, {"phases", "cycle", "p50"}), p99 = number_at(own, {"phases", "cycle", "p99"});
    if (p50) parts.push_back("a cycle's median " + time_text(*p50) + (p99 ? ", p99 " + time_text(*p99) : ""));
    const auto waits = number_at(own, {"kernel_events", "lock_waits"}), shootdowns = number_at(own, {"kernel_events", "tlb_shootdowns"});
    const auto rounded = [](double value) { return number_text(std::round(value * 1000) / 1000); };
    if (waits && shootdowns)
      parts.push_back("per cycle " + rounded(*waits) + " waits for kernel locks, " + rounded(*shootdowns) + " TLB shootdowns");
    else if (events.is_object() && events.value("unsupported", Json()).is_string())
      parts.push_back("lock waits and TLB shootdowns not known: " + events.at("unsupported").get<std::string>());
    return paint_.dim(wrapped("  " + own.at("arm").get<std::string>() + ": ", join(parts, "; ")));
  }

  // What a strategy that chooses chose for this case, and why.
  std::string chosen_line(const Json& own) const {
    const Json facts = own.value("facts", Json::object());
    const Json chosen = facts.is_object() ? facts.value("chosen", Json()) : Json();
    if (!chosen.is_object() || !chosen.value("reset", Json()).is_string()) return "";
    const Json kind = chosen.value("tables", Json());
    const std::string tables = kind.is_string() ? " tables=" + kind.get<std::string>() : "";
    const std::string cycles = number_text(number_at(chosen, {"after_cycles"}).value_or(0));
    return paint_.dim(wrapped("  " + own.at("arm").get<std::string>() + ": ",
                              "reset=" + chosen.at("reset").get<std::string>() + tables + " after " + cycles +
                                  " cycles: " + chosen.value("why", std::string("no reason given"))));
  }

  // A module is measured without its start function: the worker has no code to run.
  // What instances start from, and what in it is not the module's: clocks and random numbers are the same in all of
  // them.
  std::string preinit_line(const Json& own) const {
    const Json facts = own.value("facts", Json::object());
    const Json preinit = facts.is_object() ? facts.value("preinit", Json()) : Json();
    if (!preinit.is_object()) return "";
    std::string line = "  preinit: " + number_text(preinit.at("content_pages")[0].get<double>()) +
                       " pages with content before, " + number_text(preinit.at("content_pages")[1].get<double>()) +
                       " after";
    if (!preinit.at("baked_in").empty())
      line += "; baked in: answers of " + join(preinit.at("baked_in").get<std::vector<std::string>>(), ", ");
    return paint_.dim(line) + "\n";
  }

  std::string start_line(const Json& own) const {
    const Json start = own.value("facts", Json::object()).value("start_function", Json(nullptr));
    if (!start.is_string() || !start.get<std::string>().starts_with("not run")) return "";
    return paint_.dim("  start function " + start.get<std::string>()) + "\n";
  }

  std::string unknown_ratio_note() const {
    const bool any = std::any_of(cells_.begin(), cells_.end(), [this](const auto& entry) {
      return entry.second->at("status") == "ok" &&
             instantiate_of(*entry.second, cell(entry.first.first, options_.reference)).ratio == "?";
    });
    return any ? "× ?: the reference is below the clock's resolution\n" : "";
  }

  std::string disturbed_note() const {
    size_t measured = 0;
    std::vector<double> shares;
    for (const auto& [key, own] : cells_) {
      if (own->at("status") != "ok") continue;
      ++measured;
      if (is_disturbed(*own)) shares.push_back(*number_at(*own, {"noise", "run_delay_share_max"}));
    }
    if (shares.empty()) return "";
    std::sort(shares.begin(), shares.end());
    return wrapped("~: ", std::to_string(shares.size()) + " of " + counted(static_cast<double>(measured), "cell") +
                              " waited for a CPU more than " + percent_text(kDisturbed) + " of the time (median " +
                              percent_text(median_of_sorted(shares)) + ", worst " + percent_text(shares.back()) +
                              "): cycle figures are wall time");
  }

  // "3 blocks"; of a stopped run "1 of 3 blocks", or "0–1 of 3 blocks" when the cells differ. A cell that
  // failed, or that no block would have run, says nothing about how far the run came.
  std::string blocks_text() const {
    const Json& run = result_.at("run");
    const std::string planned = counted(run.value("blocks", 0.0), "block");
    if (run.value("complete", true)) return planned;
    std::vector<double> done;
    for (const auto& [key, own] : cells_) {
      const bool unreached = own->at("status") == "skipped" && status_text(*own).starts_with("skipped: not run:");
      const auto processes = number_at(*own, {"processes"});
      if (unreached || processes) done.push_back(processes.value_or(0));
    }
    if (done.empty()) return "? of " + planned;
    const auto [fewest, most] = std::minmax_element(done.begin(), done.end());
    return number_text(*fewest) + (*fewest == *most ? "" : "–" + number_text(*most)) + " of " + planned;
  }

  std::string closing() const {
    std::map<std::string, size_t> count;
    for (const auto& [key, own] : cells_) ++count[own->at("status").get<std::string>()];
    std::string out = std::to_string(count["ok"]) + " measured · " + std::to_string(count["skipped"]) + " skipped · " +
                      std::to_string(count["failed"]) + " failed   " + blocks_text();
    if (options_.seconds > 0) out += ", " + number_text(std::round(options_.seconds)) + " s";
    if (!result_.at("run").value("complete", true)) out += ", NOT COMPLETE";
    if (options_.file.empty()) return out + "\n";
    out += "   " + options_.file + "\n";
    return count["ok"] == 0 ? out : out + "next: instbench plot " + options_.file + "\n";
  }

  const Json& result_;
  TableOptions options_;
  Paint paint_;
  size_t arm_columns_ = kArmLeast;
  std::map<std::pair<std::string, std::string>, const Json*> cells_;
  std::map<std::string, const Json*> cases_;  // by id
};

}  // namespace

std::string table_text(const Json& result, const TableOptions& options) { return Table(result, options).text(); }

}  // namespace instbench::bench
