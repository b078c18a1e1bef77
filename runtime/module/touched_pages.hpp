// How many distinct 4 KiB pages a set of writes leaves with a non-zero byte in them. Writes are counted
// one by one, not flattened: a page that one segment fills and a later one zeroes again still counts.
// Costs one look at each byte up to the first non-zero one of its page, and a sort if pages come out of
// order; 98,450 segments take a few milliseconds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace instbench {

inline constexpr uint64_t kHostPageBytes = 4096;

class TouchedPages {
 public:
  void write(uint64_t offset, std::span<const std::byte> bytes);
  uint64_t count();  // sorts what was collected; more writes may follow

 private:
  std::vector<uint64_t> pages_;
};

}  // namespace instbench
