// Pool: slots for instances, kept between uses (alloc=pool) or made for each (alloc=fresh).
//
// acquire() and init() and release() are the phases that the harness times: each is one function that
// can be read whole and allocates nothing. Lease ties the three together for everyone else.
// INVARIANT: a slot that is handed out is pristine. A reset that fails is repaired by wiping the slot;
// if that fails too, the slot is retired, never reused, and unmapped with the pool.
// All modules of a pool are prepared for the pool's strategy. Not thread-safe: one pool a thread.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "runtime/instance/instance.hpp"
#include "runtime/pool/slot_index.hpp"

namespace instbench {

struct PoolStats {
  std::array<uint64_t, Path::kIndexEnd> paths{};  // finished instantiations by Path::index()
  uint64_t failed_resets = 0;                     // repaired by wiping
  uint64_t retired = 0;                           // not repaired
  std::string last_failure;                       // names the call
};

// A module as a pool knows it: prepared, with its affinity key.
class Tenant {
 public:
  const Prepared& prepared() const { return *prepared_; }

 private:
  friend class Pool;
  Tenant(std::shared_ptr<const Prepared> prepared, SlotIndex::Key key) : prepared_(std::move(prepared)), key_(key) {}
  std::shared_ptr<const Prepared> prepared_;
  SlotIndex::Key key_;
};

class Pool {
 public:
  // Address space is reserved slot by slot, at first use. Throws Unsupported when the kernel lacks what
  // the strategy needs.
  Pool(const Strategy& strategy, const SlotGeometry& geometry, uint32_t slots);
  ~Pool();  // REQUIRES: everything was released
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  // Throws Unsupported when the module does not fit the pool's slots. Modules with equal memory start
  // states share their affinity.
  Tenant& admit(std::shared_ptr<const Prepared> prepared);

  // One instance on its way. `slot` is null when the pool is exhausted.
  struct Claim {
    Slot* slot = nullptr;
    SlotIndex::SlotId id = 0;
    Path path;
  };
  // Phase `acquire`: finds or reserves a slot. COST: none in a pool; one mmap with alloc=fresh, on a cold
  // slot. Throws std::system_error when the reservation fails; nothing is claimed then.
  Claim acquire(const Tenant& tenant);
  // Phase `init`: memory, tables, globals, vmctx. COST: see Slot::adopt; none on an affine slot. When it
  // throws (InstantiationError, std::system_error) the claim must still be released.
  Instance init(Claim& claim, const Tenant& tenant);
  // Phase `release`: reset. COST: at most one call for pool strategies without growth. Never throws:
  // failures are counted and named in stats().
  void release(Claim& claim, const Tenant& tenant) noexcept;

  const Strategy& strategy() const { return strategy_; }
  const PoolStats& stats() const { return stats_; }
  uint32_t slots() const { return index_.size(); }
  // Address ranges reserved now.
  std::vector<os::Range> reservations() const;

 private:
  void repair(Claim& claim, const std::string& failure) noexcept;

  Strategy strategy_;
  SlotGeometry geometry_;
  std::vector<Slot> slots_;
  SlotIndex index_;
  std::vector<std::unique_ptr<Tenant>> tenants_;
  PoolStats stats_;
};

// An instance that gives its slot back. Move-only.
class Lease {
 public:
  // Throws InstantiationError or std::system_error (the slot is back in the pool then), or
  // std::length_error when the pool is exhausted.
  Lease(Pool& pool, const Tenant& tenant);
  Lease(Lease&& other) noexcept;
  Lease& operator=(Lease&& other) noexcept;
  ~Lease() { release(); }

  Instance& instance() { return instance_; }
  Instance* operator->() { return &instance_; }
  const Path& path() const { return claim_.path; }
  // Releases early; path() then tells the reset.
  void release() noexcept;

 private:
  Pool* pool_;
  const Tenant* tenant_;
  Pool::Claim claim_;
  Instance instance_;
};

}  // namespace instbench
