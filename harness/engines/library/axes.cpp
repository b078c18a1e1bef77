#include "harness/engines/library/axes.hpp"

#include <algorithm>
#include <charconv>

#include "harness/protocol/text.hpp"
#include "harness/worker/cell.hpp"

namespace instbench::bench {
namespace {

bool parse_number(std::string_view text, uint64_t& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return !text.empty() && error == std::errc() && end == text.data() + text.size();
}

std::vector<std::string> names_of(const std::vector<Axis>& axes) {
  std::vector<std::string> names;
  for (const Axis& axis : axes) names.push_back(axis.name);
  return names;
}

}  // namespace

bool parse_size(const std::string& text, uint64_t& bytes) {
  constexpr std::pair<std::string_view, int> kUnits[] = {{"KiB", 10}, {"MiB", 20}, {"GiB", 30}, {"B", 0}, {"", 0}};
  for (const auto& [unit, shift] : kUnits) {
    if (!text.ends_with(unit)) continue;
    uint64_t number = 0;
    if (!parse_number(std::string_view(text).substr(0, text.size() - unit.size()), number)) return false;
    if (number > (UINT64_MAX >> shift)) return false;
    bytes = number << shift;
    return true;
  }
  return false;
}

std::string size_text(uint64_t bytes) {
  constexpr std::pair<const char*, int> kUnits[] = {{"GiB", 30}, {"MiB", 20}, {"KiB", 10}};
  for (const auto& [unit, shift] : kUnits) {
    if (bytes != 0 && bytes % (uint64_t{1} << shift) == 0) return std::to_string(bytes >> shift) + unit;
  }
  return std::to_string(bytes) + "B";
}

uint64_t AxisValues::number(const std::string& axis) const {
  uint64_t value = 0;
  parse_size(values_.at(axis), value);  // a count is a size without a unit
  return value;
}

AxisGrammar::AxisGrammar(std::string engine, std::vector<Axis> axes, std::vector<AxisPreset> presets)
    : engine_(std::move(engine)), axes_(std::move(axes)), presets_(std::move(presets)) {}

std::vector<std::string> AxisGrammar::preset_names() const {
  std::vector<std::string> names;
  for (const AxisPreset& preset : presets_) names.push_back(preset.name);
  return names;
}

namespace {

std::string accepted_by(const Axis& axis) {
  if (axis.kind == Axis::Kind::word) return join(axis.words, "|");
  return axis.kind == Axis::Kind::count ? "a whole number" : "a size";
}

}  // namespace

Json AxisGrammar::settings() const {
  Json presets = Json::array(), axes = Json::array();
  for (const AxisPreset& preset : presets_) {
    std::vector<std::string> sets;
    for (const auto& [axis, value] : preset.values) sets.push_back(axis + "=" + value);
    presets.push_back({{"name", preset.name}, {"stands_for", preset.stands_for}, {"sets", join(sets, ",")}});
  }
  for (const Axis& axis : axes_)
    axes.push_back({{"name", axis.name}, {"takes", accepted_by(axis)}, {"usual", axis.usual}, {"meaning", axis.meaning}});
  return {{"presets", presets}, {"axes", axes}};
}

void AxisGrammar::set(AxisValues& values, const std::string& name, const std::string& value) const {
  const auto axis = std::find_if(axes_.begin(), axes_.end(), [&](const Axis& a) { return a.name == name; });
  if (axis == axes_.end()) throw Refused(engine_ + ": " + unknown_name("axis", name, names_of(axes_)));
  uint64_t number = 0;
  std::string canonical = value;
  switch (axis->kind) {
    case Axis::Kind::word:
      if (std::find(axis->words.begin(), axis->words.end(), value) == axis->words.end())
        throw Refused(engine_ + ": axis '" + name + "' takes " + join(axis->words, " or ") + ", not '" + value + "'");
      break;
    case Axis::Kind::count:
      if (!parse_number(value, number))
        throw Refused(engine_ + ": axis '" + name + "' takes a whole number, not '" + value + "'");
      canonical = std::to_string(number);
      break;
    case Axis::Kind::size:
      if (!parse_size(value, number))
        throw Refused(engine_ + ": axis '" + name + "' takes a size such as 64KiB, 2MiB or 4GiB, not '" + value + "'");
      canonical = size_text(number);
      break;
  }
  values.values_[name] = canonical;
  values.given_[name] = true;
}

AxisValues AxisGrammar::parse(const std::string& text) const {
  AxisValues values;
  for (const Axis& axis : axes_) set(values, axis.name, axis.usual);
  values.given_.clear();
  const std::vector<std::string> parts = split(text.empty() ? presets_.front().name : text, ',');
  for (size_t i = 0; i < parts.size(); ++i) {
    const size_t equals = parts[i].find('=');
    if (equals != std::string::npos) {
      set(values, parts[i].substr(0, equals), parts[i].substr(equals + 1));
      continue;
    }
    const auto preset =
        std::find_if(presets_.begin(), presets_.end(), [&](const auto& p) { return p.name == parts[i]; });
    if (preset == presets_.end())
      throw Refused(engine_ + ": " + unknown_name("preset", parts[i], preset_names()) +
                    "; axes: " + join(names_of(axes_), " "));
    if (i != 0) throw Refused(engine_ + ": a preset stands first, as in '" + parts[i] + ",axis=value'");
    for (const auto& [name, value] : preset->values) set(values, name, value);
  }
  return values;
}

std::string AxisGrammar::canonical(const AxisValues& values) const {
  std::vector<std::string> parts;
  for (const Axis& axis : axes_) parts.push_back(axis.name + "=" + values.word(axis.name));
  return join(parts, ",");
}

}  // namespace instbench::bench
