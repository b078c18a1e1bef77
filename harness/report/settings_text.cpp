#include "harness/report/settings_text.hpp"

#include <algorithm>

#include "harness/report/format.hpp"
#include "harness/report/terminal.hpp"

namespace instbench::bench {
namespace {

constexpr size_t kNameColumns = 30;

bool are_texts(const Json& list, std::initializer_list<const char*> keys) {
  return list.is_array() && std::all_of(list.begin(), list.end(), [&](const Json& entry) {
           return std::all_of(keys.begin(), keys.end(), [&](const char* key) {
             return entry.is_object() && entry.contains(key) && entry.at(key).is_string();
           });
         });
}

std::string line(const std::string& name, const std::string& rest) {
  return wrapped("  " + padded(name, kNameColumns, Align::left) + " ", rest, kNameColumns + 3);
}

std::string preset_line(const Json& preset) {
  const std::string sets = preset.at("sets");
  const std::string stands_for = preset.at("stands_for");
  return line(preset.at("name"), stands_for + (stands_for.empty() ? "" : ": ") + (sets.empty() ? "the usual values" : sets));
}

std::string axis_line(const Json& axis) {
  const std::string meaning = axis.at("meaning");
  return line(axis.at("name").get<std::string>() + "=" + axis.at("usual").get<std::string>(),
              axis.at("takes").get<std::string>() + (meaning.empty() ? "" : ": " + meaning));
}

}  // namespace

bool is_settings(const Json& settings) {
  return settings.is_object() && settings.contains("presets") && settings.contains("axes") &&
         are_texts(settings.at("presets"), {"name", "stands_for", "sets"}) &&
         are_texts(settings.at("axes"), {"name", "takes", "usual", "meaning"});
}

std::string settings_text(const std::string& arm, const Json& settings) {
  std::string out = "presets of " + arm + " (--arm " + arm + ":PRESET)\n";
  for (const Json& preset : settings.at("presets")) out += preset_line(preset);
  if (settings.at("axes").empty()) return out;
  out += "axes, with their usual values (--arm " + arm + ":PRESET,AXIS=VALUE,… or " + arm + ":AXIS=VALUE,…)\n";
  for (const Json& axis : settings.at("axes")) out += axis_line(axis);
  return out;
}

}  // namespace instbench::bench
