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
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/instance/instance.hpp"
#include "runtime/instance/link.hpp"
#include "runtime/os/guest.hpp"
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
  mutable Habit habit_;  // learnt by resets of its instances
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
  // Phase `init`: memory, tables, globals, vmctx; the start function is still to be called (Instance::start). COST: see
  // Slot::adopt; none on an affine slot. When it throws (InstantiationError, std::system_error) the claim must still be
  // released. REQUIRES: `links` as for instantiate(), of instances in this pool.
  Instance init(Claim& claim, const Tenant& tenant, const Links* links = nullptr);
  // Phase `release`: reset. COST: at most one call for pool strategies without growth. Never throws:
  // failures are counted and named in stats(). A member of a group is reset when the last of its group is released.
  void release(Claim& claim, const Tenant& tenant) noexcept;

  // Makes the instances behind the links and the claimed one a group: from now on they are reset together, and
  // a fault in any of them is a trap of the call that is running.
  void join(const Claim& claim, const Links& links);
  // Throws LinkError: the links do not match the module, or lead out of this pool, or to code of another compiler (how
  // several results are returned differs between compilers).
  void check(const Tenant& tenant, const Links& links) const;

  const Strategy& strategy() const { return strategy_; }
  const PoolStats& stats() const { return stats_; }
  uint32_t slots() const { return index_.size(); }
  // Address ranges reserved now.
  std::vector<os::Range> reservations() const;

 private:
  struct Member {
    Claim claim;
    const Tenant* tenant = nullptr;  // once released
  };
  // Instances that share objects. `live` of them are not yet released.
  struct Group {
    std::vector<Member> members;
    // One chain over all members. A call that is running holds its addresses: links never move, and a group that
    // became part of this one is kept for its own.
    std::deque<os::FaultClaims> claims;
    std::vector<std::shared_ptr<Group>> absorbed;
    size_t live = 0;
  };
  void reset(Claim& claim, const Tenant& tenant) noexcept;
  void repair(Claim& claim, const std::string& failure) noexcept;
  std::shared_ptr<Group> group_with(SlotIndex::SlotId id);
  std::shared_ptr<Group> merge(std::shared_ptr<Group> into, std::shared_ptr<Group> from);
  void chain_claims(Group& group);
  std::optional<SlotIndex::SlotId> slot_id(const Slot& slot) const;

  Strategy strategy_;
  SlotGeometry geometry_;
  std::vector<Slot> slots_;
  SlotIndex index_;
  std::vector<std::shared_ptr<Group>> groups_;  // by slot; null: alone
  std::vector<std::unique_ptr<Tenant>> tenants_;
  PoolStats stats_;
};

// An instance that gives its slot back, started. Move-only.
class Lease {
 public:
  // Throws InstantiationError or std::system_error (the slot is back in the pool then, or belongs to the group if
  // something was written into a linked object), LinkError, or std::length_error when the pool is exhausted.
  Lease(Pool& pool, const Tenant& tenant, const Links& links = {});
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
