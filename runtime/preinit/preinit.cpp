#include "runtime/preinit/preinit.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "runtime/module/sha256.hpp"
#include "runtime/os/mapping.hpp"
#include "runtime/pool/pool.hpp"

namespace instbench {
namespace {

constexpr uint64_t kPage = os::kPageBytes;

bool all_zero(std::span<const std::byte> bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::byte b) { return b == std::byte{0}; });
}

uint32_t function_to_run(const Module& module, const std::string& name) {
  for (const Export& one : module.exports) {
    if (one.name != name) continue;
    if (one.kind != ExternKind::function) throw PreinitError("preinit: the export '" + name + "' is not a function");
    if (!module.types[module.functions[one.index].type].params.empty())
      throw PreinitError("preinit: the export '" + name + "' takes parameters");
    return one.index;
  }
  throw PreinitError("preinit: the module exports no '" + name + "'");
}

void run(const Instance& instance, const std::string& name) {
  const uint32_t function = function_to_run(instance.prepared().module(), name);
  const FuncType& type = instance.prepared().module().types[instance.prepared().module().functions[function].type];
  std::vector<Value> values(std::max<size_t>(type.results.size(), 1));
  const Trap trap = instance.call(function, values.data());
  if (trap == Trap::none) return;
  if (trap == Trap::exit) {
    throw PreinitError("preinit: '" + name + "' ended the program with code " + std::to_string(last_exit_code()) +
                       ": there is nothing to go on with");
  }
  throw PreinitError("preinit: '" + name + "' trapped: " + std::string(message_of(trap)) +
                     (trap == Trap::host ? ": " + last_host_error() : ""));
}

// An active segment at a constant place.
ConstExpr at(uint64_t offset) {
  ConstExpr expression;
  expression.bits = offset;
  return expression;
}

// Builds the snapshot of one instance.
class Snapshot {
 public:
  explicit Snapshot(const Instance& instance)
      : instance_(instance), before_(instance.prepared().module()), after_(before_) {}

  Module take(PreinitReport& report) {
    empty_active_segments();
    for (uint32_t i = 0; i < after_.memories.size(); ++i) memory(i, report);
    for (uint32_t i = 0; i < after_.tables.size(); ++i) table(i, report);
    for (uint32_t i = 0; i < after_.globals.size(); ++i) global(i, report);
    dropped(report);
    after_.start.reset();
    note(sha256_hex(after_.data_bytes));
    after_.snapshot = sha256_hex(std::as_bytes(std::span(changes_)));
    return std::move(after_);
  }

 private:
  // They keep their number and write nothing.
  void empty_active_segments() {
    for (DataSegment& segment : after_.data_segments) {
      if (segment.mode != SegmentMode::active) continue;
      segment.size = 0;
      segment.offset = at(0);
    }
    for (ElemSegment& segment : after_.elem_segments) {
      if (segment.mode != SegmentMode::active) continue;
      segment.entries.clear();
      segment.offset = at(0);
    }
  }

  void memory(uint32_t index, PreinitReport& report) {
    const std::span<const std::byte> bytes = instance_.memory(index);
    after_.memories[index].limits.min = bytes.size() / kWasmPageBytes;
    report.memory_pages_before += before_.memories[index].limits.min;
    report.memory_pages_after += bytes.size() / kWasmPageBytes;
    note("m" + std::to_string(bytes.size()));
    for (const PageRun& run : instance_.prepared().image(index).plan().runs) report.content_pages_before += run.pages;
    for (uint64_t begin = 0; begin < bytes.size();) {
      uint64_t end = begin;
      while (end < bytes.size() && !all_zero(bytes.subspan(end, kPage))) end += kPage;
      if (end > begin) {
        append(index, begin, bytes.subspan(begin, end - begin));
        report.content_pages_after += (end - begin) / kPage;
      }
      begin = end + kPage;
    }
  }

  void append(uint32_t index, uint64_t address, std::span<const std::byte> content) {
    DataSegment segment;
    segment.memory = index;
    segment.offset = at(address);
    segment.begin = after_.data_bytes.size();
    segment.size = content.size();
    after_.data_segments.push_back(segment);
    after_.data_bytes.insert(after_.data_bytes.end(), content.begin(), content.end());
    note("d" + std::to_string(index) + "," + std::to_string(address) + "," + std::to_string(content.size()));
  }

  // The number of the function behind a reference, or null.
  ElemEntry entry_of(const FuncRef& ref, const std::string& where) const {
    if (ref.is_null()) return {ElemEntry::Kind::null, 0};
    const auto function = instance_.prepared().function_of(ref, instance_.vmctx().base());
    if (!function) throw PreinitError("preinit: " + where + " holds a reference that is not the module's own");
    return {ElemEntry::Kind::function, *function};
  }

  void table(uint32_t index, PreinitReport& report) {
    const std::string name = "table " + std::to_string(index);
    const uint64_t size = instance_.table_size(index);
    const TableImage& image = instance_.prepared().table(index).image;
    ElemSegment segment;
    segment.table = index;
    segment.offset = at(0);
    segment.type = after_.tables[index].element;
    segment.expressions = true;
    for (uint64_t i = 0; i < size; ++i) {
      segment.entries.push_back(entry_of(instance_.take(index, i), name + " entry " + std::to_string(i)));
      const ElemEntry& entry = segment.entries.back();
      const uint32_t was = i < image.size() ? image[i] : kNoFunction;
      const uint32_t is = entry.kind == ElemEntry::Kind::null ? kNoFunction : entry.index;
      if (is != was || i >= before_.tables[index].limits.min) ++report.table_entries_changed;
      note(is == kNoFunction ? "n" : "f" + std::to_string(is));
    }
    while (!segment.entries.empty() && segment.entries.back().kind == ElemEntry::Kind::null) segment.entries.pop_back();
    after_.tables[index].limits.min = size;
    if (!segment.entries.empty()) after_.elem_segments.push_back(std::move(segment));
  }

