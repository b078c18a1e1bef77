// Slowdowns of known size, so that what judges a measurement can be judged. A cycle without one is compiled as if this
// file were not there.
//
// A share is exact whatever the machine does: each part of the batch, and each instantiation of the second pass, is
// made longer by that share of the time that it has just taken. (A spin of a length found beforehand was not: on a
// shared machine the cycle it was a share of had changed by the time it was added; 5 % were 5.8 to 8.3.) A call or a
// page is work within `init`.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "harness/protocol/inject.hpp"
#include "harness/worker/marks.hpp"
#include "harness/worker/stretch.hpp"

namespace instbench::bench {

// One more system call, or one more page copied, each time.
class ExtraWork {
 public:
  explicit ExtraWork(Injection::Kind kind);
  void once() noexcept;

 private:
  struct alignas(4096) Page {
    std::array<std::byte, 4096> bytes;
  };
  struct Pages {
    Page from, to;
  };
  Injection::Kind kind_;
  std::unique_ptr<Pages> pages_;  // kind page: neither belongs to a slot
};

// Marks that do the extra work at the end of `init` and leave the marking to others.
template <typename Marks>
struct Injected {
  Marks& marks;
  ExtraWork& extra;

  void at(size_t border) noexcept {
    if (border == static_cast<size_t>(Phase::init) + 1) extra.once();
    marks.at(border);
  }
};

// Clock reads between which an instantiation takes `share` longer.
struct StretchedMarks {
  ClockMarks& marks;
  double share;

  void at(size_t border) noexcept {
    if (border == static_cast<size_t>(Phase::start) + 1) stretch(marks.ns[static_cast<size_t>(Phase::acquire)], share);
    marks.at(border);
  }
};

}  // namespace instbench::bench
