#include "harness/report/table.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "harness/protocol/text.hpp"
#include "harness/report/format.hpp"

namespace instbench::bench {
namespace {

constexpr size_t kWidth = 120;
constexpr size_t kArm = 21, kTime = 9, kRatio = 8, kCount = 9, kPath = 34;

class Paint {
 public:
  explicit Paint(Colour colour) : on_(colour == Colour::on) {}
  std::string bold(const std::string& text) const { return wrap("1", text); }
  std::string dim(const std::string& text) const { return wrap("2", text); }
  std::string red(const std::string& text) const { return wrap("31", text); }

 private:
  std::string wrap(const char* code, const std::string& text) const {
    return on_ ? "\x1b[" + std::string(code) + "m" + text + "\x1b[0m" : text;
  }
  bool on_;
};

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
  if (reference && *reference >= resolution_ns && *own > 0) {
    f.ratio = (hidden ? "> " : "") + ratio_text(*reference / (hidden ? resolution_ns : *own));
  }
  return f;
}

// Sum of a cell's counters per cycle whose name begins so: "64", "15.9–16.1", "?".
std::string count_text(const Json& cell, std::string_view prefix) {
  const Json counters = cell.value("counters", Json(nullptr));
  if (!counters.is_object() || !counters.contains("cycle")) return "?";
  double least = 0, most = 0;
  for (const auto& [name, counter] : counters.at("cycle").items()) {
    if (!name.starts_with(prefix)) continue;
    const bool exact = counter.at("exact").get<bool>();
    least += counter.at(exact ? "value" : "min").get<double>();
    most += counter.at(exact ? "value" : "max").get<double>();
  }
  const std::string low = number_text(std::round(least * 10) / 10), high = number_text(std::round(most * 10) / 10);
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
  std::vector<std::string> words;
  for (const std::string& part : split(most, ' ')) words.push_back(part.substr(part.find('=') + 1));
  const std::string text = join(words, " ");
  const double percent = std::floor(100 * times / all);
  return percent >= 99 ? text : number_text(percent) + "% " + text;
}

std::string clipped(std::string text, size_t columns) {
  if (columns_of(text) <= columns) return text;
  while (columns_of(text) > columns - 1) text.pop_back();
  while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0xc0) == 0x80) text.pop_back();
  return text + "…";
}

// `prefix` and `text` in lines of the table's width, each after the first indented.
std::string wrapped(const std::string& prefix, const std::string& text) {
  constexpr size_t kIndent = 4;
  std::string out, line = prefix;
  bool fresh = true;
  for (const std::string& word : split(text, ' ')) {
    if (!fresh && columns_of(line) + columns_of(word) + 1 > kWidth) {
      out += line + "\n";
      line = std::string(kIndent, ' ');
      fresh = true;
    }
    line += (fresh ? "" : " ") + word;
    fresh = false;
  }
  return out + line + "\n";
}

class Table {
 public:
  Table(const Json& result, const TableOptions& options) : result_(result), options_(options), paint_(options.colour) {
    for (const Json& cell : result.at("cells")) {
      cells_[{cell.at("case").get<std::string>(), cell.at("arm").get<std::string>()}] = &cell;
    }
    if (options_.reference.empty()) options_.reference = result.at("arms").at(0).at("id");
  }

  std::string text() const {
    std::string out = heading();
    for (const Json& c : result_.at("cases")) out += case_block(c.at("id"));
    return out + closing();
  }

 private:
  const Json* cell(const std::string& case_id, const std::string& arm) const {
    const auto found = cells_.find({case_id, arm});
    return found == cells_.end() ? nullptr : found->second;
  }

  std::string heading() const {
    const std::string columns = padded("", kArm, Align::left) + padded("instantiate", kTime + 2, Align::right) +
                                padded("×", kRatio, Align::right) + padded("cycle", kTime + 1, Align::right) +
                                padded("×", kRatio, Align::right) + padded("faults", kCount, Align::right) +
                                padded("syscalls", kCount, Align::right) + padded("first", kTime + 1, Align::right) +
                                "  path";
    return "times faster (×) than " + options_.reference +
           "; instantiate: median, cycle: mean of a batch; faults and syscalls per cycle\n" + paint_.dim(columns) +
           "\n";
  }

