// Compiled code calls these functions on its own stack, with addresses that it made itself.
#include <gtest/gtest.h>

#include "runtime/codegen/code.hpp"
#include "runtime/wasi/test_guest.hpp"

namespace instbench::wasi {
namespace {

// Copies the file "greeting" to standard output and exits with what fd_prestat_get(4) says.
constexpr const char* kProgram = R"((module
  (import "wasi_snapshot_preview1" "path_open"
    (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_prestat_get" (func $prestat (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory 1) (data (i32.const 200) "greeting") (data (i32.const 0) "\00\10\00\00\00\04\00\00")
  (func (export "_start")
    (if (call $open (i32.const 3) (i32.const 1) (i32.const 200) (i32.const 8) (i32.const 0) (i64.const 2) (i64.const 2)
                    (i32.const 0) (i32.const 100)) (then unreachable))
    (if (call $read (i32.load (i32.const 100)) (i32.const 0) (i32.const 1) (i32.const 4)) (then unreachable))
    (if (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 104)) (then unreachable))
    (call $exit (call $prestat (i32.const 4) (i32.const 300)))
    unreachable)))";

std::shared_ptr<const Code> code_of(const std::shared_ptr<const Module>& module, const std::vector<std::byte>& bytes) {
  CodegenOptions options;
  options.compiler = Compiler::tcc;
  return make_code(module, bytes, options);
}

using WasiGuestCode = WithFolder;

TEST_F(WasiGuestCode, RunsReadsWritesAndExitsAgainAfterReset) {
  write(inside() / "greeting", "from a file");
  World world(options());
  const std::vector<std::byte> bytes = assemble_wat(kProgram, "program.wat");
  const std::shared_ptr<const Module> module = load(bytes, "program.wat", Bodies::validate);
  PrepareOptions given;
  given.host = &world;
  try {
    given.code = code_of(module, bytes);
  } catch (const CodegenError& error) {
    GTEST_SKIP() << error.what();
  }
  const auto prepared = Prepared::make(module, parse_strategy("overlay"), given);
  const size_t before = open_descriptors();
  for (int round = 0; round < 3; ++round) {
    Slot slot(SlotGeometry::covering({}, *prepared));
    slot.reserve();
    Path path;
    path.memory = slot.adopt(*prepared, {});
    slot.begin();
    const Instance instance = instantiate(slot, *prepared, path);
    Value values[1];
    EXPECT_EQ(instance.call(5, values), Trap::exit);
    EXPECT_EQ(last_exit_code(), static_cast<uint32_t>(Errno::badf));  // the opened file is no preopen
    EXPECT_EQ(world.stdout_text(), "from a file");
    world.reset();
    EXPECT_EQ(open_descriptors(), before);
  }
}

}  // namespace
}  // namespace instbench::wasi
