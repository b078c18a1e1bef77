#include "harness/wast/report.hpp"

#include <algorithm>

#include "harness/protocol/text.hpp"

namespace instbench::bench {
namespace {

constexpr size_t kListed = 200;  // failures; the rest are counted

struct Shared {
  Failure failure;
  std::vector<std::string> arms;
};

// In the order in which they were met, the same failure of several arms once.
std::vector<Shared> grouped(const std::vector<ArmTally>& arms) {
  std::vector<Shared> all;
  std::map<std::pair<std::string, std::string>, size_t> known;
  for (const ArmTally& each : arms) {
    for (const Failure& failure : each.tally.failures) {
      const auto [at, added] = known.try_emplace({failure.place, failure.text}, all.size());
      if (added) all.push_back({failure, {}});
      std::vector<std::string>& names = all[at->second].arms;
      if (names.empty() || names.back() != each.arm) names.push_back(each.arm);
    }
  }
  return all;
}

std::string right(const std::string& text, size_t columns) {
  return std::string(columns > text.size() ? columns - text.size() : 0, ' ') + text;
}

std::string line(const std::string& arm, size_t columns, const std::vector<std::string>& cells) {
  std::string text = arm + std::string(columns - arm.size(), ' ');
  for (const std::string& cell : cells) text += right(cell, 10);
  return text + "\n";
}

}  // namespace

std::string failures_text(const std::vector<ArmTally>& arms) {
  const std::vector<Shared> all = grouped(arms);
  std::string text;
  for (size_t i = 0; i < all.size() && i < kListed; ++i) {
    const bool everywhere = arms.size() > 1 && all[i].arms.size() == arms.size();
    text += all[i].failure.place + ": " + all[i].failure.text + "  [" +
            (everywhere ? "every arm" : join(all[i].arms, ", ")) + "]\n";
  }
  if (all.size() > kListed) text += "… and " + std::to_string(all.size() - kListed) + " more failures\n";
  return text;
}

std::string table_text(const std::vector<ArmTally>& arms) {
  size_t columns = 8;
  for (const ArmTally& each : arms) columns = std::max(columns, each.arm.size());
  std::string text = line("arm", columns, {"files", "instances", "reused", "run", "passed", "failed", "skipped"});
  Tally all;
  for (const ArmTally& each : arms) {
    const Tally& t = each.tally;
    std::vector<std::string> cells;
    for (const uint64_t count : {t.files, t.modules, t.reused, t.passed + t.failed, t.passed, t.failed, t.skipped})
      cells.push_back(std::to_string(count));
    text += line(each.arm, columns, cells);
    all.add(t);
  }
  for (const auto& [reason, skip] : all.skips)
    text += "skipped " + std::to_string(skip.count) + ": " + reason + " (first at " + skip.first + ")\n";
  return text + std::to_string(all.passed) + " passed, " + std::to_string(all.failed) + " failed, " +
         std::to_string(all.skipped) + " skipped\n";
}

}  // namespace instbench::bench
