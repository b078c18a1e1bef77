// The modules of the isolation model, and what an instance of each is at the start. Private to the layer.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

namespace instbench::bench {

// Text placed in a memory.
struct ModelData {
  uint64_t at;
  std::string_view text;
};

// What a call of a table entry answers; 0 stands for null.
using ModelEntry = uint32_t;

struct ModelModule {
  const char* wat;
  std::vector<uint64_t> memory_pages;             // of 64 KiB, by memory
  std::vector<std::vector<ModelData>> data;       // by memory
  std::vector<ModelEntry> table;                  // empty: no table
  std::vector<uint64_t> globals;                  // mutable i64 ones, in order
  bool links = false;                             // imports memory and table of an instance of the first module
  std::vector<std::pair<uint64_t, ModelEntry>> writes_linked;  // its segments, into the linked table
  ModelEntry own = 0;                             // what its function that table operations name answers
};

// Exported by each that has a memory: poke(at, value), fill(at, value, n), grow(n), boom(at, value): traps after a write;
// with a table: tcall(i) and, where code may write it, tset(i), tclear(i), tgrow(n); with globals: gset(value).
#define MODEL_MEMORY_FUNCTIONS                                                                                      \
  "(func (export \"poke\") (param i32 i32) (i32.store8 (local.get 0) (local.get 1)))"                               \
  "(func (export \"fill\") (param i32 i32 i32) (memory.fill (local.get 0) (local.get 1) (local.get 2)))"            \
  "(func (export \"grow\") (param i32) (result i32) (memory.grow (local.get 0)))"                                   \
  "(func (export \"boom\") (param i32 i32) (i32.store8 (local.get 0) (local.get 1)) unreachable)"
#define MODEL_TABLE_CALL                                                                                            \
  "(func (export \"tcall\") (param i32) (result i32) (call_indirect $t (result i32) (local.get 0)))"
#define MODEL_TABLE_FUNCTIONS                                                                                       \
  "(func (export \"tset\") (param i32) (table.set $t (local.get 0) (ref.func $own)))"                               \
  "(func (export \"tclear\") (param i32) (table.set $t (local.get 0) (ref.null func)))"                             \
  MODEL_TABLE_CALL "(elem declare func $own)"
#define MODEL_TABLE_GROWTH                                                                                          \
  "(func (export \"tgrow\") (param i32) (result i32) (table.grow $t (ref.null func) (local.get 0)))"

inline const std::vector<ModelModule>& model_modules() {
  static const std::vector<ModelModule> kModules{
      {"(module (memory (export \"memory\") 2 5) (table $t (export \"table\") 12 24 funcref)"
       " (global $g (mut i64) (i64.const 7)) (global $h (mut i64) (i64.const -1))"
       " (func $own (result i32) (i32.const 1)) (func $other (result i32) (i32.const 2))"
       " (elem (i32.const 3) $own $other $own)"
       " (data (i32.const 100) \"first\") (data (i32.const 70000) \"second\") (data \"passive\")"
       " (func (export \"gset\") (param i64) (global.set $g (local.get 0)))" MODEL_MEMORY_FUNCTIONS
           MODEL_TABLE_FUNCTIONS MODEL_TABLE_GROWTH ")",
       {2},
       {{{100, "first"}, {70000, "second"}}},
       {0, 0, 0, 1, 2, 1, 0, 0, 0, 0, 0, 0},
       {7, UINT64_MAX},
       false,
       {},
       1},
      // The same memory image, another table, no globals.
      {"(module (memory 2 5) (table $t 5 funcref) (func $own (result i32) (i32.const 3)) (elem (i32.const 0) $own)"
       " (data (i32.const 100) \"first\") (data (i32.const 70000) \"second\")" MODEL_MEMORY_FUNCTIONS
           MODEL_TABLE_FUNCTIONS ")",
       {2},
       {{{100, "first"}, {70000, "second"}}},
       {3, 0, 0, 0, 0},
       {},
       false,
       {},
       3},
      // The same image again in a larger memory.
      {"(module (memory 4 6) (data (i32.const 100) \"first\") (data (i32.const 70000) \"second\")" MODEL_MEMORY_FUNCTIONS
       ")",
       {4},
       {{{100, "first"}, {70000, "second"}}},
       {},
       {},
       false,
       {},
       0},
      // Two memories, content in scattered pages of both; guest code writes to the first.
      {"(module (memory 3 4) (memory 1 2) (data (i32.const 4090) \"a run of pages\") (data (i32.const 150000) \"far\")"
       " (data (memory 1) (i32.const 65530) \"second\")" MODEL_MEMORY_FUNCTIONS ")",
       {3, 1},
       {{{4090, "a run of pages"}, {150000, "far"}}, {{65530, "second"}}},
       {},
       {},
       false,
       {},
       0},
      // A table and no memory.
      {"(module (table $t 700 800 funcref) (func $own (result i32) (i32.const 5)) (elem (i32.const 200) $own $own)"
       MODEL_TABLE_FUNCTIONS MODEL_TABLE_GROWTH ")",
       {},
       {},
       [] {
         std::vector<ModelEntry> table(700, 0);
         table[200] = table[201] = 5;
         return table;
       }(),
       {},
       false,
       {},
       5},
      // Memory and table of another instance, into which its segment writes.
      {"(module (import \"e\" \"memory\" (memory 2)) (import \"e\" \"table\" (table $t 12 funcref))"
       " (func $own (result i32) (i32.const 4)) (elem (i32.const 7) $own)"
       " (global $g (mut i64) (i64.const 9)) (func (export \"gset\") (param i64) (global.set $g (local.get 0)))"
       MODEL_MEMORY_FUNCTIONS MODEL_TABLE_FUNCTIONS MODEL_TABLE_GROWTH ")",
       {},
       {},
       {},
       {9},
       true,
       {{7, 4}},
       4},
      // Tables that nobody can write, which tables=retained keeps: the first image again, with two tables of which the
      // same entries are others, over one page and over five; and one without a memory, beside a table that code may
      // write.
      {"(module (memory 2 5) (table $t 9 funcref) (func $own (result i32) (i32.const 6))"
       " (func $b (result i32) (i32.const 16))"
       " (elem (i32.const 1) $own $b $own) (data (i32.const 100) \"first\") (data (i32.const 70000) \"second\")"
       MODEL_MEMORY_FUNCTIONS MODEL_TABLE_CALL ")",
       {2},
       {{{100, "first"}, {70000, "second"}}},
       {0, 6, 16, 6, 0, 0, 0, 0, 0},
       {},
       false,
       {},
       6},
      {"(module (memory 2 5) (table $t 800 funcref)"
       " (func $own (result i32) (i32.const 7)) (func $b (result i32) (i32.const 17))"
       " (elem (i32.const 0) $own $b) (elem (i32.const 500) $b $own $own) (elem (i32.const 798) $own)"
       " (data (i32.const 100) \"first\") (data (i32.const 70000) \"second\")"
       MODEL_MEMORY_FUNCTIONS MODEL_TABLE_CALL ")",
       {2},
       {{{100, "first"}, {70000, "second"}}},
       [] {
         std::vector<ModelEntry> table(800, 0);
         table[0] = table[501] = table[502] = table[798] = 7;
         table[1] = table[500] = 17;
         return table;
       }(),
       {},
       false,
       {},
       7},
      {"(module (table $t 300 funcref) (func $own (result i32) (i32.const 8)) (elem (i32.const 100) $own $own)"
       " (table $written 20 funcref) (func (table.set $written (i32.const 3) (ref.func $own))) (elem declare func $own)"
       MODEL_TABLE_CALL ")",
       {},
       {},
       [] {
         std::vector<ModelEntry> table(300, 0);
         table[100] = table[101] = 8;
         return table;
       }(),
       {},
       false,
       {},
       8},
      // Room for a huge page: 2 MiB of zeros, content behind them; a table that is never written. The last module
      // (Model::any_module).
      {"(module (memory 36 38) (table $t 6 funcref) (func $own (result i32) (i32.const 9)) (elem (i32.const 4) $own)"
       " (data (i32.const 2200000) \"behind\")" MODEL_MEMORY_FUNCTIONS MODEL_TABLE_CALL ")",
       {36},
       {{{2200000, "behind"}}},
       {0, 0, 0, 0, 9, 0},
       {},
       false,
       {},
       9},
  };
  return kModules;
}

#undef MODEL_MEMORY_FUNCTIONS
#undef MODEL_TABLE_CALL
#undef MODEL_TABLE_FUNCTIONS
#undef MODEL_TABLE_GROWTH

}  // namespace instbench::bench
