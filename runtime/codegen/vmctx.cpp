#include "runtime/instance/vmctx.hpp"

#include "runtime/os/mapping.hpp"

namespace instbench {
namespace {

constexpr size_t kCacheLine = 64;

size_t global_bytes(ValType type) {
  switch (type) {
    case ValType::v128:
      return 16;
    case ValType::funcref:
    case ValType::externref:
      return sizeof(FuncRef);
    default:
      return 8;
  }
}

}  // namespace

VmctxLayout lay_out_vmctx(const Module& module) {
  size_t imported_functions = 0;
  for (const Import& import : module.imports) imported_functions += import.kind == ExternKind::function ? 1 : 0;

  VmctxLayout layout;
  layout.bindings = sizeof(VmctxHeader);
  layout.mutable_begin = os::round_up(layout.bindings + imported_functions * sizeof(FuncBinding), kCacheLine);
  layout.memories = layout.mutable_begin;
  layout.tables = layout.memories + module.memories.size() * sizeof(MemoryInstance);
  layout.globals = os::round_up(layout.tables + module.tables.size() * sizeof(TableInstance), 16);
  size_t at = layout.globals;
  for (const Global& global : module.globals) {
    if (global.type == ValType::v128) at = os::round_up(at, 16);
    layout.global_offsets.push_back(static_cast<uint32_t>(at));
    at += global_bytes(global.type);
  }
  layout.dropped = at;
  layout.dropped_bytes = (module.data_segments.size() + 7) / 8 + (module.elem_segments.size() + 7) / 8;
  layout.total = os::round_up(layout.dropped + layout.dropped_bytes, 8);
  return layout;
}

}  // namespace instbench
