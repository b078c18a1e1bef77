#include "runtime/codegen/vmctx.hpp"

#include <algorithm>

#include "runtime/os/mapping.hpp"

namespace instbench {
namespace {

constexpr size_t kCacheLine = 64;

size_t global_bytes(ValType type) {
  switch (type) {
    case ValType::v128:
      return 16;
    case ValType::funcref:
      return sizeof(FuncRef);
    default:
      return 8;
  }
}

size_t imports_of(const Module& module, ExternKind kind) {
  return static_cast<size_t>(std::count_if(module.imports.begin(), module.imports.end(),
                                           [&](const Import& import) { return import.kind == kind; }));
}

}  // namespace

VmctxLayout lay_out_vmctx(const Module& module) {
  VmctxLayout layout;
  layout.imported_functions = imports_of(module, ExternKind::function);
  layout.imports_memories = imports_of(module, ExternKind::memory);
  layout.imports_tables = imports_of(module, ExternKind::table);
  layout.imports_globals = imports_of(module, ExternKind::global);
  layout.bindings = sizeof(VmctxHeader);
  layout.host_bindings = layout.bindings + layout.imported_functions * sizeof(FuncBinding);
  layout.imported_memories = layout.host_bindings + layout.imported_functions * sizeof(HostBinding);
  layout.imported_tables = layout.imported_memories + layout.imports_memories * sizeof(void*);
  layout.imported_globals = layout.imported_tables + layout.imports_tables * sizeof(void*);
  layout.memories = layout.imported_globals + layout.imports_globals * sizeof(void*);
  layout.tables = layout.memories + module.memories.size() * sizeof(MemoryInstance);
  layout.mutable_begin = os::round_up(layout.tables + module.tables.size() * sizeof(TableInstance), kCacheLine);
  layout.globals = layout.mutable_begin;
  size_t at = layout.globals;
  for (const Global& global : module.globals) {
    if (global.type == ValType::v128) at = os::round_up(at, 16);
    layout.global_offsets.push_back(static_cast<uint32_t>(at));
    at += global_bytes(global.type);
  }
  layout.dropped = at;
  for (const DataSegment& segment : module.data_segments) {
    const bool droppable = segment.mode == SegmentMode::passive && segment.size != 0;
    layout.dropped_data.push_back(droppable ? static_cast<uint32_t>(at++) : kNeverDropped);
  }
  for (const ElemSegment& segment : module.elem_segments) {
    const bool droppable = segment.mode == SegmentMode::passive && !segment.entries.empty();
    layout.dropped_elements.push_back(droppable ? static_cast<uint32_t>(at++) : kNeverDropped);
  }
  layout.dropped_bytes = at - layout.dropped;
  layout.total = os::round_up(at, 8);
  return layout;
}

}  // namespace instbench
