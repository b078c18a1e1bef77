// Shape -> wasm bytes.
#include <algorithm>

#include "harness/corpus/shape_text.hpp"
#include "harness/corpus/wasm_encoder.hpp"

namespace instbench::bench {
namespace {

enum SectionId : uint8_t {
  kTypes = 1,
  kImports = 2,
  kFunctions = 3,
  kTables = 4,
  kMemories = 5,
  kGlobals = 6,
  kExports = 7,
  kStart = 8,
  kElements = 9,
  kCode = 10,
  kData = 11,
  kDataCount = 12,
  kTags = 13
};

constexpr uint8_t kEnd = 0x0b;
constexpr uint8_t kUnreachable = 0x00;
constexpr uint8_t kReturn = 0x0f;
constexpr uint8_t kTableSet = 0x26;
constexpr uint8_t kNonZeroByte = 0xA5;

uint8_t code_of(ValType type) {
  switch (type) {
    case ValType::i32:
      return 0x7f;
    case ValType::i64:
      return 0x7e;
    case ValType::f32:
      return 0x7d;
    case ValType::f64:
      return 0x7c;
    case ValType::v128:
      return 0x7b;
    case ValType::funcref:
      return 0x70;
    case ValType::externref:
      return 0x6f;
  }
  return 0;
}

uint8_t code_of(ExternKind kind) {
  switch (kind) {
    case ExternKind::function:
      return 0;
    case ExternKind::table:
      return 1;
    case ExternKind::memory:
      return 2;
    case ExternKind::global:
      return 3;
    case ExternKind::tag:
      return 4;
  }
  return 0;
}

void put_limits(WasmEncoder& out, const Limits& limits, uint8_t flags) {
  out.byte(static_cast<uint8_t>(flags | (limits.max ? 1 : 0)));
  out.unsigned_leb(limits.min);
  if (limits.max) out.unsigned_leb(*limits.max);
}

void put_table(WasmEncoder& out, const Table& table) {
  out.byte(code_of(table.element));
  put_limits(out, table.limits, 0);
}

void put_memory(WasmEncoder& out, const Memory& memory) {
  put_limits(out, memory.limits, static_cast<uint8_t>((memory.shared ? 2 : 0) | (memory.is_64 ? 4 : 0)));
}

void put_global_type(WasmEncoder& out, const Global& global) {
  out.byte(code_of(global.type));
  out.byte(global.is_mutable ? 1 : 0);
}

// A constant of `type`: opcode and value, without the end.
void put_constant(WasmEncoder& out, ValType type, uint64_t bits) {
  switch (type) {
    case ValType::i32:
      out.byte(0x41);
      return out.signed_leb(static_cast<int32_t>(static_cast<uint32_t>(bits)));
    case ValType::i64:
      out.byte(0x42);
      return out.signed_leb(static_cast<int64_t>(bits));
    case ValType::f32:
      out.byte(0x43);
      return out.fill(4, 0);
    case ValType::f64:
      out.byte(0x44);
      return out.fill(8, 0);
    case ValType::v128:
      out.byte(0xfd);
      out.unsigned_leb(12);
      return out.fill(16, 0);
    case ValType::funcref:
    case ValType::externref:
      out.byte(0xd0);
      return out.byte(code_of(type));
  }
}

// `extended` becomes 0 + 0: an expression of several instructions, whose value is not known.
void put_expression(WasmEncoder& out, const ConstExpr& expr) {
  switch (expr.kind) {
    case ConstExpr::Kind::global_get:
      out.byte(0x23);
      out.unsigned_leb(expr.index);
      break;
    case ConstExpr::Kind::ref_func:
      out.byte(0xd2);
      out.unsigned_leb(expr.index);
      break;
    case ConstExpr::Kind::extended:
      put_constant(out, expr.type, 0);
      put_constant(out, expr.type, 0);
      out.byte(expr.type == ValType::i64 ? 0x7c : 0x6a);
      break;
    default:
      put_constant(out, expr.type, expr.bits);
  }
  out.byte(kEnd);
}

// A tag's type is not a fact of a Module, and any function type without results will do.
uint32_t tag_type(const Module& module) {
  const auto found =
      std::find_if(module.types.begin(), module.types.end(), [](const FuncType& type) { return type.results.empty(); });
  return static_cast<uint32_t>(found - module.types.begin());
}

void put_tag(WasmEncoder& out, const Module& module) {
  out.byte(0);
  out.unsigned_leb(tag_type(module));
}

// One vector section of those items of `all` that `keep` keeps.
template <typename Items, typename Keep, typename Put>
void put_vector(WasmEncoder& out, uint8_t id, const Items& all, Keep keep, Put put) {
  const auto count = std::count_if(all.begin(), all.end(), keep);
  if (count == 0) return;
  WasmEncoder body;
  body.unsigned_leb(static_cast<uint64_t>(count));
  for (const auto& item : all) {
    if (keep(item)) put(body, item);
  }
  out.section(id, body);
}

constexpr auto kAll = [](const auto&) { return true; };
constexpr auto kDefined = [](const auto& item) { return !item.imported; };

void put_types(WasmEncoder& out, const Module& module) {
  put_vector(out, kTypes, module.types, kAll, [](WasmEncoder& body, const FuncType& type) {
    body.byte(0x60);
    for (const auto* list : {&type.params, &type.results}) {
      body.unsigned_leb(list->size());
      for (const ValType value : *list) body.byte(code_of(value));
    }
  });
}

void put_imports(WasmEncoder& out, const Module& module) {
  put_vector(out, kImports, module.imports, kAll, [&](WasmEncoder& body, const Import& import) {
    body.name(import.module);
    body.name(import.name);
    body.byte(code_of(import.kind));
    switch (import.kind) {
      case ExternKind::function:
        return body.unsigned_leb(module.functions[import.index].type);
      case ExternKind::table:
        return put_table(body, module.tables[import.index]);
      case ExternKind::memory:
        return put_memory(body, module.memories[import.index]);
      case ExternKind::global:
        return put_global_type(body, module.globals[import.index]);
      case ExternKind::tag:
        return put_tag(body, module);
    }
  });
}

void put_definitions(WasmEncoder& out, const Module& module) {
  put_vector(out, kFunctions, module.functions, kDefined,
             [](WasmEncoder& body, const Function& function) { body.unsigned_leb(function.type); });
  put_vector(out, kTables, module.tables, kDefined,
             [](WasmEncoder& body, const Table& table) { put_table(body, table); });
  put_vector(out, kMemories, module.memories, kDefined,
             [](WasmEncoder& body, const Memory& memory) { put_memory(body, memory); });
  const auto imported_tags = std::count_if(module.imports.begin(), module.imports.end(),
                                           [](const Import& import) { return import.kind == ExternKind::tag; });
  const std::vector<int> tags(module.tag_count - static_cast<size_t>(imported_tags));
  put_vector(out, kTags, tags, kAll, [&](WasmEncoder& body, int) { put_tag(body, module); });
  put_vector(out, kGlobals, module.globals, kDefined, [](WasmEncoder& body, const Global& global) {
    put_global_type(body, global);
    put_expression(body, global.init);
  });
  put_vector(out, kExports, module.exports, kAll, [](WasmEncoder& body, const Export& item) {
    body.name(item.name);
    body.byte(code_of(item.kind));
    body.unsigned_leb(item.index);
  });
  if (module.start) {
    WasmEncoder body;
    body.unsigned_leb(*module.start);
    out.section(kStart, body);
  }
}

void put_entry(WasmEncoder& out, const ElemSegment& segment, const ElemEntry& entry) {
  if (!segment.expressions) return out.unsigned_leb(entry.index);
  switch (entry.kind) {
    case ElemEntry::Kind::function:
      out.byte(0xd2);
      break;
    case ElemEntry::Kind::global_get:
      out.byte(0x23);
      break;
    default:
      out.byte(0xd0);
      out.byte(code_of(segment.type));
      return out.byte(kEnd);
  }
  out.unsigned_leb(entry.index);
  out.byte(kEnd);
}

// Flag bits (5.5.12): 1 passive or declared, 2 a table index or declared, 4 expressions. Flags 0 and 4
// leave out the table and the type; 1, 2 and 3 carry an element kind, 5, 6 and 7 a reference type.
void put_element(WasmEncoder& out, const ElemSegment& segment) {
  const bool active = segment.mode == SegmentMode::active;
  const bool brief = active && segment.table == 0 && segment.type == ValType::funcref;
  unsigned flags = segment.expressions ? 4 : 0;
  if (!active) flags |= segment.mode == SegmentMode::passive ? 1 : 3;
  if (active && !brief) flags |= 2;
  out.byte(static_cast<uint8_t>(flags));
  if (active && !brief) out.unsigned_leb(segment.table);
  if (active) put_expression(out, segment.offset);
  if (!brief) out.byte(segment.expressions ? code_of(segment.type) : 0);
  out.unsigned_leb(segment.entries.size());
  for (const ElemEntry& entry : segment.entries) put_entry(out, segment, entry);
}

// Where they are never reached, with operands of any type: the first function says for all of the code which tables it
// writes.
void put_table_writes(WasmEncoder& code, const Module& module, bool starts) {
  const auto defined = [&](const TableWrite& write) { return !module.tables[write.table].imported; };
  if (starts && std::any_of(module.table_writes->begin(), module.table_writes->end(), defined)) code.byte(kReturn);
  for (const TableWrite& write : *module.table_writes) {
    if (!defined(write)) continue;
    code.byte(kTableSet);
    code.unsigned_leb(write.table);
  }
}

void put_code(WasmEncoder& out, const Module& module) {
  uint64_t imported = 0;
  while (imported < module.functions.size() && module.functions[imported].imported) ++imported;
  if (imported == module.functions.size()) return;
  WasmEncoder body;
  body.unsigned_leb(module.functions.size() - imported);
  for (uint64_t index = imported; index < module.functions.size(); ++index) {
    const bool starts = module.start == index;
    WasmEncoder code;
    code.byte(0);  // no locals
    if (!starts) code.byte(kUnreachable);
    if (index == imported) put_table_writes(code, module, starts);
    code.byte(kEnd);
    const std::vector<std::byte> bytes = code.take();
    body.unsigned_leb(bytes.size());
    for (const std::byte byte : bytes) body.byte(std::to_integer<uint8_t>(byte));
  }
  out.section(kCode, body);
}

void put_data_bytes(WasmEncoder& out, uint64_t size, const std::vector<ZeroRun>& zeros) {
  uint64_t at = 0;
  for (const ZeroRun& run : zeros) {
    out.fill(run.begin - at, kNonZeroByte);
    out.fill(run.size, 0);
    at = run.begin + run.size;
  }
  out.fill(size - at, kNonZeroByte);
}

void put_data_count(WasmEncoder& out, const std::vector<DataSegment>& segments) {
  const bool any_passive = std::any_of(segments.begin(), segments.end(),
                                       [](const DataSegment& segment) { return segment.mode == SegmentMode::passive; });
  if (!any_passive) return;
  WasmEncoder count;
  count.unsigned_leb(segments.size());
  out.section(kDataCount, count);
}

void put_data(WasmEncoder& out, const Shape& shape) {
  const std::vector<DataSegment>& segments = shape.module.data_segments;
  if (segments.empty()) return;
  WasmEncoder body;
  body.unsigned_leb(segments.size());
  for (size_t i = 0; i < segments.size(); ++i) {
    const DataSegment& segment = segments[i];
    const bool active = segment.mode == SegmentMode::active;
    body.byte(!active ? 1 : segment.memory == 0 ? 0 : 2);
    if (active && segment.memory != 0) body.unsigned_leb(segment.memory);
    if (active) put_expression(body, segment.offset);
    body.unsigned_leb(segment.size);
    put_data_bytes(body, segment.size, shape.zero_runs[i]);
  }
  out.section(kData, body);
}

}  // namespace

std::vector<std::byte> encode_shape(const Shape& shape) {
  const Module& module = shape.module;
  WasmEncoder out;
  constexpr uint8_t kPreamble[] = {0x00, 'a', 's', 'm', 0x01, 0x00, 0x00, 0x00};
  for (const uint8_t value : kPreamble) out.byte(value);
  put_types(out, module);
  put_imports(out, module);
  put_definitions(out, module);
  put_vector(out, kElements, module.elem_segments, kAll, put_element);
  put_data_count(out, module.data_segments);
  put_code(out, module);
  put_data(out, shape);
  return out.take();
}

}  // namespace instbench::bench
