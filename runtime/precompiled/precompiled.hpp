// precompile(): a module and its code, from the cache if they are there, else made and stored for the next process.
//
//   cache hit:  metadata read -> shared object checked -> dlopen       (the wasm bytes are neither read nor parsed)
//   else:       wait for whoever compiles it now, look again; bytes read -> parsed -> compiled -> stored -> dlopen
//
// The cache is never a condition: when it cannot be used, everything is made without it, and `note` says why. A module
// that cannot be compiled (SIMD, threads, no compiler) is still a module: `why_no_code` says what stopped it, and that
// is kept too, for kRefusalLasts, so that hundreds of processes do not each find it out.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/codegen/code.hpp"
#include "runtime/module/module.hpp"
#include "runtime/precompiled/cache.hpp"

namespace instbench {

// Some refusals pass: a compiler that was killed for want of memory, a full disk.
inline constexpr std::chrono::hours kRefusalLasts{1};

struct Source {
  std::string sha256;                            // of the bytes, lower-case hex
  std::string file;                              // for messages
  std::function<std::vector<std::byte>()> read;  // called only when the cache has no answer
};

enum class CacheUse : uint8_t { hit, stored, not_stored };
std::string_view name_of(CacheUse use);  // "hit", "compiled and stored", "compiled, not stored"

// Seconds; nothing where the step was not taken.
struct PrecompileTimes {
  std::optional<double> lookup_s;  // in the cache, shared object's hash included
  std::optional<double> wait_s;    // for another process that compiled it
  std::optional<double> parse_s;
  std::optional<double> load_s;         // dlopen
  std::optional<CodegenTimes> codegen;  // of whoever compiled it
  double total_s = 0;
};

struct Precompiled {
  std::shared_ptr<const Module> module;
  std::shared_ptr<const Code> code;  // null when codegen=none or refused
  std::string why_no_code;           // one line, when `code` is null
  CacheUse use = CacheUse::not_stored;
  std::string note;  // not_stored: why; else a damaged entry that was made anew, or empty
  PrecompileTimes times;
};

// Throws LoadError for bytes that are no module or not those of `sha256`, what `source.read` throws, and CodegenError
// when interrupted.
Precompiled precompile(const Source& source, const CodegenOptions& options, Cache& cache);

}  // namespace instbench
