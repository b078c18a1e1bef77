// Quoted modules as commands of a script, which libwabt 1.0.32 aborts on: (module quote "(func)") becomes
// (module binary "…") before libwabt sees the script. Lines stay where they are. Quotes within assertions are left
// alone: libwabt reads those, and whether they are WebAssembly text is what the assertion is about.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace instbench {

// Gives the binary form of a quoted text, or throws LoadError; `line` is where the command begins.
using AssembleQuoted = std::function<std::vector<std::byte>(const std::string& text, int line)>;

std::string replace_quoted_modules(const std::string& script, const AssembleQuoted& assemble);

// Nothing but space and comments: the empty module, which libwabt takes only as "(module)".
bool is_blank(const std::string& text);

}  // namespace instbench
