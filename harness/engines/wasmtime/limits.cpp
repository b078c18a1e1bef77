#include "harness/engines/wasmtime/limits.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include "harness/engines/library/axes.hpp"

namespace instbench::bench::wasmtime {
namespace {

constexpr uint64_t kWasmPage = 65536;

// The number behind `words`.
std::optional<uint64_t> number_after(const std::string& text, const std::string& words) {
  const size_t at = text.find(words);
  if (at == text.npos) return std::nullopt;
  uint64_t number = 0;
  const char* const begin = text.data() + at + words.size();
  const auto [end, error] = std::from_chars(begin, text.data() + text.size(), number);
  return error == std::errc() ? std::optional(number) : std::nullopt;
}

}  // namespace

std::string setting_to_raise(const std::string& why) {
  if (why.find("exceeds the limit of") == why.npos) return "";
  if (const auto entries = number_after(why, "minimum element size of ")) return "table-elements=" + std::to_string(*entries);
  if (const auto bytes = number_after(why, "minimum byte size of "))
    return "max-memory=" + size_text((*bytes + kWasmPage - 1) / kWasmPage * kWasmPage) + " (and reserve= to no less)";
  return "";
}

}  // namespace instbench::bench::wasmtime
