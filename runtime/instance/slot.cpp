#include "runtime/instance/slot.hpp"

#include <algorithm>
#include <system_error>
#include <utility>

#include "runtime/os/counters.hpp"
#include "runtime/os/error.hpp"

namespace instbench {
namespace {

uint64_t start_bytes(const Prepared& prepared, size_t memory) {
  return prepared.needs().memory_pages[memory] * kWasmPageBytes;
}

// What is reset by itself: tables with memory 0, each further memory. Tables need no memory.
size_t parts(const Prepared& prepared) { return std::max<size_t>(prepared.needs().memory_pages.size(), 1); }

}  // namespace

bool SlotGeometry::fits(const SlotNeeds& needs) const {
  return needs.vmctx_bytes <= vmctx_bytes && needs.tables_bytes <= tables_bytes &&
         needs.memory_pages.size() <= memories &&
         std::all_of(needs.memory_pages.begin(), needs.memory_pages.end(),
                     [&](uint64_t pages) { return pages * kWasmPageBytes <= reserve_bytes; });
}

SlotGeometry SlotGeometry::covering(const SlotGeometry& one, const Prepared& more) {
  SlotGeometry both = one;
  both.vmctx_bytes = std::max(both.vmctx_bytes, more.needs().vmctx_bytes);
  both.tables_bytes = std::max(both.tables_bytes, more.needs().tables_bytes);
  both.memories = std::max<uint64_t>(both.memories, more.needs().memory_pages.size());
  both.reserve_bytes = std::max(both.reserve_bytes, more.strategy().reserve_bytes);
  both.guard_bytes = std::max(both.guard_bytes, more.strategy().guard_bytes);
  return both;
}

void Slot::reserve() {
  INSTBENCH_ASSERT(!mapping_);
  mapping_ = os::Mapping::reserve(geometry_.total_bytes(), os::kHugePageBytes);
  state_ = SlotState::unmapped;
}

void Slot::unmap() {
  state_ = SlotState::unknown;
  mapping_.unmap();
  state_ = SlotState::unmapped;
  forget();
}

void Slot::forget() {
  vmctx_owner_ = 0;
  retained_ = {};
  content_present_ = false;
  resident_bytes_ = 0;
  for (MemoryPlace& place : memories_) place = {};
}

void Slot::wipe() {
  state_ = SlotState::unknown;
  // SAFETY: the whole range is this slot's reservation.
  os::map_zero_at(mapping_.range(), os::Access::none);
  state_ = SlotState::unmapped;
  forget();
}

os::Range Slot::tables(const Prepared& prepared) const {
  const uint64_t bytes = prepared.needs().tables_bytes - prepared.needs().retained_bytes;
  return {memory_base(0) - bytes, bytes};
}

os::Range Slot::retained(const Prepared& prepared) const {
  return {memory_base(0) - prepared.needs().tables_bytes, prepared.needs().retained_bytes};
}

bool Slot::tables_grew(const Prepared& prepared) const {
  const Vmctx ctx(vmctx(), prepared.layout());
  for (size_t i = 0; i < prepared.table_count(); ++i) {
    if (ctx.own_table(i).size > prepared.table(i).size) return true;
  }
  return false;
}

bool Slot::holds(const Prepared& prepared) const {
  for (size_t i = 0; i < memories_.size(); ++i) {
    const bool wanted = i < prepared.needs().memory_pages.size();
    const auto& image = memories_[i].image;
    if (wanted != (image != nullptr)) return false;
    if (wanted && (image->key() != prepared.image(i).key() || image->backing() != prepared.image(i).backing()))
      return false;
  }
  return true;
}

MemoryPath Slot::adopt(const Prepared& prepared, const Habit& habit) {
  INSTBENCH_ASSERT(state_ == SlotState::unmapped || state_ == SlotState::ready);
  const bool has_memory = !prepared.needs().memory_pages.empty();
  if (state_ == SlotState::ready && !holds(prepared)) wipe();
  const bool anothers = vmctx_owner_ != prepared.id();
  if (state_ == SlotState::ready && anothers) drop_others(prepared);
  if (state_ == SlotState::ready) {
    fit_sizes(prepared);
    if (anothers) begin_keeping(prepared);
    return has_memory ? MemoryPath::kept : MemoryPath::none;
  }
  open(prepared);
  if (prepared.strategy().prefault == Switch::on && !habit.working_set.empty()) {
    state_ = SlotState::unknown;
    residency_[0].prefault(start_state(prepared, 0), habit.working_set);
    resident_bytes_ = kept_bytes(0);
    state_ = SlotState::ready;
  }
  return has_memory ? MemoryPath::mapped : MemoryPath::none;
}

// From all closed to `ready`: one mprotect opens vmctx, tables and memory 0, which lie side by side.
void Slot::open(const Prepared& prepared) {
  state_ = SlotState::unknown;
  // While the slot is one mapping yet: later it costs a split of each. Overlays need it not: a private view of a file has small
  // pages only.
  if (prepared.strategy().find == Find::faults) os::avoid_huge_pages(mapping_.range());
  const SlotNeeds& needs = prepared.needs();
  const uint64_t head = geometry_.vmctx_bytes + geometry_.tables_bytes;
  const uint64_t first = needs.memory_pages.empty() ? 0 : start_bytes(prepared, 0);
  // SAFETY: from the vmctx to the end of memory 0's start, all inside this slot's reservation.
  os::protect({vmctx(), head + first}, os::Access::read_write);
  for (size_t i = 0; i < needs.memory_pages.size(); ++i) {
    if (i > 0 && start_bytes(prepared, i) != 0)
      os::protect({memory_base(i), start_bytes(prepared, i)}, os::Access::read_write);
    memories_[i].accessible = start_bytes(prepared, i);
    memories_[i].image = prepared.shared_image(i);
    if (prepared.strategy().thp == Thp::on && memories_[i].accessible != 0)
      os::prefer_huge_pages({memory_base(i), memories_[i].accessible});
    map_extents(prepared, i);
  }
  retained_ = retained(prepared);
  begin_keeping(prepared);
  state_ = SlotState::ready;
}

// Tables lie against memory 0 and are reset with it.
StartState Slot::start_state(const Prepared& prepared, size_t memory) const {
  const uint64_t table_bytes = memory == 0 ? tables(prepared).bytes : 0;
  const uint64_t bytes = prepared.needs().memory_pages.empty() ? 0 : start_bytes(prepared, memory);
  return {{memory_base(memory) - table_bytes, table_bytes + bytes},
          table_bytes / os::kPageBytes,
          prepared.needs().memory_pages.empty() ? nullptr : &prepared.image(memory)};
}

// What a memory may grow to, as far as the budget could keep it: zeros. Beyond, everything is given back.
StartState Slot::growth_state(const Prepared& prepared, size_t memory) const {
  const uint64_t start = start_bytes(prepared, memory), room = prepared.memory_room(memory) * kWasmPageBytes;
  const uint64_t bytes = std::min(room - std::min(room, start), prepared.strategy().resident_bytes);
  return {{memory_base(memory) + start, bytes}, bytes / os::kPageBytes, nullptr};
}

// What the resets that keep pages remember is of this module's parts, from now on. REQUIRES: no page of them is private,
// or all that are read as at the start.
void Slot::begin_keeping(const Prepared& prepared) {
  if (prepared.strategy().reset == Reset::restore) {
    residency_.resize(parts(prepared));
    for (size_t i = 0; i < residency_.size(); ++i) residency_[i].open(start_state(prepared, i).pages());
    grown_.assign(prepared.needs().memory_pages.size(), {});  // each is opened when its memory is first grown
  } else if (prepared.strategy().reset == Reset::track) {
    tracking_.resize(parts(prepared));
    for (size_t i = 0; i < tracking_.size(); ++i) tracking_[i].begin(start_state(prepared, i));
  }
}

void Slot::map_extents(const Prepared& prepared, size_t memory) {
  const MemoryImage& image = prepared.image(memory);
  if (!is_mapped(image.backing())) return;
  for (const Extent& extent : image.plan().extents) {
    // SAFETY: eligibility keeps the image inside the memory's minimum size, which is inside the reserve.
    os::map_overlay_at({memory_base(memory) + extent.first_page * os::kPageBytes, extent.pages * os::kPageBytes},
                       image.file(), extent.file_offset);
  }
}

// Same images, another module or another minimum size: open or close the difference, drop foreign entries.
void Slot::fit_sizes(const Prepared& prepared) {
  if (prepared.strategy().table_reset == TableReset::refill && vmctx_owner_ != prepared.id() &&
      geometry_.tables_bytes != 0) {
    os::discard({memory_base(0) - geometry_.tables_bytes, geometry_.tables_bytes});
  }
  for (size_t i = 0; i < prepared.needs().memory_pages.size(); ++i) {
    const uint64_t wanted = start_bytes(prepared, i), now = memories_[i].accessible;
    if (wanted == now) continue;
    state_ = SlotState::unknown;
    const uint64_t low = std::min(wanted, now), high = std::max(wanted, now);
    os::protect({memory_base(i) + low, high - low}, wanted > now ? os::Access::read_write : os::Access::none);
    memories_[i].accessible = wanted;
    state_ = SlotState::ready;
  }
}

void Slot::grow(size_t memory, uint64_t new_bytes) {
  MemoryPlace& place = memories_[memory];
  INSTBENCH_ASSERT(state_ == SlotState::live && new_bytes <= geometry_.reserve_bytes);
  if (new_bytes <= place.accessible) return;
  const os::Range more{memory_base(memory) + place.accessible, new_bytes - place.accessible};
  touch();
  try {
    os::protect(more, os::Access::read_write);
  } catch (const std::system_error&) {
    // The kernel may have opened a part of it. What cannot be closed again now is the reset's to close.
    try {
      os::protect(more, os::Access::none);
    } catch (const std::system_error&) {
      place.accessible = new_bytes;
    }
    throw;
  }
  place.accessible = new_bytes;
}

ResetPath Slot::reset(const Prepared& prepared, Habit& habit, uint64_t resident_bytes) {
  INSTBENCH_ASSERT(state_ == SlotState::live);
  state_ = SlotState::unknown;
  switch (prepared.strategy().reset) {
    case Reset::keep:
    case Reset::scan:
    case Reset::restore:
    case Reset::track: {
      const ResetPath path = reset_resident(prepared, habit, resident_bytes);
      state_ = SlotState::ready;
      return path;
    }
    case Reset::batch:
      break;  // begin_discard()
    case Reset::unmap:
      unmap();
      return ResetPath::unmap;
    case Reset::madvise:
      reset_madvise(prepared);
      state_ = SlotState::ready;
      return ResetPath::madvise;
    case Reset::remap:
      reset_remap(prepared);
      state_ = SlotState::ready;
      return ResetPath::remap;
    case Reset::copy:
      reset_copy(prepared);
      state_ = SlotState::ready;
      return ResetPath::copy;
  }
  return ResetPath::pending;
}

os::Range Slot::reset_range(const Prepared& prepared) const {
  const bool keep_tables = prepared.strategy().table_reset == TableReset::refill && !tables_grew(prepared);
  const uint64_t table_bytes = keep_tables ? 0 : tables(prepared).bytes;
  return {memory_base(0) - table_bytes, table_bytes + open_bytes(prepared)};
}

// One madvise over [tables | memory 0 up to where it ever reached], one for each further memory.
void Slot::reset_madvise(const Prepared& prepared) {
  const os::Range first = reset_range(prepared);
  if (!first.empty()) os::discard(first);
  for (size_t i = 1; i < prepared.needs().memory_pages.size(); ++i) {
    if (memories_[i].accessible != 0) os::discard({memory_base(i), memories_[i].accessible});
  }
  content_present_ = false;
  close_grown(prepared);
}

void Slot::begin_discard(const Prepared& prepared) {
  INSTBENCH_ASSERT(state_ == SlotState::live && prepared.strategy().reset == Reset::batch);
  state_ = SlotState::unknown;
  discard_grown(prepared);
  close_grown(prepared);
  state_ = SlotState::waiting;
}

void Slot::add_discards(const Prepared& prepared, std::vector<iovec>& ranges) const {
  for (size_t i = 0; i < parts(prepared); ++i) {
    const os::Range range = start_state(prepared, i).range;
    if (!range.empty()) ranges.push_back({range.base, range.bytes});
  }
}

void Slot::end_discard() {
  INSTBENCH_ASSERT(state_ == SlotState::waiting);
  state_ = SlotState::ready;
}

// What another module left that is not this one's: pages that its resets kept, which may lie outside this one's parts, where
// no reset would count or find them; and its retained tables, since this one's begin as zeros. Where the kernel does not give
// them up (they are locked), everything goes.
void Slot::drop_others(const Prepared& prepared) {
  try {
    if (resident_bytes_ != 0) discard_kept();
    state_ = SlotState::unknown;
    if (!retained_.empty()) os::discard(retained_);
    retained_ = retained(prepared);
    state_ = SlotState::ready;
  } catch (const std::system_error&) {
    wipe();
  }
}

void Slot::give_pages_back() {
  if (!tracking_.empty()) return wipe();
  discard_kept();
}

void Slot::discard_kept() {
  INSTBENCH_ASSERT(state_ == SlotState::ready);
  state_ = SlotState::unknown;
  for (size_t i = 0; i < memories_.size(); ++i) {
    const uint64_t tables = i == 0 ? geometry_.tables_bytes : 0;
    os::discard({memory_base(i) - tables, tables + geometry_.reserve_bytes});
  }
  if (memories_.empty() && geometry_.tables_bytes != 0)
    os::discard({memory_base(0) - geometry_.tables_bytes, geometry_.tables_bytes});
  for (Residency& part : residency_) part.forget();
  for (Residency& part : grown_) part.forget();
  resident_bytes_ = 0;
  state_ = SlotState::ready;
}

ResetPath Slot::reset_resident(const Prepared& prepared, Habit& habit, uint64_t resident_bytes) {
  const Strategy& strategy = prepared.strategy();
  if (!touched_ && strategy.reset == Reset::restore && resident_bytes_ <= resident_bytes) return ResetPath::none;
  ResetPath path = strategy.reset == Reset::keep ? ResetPath::keep : strategy.reset == Reset::scan ? ResetPath::scan : ResetPath::track;
  uint64_t kept = 0;
  for (size_t i = 0; i < parts(prepared); ++i) {
    const StartState start = start_state(prepared, i);
    const uint64_t left = resident_bytes - std::min(resident_bytes, kept);
    if (strategy.reset == Reset::restore) {  // also where nothing is there at the start: it may have grown
      const ResetPath one = restore(prepared, i, habit, left);
      if (i == 0) path = one;
      kept += kept_bytes(i);
    } else if (start.range.empty()) {
      continue;
    } else if (strategy.reset == Reset::keep) {
      kept += reset_keep(start, left);
    } else if (strategy.reset == Reset::scan) {
      kept += reset_scan(start, left);
    } else {
      path = tracking_[i].reset(start, left);
      kept += tracking_[i].private_bytes();
    }
  }
  discard_grown(prepared);
  close_grown(prepared);
  resident_bytes_ = kept;
  return path;
}

// The part as it starts, then what was grown, within what is left of the budget.
ResetPath Slot::restore(const Prepared& prepared, size_t memory, Habit& habit, uint64_t resident_bytes) {
  const bool by_faults = prepared.strategy().find == Find::faults;
  const StartState start = start_state(prepared, memory);
  ResetPath path = ResetPath::restore;
  if (!start.range.empty())
    path = residency_[memory].restore(start, start.pages(), resident_bytes, by_faults, habit,
                                      memory == 0 ? &habit.working_set : nullptr);
  if (memory >= grown_.size()) return path;
  const StartState growth = growth_state(prepared, memory);
  const uint64_t left = resident_bytes - std::min(resident_bytes, residency_[memory].kept_pages() * os::kPageBytes);
  if (memories_[memory].accessible <= start_bytes(prepared, memory)) {
    // What earlier tenants grew stays, closed, unless there is no room for it.
    if (grown_[memory].kept_pages() * os::kPageBytes > left) {
      os::discard(growth.range);
      grown_[memory].forget();
    }
    return path;
  }
  const uint64_t open = std::min(memories_[memory].accessible - start_bytes(prepared, memory), uint64_t{growth.range.bytes});
  if (open == 0) return path;
  if (!grown_[memory].is_open()) grown_[memory].open(growth.pages());
  grown_[memory].restore(growth, open / os::kPageBytes, left, by_faults, habit, nullptr);
  return path;
}

uint64_t Slot::kept_bytes(size_t memory) const {
  uint64_t pages = residency_[memory].kept_pages();
  if (memory < grown_.size()) pages += grown_[memory].kept_pages();
  return pages * os::kPageBytes;
}

void Slot::discard_grown(const Prepared& prepared) {
  for (size_t i = 0; i < prepared.needs().memory_pages.size(); ++i) {
    uint64_t start = start_bytes(prepared, i);
    if (prepared.strategy().reset == Reset::restore) start += growth_state(prepared, i).range.bytes;
    if (memories_[i].accessible > start) os::discard({memory_base(i) + start, memories_[i].accessible - start});
  }
}

// What a guest grew must fault again for the next tenant: bounds checks rely on it.
void Slot::close_grown(const Prepared& prepared) {
  for (size_t i = 0; i < prepared.needs().memory_pages.size(); ++i) {
    const uint64_t start = start_bytes(prepared, i);
    if (memories_[i].accessible <= start) continue;
    os::protect({memory_base(i) + start, memories_[i].accessible - start}, os::Access::none);
    memories_[i].accessible = start;
  }
}

void Slot::reset_remap(const Prepared& prepared) {
  if (!tables(prepared).empty()) os::map_zero_at(tables(prepared), os::Access::read_write);
  for (size_t i = 0; i < prepared.needs().memory_pages.size(); ++i) {
    const uint64_t start = start_bytes(prepared, i), reached = memories_[i].accessible;
    if (start != 0) os::map_zero_at({memory_base(i), start}, os::Access::read_write);
    if (reached > start) os::map_zero_at({memory_base(i) + start, reached - start}, os::Access::none);
    memories_[i].accessible = start;
    if (prepared.strategy().thp == Thp::on && start != 0) os::prefer_huge_pages({memory_base(i), start});
    map_extents(prepared, i);
  }
  content_present_ = false;
}

void Slot::reset_copy(const Prepared& prepared) {
  const Vmctx ctx(vmctx(), prepared.layout());
  for (size_t i = 0; i < prepared.table_count(); ++i) {
    if (prepared.table(i).retained) continue;
    os::zero_bytes(table_base(prepared, i), ctx.own_table(i).size * sizeof(FuncRef));
  }
  for (size_t i = 0; i < prepared.needs().memory_pages.size(); ++i) {
    const StartState start = start_state(prepared, i);
    start.put_back(start.table_pages, start.pages() - start.table_pages);
  }
  discard_grown(prepared);
  content_present_ = true;
  close_grown(prepared);
}

}  // namespace instbench
