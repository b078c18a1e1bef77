#include "harness/build/arm_text.hpp"

#include <algorithm>
#include <cctype>

namespace instbench::bench {
namespace {

constexpr std::string_view kGit = "git+", kResult = ".json";

[[noreturn]] void refuse(const std::string& text, const std::string& why) {
  throw ArmError("arm '" + text + "': " + why +
                 "; an arm is ENGINE[@BUILD][:STRATEGY], as in core:pool-lazy, core@git+HEAD~3:pool or "
                 "core@build-old:pool (an instbench binary, or a folder that holds one)");
}

// Takes what follows the last ':' that no '/' follows away from `rest`.
std::optional<std::string> take_strategy(std::string& rest) {
  const size_t colon = rest.rfind(':'), slash = rest.rfind('/');
  if (colon == rest.npos || (slash != rest.npos && slash > colon)) return std::nullopt;
  std::string strategy = rest.substr(colon + 1);
  rest.resize(colon);
  return strategy;
}

bool is_engine_name(const std::string& name) {
  return !name.empty() && std::all_of(name.begin(), name.end(),
                                      [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '_'; });
}

std::variant<ThisBuild, GitBuild, PathBuild> build_of(const std::string& text, const std::string& build) {
  if (build.empty()) refuse(text, "no build after '@'");
  if (!build.starts_with(kGit)) return PathBuild{build};
  const std::string rev = build.substr(kGit.size());
  if (rev.empty()) refuse(text, "no revision after 'git+'");
  return GitBuild{rev};
}

}  // namespace

ArmText parse_arm(const std::string& text) {
  ArmText arm;
  arm.text = text;
  std::string rest = text;
  arm.strategy = take_strategy(rest);
  if (arm.strategy && arm.strategy->empty()) refuse(text, "no strategy after ':'");
  const size_t at = rest.find('@');
  arm.engine = rest.substr(0, at);
  if (arm.engine.empty()) refuse(text, "no engine");
  if (!is_engine_name(arm.engine)) refuse(text, "'" + arm.engine + "' is no engine's name");
  if (at != rest.npos) arm.build = build_of(text, rest.substr(at + 1));
  return arm;
}

std::variant<ArmText, SavedResult> parse_side(const std::string& text) {
  if (const size_t mark = text.find(std::string(kResult) + "#"); mark != text.npos) {
    const size_t hash = mark + kResult.size();
    if (hash + 1 == text.size()) throw ArmError("'" + text + "': no arm after '#', as in old.json#core:pool");
    return SavedResult{text.substr(0, hash), text.substr(hash + 1)};
  }
  if (text.ends_with(kResult)) return SavedResult{text, std::nullopt};
  return parse_arm(text);
}

}  // namespace instbench::bench
