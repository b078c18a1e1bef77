// The passes of a sample, each adding its part to the JSON that travels back.
#pragma once

#include "harness/protocol/cell.hpp"
#include "harness/worker/core_cell.hpp"

namespace instbench::bench {

// A leak between instances, or a reset that failed: the cell fails whatever its figures say.
struct Leak : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct PassContext {
  const Request& request;
  CoreCell& cell;
  std::optional<Oracle>& oracle;  // made when a pass that verifies is wanted
  Json& sample;
};

void pass_trace(PassContext&);   // in a forked child: before this process has a pool or another thread
void pass_verify(PassContext&);  // before any timing; throws Leak
void pass_first(CoreCell& cell, Json& sample);
void pass_batch(PassContext&);  // warms up, then the batch, with bystanders running
void pass_phases(PassContext&);
void pass_counters(PassContext&);
void pass_memory(PassContext&);
void pass_floor(PassContext&);
void pass_verify_after(PassContext&);  // throws Leak

}  // namespace instbench::bench
