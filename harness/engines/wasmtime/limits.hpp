// Limits of Wasmtime's pool that are settings of an arm. Pure.
#pragma once

#include <string>

namespace instbench::bench::wasmtime {

// Which setting to raise, and to what, so that the module that `why` says is too large fits: "table-elements=70000"; "" when
// `why` is about no limit that is a setting.
std::string setting_to_raise(const std::string& why);

}  // namespace instbench::bench::wasmtime
