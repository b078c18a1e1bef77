// One instance, called once: what a first request costs from nothing, step by step.
#pragma once

#include <string>
#include <vector>

#include "harness/protocol/cell.hpp"

namespace instbench::bench {

// Nanoseconds, each step done once, in this order.
struct OneCall {
  std::string codegen;      // "tcc 0.9.27 guard"
  std::string code_from;    // "hit", "compiled and stored", ...
  uint64_t load_ns = 0;     // module and code, from the cache or made
  uint64_t prepare_ns = 0;  // images, plans, pool
  uint64_t instantiate_ns = 0;
  uint64_t call_ns = 0;              // all steps of the script
  std::vector<std::string> results;  // of the last call, as text
  std::string output;                // what it wrote to standard output
};

// Throws Unsupported, DoesNotFit, LoadError, InstantiationError, WrongAnswer.
OneCall call_once(const Request& request);

}  // namespace instbench::bench
