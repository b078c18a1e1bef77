// Preinit: a module's initialisation run once, its state made the start of every instance (Wizer's idea, inside the
// runtime: no bytes are rewritten, the code stays the same).
//
// The snapshot is a Module like any other: memories begin at their grown size with their content as active segments,
// tables and globals begin as they are, passive segments that were dropped are gone, there is no start function. What
// the code refers to by number keeps its number: functions, globals, passive segments, and where their bytes lie. So
// the instances share images, the overlay and lazy tables work as ever, and the code of the original is the snapshot's
// too. What the program read of clocks and random numbers while it initialised is in the snapshot, the same for all.
#pragma once

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "runtime/codegen/code.hpp"
#include "runtime/instance/host.hpp"
#include "runtime/module/module.hpp"

namespace instbench {

// The module cannot be preinitialised. One line that names what stands in the way.
struct PreinitError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct PreinitReport {
  uint64_t memory_pages_before = 0, memory_pages_after = 0;    // of 64 KiB, all memories
  uint64_t content_pages_before = 0, content_pages_after = 0;  // of 4 KiB, that are not all zero at the start
  uint64_t globals_changed = 0;
  uint64_t table_entries_changed = 0;
  uint64_t segments_dropped = 0;
  std::vector<std::string> baked_in;  // host functions called whose answers differ from run to run: "random_get"
};

struct Preinitialised {
  std::shared_ptr<const Module> module;
  PreinitReport report;
};

// Makes an instance (which runs the start function), calls the exports in order, takes the snapshot. `host` answers the
// imports and may be null. REQUIRES: code is the module's. Throws PreinitError: an export that is not a function
// without parameters, a trap, a program that ended, references in tables or globals that are the host's, an imported
// global that changed.
Preinitialised preinit(const std::shared_ptr<const Module>& module, const std::shared_ptr<const Code>& code,
                       const std::vector<std::string>& exports, const HostImports* host);

// For a person: which exports look like initialisation that preinit could run, or that a start function does it;
// nothing when there is no sign of either.
std::optional<std::string> preinit_advice(const Module& module);

}  // namespace instbench
