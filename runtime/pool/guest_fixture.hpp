// Modules with code for tests: each is compiled once per compiler and kind of bounds.
#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <initializer_list>
#include <map>
#include <ostream>
#include <tuple>

#include "runtime/module/load.hpp"
#include "runtime/os/usage.hpp"
#include "runtime/pool/pool.hpp"

namespace instbench::testing_modules {

struct Kind {
  const char* name;
  Compiler compiler;
  const char* strategy;
};

// Both compilers, both kinds of bounds, and slots that are fresh, reset by madvise, by copying, by mapping anew.
inline const Kind kKinds[] = {
    {"tcc", Compiler::tcc, "pool-lazy"},
    {"cc", Compiler::cc, "pool-lazy"},
    {"tcc_eager", Compiler::tcc, "eager"},
    {"cc_pool", Compiler::cc, "pool"},
    {"tcc_copy", Compiler::tcc, "pool-copy"},
    {"tcc_checked", Compiler::tcc, "pool-lazy,reserve=16MiB,guard=64KiB"},
    {"cc_checked", Compiler::cc, "pool-lazy,reset=remap,reserve=16MiB,guard=64KiB"},
};

struct Compiled {
  std::shared_ptr<const Module> module;
  std::shared_ptr<const Code> code;
};

inline const Compiled& compiled(const char* wat, Compiler compiler, Bounds bounds) {
  static std::map<std::tuple<std::string, Compiler, Bounds>, Compiled> all;
  Compiled& one = all[{wat, compiler, bounds}];
  if (one.module == nullptr) {
    const std::vector<std::byte> bytes = assemble_wat(wat, "test.wat");
    one.module = load(bytes, "test.wat", Bodies::validate);
    CodegenOptions options;
    options.compiler = compiler;
    options.bounds = bounds;
    one.code = make_code(one.module, bytes, options);
  }
  return one;
}

inline std::shared_ptr<const Prepared> prepare(const char* wat, const Kind& kind, const HostImports* host = nullptr,
                                               std::vector<bool> linked = {}) {
  const Strategy strategy = parse_strategy(kind.strategy);
  const bool room = strategy.reserve_bytes + strategy.guard_bytes >= kGuardedBytes;
  const Compiled& one = compiled(wat, kind.compiler, room ? Bounds::guard : Bounds::checked);
  return Prepared::make(one.module, strategy, {one.code, host, std::move(linked)});
}

// One module in a pool of its own.
struct Guest {
  std::shared_ptr<const Prepared> prepared;
  Pool pool;
  Tenant* tenant;

  Guest(const char* wat, const Kind& kind, uint32_t slots = 1, const HostImports* host = nullptr)
      : prepared(prepare(wat, kind, host)),
        pool(prepared->strategy(), SlotGeometry::covering({}, *prepared), slots),
        tenant(&pool.admit(prepared)) {}
};

// Calls an export with i32 arguments; `result` takes the first result's bits.
inline Trap call(const Instance& instance, const std::string& name, std::initializer_list<uint32_t> arguments = {},
                 uint32_t* result = nullptr) {
  const auto found = find_export(instance, name);
  if (!found) throw std::runtime_error("no export " + name);
  std::vector<Value> values(8);
  size_t i = 0;
  for (const uint32_t argument : arguments) values[i++].i32 = argument;
  const Trap trap = instance.call(found->index, values.data());
  if (result != nullptr) *result = values[0].i32;
  return trap;
}

// Whether an instance on a used slot starts as one on a slot of its own does: memories, tables, globals and drop flags.
inline void expect_same_start(const Instance& used, const Instance& fresh) {
  const VmctxLayout& layout = used.prepared().layout();
  for (size_t i = 0; i < used.prepared().needs().memory_pages.size(); ++i) {
    ASSERT_EQ(used.memory(i).size(), fresh.memory(i).size());
    EXPECT_EQ(std::memcmp(used.memory(i).data(), fresh.memory(i).data(), used.memory(i).size()), 0) << "memory " << i;
    EXPECT_FALSE(os::readable(used.memory(i).data() + used.memory(i).size())) << "memory " << i << " is open beyond";
  }
  for (size_t i = 0; i < used.prepared().table_count(); ++i) {
    ASSERT_EQ(used.table_size(i), fresh.table_size(i));
    for (uint64_t k = 0; k < used.table_size(i); ++k) {
      const FuncRef there = used.take(i, k), wanted = fresh.take(i, k);
      EXPECT_EQ(there.is_null(), wanted.is_null()) << "table " << i << " entry " << k;
      EXPECT_EQ(used.prepared().function_of(there, used.vmctx().base()),
                fresh.prepared().function_of(wanted, fresh.vmctx().base()))
          << "table " << i << " entry " << k;
    }
  }
  const std::byte *a = used.vmctx().base(), *b = fresh.vmctx().base();
  for (size_t i = layout.globals; i < layout.total; ++i)
    ASSERT_EQ(a[i], b[i]) << "global or drop flag at byte " << i - layout.globals;  // REQUIRES: no funcref globals
}

class EveryKind : public testing::TestWithParam<Kind> {
 protected:
  void SetUp() override {
    if (!os::guest_code_supported().ok) GTEST_SKIP() << os::guest_code_supported().why_not;
    try {
      choose_compiler(Module{}, GetParam().compiler);
    } catch (const CodegenError& error) {
      GTEST_SKIP() << error.what();
    }
  }
};

inline void PrintTo(const Kind& kind, std::ostream* out) { *out << kind.name; }
inline std::string name_of_kind(const testing::TestParamInfo<Kind>& info) { return info.param.name; }

}  // namespace instbench::testing_modules
