// Threads that do nothing but copy: what threads that put pages back in place cannot do better than.
#pragma once

#include <cstdint>
#include <optional>

namespace instbench::bench {

struct Copying {
  double alone_ns = 0;   // to copy so many pages of 4 KiB once, the median of some milliseconds' rounds
  double beside_ns = 0;  // the same while the other threads do it with pages of their own
};

// Nothing for 0 pages, one thread, or more memory than a measurement should take.
std::optional<Copying> copy_beside(uint64_t pages, uint64_t threads);

}  // namespace instbench::bench
