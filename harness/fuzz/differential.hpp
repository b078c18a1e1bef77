// The differential oracle: one input, every strategy, one behaviour.
//
// An input is bytes. The first says what the rest is: a module as it is (raw), or decisions for a module that
// validates, with or without code. The module is instantiated under every strategy on slots that earlier tenants of it
// have dirtied; with code its exports are called in one order, and after each call the result or trap, memory, globals,
// tables and drop flags must be the same under all strategies and, for some inputs, both compilers.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace instbench::bench {

// What differs first, and the module's text, or nothing. Inputs that are no module, or none that the core takes, are
// fine. Compiles at most once a compiler and kind of bounds; REQUIRES: no other thread runs (compilers are forked).
std::optional<std::string> differs(std::span<const uint8_t> input);

}  // namespace instbench::bench