  void global(uint32_t index, PreinitReport& report) {
    const std::string name = "global " + std::to_string(index);
    Global& global = after_.globals[index];
    const std::byte* now = instance_.vmctx().global(index);
    const std::byte* start =
        instance_.prepared().vmctx_template().data() + instance_.prepared().layout().global_offsets[index];
    const size_t bytes = global.type == ValType::funcref ? sizeof(FuncRef) : global.type == ValType::v128 ? 16 : 8;
    const bool changed = std::memcmp(now, start, bytes) != 0;
    if (global.imported) {
      if (changed) throw PreinitError("preinit: the imported " + name + " changed: its value is the host's to give");
      return;
    }
    ConstExpr value;
    value.type = global.type;
    if (global.type == ValType::funcref) {
      FuncRef ref;
      std::memcpy(&ref, now, sizeof ref);
      const ElemEntry entry = entry_of(ref, name);
      value.kind = entry.kind == ElemEntry::Kind::null ? ConstExpr::Kind::ref_null : ConstExpr::Kind::ref_func;
      value.index = entry.index;
    } else if (global.type == ValType::externref) {
      if (!all_zero({now, 8})) throw PreinitError("preinit: " + name + " holds a reference of the host's");
      value.kind = ConstExpr::Kind::ref_null;
    } else {
      constexpr std::array kKinds{ConstExpr::Kind::i32_const, ConstExpr::Kind::i64_const, ConstExpr::Kind::f32_const,
                                  ConstExpr::Kind::f64_const, ConstExpr::Kind::v128_const};
      value.kind = kKinds[static_cast<size_t>(global.type)];
      std::memcpy(&value.bits, now, 8);
      if (global.type == ValType::v128) std::memcpy(&value.bits_high, now + 8, 8);
    }
    if (changed) ++report.globals_changed;
    note("g" + std::to_string(value.bits) + "," + std::to_string(value.bits_high) + "," + std::to_string(value.index));
    global.init = value;
  }

  void dropped(PreinitReport& report) {
    const VmctxLayout& layout = instance_.prepared().layout();
    const auto is_dropped = [&](uint32_t offset) {
      return offset != kNeverDropped && instance_.vmctx().base()[offset] != std::byte{0};
    };
    for (size_t i = 0; i < layout.dropped_data.size(); ++i) {
      after_.data_segments[i].dropped = is_dropped(layout.dropped_data[i]);
      report.segments_dropped += after_.data_segments[i].dropped;
    }
    for (size_t i = 0; i < layout.dropped_elements.size(); ++i) {
      after_.elem_segments[i].dropped = is_dropped(layout.dropped_elements[i]);
      report.segments_dropped += after_.elem_segments[i].dropped;
    }
    note("x" + std::to_string(report.segments_dropped));
  }

  void note(const std::string& change) { changes_ += change + ";"; }

  const Instance& instance_;
  const Module& before_;
  Module after_;
  std::string changes_;  // all that distinguishes the snapshot, for its name
};

std::vector<std::string> baked_in(const Prepared& prepared) {
  std::vector<std::string> names;
  for (const auto& function : prepared.host_functions()) {
    const bool varies = function->name == "random_get" || function->name == "clock_time_get";
    if (varies && function->calls != 0) names.push_back(function->name);
  }
  return names;
}

}  // namespace

Preinitialised preinit(const std::shared_ptr<const Module>& module, const std::shared_ptr<const Code>& code,
                       const std::vector<std::string>& exports, const HostImports* host) {
  if (code == nullptr) throw PreinitError("preinit: there is no code to run");
  for (const std::string& name : exports) function_to_run(*module, name);
  const Strategy strategy = parse_strategy("eager");
  const auto prepared = Prepared::make(module, strategy, {code, host, {}});
  Pool pool(strategy, SlotGeometry::covering({}, *prepared), 1);
  Preinitialised made;
  try {
    Lease lease(pool, pool.admit(prepared));
    for (const std::string& name : exports) run(lease.instance(), name);
    made.module = std::make_shared<const Module>(Snapshot(lease.instance()).take(made.report));
  } catch (const InstantiationError& error) {
    throw PreinitError(std::string("preinit: ") + error.what());
  }
  made.report.baked_in = baked_in(*prepared);
  return made;
}

std::optional<std::string> preinit_advice(const Module& module) {
  constexpr std::array kInitialisers{"_initialize", "wizer.initialize", "wizer-initialize", "__wasm_call_ctors"};
  std::string found;
  for (const Export& one : module.exports) {
    const bool known = std::find(kInitialisers.begin(), kInitialisers.end(), one.name) != kInitialisers.end();
    if (one.kind != ExternKind::function || !known) continue;
    if (!module.types[module.functions[one.index].type].params.empty()) continue;
    found += (found.empty() ? "" : ",") + one.name;
  }
  if (!found.empty())
    return "it exports initialisation: `--preinit " + found + "` runs it once and starts instances from there";
  if (module.start)
    return "its start function runs for every instance: `--preinit ''` runs it once and starts instances from there";
  return std::nullopt;
}

}  // namespace instbench
