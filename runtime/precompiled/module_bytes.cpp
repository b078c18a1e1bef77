#include "runtime/precompiled/module_bytes.hpp"

#include <algorithm>

namespace instbench {
namespace {

// ---- writing; each function names every field of its struct, so that a new one does not compile until it is kept

void write(ByteWriter& w, const std::vector<ValType>& types) {
  w.number<uint64_t>(types.size());
  w.raw(std::as_bytes(std::span(types)));
}

void write(ByteWriter& w, bool flag) { w.number<uint8_t>(flag); }

void write(ByteWriter& w, const Limits& limits) {
  const auto& [min, max] = limits;
  w.number(min);
  write(w, max.has_value());
  w.number(max.value_or(0));
}

void write(ByteWriter& w, const ConstExpr& expression) {
  const auto& [kind, type, index, bits, bits_high] = expression;
  w.number(kind);
  w.number(type);
  w.number(index);
  w.number(bits);
  w.number(bits_high);
}

void write(ByteWriter& w, const FuncType& type) {
  const auto& [params, results] = type;
  write(w, params);
  write(w, results);
}

void write(ByteWriter& w, const Function& function) {
  const auto& [type, imported] = function;
  w.number(type);
  write(w, imported);
}

void write(ByteWriter& w, const Table& table) {
  const auto& [element, limits, imported] = table;
  w.number(element);
  write(w, limits);
  write(w, imported);
}

void write(ByteWriter& w, const Memory& memory) {
  const auto& [limits, imported, shared, is_64] = memory;
  write(w, limits);
  write(w, imported);
  write(w, shared);
  write(w, is_64);
}

void write(ByteWriter& w, const Global& global) {
  const auto& [type, is_mutable, imported, init] = global;
  w.number(type);
  write(w, is_mutable);
  write(w, imported);
  write(w, init);
}

void write(ByteWriter& w, const Import& import) {
  const auto& [module, name, kind, index] = import;
  w.text(module);
  w.text(name);
  w.number(kind);
  w.number(index);
}

void write(ByteWriter& w, const Export& entry) {
  const auto& [name, kind, index] = entry;
  w.text(name);
  w.number(kind);
  w.number(index);
}

void write(ByteWriter& w, const DataSegment& segment) {
  const auto& [mode, memory, offset, begin, size, dropped] = segment;
  w.number(mode);
  w.number(memory);
  write(w, offset);
  w.number(begin);
  w.number(size);
  write(w, dropped);
}

void write(ByteWriter& w, const ElemSegment& segment) {
  const auto& [mode, table, offset, type, expressions, entries, dropped] = segment;
  w.number(mode);
  w.number(table);
  write(w, offset);
  w.number(type);
  write(w, expressions);
  write(w, dropped);
  w.number<uint64_t>(entries.size());
  for (const auto& [kind, index] : entries) {
    w.number(kind);
    w.number(index);
  }
}

void write(ByteWriter& w, const TableWrite& write) {
  const auto& [table, function, instruction] = write;
  w.number(table);
  w.number(function);
  w.number(instruction);
}

template <typename Item>
void write_all(ByteWriter& w, const std::vector<Item>& items) {
  w.number<uint64_t>(items.size());
  for (const Item& item : items) write(w, item);
}

// ---- reading; the sizes are the fewest bytes that an item takes

constexpr size_t kLimitsBytes = 17, kExprBytes = 22;

// `most` as the specification has it (WebAssembly 3.0, section 3.2.3).
Limits read_limits(ByteReader& r, uint64_t most) {
  Limits limits;
  limits.min = r.number<uint64_t>();
  const bool has_max = r.flag();
  const auto max = r.number<uint64_t>();
  if (limits.min > most || max > most || (has_max && max < limits.min)) r.fail("limits that no module may have");
  if (has_max) limits.max = max;
  return limits;
}

std::vector<ValType> read_types(ByteReader& r) {
  std::vector<ValType> types(r.count(1));
  for (ValType& type : types) type = r.one_of(ValType::externref);
  return types;
}

template <typename Item, typename Read>
void read_all(ByteReader& r, std::vector<Item>& items, size_t item_bytes, const Read& read) {
  items.resize(r.count(item_bytes));
  for (Item& item : items) read(item);
}

// Reads the parts of a module in the order in which they are written: what an index points into comes before it.
class ModuleBytesReader {
 public:
  ModuleBytesReader(ByteReader& reader, Module& module) : r_(reader), m_(module) {}

  void read() {
    m_.sha256 = r_.text();
    m_.snapshot = r_.text();
    m_.byte_size = r_.number<uint64_t>();
    m_.tag_count = r_.number<uint32_t>();
    read_all(r_, m_.types, 16, [&](FuncType& type) {
      type.params = read_types(r_);
      type.results = read_types(r_);
    });
    read_all(r_, m_.functions, 5, [&](Function& function) {
      function.type = r_.index(m_.types.size());
      function.imported = r_.flag();
    });
    read_all(r_, m_.tables, kLimitsBytes + 2, [&](Table& table) {
      table.element = r_.one_of(ValType::externref);
      table.limits = read_limits(r_, UINT32_MAX);
      table.imported = r_.flag();
    });
    read_all(r_, m_.memories, kLimitsBytes + 3, [&](Memory& memory) {
      memory.limits = read_limits(r_, uint64_t{1} << 48);
      memory.imported = r_.flag();
      memory.shared = r_.flag();
      memory.is_64 = r_.flag();
    });
    read_globals();
    read_names();
    read_segments();
    if (r_.flag()) m_.start = r_.index(m_.functions.size());
    if (!r_.flag()) return;
    read_all(r_, m_.table_writes.emplace(), 9, [&](TableWrite& write) {
      write.table = r_.index(m_.tables.size());
      write.function = r_.index(m_.functions.size());
      write.instruction = r_.one_of(TableInstruction::init);
    });
  }

