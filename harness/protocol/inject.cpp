#include "harness/protocol/inject.hpp"

#include <charconv>

#include "harness/protocol/cell.hpp"
#include "harness/protocol/text.hpp"

namespace instbench::bench {
namespace {

constexpr double kMostPercent = 1000;

[[noreturn]] void refuse(const std::string& text) {
  throw GrammarError("cannot inject '" + text + "': write a share of the cycle's time as in 5% (up to " +
                     number_text(kMostPercent) + "%), syscall or page");
}

}  // namespace

Injection parse_injection(const std::string& text) {
  if (text == "syscall") return {Injection::Kind::syscall};
  if (text == "page") return {Injection::Kind::page};
  if (text == "0") return {};
  double percent = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, percent);
  const bool whole = error == std::errc{} && rest + 1 == end && *rest == '%';
  if (!whole || !(percent >= 0 && percent <= kMostPercent)) refuse(text);
  return {Injection::Kind::share, percent / 100};
}

std::string to_text(const Injection& injection) {
  switch (injection.kind) {
    case Injection::Kind::share:
      break;
    case Injection::Kind::syscall:
      return "syscall";
    case Injection::Kind::page:
      return "page";
  }
  return number_text(injection.share * 100) + "%";
}

}  // namespace instbench::bench
