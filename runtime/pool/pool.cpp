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
  if (strategy.memory == MemoryInit::overlay && strategy.backing == Backing::memfd) require("memfd", "backing=memfd");
  if (strategy.reset == Reset::madvise) require("madvise_discard", "reset=madvise");
  if (strategy.reset == Reset::remap) require("remap_fixed", "reset=remap");
  if (strategy.reset == Reset::keep) require("madvise_discard", "reset=keep");
  if (strategy.reset == Reset::track) require("userfaultfd_wp_async", "reset=track");
  if (strategy.reset == Reset::scan || strategy.reset == Reset::restore || strategy.reset == Reset::track) {
    require("madvise_discard", "giving pages back");
    require("pagemap_scan", "finding pages to put back");
  }
}

}  // namespace

Pool::Pool(const Strategy& strategy, const SlotGeometry& geometry, uint32_t slots)
    : strategy_(strategy), geometry_(geometry), index_(slots), groups_(slots) {
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

Instance Pool::init(Claim& claim, const Tenant& tenant, const Links* links) {
  if (strategy_.affinity == Switch::off && claim.path.slot == SlotPath::hit) {
    claim.path.slot = SlotPath::evicted;  // as if another module had been here
    claim.slot->wipe();
  }
  claim.path.memory = claim.slot->adopt(tenant.prepared());
  return instantiate(*claim.slot, tenant.prepared(), claim.path, links);
}

void Pool::release(Claim& claim, const Tenant& tenant) noexcept {
  if (groups_[claim.id] == nullptr) [[likely]]
    return reset(claim, tenant);
  const std::shared_ptr<Group> group = groups_[claim.id];
  for (Member& member : group->members) {
    if (member.claim.id == claim.id) member = {claim, &tenant};
  }
  claim.slot = nullptr;
  if (--group->live != 0) return;
  for (Member& member : group->members) {
    groups_[member.claim.id] = nullptr;
    reset(member.claim, *member.tenant);
  }
}

void Pool::reset(Claim& claim, const Tenant& tenant) noexcept {
  try {
    if (claim.slot->state() == SlotState::live) {
      claim.path.reset = claim.slot->reset(tenant.prepared(), tenant.habit_);
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

std::optional<SlotIndex::SlotId> Pool::slot_id(const Slot& slot) const {
  if (&slot < slots_.data() || &slot >= slots_.data() + slots_.size()) return std::nullopt;
  return static_cast<SlotIndex::SlotId>(&slot - slots_.data());
}

void Pool::check(const Tenant& tenant, const Links& links) const {
  check_links(tenant.prepared(), links);
  const Code* code = tenant.prepared().code();
  for (const std::optional<Extern>& link : links) {
    if (!link) continue;
    if (!slot_id(link->instance.slot())) throw LinkError("instances of different pools cannot share anything");
    const Code* theirs = link->instance.prepared().code();
    if ((code == nullptr) != (theirs == nullptr) || (code != nullptr && code->options() != theirs->options())) {
      const auto say = [](const Code* one) {
        return one == nullptr ? std::string("none") : std::string(one->options());
      };
      throw LinkError("code of different kinds cannot be linked: codegen=" + say(code) + " and codegen=" + say(theirs));
    }
  }
}

std::shared_ptr<Pool::Group> Pool::group_with(SlotIndex::SlotId id) {
  if (groups_[id] == nullptr) {
    groups_[id] = std::make_shared<Group>();
    groups_[id]->members.push_back({{&slots_[id], id, {}}, nullptr});
    groups_[id]->live = 1;
  }
  return groups_[id];
}

std::shared_ptr<Pool::Group> Pool::merge(std::shared_ptr<Group> into, std::shared_ptr<Group> from) {
  if (into == from) return into;
  if (into->members.size() < from->members.size()) std::swap(into, from);
  for (const Member& member : from->members) {
    into->members.push_back(member);
    groups_[member.claim.id] = into;
  }
  into->live += from->live;
  into->absorbed.push_back(std::move(from));
  return into;
}

void Pool::chain_claims(Group& group) {
  while (group.claims.size() < group.members.size()) group.claims.emplace_back();
  for (size_t i = 0; i < group.members.size(); ++i) {
    Slot& slot = *group.members[i].claim.slot;
    slot.touch();  // others may write what it shares
    VmctxHeader& header = *reinterpret_cast<VmctxHeader*>(slot.vmctx());
    const Code* code = header.prepared->code();
    group.claims[i] = {code == nullptr ? os::Range{} : code->text(), slot.range(),
                       i + 1 < group.claims.size() ? &group.claims[i + 1] : nullptr};
    header.group_claims = &group.claims.front();
  }
}

void Pool::join(const Claim& claim, const Links& links) {
  std::shared_ptr<Group> group;
  for (const std::optional<Extern>& link : links) {
    if (!link) continue;
    if (group == nullptr) group = group_with(claim.id);
    group = merge(group, group_with(*slot_id(link->instance.slot())));
  }
  if (group != nullptr) chain_claims(*group);
}

std::vector<os::Range> Pool::reservations() const {
  std::vector<os::Range> ranges;
  for (const Slot& slot : slots_) {
    if (slot.reserved()) ranges.push_back(slot.range());
  }
  return ranges;
}

Lease::Lease(Pool& pool, const Tenant& tenant, const Links& links) : pool_(&pool), tenant_(&tenant) {
  const bool linked = tenant.prepared().links_anything();
  if (linked) pool.check(tenant, links);
  claim_ = pool.acquire(tenant);
  if (claim_.slot == nullptr)
    throw std::length_error("all " + std::to_string(pool.slots()) + " slots of the pool are in use or retired");
  try {
    instance_ = pool.init(claim_, tenant, linked ? &links : nullptr);
    if (linked) pool.join(claim_, links);
    instance_.start();
  } catch (const InstantiationError& error) {
    // A failed instance that has written into a linked object (its function may lie in another's table) stays with the
    // group: segments may have done so, and code, which runs after joining.
    if (error.wrote_linked) pool.join(claim_, links);
    pool.release(claim_, tenant);
    throw;
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
