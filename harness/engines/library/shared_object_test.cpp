#include "harness/engines/library/shared_object.hpp"

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <functional>

namespace instbench::bench {
namespace {

// class: 1 or 2 (32 or 64 bit), order: 1 or 2 (little or big endian).
std::vector<std::byte> elf(unsigned bits, unsigned order, unsigned low, unsigned high) {
  std::vector<std::byte> header(20);
  size_t at = 0;
  for (const unsigned byte : {0x7fU, unsigned{'E'}, unsigned{'L'}, unsigned{'F'}, bits, order})
    header[at++] = static_cast<std::byte>(byte);
  header[18] = static_cast<std::byte>(low);
  header[19] = static_cast<std::byte>(high);
  return header;
}

std::string reason(const std::function<void()>& body) {
  try {
    body();
  } catch (const Skip& skip) {
    return skip.what();
  }
  return "";
}

TEST(SharedObject, ALibraryFitsAProgramForTheSameMachine) {
  EXPECT_EQ(elf_mismatch(elf(2, 1, 62, 0), elf(2, 1, 62, 0)), "");
  EXPECT_EQ(elf_mismatch(elf(2, 1, 183, 0), elf(2, 1, 62, 0)),
            "it is for aarch64 (64 bit), and this program for x86_64 (64 bit)");
  EXPECT_EQ(elf_mismatch(elf(1, 1, 3, 0), elf(2, 1, 62, 0)),
            "it is for x86 (32 bit), and this program for x86_64 (64 bit)");
  EXPECT_EQ(elf_mismatch(elf(2, 2, 0, 22), elf(2, 1, 62, 0)),
            "it is for s390x (64 bit), and this program for x86_64 (64 bit)");
  EXPECT_EQ(elf_mismatch(elf(2, 1, 0x34, 0x12), elf(2, 1, 183, 0)),
            "it is for machine 4660 (64 bit), and this program for aarch64 (64 bit)");
}

TEST(SharedObject, WhatIsNoLibraryIsSaid) {
  const std::vector<std::byte> text(100, std::byte{'a'});
  EXPECT_EQ(elf_mismatch(text, elf(2, 1, 62, 0)), "not a shared library");
  EXPECT_EQ(elf_mismatch({}, elf(2, 1, 62, 0)), "not a shared library");
  EXPECT_EQ(elf_mismatch(std::span(text).first(3), elf(2, 1, 62, 0)), "not a shared library");
}

TEST(SharedObject, ReasonsNameTheFileWithoutItsFolders) {
  EXPECT_EQ(reason([] { SharedObject("capi", "/no/such/libx.so"); }), "capi: libx.so: no such file");
  EXPECT_EQ(reason([] { SharedObject("capi", "/proc/self/status"); }), "capi: status: not a shared library");
}

// The C library: one that is there on every machine.
std::string c_library() {
  Dl_info found{};
  return ::dladdr(reinterpret_cast<void*>(&::getpid), &found) != 0 ? found.dli_fname : "";
}

TEST(SharedObject, AFunctionIsFoundByItsNameOrItsAbsenceIsSaid) {
  const SharedObject library("capi", c_library());
  pid_t (*own_id)() = nullptr;
  library.find("getpid", own_id);
  EXPECT_EQ(own_id(), ::getpid());
  void (*none)() = &std::abort;
  library.find_if_there("wasm_engine_new", none);
  EXPECT_EQ(none, nullptr);
  EXPECT_EQ(reason([&] { library.find("wasm_engine_new", none); }),
            "capi: " + library.file() + " has no symbol wasm_engine_new");
}

}  // namespace
}  // namespace instbench::bench
