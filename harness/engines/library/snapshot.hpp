// What can be seen of an instance from outside, and the comparison with what a fresh one shows: the isolation check for
// engines whose inside cannot be looked into. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace instbench::bench {

struct Snapshot {
  std::vector<std::byte> memory;  // memory 0, where it is exported
  std::vector<bool> is_null;      // of each entry of table 0, where it is exported
  std::vector<uint64_t> globals;  // bits of exported globals of a number type, in the order of Reach::globals
};

// What differs first ("memory 0 at 0x1000: 0xff, expected 0x00"), or nothing.
std::optional<std::string> memory_difference(std::span<const std::byte> got, std::span<const std::byte> expected);
std::optional<std::string> table_difference(const std::vector<bool>& got, const std::vector<bool>& expected);
std::optional<std::string> global_difference(const std::vector<uint64_t>& got, const std::vector<uint64_t>& expected,
                                             const std::vector<std::string>& names);
// Of memory that was just grown and begins at this address: what is not zero.
std::optional<std::string> growth_difference(std::span<const std::byte> grown, uint64_t begins_at);

// Writes what a guest could: each page of a small memory, in a large one its ends, every 16th page and places at
// random.
void make_mess(std::span<std::byte> memory, uint64_t seed);

}  // namespace instbench::bench
