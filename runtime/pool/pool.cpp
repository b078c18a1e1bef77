#include "runtime/pool/pool.hpp"

#include <exception>
#include <stdexcept>
#include <utility>

#include "runtime/os/error.hpp"
#include "runtime/os/features.hpp"

namespace instbench {
namespace {

void require(std::string_view feature, std::string_view axis) {
  const os::Support& support = os::feature(feature);
  if (!support.ok) throw Unsupported(std::string(axis) + " cannot be had here: " + support.why_not);
}

void require_features(const Strategy& strategy) {
  if (!os::page_size_supported()) throw Unsupported("this kernel's pages are not 4 KiB, which the core is built for");
  if (strategy.memory == MemoryInit::overlay) require("memfd", "memory=overlay");
  if (strategy.reset == Reset::madvise) require("madvise_discard", "reset=madvise");
  if (strategy.reset == Reset::remap) require("remap_fixed", "reset=remap");
}

}  // namespace

Pool::Pool(const Strategy& strategy, const SlotGeometry& geometry, uint32_t slots)
    : strategy_(strategy), geometry_(geometry), index_(slots) {
  require_features(strategy);
  slots_.reserve(slots);
  for (uint32_t i = 0; i < slots; ++i) slots_.emplace_back(geometry);
}

Pool::~Pool() { INSTBENCH_ASSERT(index_.free_count() + index_.retired_count() == index_.size()); }

Tenant& Pool::admit(std::shared_ptr<const Prepared> prepared) {
  if (prepared->strategy() != strategy_)
    throw Unsupported("the module was prepared for another strategy than the pool's");
  if (!geometry_.fits(prepared->needs())) throw Unsupported("the module does not fit the pool's slots");
  for (const auto& known : tenants_) {
    if (known->prepared().memory_key() != prepared->memory_key()) continue;
    tenants_.emplace_back(new Tenant(std::move(prepared), known->key_));
    return *tenants_.back();
  }
  tenants_.emplace_back(new Tenant(std::move(prepared), index_.new_key()));
  return *tenants_.back();
}

Pool::Claim Pool::acquire(const Tenant& tenant) {
  const auto taken = index_.take(tenant.key_);
  if (!taken) return {};
  Claim claim{&slots_[taken->slot], taken->slot, {}};
  switch (taken->kind) {
    case SlotIndex::Kind::hit:
      claim.path.slot = SlotPath::hit;
      break;
    case SlotIndex::Kind::cold:
      claim.path.slot = strategy_.alloc == Alloc::fresh ? SlotPath::fresh : SlotPath::cold;
      break;
    case SlotIndex::Kind::evicted:
      claim.path.slot = SlotPath::evicted;
      break;
  }
  if (claim.slot->reserved()) return claim;
  try {
    claim.slot->reserve();
  } catch (...) {
    index_.give_back_empty(claim.id);
    throw;
  }
  return claim;
}

Instance Pool::init(Claim& claim, const Tenant& tenant) {
  if (strategy_.affinity == Switch::off && claim.path.slot == SlotPath::hit) {
    claim.path.slot = SlotPath::evicted;  // as if another module had been here
    claim.slot->wipe();
  }
  claim.path.memory = claim.slot->adopt(tenant.prepared());
  return instantiate(*claim.slot, tenant.prepared(), claim.path);
}

void Pool::release(Claim& claim, const Tenant& tenant) noexcept {
  try {
    if (claim.slot->state() == SlotState::live) {
      claim.path.reset = claim.slot->reset(tenant.prepared());
    } else {
      // init threw before the slot was taken into use
      if (strategy_.alloc == Alloc::fresh)
        claim.slot->unmap();
      else
        claim.slot->wipe();
      claim.path.reset = ResetPath::wipe;
    }
  } catch (const std::exception& error) {
    repair(claim, error.what());
    return;
  }
  ++stats_.paths[claim.path.index()];
  if (claim.slot->state() == SlotState::ready) {
    index_.give_back(claim.id, tenant.key_);
  } else {
    index_.give_back_empty(claim.id);
  }
  claim.slot = nullptr;
}

void Pool::repair(Claim& claim, const std::string& failure) noexcept {
  claim.path.reset = ResetPath::wipe;
  stats_.last_failure = failure;
  try {
    if (strategy_.alloc == Alloc::fresh) {
      claim.slot->unmap();
    } else {
      claim.slot->wipe();
    }
    ++stats_.failed_resets;
    ++stats_.paths[claim.path.index()];
    index_.give_back_empty(claim.id);
  } catch (const std::exception& error) {
    stats_.last_failure = failure + "; then " + error.what();
    ++stats_.retired;
    index_.retire(claim.id);
  }
  claim.slot = nullptr;
}

std::vector<os::Range> Pool::reservations() const {
  std::vector<os::Range> ranges;
  for (const Slot& slot : slots_) {
    if (slot.reserved()) ranges.push_back(slot.range());
  }
  return ranges;
}

Lease::Lease(Pool& pool, const Tenant& tenant) : pool_(&pool), tenant_(&tenant), claim_(pool.acquire(tenant)) {
  if (claim_.slot == nullptr)
    throw std::length_error("all " + std::to_string(pool.slots()) + " slots of the pool are in use or retired");
  try {
    instance_ = pool.init(claim_, tenant);
  } catch (...) {
    pool.release(claim_, tenant);
    throw;
  }
}

Lease::Lease(Lease&& other) noexcept
    : pool_(std::exchange(other.pool_, nullptr)),
      tenant_(other.tenant_),
      claim_(std::exchange(other.claim_, {})),
      instance_(other.instance_) {}

Lease& Lease::operator=(Lease&& other) noexcept {
  if (this != &other) {
    release();
    pool_ = std::exchange(other.pool_, nullptr);
    tenant_ = other.tenant_;
    claim_ = std::exchange(other.claim_, {});
    instance_ = other.instance_;
  }
  return *this;
}

void Lease::release() noexcept {
  if (claim_.slot != nullptr) pool_->release(claim_, *tenant_);
}

}  // namespace instbench
