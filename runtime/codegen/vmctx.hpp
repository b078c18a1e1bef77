// Vmctx: what guest code reaches through its context pointer, laid out per module.
//
//   | header | bindings | host bindings | import pointers | memories | tables |   globals | dropped flags |
//   |<-------------------------- constant (but for sizes) ------------------>|  |<------- mutable ------>|
//
// One template of the bytes per module. A slot that last held the same module keeps its constant part,
// so an instantiation copies the mutable part and stores the size of each memory and table.
// The vmctx lies outside the range that a reset discards: inside it, each cycle would fault it in again.
// Generated code has a C struct with the same fields at the same places (codegen/unit.cpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "runtime/codegen/abi.hpp"
#include "runtime/module/module.hpp"

namespace instbench {

// Byte offsets of each part, from the start of the vmctx. Globals take 8 bytes, 16 for v128, 24 for funcref.
struct VmctxLayout {
  size_t bindings = 0;       // a FuncBinding per imported function
  size_t host_bindings = 0;  // a HostBinding per imported function
  // A pointer per imported memory, table and global, in this order: to the object of the instance that owns it, or to
  // this vmctx's own when the host provides it.
  size_t imported_memories = 0, imported_tables = 0, imported_globals = 0;
  size_t mutable_begin = 0;
  size_t memories = 0;  // a MemoryInstance each, imported ones included
  size_t tables = 0;    // a TableInstance each, imported ones included
  size_t globals = 0;
  std::vector<uint32_t> global_offsets;
  size_t dropped = 0;  // one byte for each segment that can be dropped: passive and not empty
  size_t dropped_bytes = 0;
  std::vector<uint32_t> dropped_data;      // by data segment: offset of its byte, or kNeverDropped
  std::vector<uint32_t> dropped_elements;  // by element segment
  size_t total = 0;

  size_t imported_functions = 0, imports_memories = 0, imports_tables = 0, imports_globals = 0;
};
inline constexpr uint32_t kNeverDropped = UINT32_MAX;
VmctxLayout lay_out_vmctx(const Module& module);

// A typed view of one vmctx.
class Vmctx {
 public:
  Vmctx(std::byte* base, const VmctxLayout& layout) : base_(base), layout_(&layout) {}

  VmctxHeader& header() const { return at<VmctxHeader>(0); }
  FuncBinding& binding(size_t import) const {
    return at<FuncBinding>(layout_->bindings + import * sizeof(FuncBinding));
  }
  HostBinding& host_binding(size_t import) const {
    return at<HostBinding>(layout_->host_bindings + import * sizeof(HostBinding));
  }
  // The pointers through which imports are reached. REQUIRES: index is that of an import.
  MemoryInstance*& imported_memory(size_t index) const {
    return at<MemoryInstance*>(layout_->imported_memories + index * sizeof(void*));
  }
  TableInstance*& imported_table(size_t index) const {
    return at<TableInstance*>(layout_->imported_tables + index * sizeof(void*));
  }
  std::byte*& imported_global(size_t index) const {
    return at<std::byte*>(layout_->imported_globals + index * sizeof(void*));
  }
  // This vmctx's own objects.
  MemoryInstance& own_memory(size_t index) const {
    return at<MemoryInstance>(layout_->memories + index * sizeof(MemoryInstance));
  }
  TableInstance& own_table(size_t index) const {
    return at<TableInstance>(layout_->tables + index * sizeof(TableInstance));
  }
  std::byte* own_global(size_t index) const { return base_ + layout_->global_offsets[index]; }
  // The objects as code sees them, wherever they are.
  MemoryInstance& memory(size_t index) const {
    return index < layout_->imports_memories ? *imported_memory(index) : own_memory(index);
  }
  TableInstance& table(size_t index) const {
    return index < layout_->imports_tables ? *imported_table(index) : own_table(index);
  }
  std::byte* global(size_t index) const {
    return index < layout_->imports_globals ? imported_global(index) : own_global(index);
  }
  std::byte* dropped() const { return base_ + layout_->dropped; }
  std::byte* base() const { return base_; }

 private:
  template <typename T>
  T& at(size_t offset) const {
    return *reinterpret_cast<T*>(base_ + offset);
  }
  std::byte* base_;
  const VmctxLayout* layout_;
};

}  // namespace instbench
