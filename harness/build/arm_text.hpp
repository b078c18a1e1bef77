// The grammar of one side of a comparison. Pure: whether the build, the revision or the file exists is not asked here.
//
//   ENGINE[@BUILD][:STRATEGY]   core:pool-lazy   core@git+HEAD~3:pool   core@../old/instbench   core@build-old:pool
//   FILE.json[#ARM]             a saved result, and which of its arms
//
// BUILD is `git+REV`, or the path of an instbench binary or of a build folder that holds one; without it, the binary
// that runs. The strategy follows the last ':' that no '/' follows, so that paths and branches may hold colons.
#pragma once

#include <optional>
#include <stdexcept>
#include <string>
#include <variant>

namespace instbench::bench {

// An arm that cannot be had as it was given. what() is one line that says what is accepted; nothing was run.
struct ArmError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct ThisBuild {
  bool operator==(const ThisBuild&) const = default;
};
struct GitBuild {
  std::string rev;  // "HEAD~3"
  bool operator==(const GitBuild&) const = default;
};
struct PathBuild {
  std::string path;
  bool operator==(const PathBuild&) const = default;
};

struct ArmText {
  std::string text;    // as the user wrote it
  std::string engine;  // "core"
  std::variant<ThisBuild, GitBuild, PathBuild> build;
  std::optional<std::string> strategy;  // "pool-lazy", "pool,reset=remap"
  bool operator==(const ArmText&) const = default;
};

struct SavedResult {
  std::string file;
  std::optional<std::string> arm;  // its id in the file, "core:pool"
  bool operator==(const SavedResult&) const = default;
};

ArmText parse_arm(const std::string& text);                              // throws ArmError
std::variant<ArmText, SavedResult> parse_side(const std::string& text);  // throws ArmError

}  // namespace instbench::bench
