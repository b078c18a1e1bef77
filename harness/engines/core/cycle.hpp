// One cycle, and everything that is timed: release the oldest instance, acquire a slot, initialise it,
// do the work. The same code with three kinds of marks between the phases: none (the batch that is
// judged), clock reads, and counter readings. Nothing else stands between start and stop: no
// allocation, no logging, no destruction.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <vector>

#include "harness/engines/core/call_plan.hpp"
#include "harness/protocol/touch_plan.hpp"
#include "harness/worker/marks.hpp"
#include "runtime/pool/pool.hpp"

namespace instbench::bench {

// Does one cycle's worth of touching. The sum keeps the reads alive.
inline uint64_t touch(Instance instance, const TouchPlan& plan, uint64_t value) {
  uint64_t sum = 0;
  const Touches& now = plan.now();
  if (!now.reads.empty() || !now.writes.empty()) {
    std::byte* memory = instance.memory(0).data();
    for (const uint64_t place : now.reads) sum += *reinterpret_cast<const volatile uint64_t*>(memory + place);
    for (const uint64_t place : now.writes) *reinterpret_cast<volatile uint64_t*>(memory + place) = value;
  }
  for (const uint64_t entry : now.entries) sum += reinterpret_cast<uintptr_t>(instance.take(0, entry).code);
  if (plan.grow_pages() != 0) {
    const std::optional<uint64_t> old_pages = instance.grow_memory(0, plan.grow_pages());
    for (uint64_t i = 0; old_pages && i < plan.grow_pages(); ++i) {
      *reinterpret_cast<volatile std::byte*>(instance.memory(0).data() + (*old_pages + i) * kWasmPageBytes) =
          std::byte{1};
    }
  }
  return sum;
}

// `slots` instances alive at once; each cycle drops the oldest and makes a new one in its place.
class Ring {
 public:
  // `calls` and `host` are null unless the workload calls.
  Ring(Pool& pool, const Tenant& tenant, TouchPlan& plan, CallPlan* calls, CallHost* host, size_t slots)
      : pool_(pool), tenant_(tenant), plan_(plan), calls_(calls), host_(host), claims_(slots) {}
  ~Ring() { drain(); }
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;

  template <typename Marks>
  void cycle(Marks& marks) {
    Pool::Claim& claim = claims_[next_];
    next_ = next_ + 1 == claims_.size() ? 0 : next_ + 1;
    plan_.next_cycle();
    if (host_ != nullptr) host_->reset();
    marks.at(0);
    if (claim.slot != nullptr) {
      pool_.release(claim, tenant_);
      last_reset_ = claim.path.reset;
    }
    marks.at(1);
    claim = pool_.acquire(tenant_);
    if (claim.slot == nullptr) [[unlikely]]
      throw std::length_error("the pool has no slot left: " + pool_.stats().last_failure);
    marks.at(2);
    const Instance instance = pool_.init(claim, tenant_);
    marks.at(3);
    instance.start();
    marks.at(4);
    if (calls_ != nullptr)
      calls_->run(instance);
    else
      sum_ += touch(instance, plan_, ++value_);
    marks.at(5);
  }

  // The way of the last cycle: of the instance it made, and of the reset it made (another instance's, the oldest).
  Path last_path() const {
    Path path = claims_[next_ == 0 ? claims_.size() - 1 : next_ - 1].path;
    path.reset = last_reset_;
    return path;
  }

  void drain() {
    for (Pool::Claim& claim : claims_) {
      if (claim.slot == nullptr) continue;
      pool_.release(claim, tenant_);
      last_reset_ = claim.path.reset;
    }
  }

 private:
  Pool& pool_;
  const Tenant& tenant_;
  TouchPlan& plan_;
  CallPlan* calls_;
  CallHost* host_;
  std::vector<Pool::Claim> claims_;
  size_t next_ = 0;
  ResetPath last_reset_ = ResetPath::pending;
  uint64_t value_ = 0;
  uint64_t sum_ = 0;
};

}  // namespace instbench::bench
