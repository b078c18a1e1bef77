#include "runtime/precompiled/module_bytes.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <tuple>

#include "runtime/image/image_plan.hpp"
#include "runtime/module/load.hpp"
#include "runtime/os/private_dir.hpp"

namespace instbench {
namespace {

namespace fs = std::filesystem;

std::vector<std::byte> bytes_of(const Module& module) {
  ByteWriter writer;
  write_module(writer, module);
  return writer.take();
}

std::shared_ptr<const Module> module_of(std::span<const std::byte> bytes) {
  ByteReader reader(bytes);
  auto module = read_module(reader);
  if (!reader.at_end()) throw CorruptBytes("bytes are left over");
  return module;
}

auto all_of(const ConstExpr& e) { return std::tie(e.kind, e.type, e.index, e.bits, e.bits_high); }
auto all_of(const FuncType& t) { return std::tie(t.params, t.results); }
auto all_of(const Function& f) { return std::tie(f.type, f.imported); }
auto all_of(const Table& t) { return std::tie(t.element, t.limits, t.imported); }
auto all_of(const Memory& m) { return std::tie(m.limits, m.imported, m.shared, m.is_64); }
auto all_of(const Import& i) { return std::tie(i.module, i.name, i.kind, i.index); }
auto all_of(const Export& e) { return std::tie(e.name, e.kind, e.index); }
auto all_of(const ElemEntry& e) { return std::tie(e.kind, e.index); }
auto all_of(const Global& g) { return std::tuple_cat(std::tie(g.type, g.is_mutable, g.imported), all_of(g.init)); }
auto all_of(const DataSegment& s) {
  return std::tuple_cat(std::tie(s.mode, s.memory, s.begin, s.size, s.dropped), all_of(s.offset));
}
auto all_but_entries(const ElemSegment& s) {
  return std::tuple_cat(std::tie(s.mode, s.table, s.type, s.expressions, s.dropped), all_of(s.offset));
}

template <typename Item>
void expect_equal(const std::vector<Item>& a, const std::vector<Item>& b, const char* what) {
  ASSERT_EQ(a.size(), b.size()) << what;
  for (size_t i = 0; i < a.size(); ++i) ASSERT_TRUE(all_of(a[i]) == all_of(b[i])) << what << " " << i;
}

void expect_equal(const Module& a, const Module& b) {
  EXPECT_EQ(a.sha256, b.sha256);
  EXPECT_EQ(a.snapshot, b.snapshot);
  EXPECT_EQ(a.byte_size, b.byte_size);
  EXPECT_EQ(a.start, b.start);
  EXPECT_EQ(a.tag_count, b.tag_count);
  EXPECT_TRUE(a.table_writes == b.table_writes);
  EXPECT_TRUE(a.data_bytes == b.data_bytes);
  expect_equal(a.types, b.types, "type");
  expect_equal(a.functions, b.functions, "function");
  expect_equal(a.tables, b.tables, "table");
  expect_equal(a.memories, b.memories, "memory");
  expect_equal(a.globals, b.globals, "global");
  expect_equal(a.imports, b.imports, "import");
  expect_equal(a.exports, b.exports, "export");
  expect_equal(a.data_segments, b.data_segments, "data segment");
  ASSERT_EQ(a.elem_segments.size(), b.elem_segments.size());
  for (size_t i = 0; i < a.elem_segments.size(); ++i) {
    ASSERT_TRUE(all_but_entries(a.elem_segments[i]) == all_but_entries(b.elem_segments[i])) << i;
    expect_equal(a.elem_segments[i].entries, b.elem_segments[i].entries, "entry");
  }
}

void expect_round_trip(const std::string& file, Bodies bodies) {
  SCOPED_TRACE(file);
  const auto module = load_file(file, bodies);
  const std::vector<std::byte> bytes = bytes_of(*module);
  const auto back = module_of(bytes);
  expect_equal(*module, *back);
  EXPECT_TRUE(bytes_of(*back) == bytes);
}

std::vector<std::string> files_in(const fs::path& folder, const std::string& ending) {
  std::vector<std::string> files;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (entry.path().string().ends_with(ending)) files.push_back(entry.path().string());
  }
  return files;
}

TEST(ModuleBytes, EveryCorpusModuleComesBackEqual) {
  const auto files = files_in(fs::path(INSTBENCH_SOURCE_DIR) / "corpus/wat", ".wat");
  ASSERT_GE(files.size(), 15u);
  for (const std::string& file : files) expect_round_trip(file, Bodies::validate);
}

TEST(ModuleBytes, EveryModuleInTheUsersCacheComesBackEqual) {
  const auto cache = os::user_cache_dir();
  size_t seen = 0;
  for (const char* folder : {"real", "built"}) {
    for (const std::string& file : files_in(fs::path(cache.value_or("/nonexistent")) / folder, ".wasm")) {
      try {
        expect_round_trip(file, Bodies::skip);
        ++seen;
      } catch (const LoadError&) {  // a file that is no core module, a component above all
      }
    }
  }
  if (seen == 0) GTEST_SKIP() << "no real module has been fetched";
}

TEST(ModuleBytes, DroppedSegmentsOfASnapshotStayDropped) {
  Module module = *load(assemble_wat(R"((module (memory 1) (data "a") (data "b") (table 1 funcref) (func)
                                          (elem func 0) (elem func 0)))",
                                     "test.wat"),
                        "test.wat", Bodies::validate);
  module.data_segments[1].dropped = module.elem_segments[0].dropped = true;
  expect_equal(module, *module_of(bytes_of(module)));
}

