// What this binary is: for --version and the provenance of results.
#pragma once

namespace instbench::os {

struct BuildInfo {
  const char* version;
  const char* commit;  // "unknown" outside a git checkout
  bool dirty;
  const char* build_type;  // "Release", "Debug", ...
  const char* compiler;
  const char* flags;
  const char* sanitizers;  // "" or as in -fsanitize=
  bool assertions;
};

const BuildInfo& build_info();

}  // namespace instbench::os
