// Tenants of one slot, each compared with an instance that has its memory to itself: for the tests of what a host may do to
// memory.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "runtime/os/pagemap.hpp"
#include "runtime/pool/guest_fixture.hpp"
#include "runtime/pool/test_modules.hpp"

namespace instbench::testing_modules {

// A memory of 64 KiB pages that starts with content in each of so many pages of 4 KiB, then zeros and one page of content
// near its end; a table of `entries`; globals.
inline std::string wat_with(uint64_t memory_pages, uint64_t image_pages, const char* entries) {
  std::string text = "(module (memory " + std::to_string(memory_pages) + " " + std::to_string(memory_pages + 32) + ") (table " +
                     entries + " funcref) (global (mut i32) (i32.const 7)) (global (mut i64) (i64.const -1)) (func $a)" +
                     " (func $b (result i32) i32.const 1) (elem (i32.const 3) $a $b) (data (i32.const " +
                     std::to_string((memory_pages - 2) * kWasmPageBytes) + ") \"far\")";
  for (uint64_t page = 0; page < image_pages; ++page)
    text += " (data (i32.const " + std::to_string(page * os::kPageBytes + 64) + ") \"x\")";
  return text + ")";
}

// `twin` has the memory of `large` and another table, `small` has another memory.
struct ThreeModules {
  std::shared_ptr<const Module> large, twin, small;

  ThreeModules(uint64_t memory_pages, uint64_t image_pages)
      : large(module_of(wat_with(memory_pages, image_pages, "40 100").c_str())),
        twin(module_of(wat_with(memory_pages, image_pages, "60 200").c_str())),
        small(module_of(kOther)) {}
};

// The three in one pool.
struct ThreeTenants {
  std::shared_ptr<const Prepared> prepared[3];
  Pool pool;
  const Tenant &large, &twin, &small;

  ThreeTenants(const ThreeModules& modules, const Strategy& strategy, uint32_t slots)
      : prepared{Prepared::make(modules.large, strategy), Prepared::make(modules.twin, strategy),
                 Prepared::make(modules.small, strategy)},
        pool(strategy, geometry(), slots),
        large(pool.admit(prepared[0])),
        twin(pool.admit(prepared[1])),
        small(pool.admit(prepared[2])) {}

 private:
  SlotGeometry geometry() const {
    SlotGeometry all;
    for (const auto& one : prepared) all = SlotGeometry::covering(all, *one);
    return all;
  }
};

// One slot under test, and what its tenants are compared with.
struct Tenancy : ThreeTenants {
  Tenancy(const ThreeModules& modules, const Strategy& strategy)
      : ThreeTenants(modules, strategy, 1),
        references_(modules, eager(strategy), 3),
        fresh_{{references_.pool, references_.large},
               {references_.pool, references_.twin},
               {references_.pool, references_.small}} {}

  // Fails the test unless the lease starts as one on a slot of its own does.
  void expect_pristine(Lease& lease) {
    size_t which = 0;
    while (prepared[which].get() != &lease->prepared()) ++which;
    expect_same_start(lease.instance(), fresh_[which].instance());
  }

 private:
  static Strategy eager(const Strategy& sized) {
    Strategy strategy = parse_strategy("eager");
    strategy.reserve_bytes = sized.reserve_bytes;
    strategy.guard_bytes = sized.guard_bytes;
    return strategy;
  }
  ThreeTenants references_;
  Lease fresh_[3];
};

// Writes to every step-th page from `first` on, to every table entry (of a retained table it looks at each: that stays) and
// every global.
inline void spoil(const Instance& instance, uint64_t first = 0, uint64_t step = 1) {
  const std::span<std::byte> memory = instance.memory(0);
  for (uint64_t at = first * os::kPageBytes + 9; at < memory.size(); at += step * os::kPageBytes) memory[at] = std::byte{0xee};
  write_all_entries(instance, 0, 0);
  const VmctxLayout& layout = instance.prepared().layout();
  std::memset(instance.vmctx().base() + layout.globals, 0xee, layout.total - layout.globals);
}

// Grows memory and table, and writes to what that adds.
inline void spoil_growth(const Instance& instance) {
  const uint64_t pages = instance.memory(0).size() / kWasmPageBytes;
  if (instance.grow_memory(0, 4) || instance.grow_memory(0, 1))
    std::fill(instance.memory(0).begin() + static_cast<std::ptrdiff_t>(pages * kWasmPageBytes), instance.memory(0).end(),
              std::byte{0xef});
  if (instance.prepared().table(0).retained) return;
  if (const auto entries = instance.grow_table(0, 10))
    instance.set(0, *entries + 5, instance.prepared().ref_to(0, instance.vmctx().base()));
}

inline std::string name_of_strategy(const testing::TestParamInfo<Strategy>& one) { return "n" + std::to_string(one.index); }

}  // namespace instbench::testing_modules
