// Shape -> text. Every section is "KEYWORD COUNT", then its items, several to an indented line.
#include <algorithm>
#include <map>

#include "harness/corpus/shape_text.hpp"

namespace instbench::bench {
namespace {

constexpr size_t kLineWidth = 120;
constexpr size_t kShortestRange = 3;  // "7..9" is no shorter than "7 8"

// Collects a section's items: equal neighbours become "item*N", lines are filled up to kLineWidth.
class Items {
 public:
  explicit Items(std::string& out) : out_(out) {}
  ~Items() {
    flush();
    if (column_ != 0) out_ += '\n';
  }
  Items(const Items&) = delete;
  Items& operator=(const Items&) = delete;

  void add(std::string item) {
    if (repeat_ != 0 && item == item_) {
      ++repeat_;
      return;
    }
    flush();
    item_ = std::move(item);
    repeat_ = 1;
  }

 private:
  void flush() {
    if (repeat_ == 0) return;
    if (repeat_ > 1) item_ += "*" + std::to_string(repeat_);
    if (column_ != 0 && column_ + 1 + item_.size() > kLineWidth) {
      out_ += '\n';
      column_ = 0;
    }
    const std::string_view gap = column_ == 0 ? "  " : " ";
    out_ += gap;
    out_ += item_;
    column_ += gap.size() + item_.size();
    repeat_ = 0;
  }

