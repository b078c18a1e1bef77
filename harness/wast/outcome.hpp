// What came of the commands of a script, and how many: the numbers that the last line adds up.
//
// Every command has exactly one outcome, so passed + failed + skipped is the number of commands. A command that is
// played several times (player.hpp) counts once: failed if it failed in any play.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "harness/protocol/cell.hpp"

namespace instbench::bench {

struct Outcome {
  enum class Kind : uint8_t { passed, failed, skipped };
  Kind kind = Kind::passed;
  std::string text;  // of a failure: expected and got; of a skip: why

  static Outcome failure(std::string text) { return {Kind::failed, std::move(text)}; }
  static Outcome skip(std::string reason) { return {Kind::skipped, std::move(reason)}; }
};

struct Failure {
  std::string place;  // "FILE:LINE"
  std::string text;
  bool operator==(const Failure&) const = default;
};

struct Skips {
  uint64_t count = 0;
  std::string first;  // "FILE:LINE"
};

// One arm over any number of scripts.
struct Tally {
  uint64_t files = 0;
  uint64_t modules = 0;  // instances made, in the last play of each script
  uint64_t reused = 0;   // of these: on a slot that an earlier instance had used
  uint64_t passed = 0, failed = 0, skipped = 0;
  std::vector<Failure> failures;       // all of them; `failed` counts the same
  std::map<std::string, Skips> skips;  // by reason

  void add(const Outcome& outcome, const std::string& place);
  void add(const Tally& other);
};

Json to_json(const Tally& tally);
Tally tally_from(const Json& json);  // throws nlohmann's exceptions on another shape

}  // namespace instbench::bench
