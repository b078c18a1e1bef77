// A shared object as code: what it shows to the process, whose it is, and what is refused.
#include "runtime/codegen/code.hpp"

#include <elf.h>

#include <cstring>

#include "runtime/codegen/test_code.hpp"
#include "runtime/os/process.hpp"
#include "runtime/os/usage.hpp"

namespace instbench {
namespace {

using namespace testing_code;

constexpr const char* kTwo = R"((module (import "m" "f" (func $i (param i32))) (memory 1) (data $d "abc")
  (func (export "same") (result i32) i32.const 1) (func (export "other") (param i64) (result f64) (f64.const 2))
  (func (memory.init $d (i32.const 0) (i32.const 0) (i32.const 3)))))";

class CodeOf : public EachCompiler {
 protected:
  std::string compile(const Source& source, const char* name, Bounds bounds = Bounds::guard) {
    compile_module(*source.module, source.bytes, with(GetParam(), bounds), folder_ / name);
    return folder_ / name;
  }
  Folder folder_;
};
INSTANTIATE_TEST_SUITE_P(Each, CodeOf, testing::Values(Compiler::tcc, Compiler::cc), name_of_compiler);

std::string content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// [19] Without it the loader makes the whole process's stack executable.
TEST_P(CodeOf, TheLibraryAsksForNoExecutableStack) {
  const std::string bytes = content(compile(Source(kTwo), "a.so"));
  Elf64_Ehdr header;
  ASSERT_GE(bytes.size(), sizeof header);
  std::memcpy(&header, bytes.data(), sizeof header);
  int stacks = 0;
  for (int i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr segment;
    std::memcpy(&segment, bytes.data() + header.e_phoff + static_cast<size_t>(i) * sizeof segment, sizeof segment);
    EXPECT_FALSE((segment.p_flags & PF_X) != 0 && (segment.p_flags & PF_W) != 0) << "segment " << i;
    if (segment.p_type == PT_GNU_STACK) ++stacks;
  }
  EXPECT_EQ(stacks, 1);
}

std::string stack_permissions() {
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    if (line.find("[stack]") != std::string::npos) return line.substr(line.find(' ') + 1, 4);
  }
  return "no stack found";
}

TEST_P(CodeOf, LoadingItLeavesTheProcessesStackAsItWas) {
  const Source source(kTwo);
  const auto code = Code::load(compile(source, "a.so"), source.module);
  EXPECT_EQ(stack_permissions(), "rw-p");
}

TEST_P(CodeOf, ItShowsOneNameOnly) {
  const std::string path = compile(Source(kTwo), "a.so");
  const os::ChildResult names = os::run_child({"nm", "-D", "--defined-only", path}, "", std::chrono::seconds(20));
  EXPECT_EQ(names.out.find("instbench_module"), names.out.size() - std::strlen("instbench_module\n")) << names.out;
  EXPECT_EQ(std::count(names.out.begin(), names.out.end(), '\n'), 1) << names.out;
}

TEST_P(CodeOf, ModulesWithTheSameNamesDoNotMeet) {
  const Source one("(module (func (export \"f\") (result i32) i32.const 1))"),
      two("(module (func (export \"f\") (result i32) i32.const 2))");
  const auto a = Code::load(compile(one, "a.so"), one.module), b = Code::load(compile(two, "b.so"), two.module);
  EXPECT_NE(a->function(0), b->function(0));
  EXPECT_NE(a->text().base, b->text().base);
  for (const auto& code : {a, b}) {
    const auto* at = reinterpret_cast<const std::byte*>(code->function(0));
    EXPECT_TRUE(at >= code->text().base && at < code->text().end());
  }
}

TEST_P(CodeOf, ItSaysWhatItIs) {
  const Source source(kTwo);
  const auto guard = Code::load(compile(source, "a.so"), source.module);
  const auto checked = Code::load(compile(source, "b.so", Bounds::checked), source.module);
  EXPECT_EQ(guard->bounds(), Bounds::guard);
  EXPECT_EQ(checked->bounds(), Bounds::checked);
  EXPECT_EQ(guard->compiler(), GetParam());
  EXPECT_EQ(guard->options(), compiler_id(GetParam()) + " guard");
  EXPECT_EQ(guard->function(0), nullptr) << "imported";
  EXPECT_NE(guard->function(1), nullptr);
  EXPECT_NE(guard->id(), checked->id());  // [25]
}

