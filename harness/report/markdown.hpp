// A comparison as a comment on a pull request (GitHub's Markdown; its limit is 65,536 characters) or, with a larger
// limit, as a step summary (1 MiB). Its first line is a marker by which a later run finds the comment and replaces it.
// What does not fit is left out by whole rows and counted; what fails a gate comes first. Pure.
#pragma once

#include <string>

#include "harness/protocol/cell.hpp"

namespace instbench::bench {

inline constexpr const char* kCommentMarker = "<!-- instbench:gate -->";

// Fewer than `most_bytes` bytes, whatever the result holds. REQUIRES: most_bytes >= 50000, room for the parts that are
// never left out at their longest.
std::string comparison_markdown(const Json& result, size_t most_bytes = 65000);

}  // namespace instbench::bench
