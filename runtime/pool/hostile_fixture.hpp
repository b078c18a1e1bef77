// Tenants of a module that is large enough for huge pages and for thousands of runs, beside an instance that has its
// memory to itself: for the tests of what a host may do to memory.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "runtime/os/pagemap.hpp"
#include "runtime/pool/guest_fixture.hpp"
#include "runtime/pool/test_modules.hpp"

namespace instbench::testing_modules {

inline constexpr uint64_t kLargePages = 192 * kWasmPageBytes / os::kPageBytes;  // 12 MiB
inline constexpr uint64_t kImagePages = 1024;                                   // of which an image has content

// 4 MiB of image, a byte in each page, then zeros with one page of content among them; a table and globals.
inline const std::string& large_wat() {
  static const std::string kText = [] {
    std::string text =
        "(module (memory 192 224) (table 40 100 funcref) (global (mut i32) (i32.const 7)) (global (mut i64) (i64.const -1))"
        " (func $a) (func $b (result i32) i32.const 1) (elem (i32.const 3) $a $b) (data (i32.const 8192100) \"far\")";
    for (uint64_t page = 0; page < kImagePages; ++page)
      text += " (data (i32.const " + std::to_string(page * os::kPageBytes + 64) + ") \"x\")";
    return text + ")";
  }();
  return kText;
}

// The same memory in a module with another table.
inline const std::string& large_twin_wat() {
  static const std::string kText = [] {
    std::string text = large_wat();
    return text.replace(text.find("(table 40 100"), 13, "(table 60 200");
  }();
  return kText;
}

// The three modules of these tests in one pool: `twin` has the memory of `large`, `small` has another.
struct ThreeTenants {
  std::shared_ptr<const Prepared> prepared[3];
  Pool pool;
  const Tenant &large, &twin, &small;

  ThreeTenants(const Strategy& strategy, uint32_t slots)
      : prepared{Prepared::make(module_of(large_wat().c_str()), strategy),
                 Prepared::make(module_of(large_twin_wat().c_str()), strategy), Prepared::make(module_of(kOther), strategy)},
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
  explicit Tenancy(const Strategy& strategy)
      : ThreeTenants(strategy, 1),
        references_(eager(strategy), 3),
        fresh_{{references_.pool, references_.large}, {references_.pool, references_.twin}, {references_.pool, references_.small}} {}

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

// Writes to every step-th page from `first` on, to every table entry and every global.
inline void spoil(const Instance& instance, uint64_t first = 0, uint64_t step = 1) {
  const std::span<std::byte> memory = instance.memory(0);
  for (uint64_t at = first * os::kPageBytes + 9; at < memory.size(); at += step * os::kPageBytes) memory[at] = std::byte{0xee};
  for (uint64_t i = 0; i < instance.table_size(0); ++i)
    instance.set(0, i, instance.prepared().ref_to(0, instance.vmctx().base()));
  const VmctxLayout& layout = instance.prepared().layout();
  std::memset(instance.vmctx().base() + layout.globals, 0xee, layout.total - layout.globals);
}

// Grows memory and table, and writes to what that adds.
inline void spoil_growth(const Instance& instance) {
  const uint64_t pages = instance.memory(0).size() / kWasmPageBytes;
  if (instance.grow_memory(0, pages < 224 && pages >= 192 ? 4 : 1))
    std::fill(instance.memory(0).begin() + static_cast<std::ptrdiff_t>(pages * kWasmPageBytes), instance.memory(0).end(),
              std::byte{0xef});
  if (const auto entries = instance.grow_table(0, 10))
    instance.set(0, *entries + 5, instance.prepared().ref_to(0, instance.vmctx().base()));
}

inline std::string name_of_strategy(const testing::TestParamInfo<Strategy>& one) { return "n" + std::to_string(one.index); }

}  // namespace instbench::testing_modules
