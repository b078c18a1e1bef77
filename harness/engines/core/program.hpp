// Program: a module made ready to be run by a cell: its code, where any of it is run, and the host for its imports.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "harness/engines/core/call_host.hpp"
#include "harness/protocol/call_script.hpp"
#include "harness/protocol/cell.hpp"
#include "runtime/codegen/code.hpp"
#include "runtime/instance/strategy.hpp"
#include "runtime/module/module.hpp"
#include "runtime/preinit/preinit.hpp"

namespace instbench::bench {

struct Program {
  std::shared_ptr<const Module> module;
  std::shared_ptr<const Code> code;  // null: nothing of it is run
  std::string codegen;               // for the result: "tcc 0.9.27 guard", or "none", or "none: " and why
  std::string cache_note;            // how the code came about: "hit", "compiled and stored", ...
  std::optional<PreinitReport> preinit;
  std::optional<CallScript> script;  // what is called and what its imports answer
  std::shared_ptr<CallHost> host;    // made from the script; null without one
};

// Addresses need no check where a memory has all the address space that an address can reach.
Bounds bounds_of(const Strategy& strategy);

// Loads the requested module, and preinitialises it if that is asked for. Code is made (from the cache, or compiled and
// stored there) when the workload calls or preinit does, or when the module has a start function. Throws Unsupported
// when something is to be called and there can be no code, or the module cannot be preinitialised; LoadError,
// GrammarError.
Program load_program(const Request& request, const Strategy& strategy);

}  // namespace instbench::bench
