// The isolation check: an instance that a strategy made is byte for byte what a fresh `eager` one is,
// also after earlier tenants of its slot did what guests do.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "harness/engines/core/call_plan.hpp"
#include "runtime/pool/pool.hpp"

namespace instbench::bench {

// A reference instance, made once from scratch with the `eager` strategy in a pool of its own.
class Oracle {
 public:
  static constexpr uint64_t kGrownPages = 16;  // of 64 KiB: how far growth is used and looked at

  // With code, both the reference and what it is compared with have run their start function. `host` may be null; it is
  // reset before each start.
  explicit Oracle(std::shared_ptr<const Module> module, std::shared_ptr<const Code> code = nullptr,
                  std::shared_ptr<CallHost> host = nullptr);
  // Before an instance is made whose start function may ask the host.
  void before_instance() const {
    if (host_ != nullptr) host_->reset();
  }

  // What differs first ("memory 0 at 0x1000: 0xff, expected 0x00"), or nothing. Reads all of the
  // instance's memory and looks at every table entry: its slot is not fit for timing afterwards.
  std::optional<std::string> difference(Instance instance);

  // Grows every memory as far as limits and a bound allow: what a former tenant grew must read as zero again.
  // The instance is grown afterwards.
  static std::optional<std::string> growth_difference(Instance instance);

 private:
  std::optional<std::string> memory_difference(Instance& instance, size_t index);
  std::optional<std::string> table_difference(Instance& instance, size_t index);
  std::optional<std::string> global_difference(const Instance& instance, size_t index);

  std::shared_ptr<CallHost> host_;
  std::shared_ptr<const Prepared> prepared_;
  std::unique_ptr<Pool> pool_;
  std::unique_ptr<Lease> reference_;
};

// Does to an instance what a guest could: writes every page of a small memory and, in a large one, the ends of
// every run of its image and places at random; grows memory and fills what it grew; sets and clears table
// entries and, for odd seeds, grows tables; sets mutable globals; drops segments.
void make_mess(Instance instance, uint64_t seed);

// Makes one instance, compares it with the oracle, does the calls (if any), makes a mess of it and drops it. In odd rounds
// it is grown first. The pool's slots are unfit for timing afterwards. Throws WrongAnswer.
std::optional<std::string> find_leak_in_one(Pool& pool, const Tenant& tenant, Oracle& oracle, uint64_t round, uint64_t seed,
                                            CallPlan* calls = nullptr);
// Of a pool all of whose instances were dropped.
std::optional<std::string> failed_reset(const Pool& pool);

// The same with `rounds` instances one after another.
std::optional<std::string> find_leak(Pool& pool, const Tenant& tenant, Oracle& oracle, int rounds, uint64_t seed,
                                     CallPlan* calls = nullptr);

}  // namespace instbench::bench
