#include "harness/report/engine_notes.hpp"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "harness/protocol/text.hpp"
#include "harness/report/terminal.hpp"

namespace instbench::bench {
namespace {

using Arms = std::vector<std::string>;

std::string engine_of(const std::string& arm) { return arm.substr(0, arm.find(':')); }

std::string names_of(const Arms& arms, const std::map<std::string, size_t>& arms_of_engine) {
  std::map<std::string, Arms> by_engine;
  for (const std::string& arm : arms) by_engine[engine_of(arm)].push_back(arm);
  Arms names;
  for (const auto& [engine, own] : by_engine) names.push_back(own.size() == arms_of_engine.at(engine) ? engine : join(own, ", "));
  return join(names, ", ");
}

}  // namespace

std::string engine_notes_text(const Json& result) {
  std::map<std::string, size_t> arms_of_engine;
  std::vector<std::pair<std::string, Arms>> notes;
  for (const Json& arm : result.at("arms")) {
    const std::string id = arm.at("id");
    ++arms_of_engine[engine_of(id)];
    const Json facts = arm.value("facts", Json());
    if (!facts.is_object() || !facts.value("notes", Json()).is_array()) continue;
    for (const std::string note : facts.at("notes")) {
      const auto known = std::find_if(notes.begin(), notes.end(), [&](const auto& n) { return n.first == note; });
      (known == notes.end() ? notes.emplace_back(note, Arms{}) : *known).second.push_back(id);
    }
  }
  std::string out;
  for (const auto& [note, arms] : notes) out += wrapped(names_of(arms, arms_of_engine) + ": ", note);
  return out;
}

}  // namespace instbench::bench
