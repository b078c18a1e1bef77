// Where the source tree is: corpus/, plot/ and results/ are used from there, not installed.
#pragma once

#include <optional>
#include <string>

#include "harness/corpus/manifest.hpp"

namespace instbench::bench {

// INSTBENCH_HOME, else the nearest folder above the executable that holds corpus/manifest.json, else the
// source tree that the executable's build folder was configured from (its CMakeCache.txt).
std::optional<std::string> find_home();
std::string home();  // throws std::runtime_error that says to set INSTBENCH_HOME

// The corpus of home(); an empty one when there is no home, since paths need none.
Manifest load_manifest();

// INSTBENCH_PYTHON, else /usr/bin/python3: Debian's, which has Debian's matplotlib.
std::string python();

}  // namespace instbench::bench
