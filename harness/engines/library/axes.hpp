// The strategy grammar of engines other than the core: "preset", "preset,axis=value,…" or "axis=value,…". Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "harness/protocol/cell.hpp"

namespace instbench::bench {

struct Axis {
  enum class Kind : uint8_t { word, count, size };
  std::string name;
  Kind kind = Kind::word;
  std::vector<std::string> words;  // of kind word: what it takes
  std::string usual;               // its value unless said: "on", "100", "4GiB"
  std::string meaning = {};
};

struct AxisPreset {
  std::string name;
  std::map<std::string, std::string> values;  // by axis; the others are as usual
  std::string stands_for = {};
};

// Values by axis, each as canonical text.
class AxisValues {
 public:
  const std::string& word(const std::string& axis) const { return values_.at(axis); }
  uint64_t number(const std::string& axis) const;  // of a count or a size, in bytes
  bool is_on(const std::string& axis) const { return word(axis) == "on"; }
  bool was_given(const std::string& axis) const { return given_.contains(axis); }

 private:
  friend class AxisGrammar;
  std::map<std::string, std::string> values_;
  std::map<std::string, bool> given_;  // by the preset or by the user
};

class AxisGrammar {
 public:
  AxisGrammar(std::string engine, std::vector<Axis> axes, std::vector<AxisPreset> presets);

  // "" is the first preset. Throws Refused (cell.hpp), saying what is accepted.
  AxisValues parse(const std::string& text) const;
  std::string canonical(const AxisValues& values) const;  // every axis, in the order declared
  std::vector<std::string> preset_names() const;
  Json settings() const;  // presets and axes, as an engine answers "?" (harness/protocol/README.md)

 private:
  void set(AxisValues& values, const std::string& axis, const std::string& value) const;

  std::string engine_;
  std::vector<Axis> axes_;
  std::vector<AxisPreset> presets_;
};

// "64KiB" -> 65536; nothing for what is no size.
bool parse_size(const std::string& text, uint64_t& bytes);
std::string size_text(uint64_t bytes);  // "2MiB", "100B"

}  // namespace instbench::bench
