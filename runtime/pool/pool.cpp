#include "runtime/pool/pool.hpp"

#include <algorithm>
#include <exception>
#include <stdexcept>
#include <utility>

#include "runtime/os/error.hpp"

namespace instbench {

uint64_t PoolStats::found(SlotPath way) const {
  uint64_t sum = 0;
  for (uint32_t i = 0; i < Path::kIndexEnd; ++i) sum += Path::from_index(i).slot == way ? paths[i] : 0;
  return sum;
}

Pool::Pool(const Strategy& strategy, const SlotGeometry& geometry, uint32_t slots)
    : Pool(std::make_shared<SlotStore>(strategy, geometry, slots, 1), 0) {}

Pool::Pool(std::shared_ptr<SlotStore> store, uint32_t thread)
    : store_(std::move(store)), thread_(thread), taken_(slots()), groups_(slots()) {
  INSTBENCH_ASSERT(thread < store_->caches().threads());
  queue_.reserve(strategy().waiting_slots());
}

Pool::~Pool() {
  if (!queue_.empty()) flush();
  for (const auto& tenant : tenants_) store_->let_go(tenant->prepared());
  INSTBENCH_ASSERT(std::all_of(taken_.begin(), taken_.end(), [](uint8_t taken) { return taken == 0; }));
}

Tenant& Pool::admit(std::shared_ptr<const Prepared> prepared) {
  if (prepared->strategy() != strategy())
    throw Unsupported("the module was prepared for another strategy than the pool's");
  if (!store_->geometry().fits(prepared->needs())) throw Unsupported("the module does not fit the pool's slots");
  const SlotCaches::Key key = store_->key_of(*prepared);
  tenants_.emplace_back(new Tenant(std::move(prepared), key));
  return *tenants_.back();
}

void Pool::dismiss(const Tenant& tenant) {
  flush();  // what waits names its tenant
  store_->let_go(tenant.prepared());
  std::erase_if(tenants_, [&](const std::unique_ptr<Tenant>& one) { return one.get() == &tenant; });
}

Pool::Claim Pool::acquire(const Tenant& tenant) {
  // What waits for its reset goes before another module's slot.
  auto taken = store_->caches().take(thread_, tenant.key_, queue_.empty());
  if (!taken && !queue_.empty()) {
    flush();
    taken = store_->caches().take(thread_, tenant.key_);
  }
  if (!taken) return {};
  Claim claim{&store_->slot(taken->slot), taken->slot, {}};
  switch (taken->kind) {
    case SlotCaches::Kind::hit:
      claim.path.slot = SlotPath::hit;
      break;
    case SlotCaches::Kind::stolen:
      claim.path.slot = SlotPath::stolen;
      break;
    case SlotCaches::Kind::cold:
      claim.path.slot = strategy().alloc == Alloc::fresh ? SlotPath::fresh : SlotPath::cold;
      break;
    case SlotCaches::Kind::shared:
      claim.path.slot = SlotPath::shared;
      break;
    case SlotCaches::Kind::evicted:
      claim.path.slot = SlotPath::evicted;
      break;
  }
  // A module that was dismissed has left its slots to this one.
  const bool affine = taken->kind == SlotCaches::Kind::hit || taken->kind == SlotCaches::Kind::stolen;
  if (affine && store_->by_module() && claim.slot->vmctx_owner() != tenant.prepared().id()) [[unlikely]]
    claim.path.slot = SlotPath::shared;
  taken_[claim.id] = 1;
  if (claim.slot->reserved()) return claim;
  try {
    claim.slot->reserve();
  } catch (...) {
    give_back(claim, nullptr);
    throw;
  }
  return claim;
}

Instance Pool::init(Claim& claim, const Tenant& tenant, const Links* links) {
  if (strategy().affinity == Switch::off && (claim.path.slot == SlotPath::hit || claim.path.slot == SlotPath::stolen)) {
    claim.path.slot = SlotPath::evicted;  // as if another module had been here
    claim.slot->wipe();
  }
  claim.path.memory = claim.slot->adopt(tenant.prepared(), tenant.habit_);
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
    if (claim.slot->state() != SlotState::live) {
      empty(claim);  // init threw before the slot was taken into use
    } else if (strategy().reset == Reset::batch) {
      return enqueue(claim, tenant);
    } else {
      claim.path.reset = claim.slot->reset(tenant.prepared(), tenant.habit_, room_for(claim, tenant));
      if (claim.slot->resident_bytes() != store_->booked(claim.id)) [[unlikely]]
        book(claim);
    }
  } catch (const std::exception& error) {
    repair(claim, error.what());
    return;
  }
  ++stats_.paths[claim.path.index()];
  give_back(claim, tenant.key_);
  claim.slot = nullptr;
}

// The slot is pristine, by `key`, or holds nothing.
void Pool::give_back(const Claim& claim, SlotCaches::Key key) {
  taken_[claim.id] = 0;
  if (claim.slot->state() == SlotState::ready)
    store_->caches().give_back(thread_, claim.id, key);
  else
    store_->caches().give_back_empty(thread_, claim.id);
}

// Whatever is in the slot goes.
void Pool::empty(Claim& claim) {
  claim.path.reset = ResetPath::wipe;
  if (strategy().alloc == Alloc::fresh)
    claim.slot->unmap();
  else
    claim.slot->wipe();
  book(claim.id, 0);
}

