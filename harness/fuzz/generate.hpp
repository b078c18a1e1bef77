// From bytes to a valid module: each byte is a decision, and whatever they are the module validates.
//
// The text has memories, tables, globals, active, passive and declared segments, a start function, and functions
// whose bodies load, store, grow, call directly and through tables, move table entries, and loop with fuel. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace instbench::bench {

// Decisions, read from the front; when they are used up, every further one is 0.
class Decisions {
 public:
  explicit Decisions(std::span<const uint8_t> bytes) : bytes_(bytes) {}
  uint32_t below(uint32_t bound) { return bound == 0 ? 0 : next() % bound; }
  bool yes() { return (next() & 1) != 0; }
  uint32_t word() { return next() | next() << 8 | next() << 16 | next() << 24; }
  bool used_up() const { return bytes_.empty(); }

 private:
  uint32_t next() {
    if (bytes_.empty()) return 0;
    const uint8_t byte = bytes_.front();
    bytes_ = bytes_.subspan(1);
    return byte;
  }
  std::span<const uint8_t> bytes_;
};

// Functions exported as "f0", "f1", ...: (i32) -> i32. Without code to compile (`bodies` none) they only return.
enum class GeneratedBodies : uint8_t { none, full };
std::string generate_module(Decisions& decisions, GeneratedBodies bodies);

}  // namespace instbench::bench