  std::string& out_;
  std::string item_;
  uint64_t repeat_ = 0;
  size_t column_ = 0;
};

std::string text_of(const Limits& limits) {
  return std::to_string(limits.min) + ".." + (limits.max ? std::to_string(*limits.max) : "");
}

std::string text_of(const Table& table) { return std::string(1, letter_of(table.element)) + text_of(table.limits); }

bool is_written(const Module& module, size_t table) {
  if (!module.table_writes) return false;
  return std::any_of(module.table_writes->begin(), module.table_writes->end(),
                     [table](const TableWrite& write) { return write.table == table; });
}

std::string text_of(const Memory& memory) {
  return text_of(memory.limits) + (memory.shared ? ",shared" : "") + (memory.is_64 ? ",64" : "");
}

std::string type_of(const Global& global) { return std::string(global.is_mutable ? "v" : "") + letter_of(global.type); }

// Offsets show their value; other constants were set to 0 and show only that they are constants.
std::string text_of(const ConstExpr& expr) {
  switch (expr.kind) {
    case ConstExpr::Kind::global_get:
      return "g" + std::to_string(expr.index);
    case ConstExpr::Kind::ref_func:
      return "f" + std::to_string(expr.index);
    case ConstExpr::Kind::extended:
      return "x";
    default:
      return "c";
  }
}

uint64_t offset_value(const ConstExpr& offset) {
  return offset.type == ValType::i64 ? offset.bits : offset.bits & 0xffff'ffff;
}

std::string offset_text(const ConstExpr& offset) {
  const std::string text = text_of(offset);
  return text == "c" ? text + std::to_string(offset_value(offset)) : text;
}

void section(std::string& out, std::string_view keyword, uint64_t count) {
  out += keyword;
  out += ' ' + std::to_string(count) + '\n';
}

void write_types(std::string& out, const Module& module) {
  section(out, "types", module.types.size());
  Items items(out);
  for (const FuncType& type : module.types) {
    std::string item;
    for (const ValType value : type.params) item += letter_of(value);
    item += ':';
    for (const ValType value : type.results) item += letter_of(value);
    items.add(item);
  }
}

std::string what_is_imported(const Module& module, const Import& import) {
  switch (import.kind) {
    case ExternKind::function:
      return "f" + std::to_string(module.functions[import.index].type);
    case ExternKind::table:
      return "t" + text_of(module.tables[import.index]);
    case ExternKind::memory:
      return "m" + text_of(module.memories[import.index]);
    case ExternKind::global:
      return "g" + type_of(module.globals[import.index]);
    case ExternKind::tag:
      return "e";
  }
  return "";
}

// A module name that is the same as before and a field name that was not seen before are left out.
void write_imports(std::string& out, const Module& module) {
  section(out, "imports", module.imports.size());
  Items items(out);
  std::string current = "?";
  uint64_t next_field = 0;
  for (const Import& import : module.imports) {
    std::string item;
    if (import.module != current) item += (import.module.empty() ? "m-" : import.module) + "/";
    current = import.module;
    if (import.name == "i" + std::to_string(next_field)) {
      ++next_field;
    } else {
      item += (import.name.empty() ? "i-" : import.name) + "/";
    }
    items.add(item + what_is_imported(module, import));
  }
}

template <typename Item, typename Text>
void write_defined(std::string& out, std::string_view keyword, const std::vector<Item>& all, Text text) {
  const auto defined = [](const Item& item) { return !item.imported; };
  section(out, keyword, static_cast<uint64_t>(std::count_if(all.begin(), all.end(), defined)));
  Items items(out);
  for (const Item& item : all) {
    if (defined(item)) items.add(text(item));
  }
}

void write_definitions(std::string& out, const Module& module) {
  write_defined(out, "functions", module.functions, [](const Function& item) { return std::to_string(item.type); });
  write_defined(out, "tables", module.tables, [&](const Table& item) {
    return text_of(item) + (is_written(module, static_cast<size_t>(&item - module.tables.data())) ? ",written" : "");
  });
  write_defined(out, "memories", module.memories, [](const Memory& item) { return text_of(item); });
  const auto imported_tags = std::count_if(module.imports.begin(), module.imports.end(),
                                           [](const Import& item) { return item.kind == ExternKind::tag; });
  section(out, "tags", module.tag_count - static_cast<uint64_t>(imported_tags));
  write_defined(out, "globals", module.globals,
                [](const Global& item) { return type_of(item) + "=" + text_of(item.init); });
}

char kind_letter(ExternKind kind) { return std::string_view("ftmge").at(static_cast<size_t>(kind)); }

// Ascending neighbours of one kind are one range item: "f3..9".
void add_range(Items& items, const std::string& prefix, uint64_t first, uint64_t count) {
  if (count >= kShortestRange) {
    return items.add(prefix + std::to_string(first) + ".." + std::to_string(first + count - 1));
  }
  for (uint64_t i = 0; i < count; ++i) items.add(prefix + std::to_string(first + i));
}

void write_exports(std::string& out, const Module& module) {
  section(out, "exports", module.exports.size());
  Items items(out);
  const std::vector<Export>& all = module.exports;
  for (size_t i = 0; i < all.size();) {
    const auto prefix = [](const Export& item) {
      return (item.name.empty() ? "e-/" : "") + std::string(1, kind_letter(item.kind));
    };
    size_t end = i + 1;
    while (end < all.size() && prefix(all[end]) == prefix(all[i]) && all[end].index == all[i].index + (end - i)) ++end;
    add_range(items, prefix(all[i]), all[i].index, end - i);
    i = end;
  }
}

void write_entries(std::string& out, const std::vector<ElemEntry>& entries) {
  Items items(out);
  for (size_t i = 0; i < entries.size();) {
    const ElemEntry& first = entries[i];
    size_t end = i + 1;
    if (first.kind == ElemEntry::Kind::null) {
      items.add("n");
    } else if (first.kind == ElemEntry::Kind::global_get) {
      items.add("g" + std::to_string(first.index));
    } else {
      while (end < entries.size() && entries[end].kind == first.kind && entries[end].index == first.index + (end - i))
        ++end;
      add_range(items, "", first.index, end - i);
    }
    i = end;
  }
}

std::string_view mode_name(SegmentMode mode) {
  return mode == SegmentMode::active ? "active" : mode == SegmentMode::passive ? "passive" : "declared";
}

void write_elements(std::string& out, const Module& module) {
  section(out, "elements", module.elem_segments.size());
  for (const ElemSegment& segment : module.elem_segments) {
    out += "element " + std::to_string(segment.entries.size()) + " mode=";
    out += mode_name(segment.mode);
    if (segment.mode == SegmentMode::active) {
      out += " table=" + std::to_string(segment.table) + " at=" + offset_text(segment.offset);
    }
    out += std::string(" type=") + letter_of(segment.type) +
           " as=" + (segment.expressions ? "expressions" : "indices") + '\n';
    write_entries(out, segment.entries);
  }
}

// A constant offset is written as the distance from the end of the segment before it in that memory.
void write_data(std::string& out, const Shape& shape) {
  const std::vector<DataSegment>& segments = shape.module.data_segments;
  section(out, "data", segments.size());
  Items items(out);
  std::map<uint32_t, uint64_t> end_of_previous;
  for (size_t i = 0; i < segments.size(); ++i) {
    const DataSegment& segment = segments[i];
    std::string item;
    if (segment.mode == SegmentMode::passive) {
      item = "p";
    } else {
      if (segment.memory != 0) item = "m" + std::to_string(segment.memory) + "/";
      if (text_of(segment.offset) == "c") {
        const uint64_t begin = offset_value(segment.offset);
        uint64_t& end = end_of_previous[segment.memory];
        item += std::to_string(static_cast<int64_t>(begin - end));
        end = begin + segment.size;
      } else {
        item += text_of(segment.offset);
      }
    }
    items.add(item + ":" + std::to_string(segment.size));
    uint64_t at = 0;
    for (const ZeroRun& run : shape.zero_runs[i]) {
      items.add("/" + std::to_string(run.begin - at) + "-" + std::to_string(run.size));
      at = run.begin + run.size;
    }
  }
}

// What a reader wants to know first; ignored by the parser.
void write_header(std::string& out, const Shape& shape) {
  const Module& module = shape.module;
  uint64_t data_bytes = 0;
  uint64_t zero_bytes = 0;
  uint64_t entries = 0;
  for (const DataSegment& segment : module.data_segments) data_bytes += segment.size;
  for (const auto& runs : shape.zero_runs) {
    for (const ZeroRun& run : runs) zero_bytes += run.size;
  }
  for (const ElemSegment& segment : module.elem_segments) entries += segment.entries.size();
  out += "# The shape of a WebAssembly module: what its instantiation depends on, none of its code, data or names.\n";
  out += "# " + std::to_string(module.imports.size()) + " imports, " + std::to_string(module.functions.size()) +
         " functions with the imported ones, " + std::to_string(module.globals.size()) + " globals, " +
         std::to_string(module.exports.size()) + " exports,\n# " + std::to_string(entries) + " table entries in " +
         std::to_string(module.elem_segments.size()) + " element segments, " + std::to_string(data_bytes) +
         " bytes in " + std::to_string(module.data_segments.size()) + " data segments, " + std::to_string(zero_bytes) +
         " of them in zero runs.\n# Format: corpus/README.md of instbench.\n";
}

}  // namespace

std::string write_shape(const Shape& shape) {
  std::string out;
  write_header(out, shape);
  out += "shape 1\n";
  write_types(out, shape.module);
  write_imports(out, shape.module);
  write_definitions(out, shape.module);
  write_exports(out, shape.module);
  out += "start " + (shape.module.start ? std::to_string(*shape.module.start) : "none") + "\n";
  write_elements(out, shape.module);
  write_data(out, shape);
  return out;
}

}  // namespace instbench::bench
