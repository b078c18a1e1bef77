// Compiled modules of a library, kept in the user's cache by what the library serializes.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "harness/engines/capi/c_api.hpp"

namespace instbench::bench::capi {

struct Code {
  std::vector<std::byte> bytes;  // empty: there is none, and the worker compiles by itself
  std::string from;              // "hit", "compiled", or why there is none
};

// Compiles in a forked child, so that the worker has none of the threads that compiling starts and survives what a
// library does that has the functions but not the ability (wasmi aborts). `sha256` are the hashes of the module and of
// the library: code is for one file of each. REQUIRES: the library was not used in this process before.
Code kept_code(const Api& api, std::span<const std::byte> wasm, const std::string& module_sha256,
               const std::string& library_sha256);

}  // namespace instbench::bench::capi
