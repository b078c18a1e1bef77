#include "harness/engines/core/call_once.hpp"

#include "harness/engines/core/call_plan.hpp"
#include "harness/engines/core/program.hpp"
#include "runtime/os/usage.hpp"
#include "runtime/pool/pool.hpp"

namespace instbench::bench {

OneCall call_once(const Request& request) {
  OneCall once;
  const Strategy strategy = parse_strategy(request.arm.strategy);
  const uint64_t begin = os::now_ns();
  const Program program = load_program(request, strategy);
  const uint64_t loaded = os::now_ns();
  const auto prepared = Prepared::make(program.module, strategy, {program.code, program.host.get(), {}});
  CallPlan plan(*program.script, *program.module, *program.host);
  Pool pool(strategy, SlotGeometry::covering({}, *prepared), 1);
  const Tenant& tenant = pool.admit(prepared);
  const uint64_t ready = os::now_ns();
  Lease lease(pool, tenant);
  const uint64_t instantiated = os::now_ns();
  plan.run(lease.instance());
  const uint64_t called = os::now_ns();
  once.codegen = program.codegen;
  once.code_from = program.cache_note;
  once.load_ns = loaded - begin;
  once.prepare_ns = ready - loaded;
  once.instantiate_ns = instantiated - ready;
  once.call_ns = called - instantiated;
  once.results = plan.last_results();
  once.output = program.host->written(1);
  return once;
}

}  // namespace instbench::bench
