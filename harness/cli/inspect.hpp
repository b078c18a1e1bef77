// What instantiating a module will take, before anything is measured: which parts can be a static image,
// which cannot and why, and the work each strategy has to do. Pure: module in, JSON or text out.
#pragma once

#include <string>

#include "harness/protocol/cell.hpp"
#include "runtime/module/eligibility.hpp"
#include "runtime/module/module.hpp"

namespace instbench::bench {

// {"name", "facts", "memories", "tables", "strategies", "always_traps"}
Json inspect_json(const std::string& name, const std::string& tier, const Module& module);
std::string inspect_text(const Json& inspected);

}  // namespace instbench::bench
