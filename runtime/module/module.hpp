// Module: everything about a WebAssembly module that instantiation can depend on, and nothing else.
//
// Immutable once loaded, shared by all threads, free of wabt and of the OS. Index spaces are those of
// the specification: imports come first. Function bodies are not kept (code generation reads the bytes
// again), data bytes are: all segments' bytes lie back to back in `data_bytes`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace instbench {

inline constexpr uint64_t kWasmPageBytes = 65536;  // WebAssembly 2.0, section 4.2.8

enum class ValType : uint8_t { i32, i64, f32, f64, v128, funcref, externref };
enum class ExternKind : uint8_t { function, table, memory, global, tag };

std::string_view name_of(ValType type);
std::string_view name_of(ExternKind kind);

struct FuncType {
  std::vector<ValType> params;
  std::vector<ValType> results;
  bool operator==(const FuncType&) const = default;
};

// Sizes in pages (memories) or entries (tables).
struct Limits {
  uint64_t min = 0;
  std::optional<uint64_t> max;
  bool operator==(const Limits&) const = default;
};

// A constant expression. `bits` holds the value of a *_const (and `bits_high` the upper half of a v128); `index` the
// operand of global_get and ref_func. `extended` is an expression of several instructions
// (extended-const proposal): the core evaluates none of them.
struct ConstExpr {
  enum class Kind : uint8_t {
    i32_const,
    i64_const,
    f32_const,
    f64_const,
    v128_const,
    global_get,
    ref_null,
    ref_func,
    extended
  };
  Kind kind = Kind::i32_const;
  ValType type = ValType::i32;
  uint32_t index = 0;
  uint64_t bits = 0;
  uint64_t bits_high = 0;  // v128 only
};

struct Import {
  std::string module;
  std::string name;
  ExternKind kind = ExternKind::function;
  uint32_t index = 0;  // in the index space of its kind
};

struct Export {
  std::string name;
  ExternKind kind = ExternKind::function;
  uint32_t index = 0;
};

struct Function {
  uint32_t type = 0;  // into Module::types
  bool imported = false;
};

struct Table {
  ValType element = ValType::funcref;
  Limits limits;  // entries
  bool imported = false;
};

struct Memory {
  Limits limits;  // pages of 64 KiB
  bool imported = false;
  bool shared = false;
  bool is_64 = false;
};

struct Global {
  ValType type = ValType::i32;
  bool is_mutable = false;
  bool imported = false;
  ConstExpr init;  // meaningless when imported
};

enum class SegmentMode : uint8_t { active, passive, declared };

struct DataSegment {
  SegmentMode mode = SegmentMode::active;
  uint32_t memory = 0;
  ConstExpr offset;      // active only
  uint64_t begin = 0;    // into Module::data_bytes
  uint64_t size = 0;     // bytes
  bool dropped = false;  // passive, and gone from the start: the module is a snapshot
};

// One entry of an element segment: a function, a null, or an expression the core must evaluate.
struct ElemEntry {
  enum class Kind : uint8_t { function, null, global_get, extended };
  Kind kind = Kind::function;
  uint32_t index = 0;  // of the function or of the global
};

struct ElemSegment {
  SegmentMode mode = SegmentMode::active;
  uint32_t table = 0;
  ConstExpr offset;  // active only
  ValType type = ValType::funcref;
  bool expressions = false;  // written as expressions (ref.func, ref.null, global.get), not as indices
  std::vector<ElemEntry> entries;
  bool dropped = false;  // as for data
};

// The instructions that write table entries (table.copy: of the table copied into).
enum class TableInstruction : uint8_t { set, grow, fill, copy, init };
std::string_view name_of(TableInstruction instruction);  // "table.set"

// The first instruction in the code that writes a table.
struct TableWrite {
  uint32_t table = 0;
  uint32_t function = 0;
  TableInstruction instruction = TableInstruction::set;
  bool operator==(const TableWrite&) const = default;
};

struct Module {
  std::string sha256;      // of the bytes loaded, lower-case hex
  std::string snapshot;    // empty, or a hash of what preinit changed since (preinit.hpp)
  uint64_t byte_size = 0;  // of the bytes loaded
  std::vector<FuncType> types;
  std::vector<Import> imports;  // in file order; duplicates, empty names kept
  std::vector<Function> functions;
  std::vector<Table> tables;
  std::vector<Memory> memories;
  std::vector<Global> globals;
  std::vector<Export> exports;
  std::vector<DataSegment> data_segments;
  std::vector<ElemSegment> elem_segments;
  std::vector<std::byte> data_bytes;
  std::optional<uint32_t> start;  // function index
  uint32_t tag_count = 0;
  // One for each table that code writes, in the order of their first writes; nothing when bodies were not read.
  std::optional<std::vector<TableWrite>> table_writes;

  std::span<const std::byte> data(const DataSegment& segment) const {
    return std::span(data_bytes).subspan(segment.begin, segment.size);
  }
};

}  // namespace instbench
