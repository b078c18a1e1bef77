// What memory 0 of any instance reads as before code has run, from the module itself: an engine whose every instance is
// wrong in the same way differs from itself in nothing.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>

namespace instbench::bench {

// What differs first from the module's segments over zeros ("memory 0 at 0x64: 0x00, expected 0x66"). Nothing when it does
// not differ, and when it cannot be told: the module cannot be read here, it has a start function, its memory is imported,
// or a segment is not placed by a constant.
std::optional<std::string> start_difference(const std::string& module_path, std::span<const std::byte> memory);

}  // namespace instbench::bench
