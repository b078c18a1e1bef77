// Instance: a module in a slot. instantiate() fills the slot, the view then offers what a host may do.
//
// The view does not own the slot: the pool does, and a Lease gives it back (pool.hpp).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

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

  // Linear memory as it is now. REQUIRES: the module has it. Whoever writes goes through this, grow_memory() or set(): what
  // is written through addresses that vmctx() has is not seen by the reset of an instance that was not touched.
  std::span<std::byte> memory(size_t index) const {
    const MemoryInstance& memory = vmctx().memory(index);
    slot_->touch();
    return {memory.base, memory.pages * kWasmPageBytes};
  }
  // memory.grow: the old size in pages, or nothing when the limits do not allow it. COST: one mprotect.
  std::optional<uint64_t> grow_memory(size_t index, uint64_t pages) const;

  uint64_t table_size(size_t index) const { return vmctx().table(index).size; }
  // table.get, and what call_indirect sees: an entry that was never looked at is initialised first.
  // REQUIRES: entry < table_size(index).
  FuncRef take(size_t table, uint64_t entry) const {
    TableInstance& from = vmctx().table(table);
    slot_->touch();
    if (!from.entries[entry].initialised()) [[unlikely]]
      initialise(from, entry);
    return from.entries[entry];
  }
  // table.set. Throws std::logic_error for a table that is retained (Prepared::table), in every build: the
  // specification lets no host see such a table, and what it wrote would reach the slot's next instance.
  void set(size_t table, uint64_t entry, FuncRef value) const {
    if (prepared_->table(table).retained) [[unlikely]]
      refuse_write(table);
    slot_->touch();
    vmctx().table(table).entries[entry] = value;
  }
  // table.grow with nulls: the old size, or nothing when the limits or the slot do not allow it. A retained table has
  // no room to grow.
  std::optional<uint64_t> grow_table(size_t table, uint64_t entries) const {
    slot_->touch();
    return grow(vmctx().table(table), entries, null_ref());
  }

  // Calls a function of the module: arguments in `values`, where the results then lie. REQUIRES: the module has code,
  // and `values` has room for the longer of the two. The instance can be dropped whatever comes back; after any Trap
  // the specification lets nothing be expected of its state. COST: no system call.
  Trap call(uint32_t function, Value* values) const {
    return call(prepared_->ref_to(function, slot_->vmctx()), prepared_->module().functions[function].type, values);
  }
  // Calls through a reference. REQUIRES: it is of this instance or of one of its group (Pool::join), since those are reset
  // together; `type` (an index of this module's types) is the reference's.
  Trap call(const FuncRef& reference, uint32_t type, Value* values) const;
  // The start function, if the module has one and code. Throws InstantiationError when it traps.
  void start() const;

  // Initialises an entry that nobody has looked at, as its own instance defines it.
  static void initialise(TableInstance& table, uint64_t entry);
  // As memory.grow and table.grow, on an object wherever it lies.
  static std::optional<uint64_t> grow(MemoryInstance& memory, uint64_t pages);
  static std::optional<uint64_t> grow(TableInstance& table, uint64_t entries, const FuncRef& fill);

 private:
  [[noreturn]] static void refuse_write(size_t table);

  Slot* slot_ = nullptr;
  const Prepared* prepared_ = nullptr;
};

struct Extern;
using Links = std::vector<std::optional<Extern>>;  // link.hpp

// Fills a slot that has adopted the module: vmctx, tables, leftover segments, copied memory; sets the
// memory and table fields of `path`. The slot is live afterwards, also when it throws
// InstantiationError (a segment out of bounds): it must be reset. The start function is still to be called
// (Instance::start). REQUIRES: `links` are those that the module was prepared for, and checked (check_links);
// null when there are none. COST: no system call.
Instance instantiate(Slot& slot, const Prepared& prepared, Path& path, const Links* links = nullptr);

}  // namespace instbench
