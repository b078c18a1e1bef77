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
  Oracle& oracle;
  Json& sample;
};

void pass_verify(PassContext&);  // before any timing; throws Leak
void pass_first(PassContext&);
void pass_batch(PassContext&);  // warms up, then the batch, with bystanders running
void pass_phases(PassContext&);
void pass_counters(PassContext&);
void pass_memory(PassContext&);
void pass_floor(PassContext&);
void pass_verify_after(PassContext&);  // throws Leak

// In a child of its own, before the process has another thread or pool.
Json trace_pass(const std::shared_ptr<const Module>& module, const Request& request, const Strategy& strategy);

}  // namespace instbench::bench
