// Pool: slots for instances, kept between uses (alloc=pool) or made for each (alloc=fresh).
//
// acquire() and init() and release() are the phases that the harness times: each is one function that
// can be read whole and allocates nothing. Lease ties the three together for everyone else.
// INVARIANT: a slot that is handed out is pristine. A reset that fails is repaired by wiping the slot;
// if that fails too, the slot is retired, never reused, and unmapped with the pool.
// All modules of a pool are prepared for the pool's strategy.
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
#include "runtime/pool/slot_store.hpp"

namespace instbench {

struct PoolStats {
  std::array<uint64_t, Path::kIndexEnd> paths{};  // finished instantiations by Path::index()
  uint64_t failed_resets = 0;                     // repaired by wiping
  uint64_t retired = 0;                           // not repaired
  uint64_t trimmed = 0;                           // idle slots whose pages were given back for the pool's budget
  std::string last_failure;                       // names the call

  // Of the finished instantiations, those whose slot was found this way.
  uint64_t found(SlotPath way) const;
};

// A module as a pool knows it: prepared, with its affinity key.
class Tenant {
 public:
  const Prepared& prepared() const { return *prepared_; }
  // What resets of its instances have found out, by this pool's thread.
  const Habit& habit() const { return habit_; }

 private:
  friend class Pool;
  static constexpr uint32_t kPatience = 16;  // one such reset in so many has others make room
  Tenant(std::shared_ptr<const Prepared> prepared, SlotCaches::Key key) : prepared_(std::move(prepared)), key_(key) {}
  std::shared_ptr<const Prepared> prepared_;
  SlotCaches::Key key_;
  mutable Habit habit_;
  mutable uint32_t without_room_ = 0;  // resets that found none for a page, of a module that has kept none yet
};

// One thread's way to the slots of a store. Not thread-safe: pools of several threads share one store, and an instance is
// given back to the pool that it is from.
class Pool {
 public:
  // With slots of its own, for one thread. Throws Unsupported as SlotStore.
  Pool(const Strategy& strategy, const SlotGeometry& geometry, uint32_t slots);
  // `thread` is below the number that the store was made for, and no other pool's.
  Pool(std::shared_ptr<SlotStore> store, uint32_t thread);
  ~Pool();  // REQUIRES: everything was released
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  // Throws Unsupported when the module does not fit the pool's slots. Modules with equal memory start states share their
  // affinity, unless slots keep what is one module's own (SlotStore::key_of).
  Tenant& admit(std::shared_ptr<const Prepared> prepared);
  // Lets go of a module, which may be destroyed then and its code unloaded; `tenant` is gone. Slots keep its memory image
  // for whoever is admitted with the same. REQUIRES: all its instances were released, and those of their groups.
  void dismiss(const Tenant& tenant);
  // From now on it is decided how this module's slots are reset (reset=restore): what its resets so far speak for, put
  // back in place or give back. Which pages are kept goes on being learnt.
  const Choice& freeze(Tenant& tenant) { return tenant.habit_.freeze(); }
  // How many bytes all idle slots of the store may keep resident (axis pool-resident). They are trimmed at once; what other
  // threads have in use, when it is next released.
  void set_resident_budget(uint64_t bytes);

  // One instance on its way. `slot` is null when the pool is exhausted.
  struct Claim {
    Slot* slot = nullptr;
    SlotCaches::SlotId id = 0;
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

  const Strategy& strategy() const { return store_->strategy(); }
  const PoolStats& stats() const { return stats_; }
  SlotStore& store() { return *store_; }
  uint32_t slots() const { return store_->caches().size(); }

 private:
  static constexpr uint32_t kMostTrimmed = 64;  // idle slots looked at to find one that keeps pages

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
  void give_back(const Claim& claim, SlotCaches::Key key);
  void empty(Claim& claim);
  void enqueue(Claim& claim, const Tenant& tenant);
  void flush() noexcept;
  uint64_t room_for(const Claim& claim, const Tenant& tenant);
  void book(SlotCaches::SlotId id, uint64_t bytes);
  void book(const Claim& claim);
  bool trim_oldest();
  void repair(Claim& claim, const std::string& failure) noexcept;
  std::shared_ptr<Group> group_with(SlotCaches::SlotId id);
  std::shared_ptr<Group> merge(std::shared_ptr<Group> into, std::shared_ptr<Group> from);
  void chain_claims(Group& group);

  const std::shared_ptr<SlotStore> store_;
  const uint32_t thread_;
  std::vector<uint8_t> taken_;                  // by slot: by this pool
  std::vector<std::shared_ptr<Group>> groups_;  // by slot; null: alone
  std::vector<std::unique_ptr<Tenant>> tenants_;
  std::vector<Member> queue_;     // reset=batch: slots that wait; capacity is the batch
  std::vector<iovec> discards_;   // scratch of flush()
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
