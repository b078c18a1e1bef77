// Small words for messages: the name a user probably meant, lists, numbers. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace instbench::bench {

std::string join(const std::vector<std::string>& parts, std::string_view separator);
std::vector<std::string> split(std::string_view text, char separator);  // "" gives one empty part

// The candidate with the fewest edits, if they are few enough for a slip of the keyboard or if one
// word begins the other.
std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& candidates);

// "unknown arm 'core:pol' (did you mean 'core:pool'?); available: a, b"
std::string unknown_name(std::string_view kind, std::string_view word, const std::vector<std::string>& candidates);

// "12", "0.05", "412.2": at most six significant digits, no trailing zeros.
std::string number_text(double value);

}  // namespace instbench::bench
