// One tenant after another in few slots, each looked at where its bytes lie: through Instance::memory() and take() a slot
// would count as touched, and one that was used but not reset would never be found.
#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "runtime/os/pagemap.hpp"
#include "runtime/pool/guest_fixture.hpp"
#include "runtime/pool/test_modules.hpp"

namespace instbench {
namespace {

using namespace testing_modules;

// What a memory's bytes from `from` on should be and are not, in the first and last words of each page.
std::string difference(const Instance& instance, size_t memory, uint64_t from = 0) {
  const MemoryInstance& there = instance.vmctx().memory(memory);
  constexpr uint64_t kWords = os::kPageBytes / 8;
  for (uint64_t word = from / 8; word < there.pages * kWasmPageBytes / 8; ++word) {
    if (word % kWords == 8) word += kWords - 16;
    const std::byte* image = instance.prepared().image(memory).plan().page(word / kWords);
    uint64_t expected = 0, found = 0;
    if (image != nullptr) std::memcpy(&expected, image + word % kWords * 8, 8);
    std::memcpy(&found, there.base + word * 8, 8);
    if (found != expected) return "memory " + std::to_string(memory) + " page " + std::to_string(word / kWords);
  }
  return "";
}

std::string difference(const Instance& instance) {
  const Prepared& prepared = instance.prepared();
  for (size_t i = 0; i < prepared.needs().memory_pages.size(); ++i) {
    if (const std::string found = difference(instance, i); !found.empty()) return found;
  }
  for (size_t i = 0; i < prepared.table_count(); ++i) {
    const TablePlan& plan = prepared.table(i);
    for (uint64_t entry = 0; entry < plan.capacity && !plan.retained && !fills(prepared.strategy().tables); ++entry) {
      if (instance.vmctx().table(i).entries[entry].initialised()) return "table entry " + std::to_string(entry);
    }
  }
  return "";
}

class Tenants : public testing::TestWithParam<const char*> {
 protected:
  // Nothing where the kernel lacks what the strategy needs.
  static std::optional<Strategy> strategy() {
    Strategy strategy = parse_strategy(GetParam());
    strategy.reserve_bytes = uint64_t{32} << 20;
    strategy.guard_bytes = 65536;
    try {
      Pool probe(strategy, SlotGeometry(), 0);
    } catch (const Unsupported& error) {
      std::cout << "skipped: " << error.what() << "\n";
      return std::nullopt;
    }
    return strategy;
  }
};
INSTANTIATE_TEST_SUITE_P(All, Tenants,
                         testing::Values("pool-lazy", "pool-keep", "pool-scan", "pool-copy", "pool-restore",
                                         "pool-restore,resident=4MiB", "pool-restore,thp=on", "pool-track,resident=8MiB",
                                         "pool-lazy,reset=remap", "pool-lazy,reset=batch,batch=1", "best", "best,prefault=off,resident=6MiB",
                                         "best,tables=eager,pool-resident=12MiB"),
                         [](const auto& one) { return "n" + std::to_string(one.index); });

// Modules of one image and of several sizes; more runs than a slot remembers; growth; budgets that come and go.
TEST_P(Tenants, FindWhatTheirModuleSays) {
  const auto parsed = strategy();
  if (!parsed) GTEST_SKIP();
  constexpr std::array kModules{
      R"((module (memory 64 300) (data (i32.const 5000) "abc") (table 600 4000 funcref)))",
      R"((module (memory 200 300) (data (i32.const 5000) "abc")))",
      R"((module (memory 2 300) (data (i32.const 5000) "abc") (table 3 funcref)))",
      R"((module (memory 64 300) (memory 1 100) (data (i32.const 5000) "abc") (data (memory 1) (i32.const 70) "z")))",
      R"((module (memory 0 100)))", R"((module (memory 1) (memory 0 100)))"};
  SlotGeometry geometry;
  std::vector<std::shared_ptr<const Prepared>> prepared;
  for (const char* wat : kModules) {
    prepared.push_back(Prepared::make(module_of(wat), *parsed));
    geometry = SlotGeometry::covering(geometry, *prepared.back());
  }
  Pool pool(*parsed, geometry, 4);
  std::vector<Tenant*> tenants;
  for (const auto& one : prepared) tenants.push_back(&pool.admit(one));
  std::mt19937 random(7);
  const auto below = [&](uint32_t limit) { return random() % limit; };
  size_t module = 0;
  uint64_t first = 0, step = 2, count = 1500;
  for (int cycle = 0; cycle < 250; ++cycle) {
    if (below(15) == 0) module = below(kModules.size());
    if (below(15) == 0) {
      first = below(40);
      step = 1 + below(4);
      count = below(2) == 0 ? 1500 : below(3000);
    }
    if (below(40) == 0) pool.set_resident_budget(below(2) == 0 ? uint64_t{1} << 30 : below(4000) * os::kPageBytes);
    Lease lease(pool, *tenants[module]);
    ASSERT_EQ(difference(lease.instance()), "") << GetParam() << " cycle " << cycle << " module " << module;
    if (below(8) == 0) continue;
    for (size_t i = 0; i < prepared[module]->needs().memory_pages.size(); ++i) {
      if (below(3) == 0) {
        const uint64_t before = lease->vmctx().memory(i).pages * kWasmPageBytes;
        const bool grew = lease->grow_memory(i, below(100)).has_value();
        ASSERT_EQ(grew ? difference(lease.instance(), i, before) : "", "") << GetParam() << " cycle " << cycle << ", grown";
      }
      const std::span<std::byte> memory = lease->memory(i);
      for (uint64_t k = 0; k < count && (first + k * step + 1) * os::kPageBytes <= memory.size(); ++k) {
        const uint64_t page = first + k * step;
        memory[page * os::kPageBytes + (page % 2 == 0 ? 0 : os::kPageBytes - 1)] = static_cast<std::byte>(random() | 1);
      }
    }
    if (prepared[module]->table_count() != 0) {
      for (int i = 0; i < 4; ++i) {
        const uint64_t entry = below(static_cast<uint32_t>(lease->table_size(0)));
        if (prepared[module]->table(0).retained)
          lease->take(0, entry);
        else
          lease->set(0, entry, null_ref());
      }
      if (below(4) == 0) lease->grow_table(0, below(300));
    }
  }
  EXPECT_EQ(pool.stats().failed_resets, 0u) << pool.stats().last_failure;
}

// Each way of writing, and nothing but it, is enough for a reset.
TEST_P(Tenants, EveryWayOfWritingIsSeen) {
  const auto parsed = strategy();
  if (!parsed) GTEST_SKIP();
  PoolWith one(R"((module (memory 2 20) (table (export "t") 3 20 funcref) (func $f) (elem (i32.const 0) $f)
    (data (i32.const 10) "image")))", *parsed, 1);
  using Write = void (*)(const Instance&);
  constexpr std::array<Write, 5> kWays{
      [](const Instance& instance) { instance.memory(0)[10] = std::byte{0xee}; },
      [](const Instance& instance) { ASSERT_TRUE(instance.grow_memory(0, 1)); },
      [](const Instance& instance) { static_cast<void>(instance.take(0, 0)); },
      [](const Instance& instance) { instance.set(0, 1, null_ref()); },
      [](const Instance& instance) { ASSERT_TRUE(instance.grow_table(0, 1)); },
  };
  for (int round = 0; round < 4; ++round) {
    for (size_t way = 0; way < kWays.size(); ++way) {
      Lease lease(one.pool, *one.tenant);
      ASSERT_EQ(difference(lease.instance()), "") << GetParam() << ", before way " << way;
      ASSERT_FALSE(os::readable(lease->vmctx().memory(0).base + 2 * kWasmPageBytes)) << GetParam() << ", before way " << way;
      kWays[way](lease.instance());
    }
  }
}

// A call alone, and a start function alone.
TEST_P(Tenants, CodeIsSeenToWrite) {
  const auto parsed = strategy();
  if (!parsed) GTEST_SKIP();
  if (!os::guest_code_supported().ok) GTEST_SKIP() << os::guest_code_supported().why_not;
  for (const bool start : {false, true}) {
    const std::string wat = std::string(R"((module (memory 2) (func $f (i32.store (i32.load (i32.const 70000)) (i32.const 7))
      (i32.store (i32.const 70000) (i32.add (i32.load (i32.const 70000)) (i32.const 4096)))) (export "f" (func $f)) )") +
                            (start ? "(start $f))" : ")");
    const std::vector<std::byte> bytes = assemble_wat(wat, "test.wat");
    const auto module = load(bytes, "test.wat", Bodies::validate);
    CodegenOptions options;
    options.bounds = Bounds::checked;
    PrepareOptions prepare;
    try {
      prepare.code = make_code(module, bytes, options);
    } catch (const CodegenError& error) {
      GTEST_SKIP() << error.what();
    }
    const auto prepared = Prepared::make(module, *parsed, prepare);
    Pool pool(*parsed, SlotGeometry::covering({}, *prepared), 1);
    Tenant& tenant = pool.admit(prepared);
    for (int round = 0; round < 6; ++round) {
      Lease lease(pool, tenant);
      uint32_t counter = 0, stored = 0;
      const std::byte* memory = lease->vmctx().memory(0).base;
      std::memcpy(&counter, memory + 70000, sizeof counter);
      ASSERT_EQ(counter, start ? 4096u : 0u) << GetParam() << " round " << round;
      std::memcpy(&stored, memory + 4096, sizeof stored);
      ASSERT_EQ(stored, 0u) << GetParam() << " round " << round;
      if (start) continue;
      Value nothing;
      ASSERT_EQ(lease->call(find_export(lease.instance(), "f")->index, &nothing), Trap::none);
    }
  }
}

}  // namespace
}  // namespace instbench
