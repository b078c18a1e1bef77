// The passes of a sample, each adding its part to the JSON that travels back.
#pragma once

#include "harness/protocol/cell.hpp"
#include "harness/worker/cell.hpp"
#include "runtime/os/trace.hpp"
#include "runtime/os/turns.hpp"

namespace instbench::bench {

// A leak between instances, or a reset that failed: the cell fails whatever its figures say.
struct Leak : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct PassContext {
  const Request& request;
  Cell& cell;
  Json& sample;
  os::Turns& turns;
};

// System calls per cycle from the two intervals of a traced child, as the sample's "trace". Throws std::runtime_error
// when it passed another number of markers.
Json traced_slopes(const std::vector<os::TracedInterval>& intervals);

void pass_trace(PassContext&);   // in a forked child: before this process has a pool or another thread
void pass_verify(PassContext&);  // before any timing; throws Leak
void pass_first(Cell& cell, Json& sample);
// Both take as many turns as the request has parts. Each, with bystanders running, brings the processor's caches back
// first: another process has had them.
void pass_batch(PassContext&);
void pass_phases(PassContext&);
void pass_counters(PassContext&);
// Only with several threads or bystanders: waits for locks and TLB shootdowns, per cycle of each of the cell's threads.
void pass_kernel_events(PassContext&);
// After counters and trace: the traced system calls become counters of whole cycles, where the engine counts none.
void add_traced_calls(Json& sample);
void pass_memory(PassContext&);
void pass_floor(PassContext&);
void pass_paths(PassContext&);
void pass_idle_memory(PassContext&);  // empties what was timed: no pass that makes cycles follows
void pass_verify_after(PassContext&);  // throws Leak

}  // namespace instbench::bench
