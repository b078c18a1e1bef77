// Instance: a module in a slot. instantiate() fills the slot, the view then offers what a host may do.
//
// The view does not own the slot: the pool does, and a Lease gives it back (pool.hpp).
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "runtime/instance/path.hpp"
#include "runtime/instance/prepared.hpp"
#include "runtime/instance/slot.hpp"

namespace instbench {

class Instance {
 public:
  Instance() = default;
  Instance(Slot& slot, const Prepared& prepared) : slot_(&slot), prepared_(&prepared) {}

  const Prepared& prepared() const { return *prepared_; }
  Slot& slot() const { return *slot_; }
  Vmctx vmctx() const { return {slot_->vmctx(), prepared_->layout()}; }

  // Linear memory as it is now. REQUIRES: the module has it.
  std::span<std::byte> memory(size_t index) const {
    const MemoryInstance& memory = vmctx().memory(index);
    return {memory.base, memory.pages * kWasmPageBytes};
  }
  // memory.grow: the old size in pages, or nothing when the limits do not allow it. COST: one mprotect.
  std::optional<uint64_t> grow_memory(size_t index, uint64_t pages);

  uint64_t table_size(size_t index) const { return vmctx().table(index).size; }
  // table.get, and what call_indirect sees: an entry that was never looked at is initialised first.
  // REQUIRES: entry < table_size(index).
  FuncRef take(size_t table, uint64_t entry) {
    FuncRef& there = vmctx().table(table).entries[entry];
    if (!there.initialised()) [[unlikely]]
      initialise(table, entry, there);
    return there;
  }
  void set(size_t table, uint64_t entry, FuncRef value) { vmctx().table(table).entries[entry] = value; }
  // table.grow with nulls: the old size, or nothing when the limits or the slot do not allow it.
  std::optional<uint64_t> grow_table(size_t table, uint64_t entries);

 private:
  void initialise(size_t table, uint64_t entry, FuncRef& there) const;

  Slot* slot_ = nullptr;
  const Prepared* prepared_ = nullptr;
};

// Fills a slot that has adopted the module: vmctx, tables, leftover segments, copied memory; sets the
// memory and table fields of `path`. The slot is live afterwards, also when it throws
// InstantiationError (a segment out of bounds): it must be reset. The start function is not run while
// codegen=none. COST: no system call.
Instance instantiate(Slot& slot, const Prepared& prepared, Path& path);

}  // namespace instbench
