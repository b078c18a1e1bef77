// Text -> Shape. Sections come in one fixed order, that of the binary format, so that whatever an item
// refers to has been read before it and every index is checked on the line that holds it.
#include <algorithm>
#include <limits>
#include <map>

#include "harness/corpus/shape_lines.hpp"
#include "harness/corpus/shape_text.hpp"

namespace instbench::bench {
namespace {

constexpr uint64_t kMostPages32 = 65536;              // 4 GiB
constexpr uint64_t kMostPages64 = uint64_t{1} << 48;  // memory64 proposal

class Parser {
 public:
  Parser(std::string_view text, const std::string& file) : lines_(text, file) {}

  Shape parse() {
    const ShapeSection& first = lines_.expect("shape", 2);
    if (first.words[1] != "1") lines_.fail(first.line, "shape version must be 1");
    section("types", [&] { module_.types.push_back(type()); });
    section("imports", [&] { import(); });
    section("functions", [&] { module_.functions.push_back({type_index(item_), false}); });
    module_.table_writes.emplace();
    section("tables", [&] { defined_table(item_); });
    section("memories", [&] { module_.memories.push_back(memory(item_)); });
    tags();
    section("globals", [&] { global(); });
    section(
        "exports", [&] { export_items(); }, [&] { return module_.exports.size(); });
    start();
    elements();
    section(
        "data", [&] { data(); }, [&] { return module_.data_segments.size(); });
    lines_.expect_end();
    return std::move(shape_);
  }

 private:
  // Reads "KEYWORD COUNT" and its items; `each` handles item_ once per repeat, `made` says how many things
  // there are so far (the default: one per item).
  template <typename Each, typename Made>
  void section(std::string_view keyword, Each each, Made made) {
    const ShapeSection& found = lines_.expect(keyword, 2);
    const uint64_t count = lines_.number(found.words[1], found.line, keyword, kMostItems);
    items_of(found, each, made, count);
  }
  template <typename Each>
  void section(std::string_view keyword, Each each) {
    uint64_t made = 0;
    section(
        keyword, [&] { each(), ++made; }, [&] { return made; });
  }

  template <typename Each, typename Made>
  void items_of(const ShapeSection& found, Each each, Made made, uint64_t count) {
    const std::string keyword(found.words[0]);
    for (const ShapeItem& item : found.items) {
      line_ = item.line;
      for (uint64_t i = 0; i < item.repeat; ++i) {
        item_ = item.text;
        each();
        if (made() > count) lines_.fail(line_, keyword + ": more than the " + std::to_string(count) + " announced");
      }
    }
    if (made() != count) {
      lines_.fail(found.line,
                  keyword + ": " + std::to_string(count) + " announced, " + std::to_string(made()) + " found");
    }
  }

  [[noreturn]] void bad(std::string_view what) const {
    lines_.fail(line_, std::string(what) + ", found '" + std::string(item_.substr(0, 40)) + "'");
  }
  uint64_t number(std::string_view text, std::string_view what, uint64_t most) const {
    return lines_.number(text, line_, what, most);
  }
  uint32_t index(std::string_view text, std::string_view space, uint64_t size) const {
    const uint64_t value = number(text, space, std::numeric_limits<uint32_t>::max());
    if (value >= size) {
      lines_.fail(line_, std::string(space) + " index " + std::to_string(value) + " out of range (" +
                             std::to_string(size) + " exist)");
    }
    return static_cast<uint32_t>(value);
  }
  uint32_t type_index(std::string_view text) const { return index(text, "type", module_.types.size()); }

  ValType value_type(char letter) const {
    const size_t at = kTypeLetters.find(letter);
    if (at == std::string_view::npos) bad("expected a value type (one of " + std::string(kTypeLetters) + ")");
    return static_cast<ValType>(at);
  }
  ValType reference_type(std::string_view text) const {
    if (text != "r" && text != "x") bad("expected a reference type, r or x");
    return value_type(text[0]);
  }

  FuncType type() const {
    const size_t colon = item_.find(':');
    if (colon == std::string_view::npos) bad("expected PARAMS:RESULTS");
    FuncType result;
    for (const char letter : item_.substr(0, colon)) result.params.push_back(value_type(letter));
    for (const char letter : item_.substr(colon + 1)) result.results.push_back(value_type(letter));
    return result;
  }