constexpr const char* kAllKinds = R"((module
  (type (func (param i32 f64) (result i64)))
  (import "env" "f" (func (type 0)))
  (import "env" "g" (global i32))
  (import "env" "t" (table 1 9 externref))
  (memory 1 3)
  (table 8 funcref)
  (global (mut i64) (i64.const -5))
  (global funcref (ref.func 1))
  (func (export "run") (result i32) i32.const 7)
  (func $start)
  (func (table.set 1 (i32.const 0) (ref.func 1)) (drop (table.grow 0 (ref.null extern) (i32.const 1))))
  (start $start)
  (elem (table 1) (offset (i32.const 2)) func 0 1)
  (elem declare func 1)
  (elem (table 1) (offset (global.get 0)) funcref (item ref.null func) (item ref.func 1))
  (data (i32.const 16) "some bytes")
  (data "passive")
  (export "mem" (memory 0))))";

std::vector<std::byte> sample() {
  return bytes_of(*load(assemble_wat(kAllKinds, "test.wat"), "test.wat", Bodies::validate));
}

TEST(ModuleBytes, EveryShorterOrLongerFileIsRefused) {
  std::vector<std::byte> bytes = sample();
  EXPECT_NO_THROW(module_of(bytes));
  for (size_t n = 0; n < bytes.size(); ++n) {
    EXPECT_THROW(module_of(std::span(bytes).first(n)), CorruptBytes) << n;
  }
  bytes.push_back(std::byte{0});
  EXPECT_THROW(module_of(bytes), CorruptBytes);
}

// The content hash finds such damage first. Without it a changed byte still never makes a module that is read out of
// its bounds: what comes back can be examined and planned (under the sanitizers, that is the test).
TEST(ModuleBytes, AChangedByteIsRefusedOrHarmless) {
  const std::vector<std::byte> good = sample();
  size_t refused = 0, taken = 0;
  for (size_t i = 0; i < good.size(); ++i) {
    for (const unsigned change : {0x01u, 0x80u, 0xffu}) {
      std::vector<std::byte> bad = good;
      bad[i] ^= static_cast<std::byte>(change);
      try {
        const auto module = module_of(bad);
        const Eligibility eligibility = examine(*module);
        for (uint32_t m = 0; m < module->memories.size(); ++m) plan_image(*module, eligibility, m);
        ++taken;
      } catch (const CorruptBytes&) {
        ++refused;
      }
    }
  }
  EXPECT_GT(refused, good.size());  // kinds, counts and indices
  EXPECT_GT(taken, 100u);           // names, values, data
}

TEST(ModuleBytes, ACountThatTheFileCannotHoldAllocatesNothing) {
  ByteWriter writer;
  writer.text("sha");
  writer.text("snapshot");
  writer.number<uint64_t>(1);
  writer.number<uint32_t>(0);
  writer.number<uint64_t>(UINT64_MAX / 16);  // types
  try {
    module_of(writer.take());
    FAIL() << "read";
  } catch (const CorruptBytes& error) {
    EXPECT_NE(std::string(error.what()).find("more items than there are bytes"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace instbench
