#include "runtime/instance/instance.hpp"

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <string>

#include "runtime/instance/guest_call.hpp"
#include "runtime/instance/link.hpp"
#include "runtime/os/counters.hpp"
#include "runtime/os/guest.hpp"

namespace instbench {
namespace {

// Template copy and patch list. A slot that last held this very module keeps the constant part.
void fill_vmctx(Slot& slot, const Prepared& prepared) {
  const VmctxLayout& layout = prepared.layout();
  const bool constant_part_there = slot.vmctx_owner() == prepared.id();
  const size_t from = constant_part_there ? layout.mutable_begin : 0;
  std::byte* vmctx = slot.vmctx();
  os::copy_bytes(vmctx + from, prepared.vmctx_template().data() + from, layout.total - from);
  const Vmctx ctx(vmctx, layout);
  if (!constant_part_there) {
    ctx.header().slot = &slot;
    for (size_t i = 0; i < prepared.needs().memory_pages.size(); ++i) {
      ctx.own_memory(i).base = slot.memory_base(i);
      ctx.own_memory(i).owner = vmctx;
    }
    for (size_t i = 0; i < prepared.table_count(); ++i) {
      ctx.own_table(i).entries = slot.table_base(prepared, i);
      ctx.own_table(i).owner = vmctx;
    }
    prepared.bind_host(vmctx);
    slot.set_vmctx_owner(prepared.id());
  }
  // Of this thread, which need not be the one that filled the constant part.
  if (prepared.code() != nullptr) ctx.header().stack_limit = os::guest_stack_limit();
  ctx.header().group_claims = nullptr;
  for (size_t i = 0; i < prepared.needs().memory_pages.size(); ++i)
    ctx.own_memory(i).pages = prepared.needs().memory_pages[i];
  for (size_t i = 0; i < prepared.table_count(); ++i) ctx.own_table(i).size = prepared.table(i).size;
}

// After the bindings: a global may hold a reference to a linked function.
void fill_ref_globals(const Instance& instance) {
  for (const Prepared::RefGlobal& global : instance.prepared().ref_globals()) {
    const FuncRef ref = instance.prepared().ref_to(global.function, instance.vmctx().base());
    std::memcpy(instance.vmctx().own_global(global.global), &ref, sizeof ref);
  }
}

void compute_entries(const TablePlan& plan, const Prepared& prepared, std::byte* vmctx, FuncRef* entries) {
  for (uint64_t k = 0; k < plan.image.size(); ++k) entries[k] = prepared.ref_to(plan.image[k], vmctx);
}

// One pass over the finished table; a null stays without an environment.
void write_precomputed(const TablePlan& plan, const Prepared& prepared, std::byte* vmctx, FuncRef* entries) {
  const uintptr_t base = reinterpret_cast<uintptr_t>(vmctx);
  for (size_t k = 0; k < plan.precomputed.size(); ++k) {
    const FuncRef& ready = plan.precomputed[k];
    const uintptr_t environment = ready.is_null() ? 0 : base + reinterpret_cast<uintptr_t>(ready.environment);
    entries[k] = {ready.type, ready.code, reinterpret_cast<void*>(environment)};
  }
  for (const uint32_t k : plan.linked_entries) entries[k] = prepared.ref_to(plan.image[k], vmctx);
}

void fill_tables(Slot& slot, const Prepared& prepared) {
  const bool precomputed = prepared.strategy().tables == TableInit::precomputed;
  for (size_t i = 0; i < prepared.table_count(); ++i) {
    const TablePlan& plan = prepared.table(i);
    FuncRef* entries = slot.table_base(prepared, i);
    (precomputed ? write_precomputed : compute_entries)(plan, prepared, slot.vmctx(), entries);
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

void check_bounds(const char* kind, const Leftover& segment, uint64_t begin, uint64_t size, uint64_t limit,
                  const char* unit, Trap why) {
  if (begin + size <= limit) return;
  throw InstantiationError(std::string(kind) + " segment " + std::to_string(segment.segment) + " writes [" +
                               std::to_string(begin) + ", " + std::to_string(begin + size) + ") of " +
                               std::to_string(limit) + " " + unit,
                           why);
}

uint64_t place_of(const Instance& instance, const Leftover& leftover, const ConstExpr& offset) {
  if (!leftover.dynamic) return leftover.begin;
  uint32_t value = 0;
  std::memcpy(&value, instance.vmctx().global(offset.index), sizeof value);
  return value;
}

FuncRef entry_of(const Instance& instance, const ElemEntry& entry) {
  FuncRef ref = null_ref();
  if (entry.kind == ElemEntry::Kind::function) return instance.prepared().ref_to(entry.index, instance.vmctx().base());
  if (entry.kind == ElemEntry::Kind::global_get) std::memcpy(&ref, instance.vmctx().global(entry.index), sizeof ref);
  return ref;
}

// Entries [from, from + length) of the segment to [to, …) of the table.
void write_entries(const Instance& instance, const ElemSegment& segment, TableInstance& table, uint64_t to,
                   uint64_t from, uint64_t length) {
  for (uint64_t k = 0; k < length; ++k) table.entries[to + k] = entry_of(instance, segment.entries[from + k]);
  os::counters().table_entries += length;
}

// `wrote_linked` becomes true when something is written into another instance's table.
void apply_leftover_elements(const Instance& instance, bool& wrote_linked) {
  const Prepared& prepared = instance.prepared();
  for (const Leftover& leftover : prepared.leftover_elements()) {
    const ElemSegment& segment = prepared.module().elem_segments[leftover.segment];
    const uint64_t begin = place_of(instance, leftover, segment.offset), size = segment.entries.size();
    check_bounds("element", leftover, begin, size, instance.table_size(segment.table), "entries",
                 Trap::out_of_bounds_table);
    TableInstance& table = instance.vmctx().table(segment.table);
    write_entries(instance, segment, table, begin, 0, size);
    wrote_linked |= size != 0 && table.owner != instance.vmctx().base();
  }
}

void apply_leftover_data(const Instance& instance, bool& wrote_linked) {
  const Prepared& prepared = instance.prepared();
  for (const Leftover& leftover : prepared.leftover_data()) {
    const DataSegment& segment = prepared.module().data_segments[leftover.segment];
    const std::span<std::byte> memory = instance.memory(segment.memory);
    const uint64_t begin = place_of(instance, leftover, segment.offset);
    check_bounds("data", leftover, begin, segment.size, memory.size(), "bytes", Trap::out_of_bounds_memory);
    if (segment.size == 0) continue;
    os::copy_bytes(memory.data() + begin, prepared.module().data(segment).data(), segment.size);
    wrote_linked |= instance.vmctx().memory(segment.memory).owner != instance.vmctx().base();
  }
}

void apply_leftovers(const Instance& instance) {
  bool wrote_linked = false;
  try {
    if (!instance.prepared().leftover_elements().empty()) apply_leftover_elements(instance, wrote_linked);
    if (!instance.prepared().leftover_data().empty()) apply_leftover_data(instance, wrote_linked);
  } catch (InstantiationError& error) {
    error.wrote_linked = wrote_linked;
    throw;
  }
}

void bind_links(const Instance& instance, const Links& links) {
  const Prepared& prepared = instance.prepared();
  const Vmctx ctx = instance.vmctx();
  for (size_t i = 0; i < links.size(); ++i) {
    if (!links[i]) continue;
    const Extern& object = *links[i];
    const Vmctx from = object.instance.vmctx();
    const uint32_t index = prepared.module().imports[i].index;
    switch (object.kind) {
      case ExternKind::function: {
        const FuncRef ref = object.instance.prepared().ref_to(object.index, from.base());
        ctx.binding(index) = {ref.code, ref.environment};
        break;
      }
      case ExternKind::memory:
        ctx.imported_memory(index) = &from.memory(object.index);
        break;
      case ExternKind::table:
        ctx.imported_table(index) = &from.table(object.index);
        break;
      case ExternKind::global:
        ctx.imported_global(index) = from.global(object.index);
        break;
      case ExternKind::tag:
        break;
    }
  }
  for (const Prepared::CopiedGlobal& copy : prepared.copied_globals()) {
    const ValType type = prepared.module().globals[copy.global].type;
    const size_t bytes = type == ValType::funcref ? sizeof(FuncRef) : type == ValType::v128 ? 16 : 8;
    std::memcpy(ctx.own_global(copy.global), ctx.global(copy.from), bytes);
  }
}

TablePath table_path(TableInit tables, bool retains) {
  if (tables == TableInit::eager) return TablePath::filled;
  if (tables == TableInit::precomputed) return TablePath::precomputed;
  return retains ? TablePath::retained : TablePath::lazy;
}

}  // namespace

Instance instantiate(Slot& slot, const Prepared& prepared, Path& path, const Links* links) {
  slot.begin();
  const Strategy& strategy = prepared.strategy();
  Instance instance(slot, prepared);
  const bool retains = slot.retains(prepared);  // filling the vmctx makes the module its owner
  fill_vmctx(slot, prepared);
  if (links != nullptr) bind_links(instance, *links);
  fill_ref_globals(instance);
  if (prepared.table_count() != 0) {
    path.tables = table_path(strategy.tables, retains);
    if (fills(strategy.tables)) {
      slot.touch();
      fill_tables(slot, prepared);
    }
  }
  if (strategy.memory == MemoryInit::copy && path.memory != MemoryPath::none && !slot.content_present()) {
    slot.touch();
    copy_segments(slot, prepared.module(), prepared.eligibility());
    path.memory = MemoryPath::copied;
  }
  if (!prepared.leftover_elements().empty() || !prepared.leftover_data().empty()) {
    slot.touch();
    apply_leftovers(instance);
  }
  return instance;
}

void Instance::refuse_write(size_t table) {
  throw std::logic_error("table " + std::to_string(table) +
                         " is retained: nothing can write it, since its entries stay for the slot's next instance");
}

std::optional<uint64_t> Instance::grow_memory(size_t index, uint64_t pages) const {
  slot_->touch();
  return grow(vmctx().memory(index), pages);
}

std::optional<uint64_t> Instance::grow(MemoryInstance& memory, uint64_t pages) {
  if (pages > memory.max_pages - memory.pages) return std::nullopt;
  const uint64_t old_pages = memory.pages;
  reinterpret_cast<VmctxHeader*>(memory.owner)->slot->grow(memory.index, (old_pages + pages) * kWasmPageBytes);
  memory.pages += pages;
  return old_pages;
}

std::optional<uint64_t> Instance::grow(TableInstance& table, uint64_t entries, const FuncRef& fill) {
  if (entries > table.max - table.size) return std::nullopt;
  const uint64_t old_size = table.size;
  std::fill_n(table.entries + old_size, entries, fill);
  os::counters().table_entries += entries;
  table.size += entries;
  return old_size;
}

void Instance::initialise(TableInstance& table, uint64_t entry) {
  const Prepared& prepared = *reinterpret_cast<const VmctxHeader*>(table.owner)->prepared;
  const TableImage& image = prepared.table(table.index).image;
  table.entries[entry] = prepared.ref_to(entry < image.size() ? image[entry] : kNoFunction, table.owner);
  ++os::counters().table_entries;
}

void write_segment(std::byte* vmctx, TableInstance& table, uint32_t segment, uint64_t to, uint64_t from,
                   uint64_t length) {
  const VmctxHeader& header = *reinterpret_cast<const VmctxHeader*>(vmctx);
  const Instance instance(*header.slot, *header.prepared);
  write_entries(instance, header.prepared->module().elem_segments[segment], table, to, from, length);
}

}  // namespace instbench