  Limits limits(std::string_view text, uint64_t most) const {
    const size_t dots = text.find("..");
    if (dots == std::string_view::npos) bad("expected MIN..MAX or MIN..");
    Limits result{number(text.substr(0, dots), "minimum", most), std::nullopt};
    if (const std::string_view max = text.substr(dots + 2); !max.empty()) result.max = number(max, "maximum", most);
    if (result.max && *result.max < result.min) lines_.fail(line_, "maximum is below the minimum");
    return result;
  }
  Table table(std::string_view text) const {
    return {reference_type(text.substr(0, 1)), limits(text.substr(std::min<size_t>(1, text.size())), 0xffff'ffff),
            false};
  }
  void defined_table(std::string_view text) {
    if (remove_suffix(text, ",written")) {
      if (module_.functions.empty() || module_.functions.back().imported)
        lines_.fail(line_, "a written table needs a defined function");
      module_.table_writes->push_back({static_cast<uint32_t>(module_.tables.size()), 0, TableInstruction::set});
    }
    module_.tables.push_back(table(text));
  }
  Memory memory(std::string_view text) const {
    Memory result;
    result.is_64 = remove_suffix(text, ",64");
    result.shared = remove_suffix(text, ",shared");
    result.limits = limits(text, result.is_64 ? kMostPages64 : kMostPages32);
    if (result.shared && !result.limits.max) lines_.fail(line_, "a shared memory needs a maximum");
    return result;
  }
  static bool remove_suffix(std::string_view& text, std::string_view suffix) {
    if (!text.ends_with(suffix)) return false;
    text.remove_suffix(suffix.size());
    return true;
  }
  Global global_type(std::string_view text) const {
    Global result;
    result.is_mutable = text.starts_with('v') && text.size() == 2;
    if (text.size() != (result.is_mutable ? 2u : 1u)) bad("expected a global's type, such as i or vi");
    result.type = value_type(text.back());
    return result;
  }

  // "[mM/][iF/]KIND…": see write_imports.
  void import() {
    std::string_view rest = item_;
    if (const auto name = take_name(rest, 'm')) current_module_ = *name;
    const auto field = take_name(rest, 'i');
    Import result{current_module_, field ? *field : "i" + std::to_string(next_field_++), ExternKind::function, 0};
    if (rest.empty()) bad("expected what is imported");
    const std::string_view what = rest.substr(1);
    switch (rest[0]) {
      case 'f':
        add(result, ExternKind::function, module_.functions, Function{type_index(what), true});
        break;
      case 't':
        add(result, ExternKind::table, module_.tables, table(what));
        break;
      case 'm':
        add(result, ExternKind::memory, module_.memories, memory(what));
        break;
      case 'g':
        add(result, ExternKind::global, module_.globals, global_type(what));
        break;
      case 'e': {
        if (!what.empty()) bad("expected an import, e takes nothing more");
        result.kind = ExternKind::tag;
        result.index = module_.tag_count++;
        break;
      }
      default:
        bad("expected an import: f, t, m, g or e");
    }
    module_.imports.push_back(std::move(result));
  }
  template <typename Item>
  static void add(Import& import, ExternKind kind, std::vector<Item>& items, Item item) {
    item.imported = true;
    import.kind = kind;
    import.index = static_cast<uint32_t>(items.size());
    items.push_back(std::move(item));
  }
  // Takes "m3/" or "m-/" off the front; the name is "m3" or empty.
  std::optional<std::string> take_name(std::string_view& rest, char prefix) const {
    const size_t slash = rest.find('/');
    if (slash == std::string_view::npos || rest[0] != prefix) return std::nullopt;
    const std::string_view name = rest.substr(0, slash);
    rest.remove_prefix(slash + 1);
    if (name.substr(1) == "-") return std::string();
    number(name.substr(1), "name", kMostItems);
    return std::string(name);
  }

  void tags() {
    const ShapeSection& found = lines_.expect("tags", 2);
    module_.tag_count += static_cast<uint32_t>(lines_.number(found.words[1], found.line, "tags", kMostItems));
    const bool any =
        std::any_of(module_.types.begin(), module_.types.end(), [](const FuncType& t) { return t.results.empty(); });
    if (module_.tag_count > 0 && !any) lines_.fail(found.line, "a tag needs a type without results");
  }

  void global() {
    const size_t equals = item_.find('=');
    if (equals == std::string_view::npos) bad("expected TYPE=INIT");
    Global result = global_type(item_.substr(0, equals));
    result.init = expression(item_.substr(equals + 1), result.type);
    module_.globals.push_back(result);
  }
  // "c" or "c123", "g4", "f5", "x".
  ConstExpr expression(std::string_view text, ValType type) const {
    using Kind = ConstExpr::Kind;
    ConstExpr result{Kind::i32_const, type, 0, 0};
    if (text == "c" || text == "x") {
      result.kind = text == "x" ? Kind::extended : constant_kind(type);
      if (text == "x" && type != ValType::i32 && type != ValType::i64)
        bad("an extended expression must be of type i or I");
    } else if (text.starts_with('c')) {
      result.kind = constant_kind(type);
      result.bits =
          number(text.substr(1), "offset", type == ValType::i64 ? std::numeric_limits<uint64_t>::max() : 0xffff'ffff);
    } else if (text.starts_with('g')) {
      result.kind = Kind::global_get;
      result.index = index(text.substr(1), "global", module_.globals.size());
    } else if (text.starts_with('f') && type == ValType::funcref) {
      result.kind = Kind::ref_func;
      result.index = index(text.substr(1), "function", module_.functions.size());
    } else {
      bad("expected an expression: c, gN, fN or x");
    }
    return result;
  }
  static ConstExpr::Kind constant_kind(ValType type) {
    using Kind = ConstExpr::Kind;
    switch (type) {
      case ValType::i32:
        return Kind::i32_const;
      case ValType::i64:
        return Kind::i64_const;
      case ValType::f32:
        return Kind::f32_const;
      case ValType::f64:
        return Kind::f64_const;
      case ValType::v128:
        return Kind::v128_const;
      default:
        return Kind::ref_null;
    }
  }

  void export_items() {
    std::string_view rest = item_;
    const bool nameless = rest.starts_with("e-/");
    if (nameless) rest.remove_prefix(3);
    const size_t kind = rest.empty() ? std::string_view::npos : std::string_view("ftmge").find(rest[0]);
    if (kind == std::string_view::npos) bad("expected an export: f, t, m, g or e and an index");
    const uint64_t sizes[] = {module_.functions.size(), module_.tables.size(), module_.memories.size(),
                              module_.globals.size(), module_.tag_count};
    const auto [first, last] = range(rest.substr(1), name_of(static_cast<ExternKind>(kind)), sizes[kind]);
    for (uint64_t i = first; i <= last; ++i) {
      const std::string name = nameless ? "" : "e" + std::to_string(next_export_++);
      module_.exports.push_back({name, static_cast<ExternKind>(kind), static_cast<uint32_t>(i)});
    }
  }
  std::pair<uint32_t, uint32_t> range(std::string_view text, std::string_view space, uint64_t size) const {
    const size_t dots = text.find("..");
    const uint32_t first = index(text.substr(0, dots), space, size);
    if (dots == std::string_view::npos) return {first, first};
    const uint32_t last = index(text.substr(dots + 2), space, size);
    if (last < first) bad("expected an ascending range");
    return {first, last};
  }

  void start() {
    const ShapeSection& found = lines_.expect("start", 2);
    line_ = found.line;
    if (found.words[1] != "none") module_.start = index(found.words[1], "function", module_.functions.size());
  }

  void elements() {
    const ShapeSection& found = lines_.expect("elements", 2);
    const uint64_t count = lines_.number(found.words[1], found.line, "elements", kMostItems);
    for (uint64_t i = 0; i < count; ++i) element();
  }
  // "element COUNT mode=active table=0 at=c1 type=r as=indices"; passive and declared have no table and at.
  void element() {
    element_words_ = 0;
    const ShapeSection& found = next_element();
    line_ = found.line;
    ElemSegment segment;
    const uint64_t count = lines_.number(found.words[1], line_, "element", kMostEntries - entries_);
    entries_ += count;
    const std::string_view mode = setting(found, "mode");
    if (mode != "active" && mode != "passive" && mode != "declared")
      lines_.fail(line_, "mode must be active, passive or declared");
    segment.mode = mode == "active"    ? SegmentMode::active
                   : mode == "passive" ? SegmentMode::passive
                                       : SegmentMode::declared;
    if (segment.mode == SegmentMode::active) {
      segment.table = index(setting(found, "table"), "table", module_.tables.size());
      item_ = setting(found, "at");
      segment.offset = expression(item_, ValType::i32);
    }
    item_ = setting(found, "type");
    segment.type = reference_type(item_);
    const std::string_view as = setting(found, "as");
    if (as != "indices" && as != "expressions") lines_.fail(line_, "as must be indices or expressions");
    segment.expressions = as == "expressions";
    if (!segment.expressions && segment.type != ValType::funcref)
      lines_.fail(line_, "entries of type x must be expressions");
    items_of(
        found, [&] { entry(segment); }, [&] { return segment.entries.size(); }, count);
    module_.elem_segments.push_back(std::move(segment));
  }
  const ShapeSection& next_element() {
    const ShapeSection& found = lines_.expect_any("element");
    if (found.words.size() < 2) lines_.fail(found.line, "element needs a count");
    return found;
  }
  // The next word of an element line, which must be NAME=…
  std::string_view setting(const ShapeSection& found, std::string_view name) {
    const size_t at = 2 + element_words_++;
    if (at >= found.words.size() || !found.words[at].starts_with(std::string(name) + "=")) {
      lines_.fail(found.line,
                  "expected " + std::string(name) + "=… as word " + std::to_string(at + 1) + " of the element line");
    }
    return found.words[at].substr(name.size() + 1);
  }
  void entry(ElemSegment& segment) const {
    using Kind = ElemEntry::Kind;
    if (item_ == "n" || item_.starts_with('g')) {
      if (!segment.expressions) bad("only a segment with as=expressions has entries that are not functions");
      const bool null = item_ == "n";
      segment.entries.push_back(
          {null ? Kind::null : Kind::global_get, null ? 0 : index(item_.substr(1), "global", module_.globals.size())});
      return;
    }
    if (segment.type != ValType::funcref) bad("expected n or gN in a segment of type x");
    const auto [first, last] = range(item_, "function", module_.functions.size());
    for (uint64_t i = first; i <= last; ++i) segment.entries.push_back({Kind::function, static_cast<uint32_t>(i)});
  }

  // "[mM/]OFFSET:SIZE" or "/SKIP-ZEROS", which belongs to the segment before it: see write_data.
  void data() {
    if (item_.starts_with('/')) return zero_run();
    std::string_view rest = item_;
    DataSegment segment;
    if (rest.starts_with('m')) {
      const size_t slash = std::min(rest.find('/'), rest.size() - 1);
      segment.memory = index(rest.substr(1, slash - 1), "memory", module_.memories.size());
      rest.remove_prefix(slash + 1);
    }
    const size_t colon = rest.find(':');
    if (colon == std::string_view::npos) bad("expected OFFSET:SIZE");
    segment.size = number(rest.substr(colon + 1), "segment size", kMostDataBytes);
    data_bytes_ += segment.size;
    if (data_bytes_ > kMostDataBytes)
      lines_.fail(line_, "all segments together hold more than " + std::to_string(kMostDataBytes) + " bytes");
    place(segment, rest.substr(0, colon));
    module_.data_segments.push_back(segment);
    shape_.zero_runs.emplace_back();
  }
  void place(DataSegment& segment, std::string_view where) {
    if (where == "p") {
      segment.mode = SegmentMode::passive;
      return;
    }
    if (segment.memory >= module_.memories.size()) lines_.fail(line_, "an active segment needs a memory");
    const ValType type = module_.memories[segment.memory].is_64 ? ValType::i64 : ValType::i32;
    const bool computed = where == "x" || where.starts_with('g');
    segment.offset = expression(computed ? where : "c", type);
    if (computed) return;
    const bool back = where.starts_with('-');
    const uint64_t distance = number(where.substr(back ? 1 : 0), "offset", std::numeric_limits<uint64_t>::max());
    uint64_t& end = ends_[segment.memory];
    const uint64_t begin = back ? end - distance : end + distance;
    if (back ? begin > end : begin < end) lines_.fail(line_, "offset before the start of the memory or beyond 2^64");
    if (type == ValType::i32 && begin > 0xffff'ffff) lines_.fail(line_, "offset beyond 4 GiB");
    segment.offset.bits = begin;
    end = begin + segment.size;
  }
  void zero_run() {
    const size_t dash = item_.find('-');
    if (dash == std::string_view::npos) bad("expected /SKIP-ZEROS");
    if (shape_.zero_runs.empty()) bad("expected a segment before its zero runs");
    std::vector<ZeroRun>& runs = shape_.zero_runs.back();
    const uint64_t before = runs.empty() ? 0 : runs.back().begin + runs.back().size;
    const ZeroRun run{before + number(item_.substr(1, dash - 1), "bytes before the zero run", kMostDataBytes),
                      number(item_.substr(dash + 1), "zero run", kMostDataBytes)};
    if (run.begin + run.size > module_.data_segments.back().size)
      lines_.fail(line_, "zero run beyond the end of its segment");
    runs.push_back(run);
  }

  ShapeLines lines_;
  Shape shape_;
  Module& module_ = shape_.module;
  size_t line_ = 0;        // of the item at hand
  std::string_view item_;  // the item at hand
  std::string current_module_;
  uint64_t next_field_ = 0;
  uint64_t next_export_ = 0;
  size_t element_words_ = 0;  // settings of the element line read so far
  uint64_t data_bytes_ = 0;
  uint64_t entries_ = 0;               // of all element segments
  std::map<uint32_t, uint64_t> ends_;  // per memory, of the last segment with a constant offset
};

}  // namespace

Shape parse_shape(std::string_view text, const std::string& file) { return Parser(text, file).parse(); }

}  // namespace instbench::bench
