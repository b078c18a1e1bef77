// A time made longer by a share of itself.
#pragma once

#include <cstdint>

namespace instbench::bench {

// Waits until the time since `begin_ns` has grown by `share` of itself.
void stretch(uint64_t begin_ns, double share) noexcept;

}  // namespace instbench::bench
