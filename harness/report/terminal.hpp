// What tables for a terminal of 120 columns share: colours, lines of that width, short texts. Pure.
#pragma once

#include <string>

namespace instbench::bench {

inline constexpr size_t kTerminalColumns = 120;

enum class Colour { off, on };

class Paint {
 public:
  explicit Paint(Colour colour) : on_(colour == Colour::on) {}
  std::string bold(const std::string& text) const { return wrap("1", text); }
  std::string dim(const std::string& text) const { return wrap("2", text); }
  std::string red(const std::string& text) const { return wrap("31", text); }
  std::string green(const std::string& text) const { return wrap("32", text); }
  std::string yellow(const std::string& text) const { return wrap("33", text); }

 private:
  std::string wrap(const char* code, const std::string& text) const {
    return on_ ? "\x1b[" + std::string(code) + "m" + text + "\x1b[0m" : text;
  }
  bool on_;
};

// The first characters of UTF-8 text that fit, with "…" for the rest.
std::string clipped(const std::string& text, size_t columns);

// `prefix` and `text` in lines of the terminal's width, each after the first indented. A word longer than a line is cut
// into pieces.
std::string wrapped(const std::string& prefix, const std::string& text, size_t indent = 4);

}  // namespace instbench::bench
