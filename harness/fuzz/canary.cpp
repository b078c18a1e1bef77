#include "harness/fuzz/canary.hpp"

#include <cstring>

#include "runtime/module/load.hpp"
#include "runtime/pool/pool.hpp"

namespace instbench::bench {
namespace {

constexpr const char* kModule = "(module (memory 1024) (data (i32.const 4000000) \"content\"))";
constexpr uint64_t kMarkAt = 1024;  // in each page; the content lies elsewhere

}  // namespace

CanaryReport run_canary(const Strategy& strategy, uint64_t tenants, const std::function<void()>& progress) {
  const auto module = load(assemble_wat(kModule, "canary.wat"), "canary.wat", Bodies::validate);
  const auto prepared = Prepared::make(module, strategy);
  Pool pool(strategy, SlotGeometry::covering({}, *prepared), 1);
  const Tenant& tenant = pool.admit(prepared);
  CanaryReport report;
  while (report.tenants < tenants && !report.leak) {
    const uint64_t mark = ++report.tenants;
    Lease lease(pool, tenant);
    const std::span<std::byte> memory = lease->memory(0);
    uint64_t found = 0, first_page = 0, whose = 0;
    for (uint64_t at = kMarkAt; at < memory.size(); at += os::kPageBytes) {
      uint64_t there = 0;
      std::memcpy(&there, memory.data() + at, sizeof there);
      if (there != 0 && ++found == 1) {
        first_page = at / os::kPageBytes;
        whose = there;
      }
      std::memcpy(memory.data() + at, &mark, sizeof mark);
      ++report.pages_looked_at;
    }
    if (found != 0) {
      report.leak = "tenant " + std::to_string(mark) + " found the mark of tenant " + std::to_string(whose) + " in page " +
                    std::to_string(first_page) + (found == 1 ? "" : ", and " + std::to_string(found - 1) + " more") + " (" +
                    to_string(lease.path()) + ")";
    }
    lease.release();
    const PoolStats& stats = pool.stats();
    if (stats.failed_resets + stats.retired != 0) report.leak = "a reset failed: " + stats.last_failure;
    if (progress) progress();
  }
  return report;
}

}  // namespace instbench::bench
