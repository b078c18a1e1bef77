// A module that is unloaded and loaded again at another address, in a pool whose slots still hold its memory, its tables and
// its vmctx: the memory stays, and no address of the code that is gone is seen or called again.
#include <gtest/gtest.h>

#include <sys/mman.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "runtime/os/usage.hpp"
#include "runtime/pool/guest_fixture.hpp"
#include "runtime/pool/test_modules.hpp"

namespace instbench {
namespace {

using namespace testing_modules;
namespace fs = std::filesystem;

constexpr const char* kWat = R"((module (import "host" "f" (func $imported))
  (memory 2 5) (table $t 20 60 funcref) (global $g (mut funcref) (ref.func $a))
  (func $a (result i32) i32.const 11) (func $b (result i32) i32.const 22)
  (elem (i32.const 3) $a $b) (elem (i32.const 7) func $imported)
  (data (i32.const 100) "first") (data (i32.const 100000) "second")
  (func (export "tcall") (param i32) (result i32) (call_indirect $t (result i32) (local.get 0)))
  (func (export "tset") (param i32) (table.set $t (local.get 0) (ref.func $b)))
  (func (export "tgrow") (param i32) (result i32) (table.grow $t (ref.func $b) (local.get 0)))
  (func (export "gset") (global.set $g (ref.func $b)))
  (func (export "poke") (param i32 i32) (i32.store8 (local.get 0) (local.get 1)))))";

// Compiled once, in two files: to the loader, two libraries.
struct Libraries {
  std::vector<std::byte> bytes = assemble_wat(kWat, "reload.wat");
  std::shared_ptr<const Module> module = load(bytes, "reload.wat", Bodies::validate);
  fs::path folder = fs::path(testing::TempDir()) / ("instbench_reload_" + std::to_string(std::random_device()()));

  Libraries() {
    fs::create_directories(folder);
    CodegenOptions options;
    options.bounds = Bounds::checked;
    compile_module(*module, bytes, options, path("one.so"));
    fs::copy_file(path("one.so"), path("other.so"));
  }
  ~Libraries() { fs::remove_all(folder); }
  std::string path(const char* name) const { return (folder / name).string(); }
};

bool lies_in(os::Range range, uint64_t word) {
  return word >= reinterpret_cast<uint64_t>(range.base) && word < reinterpret_cast<uint64_t>(range.end());
}

// How many words of the slot's vmctx and tables are addresses in the range.
uint64_t words_into(const Slot& slot, os::Range range) {
  uint64_t found = 0;
  for (const std::byte* at = slot.vmctx(); at < slot.memory_base(0); at += sizeof(uint64_t)) {
    uint64_t word = 0;
    std::memcpy(&word, at, sizeof word);
    found += lies_in(range, word) ? 1 : 0;
  }
  return found;
}

// Keeps everyone else out of the addresses of code that is gone.
class Barred {
 public:
  explicit Barred(os::Range range) : range_(range) {
    ok_ = ::mmap(range.base, range.bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == range.base;
  }
  ~Barred() {
    if (ok_) ::munmap(range_.base, range_.bytes);
  }
  Barred(const Barred&) = delete;
  bool ok() const { return ok_; }

 private:
  os::Range range_;
  bool ok_ = false;
};

class Reload : public testing::TestWithParam<Strategy> {
 protected:
  void SetUp() override {
    if (!os::guest_code_supported().ok) GTEST_SKIP() << os::guest_code_supported().why_not;
    try {
      choose_compiler(Module{}, Compiler::automatic);
    } catch (const CodegenError& error) {
      GTEST_SKIP() << error.what();
    }
  }

  static bool keeps_slots() { return GetParam().alloc == Alloc::pool && GetParam().affinity == Switch::on; }

