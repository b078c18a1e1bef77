// What each engine says of its phases, below a table.
#pragma once

#include <string>

#include "harness/protocol/cell.hpp"

namespace instbench::bench {

// "wasmtime: release ends the store": each note once, behind the engine where all its arms have it, else behind those that do.
std::string engine_notes_text(const Json& result);

}  // namespace instbench::bench
