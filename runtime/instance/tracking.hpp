// Tracking: reset=track. The kernel notes which pages were written (os::track_writes), so exactly those are put back.
//
// Against reset=restore: nothing is copied that was not written, and nothing has to be compared or learned; but each page
// takes a fault at its first write by every tenant, which the kernel resolves without copying, and is protected again by
// the reset. Not thread-safe.
#pragma once

#include <cstdint>

#include "runtime/instance/residency.hpp"

namespace instbench {

class Tracking {
 public:
  // Begins, on a part that reads as at the start. COST: two ioctls.
  void begin(const StartState& start);
  // Puts back what was written and protects it again. In a child of fork, where nothing is tracked any more, it discards
  // everything and begins anew. When it throws, the part must be mapped anew and begun again.
  // COST: an ioctl per 341 runs of written pages, and one that protects; where more pages were written since the part was
  // last discarded than `resident` allows, one more that counts private pages, and a madvise if they are too many.
  ResetPath reset(const StartState& start, uint64_t resident_bytes);
  uint64_t private_bytes() const { return private_pages_ * os::kPageBytes; }  // at most

 private:
  uint64_t forks_ = 0;          // of this process's line when it began
  uint64_t private_pages_ = 0;  // at most: written since the last discard, pages written twice counted twice
};

}  // namespace instbench
