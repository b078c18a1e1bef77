// SharedObject: a library of an engine, as the user or `instbench fetch` named it, and its functions by name.
//
// Whatever is wrong with it (no such file, no library, another architecture, a symbol that it lacks) is a Skip that
// says so with the file's name only: results hold no paths. It is never unloaded by itself: keep it for as long as the
// process lives, since an engine may leave threads and signal handlers behind.
#pragma once

#include <span>
#include <string>

#include "harness/worker/cell.hpp"
#include "runtime/os/library.hpp"

namespace instbench::bench {

class SharedObject {
 public:
  // `engine` stands before each reason. Runs the library's constructors.
  SharedObject(std::string engine, const std::string& path);

  const std::string& file() const { return file_; }  // without its folders
  bool has(const std::string& symbol) const;

  // Sets `into` to the function of this name.
  template <typename Function>
  void find(const std::string& symbol, Function*& into) const {
    into = reinterpret_cast<Function*>(address_of(symbol));
  }
  // The same; null when the library has none.
  template <typename Function>
  void find_if_there(const std::string& symbol, Function*& into) const {
    into = nullptr;
    if (has(symbol)) find(symbol, into);
  }

 private:
  void* address_of(const std::string& symbol) const;

  std::string engine_, file_;
  os::Library library_;
};

// What stands for the version of a library that does not say it: {"file": …, "sha256": …}. Reads the whole file where
// the parent has not said its hash.
Json build_of_library(const Arm& arm);

// Why a file that begins with these bytes cannot be loaded into a program that begins with those, or "". Pure.
std::string elf_mismatch(std::span<const std::byte> library, std::span<const std::byte> program);

}  // namespace instbench::bench