void Pool::repair(Claim& claim, const std::string& failure) noexcept {
  stats_.last_failure = failure;
  try {
    empty(claim);
    ++stats_.failed_resets;
    ++stats_.paths[claim.path.index()];
    give_back(claim, nullptr);
  } catch (const std::exception& error) {
    stats_.last_failure = failure + "; then " + error.what();
    ++stats_.retired;
    taken_[claim.id] = 0;
  }
  claim.slot = nullptr;
}

// reset=batch: the slot waits, and may not be handed out before flush().
void Pool::enqueue(Claim& claim, const Tenant& tenant) {
  claim.slot->begin_discard(tenant.prepared());
  claim.path.reset = ResetPath::batch;
  queue_.push_back({claim, &tenant});
  claim.slot = nullptr;
  if (queue_.size() == queue_.capacity()) flush();
}

void Pool::flush() noexcept {
  std::string failure;
  try {
    discards_.clear();
    for (const Member& waiting : queue_) waiting.claim.slot->add_discards(waiting.tenant->prepared(), discards_);
    os::discard_all(discards_);
  } catch (const std::exception& error) {
    failure = error.what();
  }
  for (Member& waiting : queue_) {
    if (!failure.empty()) {
      repair(waiting.claim, failure);
      continue;
    }
    ++stats_.paths[waiting.claim.path.index()];
    waiting.claim.slot->end_discard();
    give_back(waiting.claim, waiting.tenant->key_);
  }
  queue_.clear();
}

// How many bytes the slot may keep now. Where that is less than it or its module usually keeps, idle slots make room, those
// that lie longest unused first. Of a module that finds no room at all it is not known what it would keep: now and
// then one of them does so for it too.
uint64_t Pool::room_for(const Claim& claim, const Tenant& tenant) {
  const uint64_t held = store_->booked(claim.id), wanted = strategy().resident_bytes;
  ResidentBudget& budget = store_->budget();
  if (const uint64_t room = budget.room(held); room >= wanted) [[likely]]
    return wanted;
  uint64_t usual = std::min(wanted, std::max(held, tenant.habit_.usual_bytes()));
  if (usual == 0 && budget.room(held) < os::kPageBytes && ++tenant.without_room_ % Tenant::kPatience == 1)
    usual = std::min(wanted, uint64_t{os::kPageBytes});
  while (budget.room(held) < usual && trim_oldest()) {
  }
  return std::min(wanted, budget.room(held));
}

void Pool::book(SlotCaches::SlotId id, uint64_t bytes) {
  store_->budget().book(store_->booked(id), bytes);
  store_->booked(id) = bytes;
}

// After a reset that kept more or less than the one before.
void Pool::book(const Claim& claim) {
  book(claim.id, claim.slot->resident_bytes());
  while (store_->budget().exceeded() && trim_oldest()) {
  }
  if (!store_->budget().exceeded()) return;
  claim.slot->give_pages_back();
  book(claim.id, 0);
}

// Of the idle slots that keep pages, this thread's before others', the one that lies longest unused gives them back. False:
// none was found, or it failed. Those on the way to it keep nothing, and count as trimmed too.
bool Pool::trim_oldest() {
  SlotCaches::Trim trim(store_->caches(), thread_);
  for (uint32_t looked_at = 0; looked_at < kMostTrimmed; ++looked_at) {
    SlotCaches::Key key = nullptr;
    const auto id = trim.take_oldest(key);
    if (!id) return false;
    Claim idle{&store_->slot(*id), *id, {}};
    const bool keeps = idle.slot->resident_bytes() != 0;
    taken_[*id] = 1;
    try {
      if (keeps) idle.slot->give_pages_back();
    } catch (const std::exception& error) {
      repair(idle, error.what());
      return false;
    }
    if (keeps) book(*id, 0);
    taken_[*id] = 0;
    if (idle.slot->state() == SlotState::ready)
      trim.give_back(*id, key);
    else
      store_->caches().give_back_empty(thread_, *id);
    if (!keeps) continue;
    ++stats_.trimmed;
    return true;
  }
  return false;
}

void Pool::set_resident_budget(uint64_t bytes) {
  store_->budget().set_limit(bytes);
  while (store_->budget().exceeded() && trim_oldest()) {
  }
}

void Pool::check(const Tenant& tenant, const Links& links) const {
  check_links(tenant.prepared(), links);
  const Code* code = tenant.prepared().code();
  for (const std::optional<Extern>& link : links) {
    if (!link) continue;
    const auto id = store_->id_of(link->instance.slot());
    if (!id || taken_[*id] == 0) throw LinkError("instances of different pools cannot share anything");
    store_->slot(*id).touch();  // whatever becomes of the link
    const Code* theirs = link->instance.prepared().code();
    if ((code == nullptr) != (theirs == nullptr) || (code != nullptr && code->options() != theirs->options())) {
      const auto say = [](const Code* one) {
        return one == nullptr ? std::string("none") : std::string(one->options());
      };
      throw LinkError("code of different kinds cannot be linked: codegen=" + say(code) + " and codegen=" + say(theirs));
    }
  }
}

std::shared_ptr<Pool::Group> Pool::group_with(SlotCaches::SlotId id) {
  if (groups_[id] == nullptr) {
    groups_[id] = std::make_shared<Group>();
    groups_[id]->members.push_back({{&store_->slot(id), id, {}}, nullptr});
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
    group = merge(group, group_with(*store_->id_of(link->instance.slot())));
  }
  if (group != nullptr) chain_claims(*group);
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
