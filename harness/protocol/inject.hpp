// A slowdown of known size, asked for so that compare and the gate can be seen to find it.
#pragma once

#include <cstdint>
#include <string>

namespace instbench::bench {

// Extra work in every cycle, at the end of its instantiation. `share`: time, as a share of what the cycle takes in the
// same process without it. `syscall`: one more system call. `page`: one more page of 4 KiB copied.
struct Injection {
  enum class Kind : uint8_t { share, syscall, page };
  Kind kind = Kind::share;
  double share = 0;  // of kind share: 0.05 for "5%"; 0 adds nothing
  bool operator==(const Injection&) const = default;
};

// "5%", "0", "syscall", "page". Throws GrammarError (cell.hpp).
Injection parse_injection(const std::string& text);
std::string to_text(const Injection& injection);

}  // namespace instbench::bench
