// Compiled modules of a library, kept in the user's cache by what the library serializes.
#pragma once

#include <string>
#include <vector>

#include "harness/engines/capi/c_api.hpp"
#include "harness/engines/library/kept_code.hpp"

namespace instbench::bench::capi {

struct Code {
  std::vector<std::byte> bytes;  // empty: there is none, and the worker compiles by itself
  std::string from;              // "hit", "compiled", or why there is none
};

// Code is for one module and one library; one that has the functions but not the ability is survived (wasmi aborts).
// REQUIRES: the library was not used in this process before.
Code kept_code(const Api& api, const Wasm& wasm, const std::string& library_sha256);

}  // namespace instbench::bench::capi
