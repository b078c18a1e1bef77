// What the tests of code generation share: modules from text, a folder of their own, and the reason of a refusal.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <string>

#include "runtime/codegen/code.hpp"
#include "runtime/module/load.hpp"

namespace instbench::testing_code {

namespace fs = std::filesystem;

struct Source {
  std::vector<std::byte> bytes;
  std::shared_ptr<const Module> module;

  explicit Source(const std::string& wat) : bytes(assemble_wat(wat, "test.wat")) {
    module = load(bytes, "test.wat", Bodies::validate);
  }
};

struct Folder {
  const fs::path path = fs::path(testing::TempDir()) / ("instbench_codegen_" + std::to_string(std::random_device()()));
  Folder() { fs::create_directories(path); }
  ~Folder() { fs::remove_all(path); }
  Folder(const Folder&) = delete;
  std::string operator/(const char* name) const { return (path / name).string(); }
  size_t files() const {
    return static_cast<size_t>(std::distance(fs::directory_iterator(path), fs::directory_iterator()));
  }
};

inline CodegenOptions with(Compiler compiler, Bounds bounds = Bounds::guard) {
  CodegenOptions options;
  options.compiler = compiler;
  options.bounds = bounds;
  return options;
}

template <typename Work>
std::string refusal(const Work& work) {
  try {
    work();
  } catch (const CodegenError& error) {
    return error.what();
  }
  return "not refused";
}

class EachCompiler : public testing::TestWithParam<Compiler> {
 protected:
  void SetUp() override {
    try {
      choose_compiler(Module{}, GetParam());
    } catch (const CodegenError& error) {
      GTEST_SKIP() << error.what();
    }
  }
};
inline std::string name_of_compiler(const testing::TestParamInfo<Compiler>& info) {
  return std::string(name_of(info.param));
}

}  // namespace instbench::testing_code