TEST_P(CodeOf, ItIsLoadedOnceAndUnloadedWithItsLastOwner) {
  const Source source(kTwo);
  const std::string path = compile(source, "a.so");
  auto code = Code::load(path, source.module), same = Code::load(path, source.module);
  EXPECT_EQ(code, same);
  const std::byte* text = code->text().base;
  const uint64_t id = code->id();
  same.reset();
  EXPECT_TRUE(os::readable(text));
  code.reset();
  EXPECT_FALSE(os::readable(text));
  EXPECT_NE(Code::load(path, source.module)->id(), id);
}

TEST_P(CodeOf, CodeOfAnotherModuleIsRefused) {
  const Source source(kTwo), other("(module (func))");
  const std::string path = compile(source, "a.so");
  const std::string why = path + " was made from another module";
  EXPECT_EQ(refusal([&] { Code::load(path, other.module); }), why);
  const auto loaded = Code::load(path, source.module);
  EXPECT_EQ(refusal([&] { Code::load(path, other.module); }), why) << "also while it is loaded";
}

TEST_P(CodeOf, WhatIsNotOursOrOfAnotherTimeIsRefused) {
  const Source source(kTwo);
  std::ofstream(folder_ / "text.so") << "not a library";
  EXPECT_NE(refusal([&] { Code::load(folder_ / "text.so", source.module); }).find("text.so"), std::string::npos);
  EXPECT_NE(refusal([&] { Code::load(folder_ / "absent.so", source.module); }).find("absent.so"), std::string::npos);
  if (GetParam() != Compiler::cc) return;  // one compiler is enough to make the others
  const auto library = [&](const char* name, const char* text) {
    std::ofstream(folder_ / "x.c") << text;
    const os::ChildResult made =
        os::run_child({"cc", "-shared", "-fPIC", "-o", folder_ / name, folder_ / "x.c"}, "", std::chrono::seconds(60));
    EXPECT_EQ(made.exit_code, 0) << made.err;
    return folder_ / name;
  };
  const std::string foreign = library("foreign.so", "int f(void) { return 1; }");
  EXPECT_NE(refusal([&] { Code::load(foreign, source.module); }).find("instbench_module"), std::string::npos);
  const std::string old =
      library("old.so", "int f(void) { return 1; } unsigned long long instbench_module[16] = {999};");
  EXPECT_EQ(refusal([&] { Code::load(old, source.module); }), old + " was made for another version of the core");
}

TEST_P(CodeOf, AFileThatEndsInItsHeaderIsRefused) {
  const Source source(kTwo);
  const std::string path = compile(source, "a.so"), bytes = content(path);
  for (const size_t size : {size_t{0}, size_t{1}, size_t{63}}) {
    std::ofstream(folder_ / "cut.so", std::ios::binary) << bytes.substr(0, size);
    EXPECT_NE(refusal([&] { Code::load(folder_ / "cut.so", source.module); }), "not refused") << size;
  }
}

TEST(CodeTypes, EqualTypesHaveOneAddress) {
  const FuncType a{{ValType::i32}, {ValType::f64}}, b{{ValType::i32}, {ValType::f64}},
      c{{ValType::f64}, {ValType::i32}};
  EXPECT_EQ(intern_type(a), intern_type(b));
  EXPECT_NE(intern_type(a), intern_type(c));
}

TEST(CodeTypes, EveryTrapHasAMessageOfItsOwn) {
  std::vector<std::string_view> seen;
  for (uint32_t i = 0; i <= static_cast<uint32_t>(Trap::exit); ++i) {
    const std::string_view message = message_of(static_cast<Trap>(i));
    EXPECT_NE(message, "unknown trap");
    EXPECT_EQ(std::count(seen.begin(), seen.end(), message), 0) << message;
    seen.push_back(message);
  }
}

TEST(CodeTypes, CompilersHaveNames) {
  for (const Compiler compiler : {Compiler::automatic, Compiler::tcc, Compiler::cc, Compiler::none})
    EXPECT_EQ(parse_compiler(name_of(compiler)), compiler);
  EXPECT_THROW(parse_compiler("gcc"), std::invalid_argument);
}

}  // namespace
}  // namespace instbench
