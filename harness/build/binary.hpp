// Is this file an instbench that can run here, and what does it say it is?
#pragma once

#include <optional>
#include <string>

namespace instbench::bench {

// `instbench --version`, taken apart.
struct BinaryFacts {
  std::string version;  // "0.1.0"
  std::string commit;   // its first twelve digits, or "unknown"
  bool modified = false;
  std::string build_type;  // "Release"
  std::string compiler;    // "GNU 12.2.0"
  std::string sanitizers;  // "" or "address,undefined"
  bool assertions = false;
  bool operator==(const BinaryFacts&) const = default;
};

// "instbench 0.1.0 (0123456789ab, modified, Release, GNU 12.2.0, assertions)". Nothing when it is no such line.
std::optional<BinaryFacts> parse_version(const std::string& line);

struct Binary {
  std::string path;  // absolute
  BinaryFacts facts;
};

// `path` is an instbench binary or a folder that holds one. COST: runs it once, with --version. Throws ArmError when it
// is missing, made for another machine, or not instbench; returns nothing when an interrupt came meanwhile.
std::optional<Binary> check_binary(const std::string& path);

}  // namespace instbench::bench
