// What an engine's strategies may say, as `--arm ENGINE:?` prints it. Pure.
#pragma once

#include <string>

#include "harness/protocol/cell.hpp"

namespace instbench::bench {

// {"presets": [{"name", "stands_for", "sets"}], "axes": [{"name", "takes", "usual", "meaning"}]}: whether every text is there.
bool is_settings(const Json& settings);

// Lines of the terminal's width. `arm` is the engine with its build: "core", "wasmtime@45.0.0".
// REQUIRES: is_settings(settings).
std::string settings_text(const std::string& arm, const Json& settings);

}  // namespace instbench::bench
