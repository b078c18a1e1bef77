// Slowdowns of known size, so that what judges a measurement can be judged: extra work that a mark does where `init`
// ends. A cycle without one is compiled as if this file were not there.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include "harness/protocol/inject.hpp"
#include "harness/worker/cycle.hpp"

namespace instbench::bench {

class ExtraWork {
 public:
  // A share does nothing until aim_at() said how long it is.
  explicit ExtraWork(const Injection& injection);

  // Makes once() of a share take `ns`, or as near as a turn of the spin loop comes. Takes some milliseconds.
  void aim_at(double ns);
  // What once() takes when repeated; 0 unless aim_at() was called.
  double spin_ns() const { return spin_ns_; }

  // Never inlined: the very code that was measured is what runs.
  [[gnu::noinline]] void once() noexcept;

 private:
  struct alignas(4096) Page {
    std::array<std::byte, 4096> bytes;
  };
  struct Pages {
    Page from, to;
  };

  double repeated_ns(uint64_t turns);

  Injection::Kind kind_;
  uint64_t turns_ = 0;
  double spin_ns_ = 0;
  std::unique_ptr<Pages> pages_;  // kind page: neither belongs to a slot
};

// What a cycle takes when `run(n)` runs n of them: the median of chunks of about a millisecond, three at least.
double usual_ns(const std::function<void(uint64_t)>& run);

// Marks that do the extra work within `init` and leave the marking to others.
template <typename Marks>
struct Injected {
  Marks& marks;
  ExtraWork& extra;

  void at(size_t border) noexcept {
    if (border == static_cast<size_t>(Phase::init) + 1) extra.once();
    marks.at(border);
  }
};

}  // namespace instbench::bench