 private:
  ConstExpr expression() {
    ConstExpr e;
    e.kind = r_.one_of(ConstExpr::Kind::extended);
    e.type = r_.one_of(ValType::externref);
    e.index = r_.number<uint32_t>();
    e.bits = r_.number<uint64_t>();
    e.bits_high = r_.number<uint64_t>();
    if (e.kind == ConstExpr::Kind::global_get && e.index >= m_.globals.size()) r_.fail("a global that does not exist");
    if (e.kind == ConstExpr::Kind::ref_func && e.index >= m_.functions.size())
      r_.fail("a function that does not exist");
    return e;
  }

  void read_globals() {
    read_all(r_, m_.globals, 3 + kExprBytes, [&](Global& global) {
      global.type = r_.one_of(ValType::externref);
      global.is_mutable = r_.flag();
      global.imported = r_.flag();
      global.init = expression();
    });
    // Initialisers are followed through other globals, so they must lead backwards (WebAssembly 3.0, section 3.5.13).
    for (size_t i = 0; i < m_.globals.size(); ++i) {
      const ConstExpr& init = m_.globals[i].init;
      if (init.kind == ConstExpr::Kind::global_get && init.index >= i) r_.fail("a global that needs a later one");
    }
  }

  uint64_t items_of(ExternKind kind) const {
    switch (kind) {
      case ExternKind::function:
        return m_.functions.size();
      case ExternKind::table:
        return m_.tables.size();
      case ExternKind::memory:
        return m_.memories.size();
      case ExternKind::global:
        return m_.globals.size();
      case ExternKind::tag:
        return m_.tag_count;
    }
    return 0;
  }

  void read_names() {
    read_all(r_, m_.imports, 21, [&](Import& import) {
      import.module = r_.text();
      import.name = r_.text();
      import.kind = r_.one_of(ExternKind::tag);
      import.index = r_.index(items_of(import.kind));
    });
    read_all(r_, m_.exports, 13, [&](Export& entry) {
      entry.name = r_.text();
      entry.kind = r_.one_of(ExternKind::tag);
      entry.index = r_.index(items_of(entry.kind));
    });
  }

  void read_segments() {
    const auto data = r_.raw(r_.count(1));
    m_.data_bytes.assign(data.begin(), data.end());
    read_all(r_, m_.data_segments, 22 + kExprBytes, [&](DataSegment& segment) {
      segment.mode = r_.one_of(SegmentMode::declared);
      segment.memory = r_.number<uint32_t>();
      segment.offset = expression();
      segment.begin = r_.number<uint64_t>();
      segment.size = r_.number<uint64_t>();
      segment.dropped = r_.flag();
      if (segment.begin > data.size() || segment.size > data.size() - segment.begin) r_.fail("a segment without bytes");
      if (segment.mode == SegmentMode::active && segment.memory >= m_.memories.size())
        r_.fail("a segment of no memory");
    });
    read_all(r_, m_.elem_segments, 16 + kExprBytes, [&](ElemSegment& segment) { read_elements(segment); });
  }

  void read_elements(ElemSegment& segment) {
    segment.mode = r_.one_of(SegmentMode::declared);
    segment.table = r_.number<uint32_t>();
    segment.offset = expression();
    segment.type = r_.one_of(ValType::externref);
    segment.expressions = r_.flag();
    segment.dropped = r_.flag();
    if (segment.mode == SegmentMode::active && segment.table >= m_.tables.size()) r_.fail("a segment of no table");
    read_all(r_, segment.entries, 5, [&](ElemEntry& entry) {
      entry.kind = r_.one_of(ElemEntry::Kind::extended);
      entry.index = r_.number<uint32_t>();
      const bool function = entry.kind == ElemEntry::Kind::function, global = entry.kind == ElemEntry::Kind::global_get;
      if (function && entry.index >= m_.functions.size()) r_.fail("an entry of no function");
      if (global && entry.index >= m_.globals.size()) r_.fail("an entry of no global");
    });
  }

  ByteReader& r_;
  Module& m_;
};

}  // namespace

void write_module(ByteWriter& w, const Module& module) {
  const auto& [sha256, snapshot, byte_size, types, imports, functions, tables, memories, globals, exports, data_segments,
               elem_segments, data_bytes, start, tag_count, table_writes] = module;
  w.text(sha256);
  w.text(snapshot);
  w.number(byte_size);
  w.number(tag_count);
  write_all(w, types);
  write_all(w, functions);
  write_all(w, tables);
  write_all(w, memories);
  write_all(w, globals);
  write_all(w, imports);
  write_all(w, exports);
  w.number<uint64_t>(data_bytes.size());
  w.raw(data_bytes);
  write_all(w, data_segments);
  write_all(w, elem_segments);
  write(w, start.has_value());
  if (start) w.number(*start);
  write(w, table_writes.has_value());
  if (table_writes) write_all(w, *table_writes);
}

std::shared_ptr<const Module> read_module(ByteReader& reader) {
  auto module = std::make_shared<Module>();
  ModuleBytesReader(reader, *module).read();
  return module;
}

}  // namespace instbench
