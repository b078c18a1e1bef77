#include "runtime/instance/instance.hpp"

#include <algorithm>
#include <cstring>

#include "runtime/os/counters.hpp"

namespace instbench {
namespace {

// Template copy and patch list. A slot that last held this very module keeps the constant part.
void fill_vmctx(Slot& slot, const Prepared& prepared) {
  const VmctxLayout& layout = prepared.layout();
  const bool constant_part_there = slot.vmctx_owner() == prepared.id();
  const size_t from = constant_part_there ? layout.mutable_begin : 0;
  os::copy_bytes(slot.vmctx() + from, prepared.vmctx_template().data() + from, layout.total - from);
  slot.set_vmctx_owner(prepared.id());
  const Vmctx ctx(slot.vmctx(), layout);
  for (size_t i = 0; i < prepared.needs().memory_pages.size(); ++i) ctx.memory(i).base = slot.memory_base(i);
  for (size_t i = 0; i < prepared.table_count(); ++i) ctx.table(i).entries = slot.table_base(prepared, i);
  for (const Prepared::RefGlobal& global : prepared.ref_globals()) {
    const FuncRef ref = prepared.ref_to(global.function, slot.vmctx());
    std::memcpy(ctx.global(global.global), &ref, sizeof ref);
  }
}

void fill_tables(Slot& slot, const Prepared& prepared) {
  for (size_t i = 0; i < prepared.table_count(); ++i) {
    const TablePlan& plan = prepared.table(i);
    FuncRef* entries = slot.table_base(prepared, i);
    for (uint64_t k = 0; k < plan.image.size(); ++k) entries[k] = prepared.ref_to(plan.image[k], slot.vmctx());
    std::fill(entries + plan.image.size(), entries + plan.size, null_ref());
    os::counters().table_entries += plan.size;
  }
}

void copy_segments(Slot& slot, const Module& module, const Eligibility& eligibility) {
  for (size_t i = 0; i < module.data_segments.size(); ++i) {
    const DataSegment& segment = module.data_segments[i];
    if (!eligibility.data_in_image[i] || segment.size == 0) continue;
    os::copy_bytes(slot.memory_base(segment.memory) + segment.offset.bits, module.data(segment).data(), segment.size);
  }
}

[[noreturn]] void trap(const char* kind, const Leftover& segment, uint64_t size, uint64_t limit, const char* unit) {
  throw InstantiationError(std::string("instantiation failed: ") + kind + " segment " +
                           std::to_string(segment.segment) + " writes [" + std::to_string(segment.begin) + ", " +
                           std::to_string(segment.begin + size) + ") of " + std::to_string(limit) + " " + unit);
}

void apply_leftover_elements(Instance& instance) {
  const Prepared& prepared = instance.prepared();
  for (const Leftover& leftover : prepared.leftover_elements()) {
    const ElemSegment& segment = prepared.module().elem_segments[leftover.segment];
    if (leftover.traps)
      trap("element", leftover, segment.entries.size(), instance.table_size(segment.table), "entries");
    for (size_t k = 0; k < segment.entries.size(); ++k) {
      const ElemEntry& entry = segment.entries[k];
      FuncRef ref = null_ref();
      if (entry.kind == ElemEntry::Kind::function) ref = prepared.ref_to(entry.index, instance.vmctx().base());
      if (entry.kind == ElemEntry::Kind::global_get)
        std::memcpy(&ref, instance.vmctx().global(entry.index), sizeof ref);
      instance.set(segment.table, leftover.begin + k, ref);
    }
    os::counters().table_entries += segment.entries.size();
  }
}

void apply_leftover_data(Instance& instance) {
  const Prepared& prepared = instance.prepared();
  for (const Leftover& leftover : prepared.leftover_data()) {
    const DataSegment& segment = prepared.module().data_segments[leftover.segment];
    const std::span<std::byte> memory = instance.memory(segment.memory);
    if (leftover.traps) trap("data", leftover, segment.size, memory.size(), "bytes");
    if (segment.size != 0)
      os::copy_bytes(memory.data() + leftover.begin, prepared.module().data(segment).data(), segment.size);
  }
}

}  // namespace

Instance instantiate(Slot& slot, const Prepared& prepared, Path& path) {
  slot.begin();
  const Strategy& strategy = prepared.strategy();
  Instance instance(slot, prepared);
  fill_vmctx(slot, prepared);
  if (prepared.table_count() != 0) {
    path.tables = strategy.tables == TableInit::eager ? TablePath::filled : TablePath::lazy;
    if (strategy.tables == TableInit::eager) fill_tables(slot, prepared);
    if (!prepared.leftover_elements().empty()) apply_leftover_elements(instance);
  }
  if (strategy.memory == MemoryInit::copy && path.memory != MemoryPath::none && !slot.content_present()) {
    copy_segments(slot, prepared.module(), prepared.eligibility());
    path.memory = MemoryPath::copied;
  }
  if (!prepared.leftover_data().empty()) apply_leftover_data(instance);
  return instance;
}

std::optional<uint64_t> Instance::grow_memory(size_t index, uint64_t pages) {
  MemoryInstance& memory = vmctx().memory(index);
  if (pages > memory.max_pages - memory.pages) return std::nullopt;
  const uint64_t old_pages = memory.pages;
  slot_->grow(index, (old_pages + pages) * kWasmPageBytes);
  memory.pages += pages;
  return old_pages;
}

std::optional<uint64_t> Instance::grow_table(size_t table, uint64_t entries) {
  TableInstance& there = vmctx().table(table);
  if (entries > there.max - there.size) return std::nullopt;
  const uint64_t old_size = there.size;
  std::fill_n(there.entries + old_size, entries, null_ref());
  os::counters().table_entries += entries;
  there.size += entries;
  return old_size;
}

void Instance::initialise(size_t table, uint64_t entry, FuncRef& there) const {
  const TableImage& image = prepared_->table(table).image;
  there = prepared_->ref_to(entry < image.size() ? image[entry] : kNoFunction, slot_->vmctx());
  ++os::counters().table_entries;
}

}  // namespace instbench
