// Which WebAssembly features libwabt is told to read: all that Module can describe. The core decides
// later which of them it refuses.
#pragma once

#include <wabt/feature.h>

#include <string>

namespace instbench {

// Left out: gc and function_references (wabt 1.0.32 knows early drafts, Module has no such types),
// annotations and code_metadata (custom sections, of no effect on instantiation).
wabt::Features wabt_features();

std::string wabt_version();

}  // namespace instbench
