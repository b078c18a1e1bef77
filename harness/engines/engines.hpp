// The engines that this binary holds, by name.
#pragma once

#include <string>
#include <vector>

#include "harness/worker/worker.hpp"

namespace instbench::bench {

std::vector<std::string> engine_names();  // "core", "wasmtime", "capi", "sightglass"

// The presets and axes of one of them: {"presets": [{"name", "stands_for", "sets"}], "axes": [{"name", "takes", "usual",
// "meaning"}]}, all texts. Needs no library. REQUIRES: the name is one of engine_names().
Json settings_of_engine(const std::string& name);

// What the worker asks: a cell of the engine that an arm names, and what that engine says of itself.
std::unique_ptr<Cell> open_cell(const Request& request);
EngineFacts describe_engine(const Arm& arm);

inline Engines engines() { return {open_cell, describe_engine}; }

}  // namespace instbench::bench