  // One life: what it starts as, by calls; then everything that can hold a code address is made to.
  static void live(Lease& lease, os::Range gone) {
    const os::Range text = lease->prepared().code()->text();
    EXPECT_EQ(words_into(lease->slot(), gone), 0u);
    EXPECT_EQ(std::string(reinterpret_cast<const char*>(lease->memory(0).data()) + 100000, 6), "second");
    for (const std::byte b : lease->memory(0).subspan(200, 4000)) ASSERT_EQ(b, std::byte{0});
    for (uint32_t entry = 0; entry < 20; ++entry) {
      uint32_t answer = 0;
      const Trap trap = call(lease.instance(), "tcall", {entry}, &answer);
      const bool own = entry == 3 || entry == 4;
      EXPECT_EQ(trap, own ? Trap::none : entry == 7 ? Trap::indirect_call_mismatch : Trap::uninitialized_element) << entry;
      if (own) {
        EXPECT_EQ(answer, entry == 3 ? 11u : 22u);
        EXPECT_TRUE(lies_in(text, reinterpret_cast<uint64_t>(lease->take(0, entry).code)));
      }
    }
    FuncRef global;
    std::memcpy(&global, lease->vmctx().global(0), sizeof global);
    EXPECT_TRUE(lies_in(text, reinterpret_cast<uint64_t>(global.code)));
    for (uint32_t entry = 0; entry < 20; ++entry) EXPECT_EQ(call(lease.instance(), "tset", {entry}), Trap::none);
    EXPECT_EQ(call(lease.instance(), "tgrow", {10}), Trap::none);
    EXPECT_EQ(call(lease.instance(), "gset"), Trap::none);
    EXPECT_EQ(call(lease.instance(), "poke", {300, 1}), Trap::none);
    EXPECT_GE(words_into(lease->slot(), text), 31u);
  }
};
INSTANTIATE_TEST_SUITE_P(All, Reload, testing::ValuesIn(all_strategies()),
                         [](const auto& one) { return "n" + std::to_string(one.index); });

TEST_P(Reload, NoAddressOfUnloadedCodeIsSeen) {
  const Libraries files;
  auto prepared = Prepared::make(files.module, GetParam(), {Code::load(files.path("one.so"), files.module), nullptr, {}});
  Pool pool(GetParam(), SlotGeometry::covering({}, *prepared), 1);
  os::Range gone;
  for (int load = 0; load < 3; ++load) {
    const Tenant& tenant = pool.admit(prepared);
    const Slot* slot = nullptr;
    for (int round = 0; round < 3; ++round) {
      Lease lease(pool, tenant);
      slot = &lease->slot();
      if (keeps_slots() && load > 0) {
        EXPECT_NE(lease.path().slot, SlotPath::cold);
        EXPECT_EQ(lease.path().memory, GetParam().memory == MemoryInit::copy && GetParam().reset != Reset::copy ? MemoryPath::copied : MemoryPath::kept);
      }
      live(lease, gone);
    }
    // Unload it, for good.
    const os::Range text = prepared->code()->text();
    pool.dismiss(tenant);
    const std::weak_ptr<const Prepared> watched = prepared;
    prepared.reset();
    ASSERT_TRUE(watched.expired());
    ASSERT_FALSE(os::readable(text.base));
    if (keeps_slots()) {
      EXPECT_GT(words_into(*slot, text), 0u);  // idle, it still names what is gone
    }
    const Barred barred(text);
    ASSERT_TRUE(barred.ok()) << std::strerror(errno);
    prepared = Prepared::make(files.module, GetParam(), {Code::load(files.path("one.so"), files.module), nullptr, {}});
    ASSERT_FALSE(lies_in(text, reinterpret_cast<uint64_t>(prepared->code()->text().base)));
    gone = text;
  }
  EXPECT_EQ(pool.stats().failed_resets + pool.stats().retired, 0u);
}

// Two loads of one module take turns in a slot, then one of them goes.
TEST_P(Reload, TwoLoadsOfOneModuleNeverSeeEachOthersCode) {
  const Libraries files;
  auto one = Prepared::make(files.module, GetParam(), {Code::load(files.path("one.so"), files.module), nullptr, {}});
  const auto other = Prepared::make(files.module, GetParam(), {Code::load(files.path("other.so"), files.module), nullptr, {}});
  const os::Range texts[] = {one->code()->text(), other->code()->text()};
  ASSERT_NE(texts[0].base, texts[1].base);
  Pool pool(GetParam(), SlotGeometry::covering({}, *one), 1);
  const Tenant &first = pool.admit(one), &second = pool.admit(other);
  for (int round = 0; round < 6; ++round) {
    Lease lease(pool, round % 2 == 0 ? first : second);
    live(lease, texts[round % 2 == 0 ? 1 : 0]);
  }
  { Lease last(pool, first); }
  pool.dismiss(first);
  one.reset();
  ASSERT_FALSE(os::readable(texts[0].base));
  for (int round = 0; round < 3; ++round) {
    Lease lease(pool, second);
    live(lease, texts[0]);
  }
}

}  // namespace
}  // namespace instbench
