#include "harness/run/blocks.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <tuple>

namespace instbench::bench {
namespace {

std::optional<double> number_in(const Json& object, const char* key) {
  const Json value = object.is_object() ? object.value(key, Json()) : Json();
  return value.is_number() ? std::optional(value.get<double>()) : std::nullopt;
}

// A time that a logarithm can be taken of.
std::optional<double> positive(std::optional<double> value) {
  return value && std::isfinite(*value) && *value > 0 ? value : std::nullopt;
}

std::vector<double> parts_in(const Json& batch) {
  const Json parts = batch.is_object() ? batch.value("parts_ns", Json()) : Json();
  std::vector<double> times;
  for (const Json& part : parts) {
    if (part.is_number()) times.push_back(part);
  }
  return times;
}

// A quarter of the parts took no longer.
std::optional<double> lower_quartile(std::vector<double> times) {
  if (times.empty()) return std::nullopt;
  std::sort(times.begin(), times.end());
  return positive(times[(times.size() - 1) / 4]);
}

// Mean of the middle half of the ratios of neighbours in time: bursts that hit one of two are left out at both ends.
std::optional<double> paired_log_ratio(const std::vector<double>& a, const std::vector<double>& other) {
  if (a.empty() || a.size() != other.size()) return std::nullopt;
  std::vector<double> ratios;
  for (size_t i = 0; i < a.size(); ++i) {
    if (!positive(a[i]) || !positive(other[i])) return std::nullopt;
    ratios.push_back(std::log(other[i]) - std::log(a[i]));
  }
  std::sort(ratios.begin(), ratios.end());
  const auto quarter = static_cast<std::ptrdiff_t>(ratios.size() / 4);
  const auto kept = static_cast<double>(static_cast<std::ptrdiff_t>(ratios.size()) - 2 * quarter);
  return std::accumulate(ratios.begin() + quarter, ratios.end() - quarter, 0.0) / kept;
}

Figures figures_in(const Json& line, double at_s) {
  Figures figures;
  const Json& sample = line.at("sample");
  figures.sample = &sample;
  figures.at = line.at("at");
  figures.at_s = at_s;
  figures.parts_ns = parts_in(sample.value("batch", Json()));
  figures.cycle_ns = lower_quartile(figures.parts_ns);
  const Json phases = sample.value("phases", Json());
  figures.instantiate_ns = positive(number_in(phases.is_object() ? phases.value("instantiate", Json()) : Json(), "p50"));
  const Json noise = sample.value("noise", Json());
  const auto delay = number_in(noise, "run_delay_ns"), wall = number_in(noise, "wall_ns");
  if (delay && wall && *wall > 0) figures.run_delay_share = *delay / *wall;
  return figures;
}

std::optional<uint32_t> index_of(const std::vector<std::string>& ids, const Json& id) {
  const auto found = std::find(ids.begin(), ids.end(), id.get<std::string>());
  return found == ids.end() ? std::nullopt : std::optional(static_cast<uint32_t>(found - ids.begin()));
}

// Without parts in one of its processes a block goes by means throughout.
void settle_cycle_times(Block& block) {
  const bool all = std::all_of(block.arms.begin(), block.arms.end(), [](const auto& a) { return a.second.cycle_ns; });
  if (all) return;
  for (auto& [arm, figures] : block.arms)
    figures.cycle_ns = positive(number_in(figures.sample->value("batch", Json()), "real_ns"));
}

// Of a block, the last attempt that is whole counts.
void mark_superseded(std::vector<Block>& blocks) {
  std::map<std::tuple<Role, uint32_t, uint32_t>, Block*> last;
  for (Block& block : blocks) {
    Block*& best = last[{block.stage, block.case_index, block.block}];
    if (best != nullptr) best->counts = false;
    best = &block;
  }
}

std::optional<double> figure(const Block& block, uint32_t arm, Metric metric) {
  const auto found = block.arms.find(arm);
  if (found == block.arms.end()) return std::nullopt;
  return metric == Metric::cycle ? found->second.cycle_ns : found->second.instantiate_ns;
}

}  // namespace

const char* name_of(Metric metric) { return metric == Metric::cycle ? "cycle" : "instantiate"; }

bool Block::disturbed() const {
  return split || std::any_of(arms.begin(), arms.end(), [](const auto& arm) {
           return arm.second.run_delay_share.value_or(0) > kDisturbedShare;
         });
}

bool Block::delay_unknown() const {
  return std::any_of(arms.begin(), arms.end(), [](const auto& arm) { return !arm.second.run_delay_share; });
}

std::vector<Block> blocks_of(const std::vector<std::string>& case_ids, const std::vector<std::string>& arm_ids,
                             const std::vector<Json>& lines, size_t end) {
  struct Open {
    Block block;
    std::string by;
    size_t expected = 0;
    size_t last_line = 0;
  };
  std::map<std::tuple<Role, uint32_t, uint32_t, uint32_t>, Open> open;
  double at_s = 0;
  for (size_t i = 0; i < lines.size(); ++i) {
    const Json& line = lines[i];
    at_s += line.value("wall_ms", 0.0) / 1000;
    const std::string role = line.at("role");
    if (role != name_of(Role::screen) && role != name_of(Role::confirm)) continue;
    if (line.at("step").get<size_t>() >= end) continue;
    const auto case_index = index_of(case_ids, line.at("case")), arm = index_of(arm_ids, line.at("arm"));
    if (!case_index || !arm || line.at("sample").value("status", "") != "ok") continue;
    const Role stage = role == name_of(Role::screen) ? Role::screen : Role::confirm;
    const uint32_t number = line.at("block"), attempt = line.value("attempt", 0U);
    Open& entry = open[{stage, *case_index, number, attempt}];
    entry.block.case_index = *case_index;
    entry.block.stage = stage;
    entry.block.block = number;
    entry.block.attempt = attempt;
    const bool in_turns = line.value("in_turns", Json()) == true;
    entry.block.mixed = entry.block.mixed || (!entry.block.order.empty() && entry.block.in_turns != in_turns);
    entry.block.in_turns = in_turns;
    const std::string by = line.value("by", "");
    if (!entry.block.order.empty() && by != entry.by) entry.block.split = true;
    entry.by = by;
    entry.expected = line.value("of", size_t{0});
    entry.last_line = i;
    if (entry.block.arms.contains(*arm)) continue;  // a killed worker's step that was asked again
    entry.block.order.push_back(*arm);
    entry.block.arms[*arm] = figures_in(line, at_s);
  }
  std::vector<const Open*> whole;
  for (const auto& [key, entry] : open) {
    if (entry.block.arms.size() == entry.expected) whole.push_back(&entry);
  }
  std::sort(whole.begin(), whole.end(), [](const Open* a, const Open* b) { return a->last_line < b->last_line; });
  std::vector<Block> blocks;
  for (const Open* entry : whole) {
    blocks.push_back(entry->block);
    settle_cycle_times(blocks.back());
  }
  mark_superseded(blocks);
  return blocks;
}

std::vector<const Block*> counted_blocks(const std::vector<Block>& blocks, uint32_t case_index, Role stage) {
  std::vector<const Block*> counted;
  for (const Block& block : blocks) {
    if (block.case_index == case_index && block.stage == stage && block.counts) counted.push_back(&block);
  }
  return counted;
}

std::optional<double> log_ratio(const Block& block, Metric metric, uint32_t arm) {
  const auto a = figure(block, 0, metric), other = figure(block, arm, metric);
  if (block.mixed || !a || !other) return std::nullopt;
  if (metric == Metric::cycle && block.in_turns) {
    const auto paired = paired_log_ratio(block.arms.at(0).parts_ns, block.arms.at(arm).parts_ns);
    if (paired) return paired;
  }
  return std::log(*other) - std::log(*a);
}

std::vector<double> log_ratios(const std::vector<Block>& blocks, uint32_t case_index, Role stage, Metric metric,
                               uint32_t arm) {
  std::vector<double> ratios;
  for (const Block* block : counted_blocks(blocks, case_index, stage)) {
    if (const auto ratio = log_ratio(*block, metric, arm)) ratios.push_back(*ratio);
  }
  return ratios;
}

std::vector<double> figures_of(const std::vector<Block>& blocks, uint32_t case_index, Role stage, Metric metric,
                               uint32_t arm) {
  std::vector<double> values;
  for (const Block* block : counted_blocks(blocks, case_index, stage)) {
    if (const auto value = figure(*block, arm, metric)) values.push_back(*value);
  }
  return values;
}

}  // namespace instbench::bench
