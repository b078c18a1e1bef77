#include "harness/engines/library/message.hpp"

#include <algorithm>

namespace instbench::bench {
namespace {

constexpr std::string_view kCauses = "Caused by:", kIndent = "\n    ";

std::string_view until_end_of_line(std::string_view text) { return text.substr(0, text.find('\n')); }

// "1: out of bounds" -> "out of bounds".
std::string_view without_number(std::string_view cause) {
  const size_t end = cause.find_first_not_of("0123456789");
  return end != 0 && cause.substr(std::min(end, cause.size())).starts_with(": ") ? cause.substr(end + 2) : cause;
}

}  // namespace

std::string one_line(std::string_view message) {
  message = message.substr(0, message.find('\0'));
  std::string line(until_end_of_line(message));
  const size_t causes = message.find(kCauses), last = message.rfind(kIndent);
  if (causes == message.npos || last == message.npos || last < causes) return line;
  return line.append(": ").append(without_number(until_end_of_line(message.substr(last + kIndent.size()))));
}

}  // namespace instbench::bench
