// How figures are written for people: three significant digits, a unit, unknown as "?". Pure.
#pragma once

#include <optional>
#include <string>

#include "harness/protocol/cell.hpp"

namespace instbench::bench {

std::string time_text(double ns);      // "412 ns", "1.23 µs", "58.2 µs", "1.45 ms"
std::string bytes_text(double bytes);  // "512 B", "2.44 MiB"
std::string ratio_text(double ratio);  // "0.85×", "12.3×", "137×"

std::string counted(double count, const std::string& noun);  // "1 block", "3 blocks"
std::string percent_text(double share);                      // "0.4 %", "12 %": two digits are enough to judge noise by
// A change of B against A: "-86.1 %", "+0.1 %", "0.0 %"; a ratio, "12.3×", where percents say less.
std::string change_text(double change);

// A number under a path of keys ("phases", "cycle", "p50"), if it is there and known.
std::optional<double> number_at(const Json& json, std::initializer_list<const char*> path);

// Columns a terminal needs for UTF-8 text whose characters are one column wide each.
size_t columns_of(const std::string& text);
enum class Align { left, right };
std::string padded(const std::string& text, size_t columns, Align align);

}  // namespace instbench::bench
