#include "harness/engines/library/snapshot.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "harness/protocol/touch_plan.hpp"

namespace instbench::bench {
namespace {

std::string hex(uint64_t value, int digits = 0) {
  char text[24];
  std::snprintf(text, sizeof text, "0x%0*llx", digits, static_cast<unsigned long long>(value));
  return text;
}

std::string byte_text(std::byte value) { return hex(std::to_integer<uint64_t>(value), 2); }

}  // namespace

std::optional<std::string> memory_difference(std::span<const std::byte> got, std::span<const std::byte> expected) {
  if (got.size() != expected.size())
    return "memory 0 has " + std::to_string(got.size()) + " bytes, expected " + std::to_string(expected.size());
  if (got.empty() || std::memcmp(got.data(), expected.data(), got.size()) == 0) return std::nullopt;
  const auto [here, there] = std::mismatch(got.begin(), got.end(), expected.begin());
  return "memory 0 at " + hex(static_cast<uint64_t>(here - got.begin())) + ": " + byte_text(*here) + ", expected " +
         byte_text(*there);
}

std::optional<std::string> table_difference(const std::vector<bool>& got, const std::vector<bool>& expected) {
  if (got.size() != expected.size())
    return "table 0 has " + std::to_string(got.size()) + " entries, expected " + std::to_string(expected.size());
  const auto [here, there] = std::mismatch(got.begin(), got.end(), expected.begin());
  if (here == got.end()) return std::nullopt;
  return "table 0 entry " + std::to_string(here - got.begin()) + ": " + (*here ? "null" : "a function") +
         ", expected " + (*there ? "null" : "a function");
}

std::optional<std::string> global_difference(const std::vector<uint64_t>& got, const std::vector<uint64_t>& expected,
                                             const std::vector<std::string>& names) {
  for (size_t i = 0; i < names.size(); ++i) {
    if (got[i] != expected[i]) return "global \"" + names[i] + "\": " + hex(got[i]) + ", expected " + hex(expected[i]);
  }
  return std::nullopt;
}

std::optional<std::string> growth_difference(std::span<const std::byte> grown, uint64_t begins_at) {
  const auto dirty = std::find_if(grown.begin(), grown.end(), [](std::byte b) { return b != std::byte{0}; });
  if (dirty == grown.end()) return std::nullopt;
  return "memory 0, grown, at " + hex(begins_at + static_cast<uint64_t>(dirty - grown.begin())) + ": " +
         byte_text(*dirty) + ", expected 0x00";
}

void make_mess(std::span<std::byte> memory, uint64_t seed) {
  constexpr uint64_t kSmallBytes = uint64_t{4} << 20, kPlaces = 64, kSpread = 16;
  if (memory.empty()) return;
  Random random(seed);
  const auto dirty = [&](uint64_t at) { memory[at] = static_cast<std::byte>(random.next() | 1); };
  dirty(0);
  dirty(memory.size() - 1);
  for (uint64_t i = 0; i < kPlaces; ++i) dirty(random.below(memory.size()));
  const uint64_t step = kTouchPageBytes * (memory.size() <= kSmallBytes ? 1 : kSpread);
  for (uint64_t at = 0; at < memory.size(); at += step) dirty(at + random.below(kTouchPageBytes));
}

}  // namespace instbench::bench
