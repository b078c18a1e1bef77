// The libFuzzer target (cmake --preset fuzz): see CONTRIBUTING.md.
#include <cstdio>
#include <cstdlib>

#include "harness/fuzz/differential.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (const auto found = instbench::bench::differs({data, size})) {
    std::fprintf(stderr, "%s\n", found->c_str());
    std::abort();
  }
  return 0;
}
