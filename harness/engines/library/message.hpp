// What an engine says about an error, as one line of a reason.
#pragma once

#include <string>
#include <string_view>

namespace instbench::bench {

// The first line; where a chain of causes stands below it ("Caused by:"), the last of them behind a colon. What follows
// a NUL is not text. Pure.
std::string one_line(std::string_view message);

}  // namespace instbench::bench
