// Modules and strategies that the tests of slots, pools and the oracle share.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <ostream>
#include <random>
#include <string>
#include <vector>

#include "runtime/module/load.hpp"
#include "runtime/pool/pool.hpp"

namespace instbench {
inline void PrintTo(const Strategy& strategy, std::ostream* out) { *out << canonical(strategy); }
}  // namespace instbench

namespace instbench::testing_modules {

// Data in two places, a table with imports, nulls and room to grow, globals of every kind.
inline constexpr const char* kRich = R"((module
  (import "host" "f" (func $imported (param i32)))
  (import "host" "g" (global $base i32))
  (memory 3 10)
  (table $t 40 100 funcref)
  (global $i (mut i32) (i32.const 7))
  (global $l (mut i64) (i64.const -1))
  (global $d f64 (f64.const 1.5))
  (global $r funcref (ref.func $a))
  (func $a) (func $b (result i32) i32.const 1)
  (elem (i32.const 3) $a $b $imported)
  (elem declare func $a)
  (data (i32.const 100) "first")
  (data (i32.const 140000) "second")
  (data "passive")))";

// The same memory start state as kRich in another module: only the table and globals differ.
inline constexpr const char* kRichTwin = R"((module (memory 3 10) (table 5 funcref) (func $x) (elem (i32.const 0) $x)
  (data (i32.const 100) "first") (data (i32.const 140000) "second")))";

// The same memory start state again, with a larger minimum and a larger table.
inline constexpr const char* kRichLarger =
    R"((module (memory 6 10) (table 70 funcref) (func $x) (elem (i32.const 69) $x)
  (data (i32.const 100) "first") (data (i32.const 140000) "second")))";

// Two memories, a run of three pages, and two extents: the hole between them is 200 pages long.
inline constexpr const char* kWide = R"((module (memory 20 30) (memory 2 4)
  (global (mut v128) (v128.const i64x2 3 4)) (global (mut funcref) (ref.func $f)) (func $f) (elem declare func $f)
  (data (i32.const 4090) "a run of pages") (data (i32.const 8190) "goes on") (data (i32.const 900000) "far away")
  (data (memory 1) (i32.const 65530) "second memory")
  (table 30 funcref) (elem (i32.const 2) $f)))";

inline constexpr const char* kOther = R"((module (memory 1 2) (table 9 funcref) (func $x) (elem (i32.const 8) $x)
  (data (i32.const 65530) "other")))";

inline constexpr const char* kBare = "(module)";

// A dynamic segment (its base is an imported global, zero here) between two static ones that overlap it.
inline constexpr const char* kDynamic = R"((module (import "env" "__memory_base" (global $b i32)) (memory 1)
  (data (i32.const 0) "aaaaaaaa") (data (global.get $b) "DDDD") (data (i32.const 2) "zz")
  (table 4 funcref) (func $f) (func $g) (elem (i32.const 0) $f $f $f) (elem (global.get $b) func $g $g) (elem (i32.const 1) $f)))";

inline constexpr const char* kOutOfBounds =
    R"((module (memory 1) (data (i32.const 0) "fine") (data (i32.const 65534) "over")))";

inline std::shared_ptr<const Module> module_of(const char* wat) {
  return load(assemble_wat(wat, "test.wat"), "test.wat", Bodies::validate);
}

// Every way a slot can be made, filled and reset. Small reservations: sanitizers have less address space.
// Where backing=file finds its images; gone with the process.
struct ImageFolder {
  const std::string path = testing::TempDir() + "/instbench_images_" + std::to_string(std::random_device()());
  ImageFolder() { set_image_folder(path); }
  ~ImageFolder() { std::filesystem::remove_all(path); }
};

inline std::vector<Strategy> all_strategies() {
  static const ImageFolder kImageFolder;
  std::vector<Strategy> strategies;
  for (const char* text :
       {"eager", "overlay", "overlay-lazy", "pool", "pool-lazy", "pool-copy", "pool,table-reset=refill",
        "pool-lazy,reset=remap", "pool,reset=remap", "pool-lazy,affinity=off", "pool-lazy,reset=copy",
        "pool,reset=copy", "pool,memory=copy", "pool-copy,reset=remap", "overlay,backing=file",
        "pool-lazy,backing=file", "pool,reset=remap,backing=file", "pool-keep,resident=64KiB", "pool-keep,resident=0",
        "pool-keep,tables=eager", "pool-scan", "pool-scan,tables=eager,resident=16KiB", "pool-scan,backing=file",
        "pool-restore", "pool-restore,resident=32KiB", "pool-restore,tables=eager", "pool-restore,backing=file",
        "pool-track", "pool-track,resident=64KiB", "pool-track,tables=eager", "best",
        "best,affinity=off", "best,tables=eager,resident=64KiB", "best,pool-resident=64KiB", "pool-track,pool-resident=64KiB",
        "pool-lazy,reset=batch", "pool,reset=batch,batch=2", "overlay,tables=precomputed",
        "pool,tables=precomputed", "pool,tables=precomputed,table-reset=refill", "pool-restore,tables=precomputed",
        "pool-copy,tables=precomputed", "pool-lazy,tables=proven", "pool-lazy,tables=proven,reset=remap",
        "pool-lazy,tables=proven,reset=batch", "pool-copy,tables=proven", "pool-keep,tables=proven",
        "pool-scan,tables=proven", "pool-restore,tables=proven", "pool-track,tables=proven"}) {
    Strategy strategy = parse_strategy(text);
    strategy.reserve_bytes = uint64_t{16} << 20;
    strategy.guard_bytes = 65536;
    strategies.push_back(strategy);
  }
  return strategies;
}

// tables=retained with every reset: for modules with a table that is proven, the others are refused.
inline std::vector<Strategy> retaining_strategies() {
  std::vector<Strategy> strategies;
  for (const char* text :
       {"pool-lazy", "pool-lazy,reset=remap", "pool-lazy,reset=copy", "pool-copy", "pool-keep,resident=16KiB",
        "pool-scan", "pool-restore", "pool-restore,resident=32KiB", "pool-track", "best"}) {
    Strategy strategy = parse_strategy(std::string(text) + ",tables=retained");
    strategy.reserve_bytes = uint64_t{16} << 20;
    strategy.guard_bytes = 65536;
    strategies.push_back(strategy);
  }
  return strategies;
}

// What a tenant may do to a table: a retained one it can only look at, in full.
inline void write_all_entries(const Instance& instance, size_t table, uint32_t function) {
  for (uint64_t i = 0; i < instance.table_size(table); ++i) {
    if (instance.prepared().table(table).retained)
      instance.take(table, i);
    else
      instance.set(table, i, instance.prepared().ref_to(function, instance.vmctx().base()));
  }
}

// A pool with one module.
struct PoolWith {
  std::shared_ptr<const Prepared> prepared;
  Pool pool;
  Tenant* tenant;

  PoolWith(const char* wat, const Strategy& strategy, uint32_t slots)
      : prepared(Prepared::make(module_of(wat), strategy)),
        pool(strategy, SlotGeometry::covering({}, *prepared), slots),
        tenant(&pool.admit(prepared)) {}
};

}  // namespace instbench::testing_modules
