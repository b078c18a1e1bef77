// Vmctx: what guest code would reach through its context pointer, laid out per module.
//
//   | header | import bindings |   memories | tables | globals | dropped-segment flags |
//   |<------- constant ------->|<---------------------- mutable ---------------------->|
//
// One template of the bytes per module. A slot that last held the same module keeps its constant part,
// so an instantiation copies the mutable part and stores the few addresses that depend on the slot.
// The vmctx lies outside the range that a reset discards: inside it, each cycle would fault it in again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "runtime/module/module.hpp"

namespace instbench {

class Prepared;

using GuestCode = void (*)(void* environment);

// A function reference, as a table entry. All zero bits: not yet initialised. Null: `type` is
// &kNullTag, code and environment are nullptr (so a set null never reads as uninitialised).
struct FuncRef {
  const void* type = nullptr;
  GuestCode code = nullptr;
  void* environment = nullptr;  // the vmctx of the instance that defines it, or the host's

  bool initialised() const { return type != nullptr; }
  bool is_null() const { return code == nullptr; }
};
static_assert(sizeof(FuncRef) == 24);

inline constexpr char kNullTag = 0;  // only its address matters
inline FuncRef null_ref() { return {&kNullTag, nullptr, nullptr}; }

struct FuncBinding {
  GuestCode code = nullptr;
  void* environment = nullptr;
};

struct MemoryInstance {
  std::byte* base = nullptr;
  uint64_t pages = 0;  // of 64 KiB
  uint64_t max_pages = 0;
};

struct TableInstance {
  FuncRef* entries = nullptr;
  uint64_t size = 0;
  uint64_t max = 0;  // within the slot's capacity
};

struct VmctxHeader {
  uint64_t magic = 0;
  const Prepared* prepared = nullptr;
  uint64_t reserved[6] = {};
};
inline constexpr uint64_t kVmctxMagic = 0x6e73'7462'766d'6378;

// Byte offsets of each part. Globals take 8 bytes, 16 for v128, 24 for references (a FuncRef).
struct VmctxLayout {
  size_t bindings = 0;
  size_t mutable_begin = 0;
  size_t memories = 0;
  size_t tables = 0;
  size_t globals = 0;
  std::vector<uint32_t> global_offsets;  // from the start of the vmctx
  size_t dropped = 0;                    // one bit a data segment, then one bit an element segment
  size_t dropped_bytes = 0;
  size_t total = 0;
};
VmctxLayout lay_out_vmctx(const Module& module);

// A typed view of one vmctx.
class Vmctx {
 public:
  Vmctx(std::byte* base, const VmctxLayout& layout) : base_(base), layout_(&layout) {}

  VmctxHeader& header() const { return at<VmctxHeader>(0); }
  FuncBinding& binding(size_t import) const {
    return at<FuncBinding>(layout_->bindings + import * sizeof(FuncBinding));
  }
  MemoryInstance& memory(size_t index) const {
    return at<MemoryInstance>(layout_->memories + index * sizeof(MemoryInstance));
  }
  TableInstance& table(size_t index) const {
    return at<TableInstance>(layout_->tables + index * sizeof(TableInstance));
  }
  std::byte* global(size_t index) const { return base_ + layout_->global_offsets[index]; }
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
