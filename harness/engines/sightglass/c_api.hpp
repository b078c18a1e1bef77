// The interface that Sightglass has with an engine: five functions named wasm_bench_* of a shared object. Each but the
// last gives 0 for success.
//
//   create ── compile ── instantiate ── execute ── … ── free
//                            └── as often as one likes; the former instance is dropped
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "harness/engines/library/shared_object.hpp"

namespace instbench::bench::sightglass {

struct Bytes {
  const char* data = nullptr;
  size_t size = 0;
  static Bytes of(std::string_view text) { return {text.data(), text.size()}; }  // borrows it
};

// What the library calls around the work that it wants timed.
struct Timer {
  void* self = nullptr;
  void (*start)(void*) = nullptr;
  void (*end)(void*) = nullptr;
};

// Passed by value, in memory by the calling conventions of x86-64 and AArch64 alike: a library from before the last
// field reads a shorter one, and the longer does it no harm.
struct Config {
  Bytes working_dir, stdout_path, stderr_path, stdin_path;  // stdin_path may be absent
  Timer compilation, instantiation, execution;
  Bytes execution_flags;  // may be absent
};
static_assert(sizeof(Config) == 19 * sizeof(void*));

struct State;  // the library's own

class Api {
 public:
  // Throws Skip: no such file, another architecture, or a symbol that it does not have.
  explicit Api(const std::string& path);

  const std::string& file() const { return library_.file(); }

  int (*create)(Config, State** out);
  int (*compile)(State*, const uint8_t* wasm, size_t size);
  int (*instantiate)(State*);
  int (*execute)(State*);
  void (*free)(State*);

 private:
  SharedObject library_;
};

}  // namespace instbench::bench::sightglass
