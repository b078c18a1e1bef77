#include "runtime/pool/slot_store.hpp"

#include <algorithm>
#include <array>

#include "runtime/os/error.hpp"
#include "runtime/os/features.hpp"
#include "runtime/os/pagemap.hpp"

namespace instbench {
namespace {

void require(std::string_view feature, std::string_view axis) {
  const os::Support& support = os::feature(feature);
  if (!support.ok) throw Unsupported(std::string(axis) + " cannot be had here: " + support.why_not);
}

}  // namespace

const Strategy& with_features(const Strategy& strategy) {
  if (!os::page_size_supported()) throw Unsupported("this kernel's pages are not 4 KiB, which the core is built for");
  if (strategy.memory == MemoryInit::overlay && strategy.backing == Backing::memfd) require("memfd", "backing=memfd");
  if (strategy.reset == Reset::madvise) require("madvise_discard", "reset=madvise");
  if (strategy.reset == Reset::batch) require("process_madvise", "reset=batch");
  if (strategy.reset == Reset::remap) require("remap_fixed", "reset=remap");
  if (strategy.reset == Reset::keep) require("madvise_discard", "reset=keep");
  if (strategy.reset == Reset::track) require("userfaultfd_wp_async", "reset=track");
  if (strategy.reset == Reset::scan || strategy.reset == Reset::restore || strategy.reset == Reset::track) {
    require("madvise_discard", "giving pages back");
    require("pagemap_scan", "finding pages to put back");
    require("unmerged_pages", "finding pages to put back");
  }
  if (strategy.find == Find::faults) require("fault_count", "find=faults");
  if (strategy.prefault == Switch::on) require("populate_write", "prefault=on");
  return strategy;
}

namespace {

bool keeps_what_is_a_modules_own(const Strategy& strategy) {
  const bool tables = strategy.tables == TableInit::retained || strategy.tables == TableInit::proven;
  return strategy.affinity == Switch::on && (tables || keeps_pages(strategy.reset));
}

}  // namespace

SlotStore::SlotStore(const Strategy& strategy, const SlotGeometry& geometry, uint32_t slots, uint32_t threads)
    : strategy_(with_features(strategy)),
      by_module_(keeps_what_is_a_modules_own(strategy)),
      geometry_(geometry),
      booked_(slots),
      caches_(slots, threads),
      budget_(strategy.pool_resident_bytes) {
  slots_.reserve(slots);
  for (uint32_t i = 0; i < slots; ++i) slots_.emplace_back(geometry);
  // The first search of a process opens its page map: not in somebody's first reset.
  if (strategy.reset == Reset::scan || strategy.reset == Reset::restore) {
    std::array<os::PageRegion, 1> found{};
    alignas(os::kPageBytes) std::byte page[os::kPageBytes];
    static_cast<void>(os::find_private_pages({page, sizeof page}, found));
  }
}

std::optional<SlotStore::SlotId> SlotStore::id_of(const Slot& slot) const {
  if (&slot < slots_.data() || &slot >= slots_.data() + slots_.size()) return std::nullopt;
  return static_cast<SlotId>(&slot - slots_.data());
}

SlotCaches::Key SlotStore::key_of(const Prepared& prepared) {
  const std::lock_guard lock(keys_mutex_);
  std::vector<Owner>& kin = owners_[prepared.memory_key()];
  const uint64_t module = owner_id(prepared);
  auto owner = std::find_if(kin.begin(), kin.end(), [&](const Owner& one) { return one.module == module; });
  if (owner == kin.end()) owner = std::find_if(kin.begin(), kin.end(), [](const Owner& one) { return one.users == 0; });
  if (owner == kin.end()) owner = kin.insert(owner, {caches_.new_key(kin.empty() ? nullptr : kin.front().key), module, 0});
  owner->module = module;
  ++owner->users;
  return owner->key;
}

void SlotStore::let_go(const Prepared& prepared) {
  const std::lock_guard lock(keys_mutex_);
  for (Owner& owner : owners_.at(prepared.memory_key())) {
    if (owner.module == owner_id(prepared)) --owner.users;
  }
}

std::vector<os::Range> SlotStore::reservations() const {
  std::vector<os::Range> ranges;
  for (const Slot& slot : slots_) {
    if (slot.reserved()) ranges.push_back(slot.range());
  }
  return ranges;
}

}  // namespace instbench
