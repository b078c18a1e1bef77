// Arms of engines other than the core: which program measures them, which library it loads, and what they say of
// themselves.
#pragma once

#include "harness/build/arm_text.hpp"
#include "harness/protocol/cell.hpp"

namespace instbench::bench {

// Asks the engine once ("describe"), so it can take a second. An engine that cannot be had here is an arm whose cells
// are all skipped with the reason (Arm::unavailable). Throws UsageError: an engine of no known name, a strategy that it
// refuses.
Arm engine_arm(const ArmText& text);

// "?" for a strategy: what does the engine accept?
inline constexpr const char* kAnySettings = "?";
// Its presets and axes (harness/report/settings_text.hpp), or a text in which it says what it accepts. Throws UsageError,
// and std::runtime_error when it cannot be asked.
Json engine_settings(const ArmText& text);

std::vector<std::string> known_engines();  // "core", "wasmtime", "v8", …

// Whether `instbench fetch` brings it: an engine, or a library for capi or `profile` (harness/engines/pins.json).
bool is_fetched(const std::string& name);
// `file` of the version that it brings. Throws std::runtime_error, saying to fetch it, when it is not in the cache.
std::string fetched_file(const std::string& name, const std::string& file);

// For `instbench list`: name and what it is, how to have it, its presets.
Json engine_list();

}  // namespace instbench::bench
