// Components and files: FILE#N, directories, text, and what is said about each mistake.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "runtime/module/load.hpp"
#include "runtime/module/test_bytes.hpp"

namespace instbench {
namespace {

using test::bytes;
using test::join;
using test::section;

test::Bytes core(int pages) { return test::module({section(5, bytes({1, 0, pages}))}); }

// Core modules of 1 and 2 pages, between them a component inside a component that holds one of 3 pages.
test::Bytes component() {
  const auto inner = join({test::component_preamble(), section(1, core(3))});
  const auto nested = join({test::component_preamble(), section(2, bytes("instances")), section(4, inner)});
  return join({test::component_preamble(), section(0, bytes("\x01zz")), section(1, core(1)), section(4, nested),
               section(1, core(2))});
}

std::string what_core_modules_says(const test::Bytes& wasm) {
  try {
    core_modules(wasm, "c.wasm");
  } catch (const LoadError& error) {
    return error.what();
  }
  return {};
}

TEST(Component, IsToldFromAModule) {
  EXPECT_TRUE(is_component(component()));
  EXPECT_FALSE(is_component(core(1)));
  EXPECT_FALSE(is_component(bytes({0x00, 0x61, 0x73, 0x6d})));
}

TEST(Component, ListsCoreModulesInFileOrder) {
  const auto wasm = component();
  const auto found = core_modules(wasm, "c.wasm");
  ASSERT_EQ(found.size(), 3U);
  const uint64_t pages[] = {1, 3, 2};
  for (size_t i = 0; i < found.size(); ++i) {
    const auto module = load(std::span(wasm).subspan(found[i].begin, found[i].size), "c.wasm", Bodies::validate);
    EXPECT_EQ(module->memories[0].limits.min, pages[i]);
  }
}

TEST(Component, APlainModuleIsItsOwnCoreModule) {
  const auto found = core_modules(core(1), "m.wasm");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].begin, 0U);
  EXPECT_EQ(found[0].size, core(1).size());
}

TEST(Component, IsRefusedWithItsCoreModules) {
  EXPECT_EQ(test::refusal(component()),
            "f.wasm: this is a component, not a core module; name one of its core modules as f.wasm#N, where N is one "
            "of #0 (13 bytes), #1 (13 bytes), #2 (13 bytes)");
  EXPECT_EQ(test::refusal(test::component_preamble()), "f.wasm: this is a component without any core module inside");
}

TEST(Component, Malformed) {
  const auto broken = [](const test::Bytes& rest) {
    return what_core_modules_says(join({test::component_preamble(), rest}));
  };
  EXPECT_EQ(broken(bytes({1})),
            "c.wasm: offset 0x9: ends inside component section size (LEB128 without its last byte)");
  EXPECT_EQ(broken(bytes({1, 9, 0})), "c.wasm: offset 0xa: component section is 9 bytes long, but only 1 are left");
  EXPECT_EQ(broken(section(4, core(1))),
            "c.wasm: offset 0xa: nested component does not start with 00 61 73 6d 0d 00 01 00");
  EXPECT_EQ(what_core_modules_says(bytes("text")).substr(0, 37), "c.wasm: not a WebAssembly module: sta");
  test::Bytes deep = test::component_preamble();
  for (int i = 0; i < 100; ++i) deep = join({test::component_preamble(), section(4, deep)});
  EXPECT_NE(what_core_modules_says(deep).find("nested more than 64 deep"), std::string::npos);
}

TEST(Component, EveryTruncation) {
  const auto wasm = component();
  for (size_t size = 0; size < wasm.size(); ++size) {
    const std::string text = what_core_modules_says({wasm.begin(), wasm.begin() + static_cast<std::ptrdiff_t>(size)});
    EXPECT_EQ(text.find('\n'), std::string::npos);
  }
}

// Files.

class ModuleFile : public testing::Test {
 protected:
  void SetUp() override {
    const auto* info = testing::UnitTest::GetInstance()->current_test_info();
    folder_ = std::filesystem::path(testing::TempDir()) / ("instbench_module_file_" + std::string(info->name()));
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string write(const std::string& name, const test::Bytes& contents) {
    const std::string path = (folder_ / name).string();
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(contents.data()), static_cast<std::streamsize>(contents.size()));
    return path;
  }

  static std::string refusal(const std::string& name) {
    try {
      load_file(name, Bodies::validate);
    } catch (const LoadError& error) {
      return error.what();
    }
    return {};
  }

  std::filesystem::path folder_;
};

TEST_F(ModuleFile, PlainAndByNumber) {
  const std::string path = write("c.wasm", component());
  EXPECT_EQ(read_module_file(path), component());
  EXPECT_EQ(load_file(path + "#1", Bodies::validate)->memories[0].limits.min, 3U);
  EXPECT_EQ(load_file(write("m.wasm", core(5)), Bodies::skip)->memories[0].limits.min, 5U);
  EXPECT_EQ(load_file(write("m.wasm", core(5)) + "#0", Bodies::skip)->memories[0].limits.min, 5U);
}

TEST_F(ModuleFile, ANameThatReallyEndsInANumber) {
  EXPECT_EQ(load_file(write("m.wasm#7", core(5)), Bodies::skip)->memories[0].limits.min, 5U);
}

TEST_F(ModuleFile, Text) {
  EXPECT_EQ(load_file(write("m.wat", bytes("(module (memory 7))")), Bodies::validate)->memories[0].limits.min, 7U);
  const std::string bad = write("bad.wat", bytes("(module\n  (memory 1)\n  (func (drop)))"));
  EXPECT_EQ(refusal(bad).substr(0, bad.size() + 7), bad + ": 3:10:") << refusal(bad);
}

TEST_F(ModuleFile, LargerThanOneRead) {
  const auto large = test::module({section(0, join({bytes({1, 'x'}), test::Bytes(3'000'000, std::byte{7})}))});
  EXPECT_EQ(read_module_file(write("large.wasm", large)), large);
}

TEST_F(ModuleFile, Mistakes) {
  const std::string path = write("c.wasm", component());
  EXPECT_EQ(refusal(path + "#3"), path + ": there is no core module #3: the file has 3, counted from #0");
  EXPECT_EQ(refusal(path + "#x"),
            path + "#x: no such file; after '#' stands the number of a core module, as in FILE#0");
  EXPECT_EQ(refusal(path + "x"), path + "x: no such file");
  EXPECT_EQ(refusal(folder_.string()), folder_.string() + ": is a directory, not a module file");
  EXPECT_EQ(refusal(write("empty.wasm", {})),
            (folder_ / "empty.wasm").string() + ": the file is empty, not a WebAssembly module");
}

}  // namespace
}  // namespace instbench