  std::string case_block(const std::string& case_id) const {
    const Json* reference = cell(case_id, options_.reference);
    std::string out = paint_.bold(case_id) + "\n", floor;
    const std::string shared = shared_reason(case_id);
    if (!shared.empty()) return out + wrapped("  every arm ", shared);
    for (const Json& arm : result_.at("arms")) {
      const Json* own = cell(case_id, arm.at("id"));
      if (own == nullptr) continue;
      out += own->at("status") == "ok" ? row(*own, reference) : reason_row(*own);
      if (floor.empty()) floor = floor_line(*own);
    }
    return out + floor;
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
    const std::string arm = "  " + padded(own.at("arm").get<std::string>(), kArm, Align::left);
    const std::string text = wrapped(arm + " ", status_text(own));
    return own.at("status") == "failed" ? paint_.red(text) : paint_.dim(text);
  }

  std::string row(const Json& own, const Json* reference) const {
    const double resolution = number_at(own, {"phases", "resolution_ns"}).value_or(0);
    const Json none;
    const Json& other = reference == nullptr ? none : *reference;
    const Figure instantiate = figure(number_at(own, {"phases", "instantiate", "p50"}),
                                      number_at(other, {"phases", "instantiate", "p50"}), resolution);
    const Figure cycle =
        figure(number_at(own, {"batch", "median_real_ns"}), number_at(other, {"batch", "median_real_ns"}), 0);
    const auto first = number_at(own, {"first", "cycle"});
    std::string line = "  " + padded(own.at("arm").get<std::string>(), kArm - 2, Align::left);
    if (columns_of(line) > kArm) line += "\n" + std::string(kArm, ' ');
    line += padded(instantiate.value, kTime + 2, Align::right) + padded(instantiate.ratio, kRatio, Align::right) +
            padded(cycle.value, kTime + 1, Align::right) + padded(cycle.ratio, kRatio, Align::right) +
            padded(count_text(own, "faults."), kCount, Align::right) +
            padded(count_text(own, "syscalls."), kCount, Align::right) +
            padded(first ? time_text(*first) : "?", kTime + 1, Align::right) + "  " +
            clipped(path_text(own), kPath - 2);
    return line + (own.value("verified", Json(nullptr)) == true ? "" : paint_.red("  NOT VERIFIED")) + "\n";
  }

  std::string floor_line(const Json& own) const {
    const auto madvise = number_at(own, {"floor", "madvise_clean_ns"}),
               range = number_at(own, {"floor", "range_bytes"});
    if (!madvise || !range) return "";
    return paint_.dim("  floor: one madvise over the same clean range (" + bytes_text(*range) + ") takes " +
                      time_text(*madvise)) +
           "\n";
  }

  std::string closing() const {
    std::map<std::string, size_t> count;
    for (const auto& [key, own] : cells_) ++count[own->at("status").get<std::string>()];
    const Json& run = result_.at("run");
    std::string out = std::to_string(count["ok"]) + " measured · " + std::to_string(count["skipped"]) + " skipped · " +
                      std::to_string(count["failed"]) + " failed   " + number_text(run.value("blocks", 0)) + " blocks";
    if (options_.seconds > 0) out += ", " + number_text(std::round(options_.seconds)) + " s";
    if (!run.value("complete", true)) out += ", NOT COMPLETE";
    if (options_.file.empty()) return out + "\n";
    return out + "   " + options_.file + "\nnext: instbench plot " + options_.file + "\n";
  }

  const Json& result_;
  TableOptions options_;
  Paint paint_;
  std::map<std::pair<std::string, std::string>, const Json*> cells_;
};

}  // namespace

std::string table_text(const Json& result, const TableOptions& options) { return Table(result, options).text(); }

}  // namespace instbench::bench
