// The isolation check: an instance that a strategy made is byte for byte what a fresh `eager` one is,
// also after earlier tenants of its slot did what guests do.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "runtime/pool/pool.hpp"

namespace instbench::bench {

// A reference instance, made once from scratch with the `eager` strategy in a pool of its own.
class Oracle {
 public:
  static constexpr uint64_t kGrownPages = 16;  // of 64 KiB: how far growth is used and looked at

  explicit Oracle(std::shared_ptr<const Module> module);

  // What differs first ("memory 0 at 0x1000: 0xff, expected 0x00"), or nothing. Reads all of the
  // instance's memory and looks at every table entry: its slot is not fit for timing afterwards.
  std::optional<std::string> difference(Instance instance);

  // Grows every memory as far as limits and a bound allow: what a former tenant grew must read as zero again.
  // The instance is grown afterwards.
  static std::optional<std::string> growth_difference(Instance instance);

 private:
  std::optional<std::string> memory_difference(Instance& instance, size_t index);
  std::optional<std::string> table_difference(Instance& instance, size_t index);
  std::optional<std::string> global_difference(const Instance& instance, size_t index);

  std::shared_ptr<const Prepared> prepared_;
  std::unique_ptr<Pool> pool_;
  std::unique_ptr<Lease> reference_;
};

// Does to an instance what a guest could: writes every page of a small memory and, in a large one, the ends of
// every run of its image and places at random; grows memory and fills what it grew; sets and clears table
// entries and, for odd seeds, grows tables; sets mutable globals; drops segments.
void make_mess(Instance instance, uint64_t seed);

// Makes `rounds` instances in the pool one after another, compares each with the oracle, makes a mess of
// it and drops it. The pool's slots are unfit for timing afterwards.
std::optional<std::string> find_leak(Pool& pool, const Tenant& tenant, Oracle& oracle, int rounds, uint64_t seed);

}  // namespace instbench::bench
