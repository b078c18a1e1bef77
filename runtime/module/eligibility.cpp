#include "runtime/module/eligibility.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "runtime/module/touched_pages.hpp"
#include "runtime/module/verdict_text.hpp"

namespace instbench {
namespace {

// Estimates of what parts of an instantiation cost on the KVM development machine, rounded; for ranking
// and for sentences, never for results. A fault on fresh anonymous memory together with the copy of its
// 4 KiB; a table entry computed and stored; a segment found and copied by one memcpy at run time. The
// fault that a leftover segment may take is left out: whether its page is resident is the strategy's affair.
constexpr double kFreshPageNs = 1200;
constexpr double kTableEntryNs = 5;
constexpr double kSegmentNs = 20;
constexpr double kSegmentByteNs = 0.1;

std::optional<uint64_t> constant_offset(const ConstExpr& offset) {
  const bool constant = offset.kind == ConstExpr::Kind::i32_const || offset.kind == ConstExpr::Kind::i64_const;
  return constant ? std::optional<uint64_t>(offset.bits) : std::nullopt;
}

// Also for empty segments: one that starts past the end traps (WebAssembly 2.0, section 4.5.4).
bool fits(uint64_t offset, uint64_t size, uint64_t capacity) { return size <= capacity && offset <= capacity - size; }

uint64_t minimum_bytes(const Memory& memory) {
  const uint64_t most = UINT64_MAX / kWasmPageBytes;  // a 64-bit memory of 2^48 pages is one byte more
  return memory.limits.min > most ? UINT64_MAX : memory.limits.min * kWasmPageBytes;
}

bool past_minimum(const Module& module, const DataSegment& segment) {
  const auto offset = constant_offset(segment.offset);
  return segment.mode == SegmentMode::active && offset &&
         !fits(*offset, segment.size, minimum_bytes(module.memories[segment.memory]));
}

bool past_minimum(const Module& module, const ElemSegment& segment) {
  const auto offset = constant_offset(segment.offset);
  return segment.mode == SegmentMode::active && offset &&
         !fits(*offset, segment.entries.size(), module.tables[segment.table].limits.min);
}

// Imports of the same name must be given the same object, so one memory or table may have two numbers.
// Writes through both keep their order only when all of them are made at instantiation.
std::vector<std::optional<uint32_t>> aliases(const Module& module, ExternKind kind, size_t count) {
  std::vector<std::optional<uint32_t>> other(count);
  std::map<std::pair<std::string_view, std::string_view>, uint32_t> seen;
  for (const Import& import : module.imports) {
    if (import.kind != kind) continue;
    const auto [first, is_new] = seen.try_emplace({import.module, import.name}, import.index);
    if (is_new) continue;
    other[import.index] = first->second;
    other[first->second] = import.index;
  }
  return other;
}

// Lists a verdict while there is room, and counts it in any case; its sentence is only made when listed.
template <typename Owner, typename Reason>
void add_verdict(Owner& owner, uint32_t segment, bool in_image, Obstacle obstacle, double cost_ns, Reason&& reason) {
  ++owner.obstacles_total;
  if (owner.obstacles.size() >= Eligibility::kMaxListed) return;
  owner.obstacles.push_back({segment, in_image, obstacle, reason(), cost_ns});
}

class Examination {
 public:
  explicit Examination(const Module& module)
      : module_(module),
        memory_alias_(aliases(module, ExternKind::memory, module.memories.size())),
        table_alias_(aliases(module, ExternKind::table, module.tables.size())),
        touched_(module.memories.size()),
        table_in_image_(module.tables.size(), false) {}

  Eligibility run() {
    result_.data_in_image.assign(module_.data_segments.size(), false);
    result_.elem_in_image.assign(module_.elem_segments.size(), false);
    find_trap();
    start_memories();
    start_tables();
    for (uint32_t i = 0; i < module_.elem_segments.size(); ++i) judge_element(i);
    for (uint32_t i = 0; i < module_.data_segments.size(); ++i) judge_data(i);
    list_passive();
    finish_memories();
    return std::move(result_);
  }

 private:
  // The first segment that cannot be applied whatever the host does: elements come before data, each in
  // order (WebAssembly 2.0, section 4.5.4). Imported memories and tables may be larger than they must be,
  // so segments past their minimum need not trap.
  void find_trap() {
    const auto traps = [this](const auto& segment, const auto& targets, uint32_t target) {
      return past_minimum(module_, segment) && !targets[target].imported;
    };
    for (uint32_t i = 0; i < module_.elem_segments.size() && !result_.always_traps; ++i) {
      const ElemSegment& segment = module_.elem_segments[i];
      if (!traps(segment, module_.tables, segment.table)) continue;
      result_.always_traps = past_the_end(module_, i, segment);
      elements_applied_ = i;
      data_applied_ = 0;
    }
    for (uint32_t i = 0; i < module_.data_segments.size() && !result_.always_traps; ++i) {
      const DataSegment& segment = module_.data_segments[i];
      if (!traps(segment, module_.memories, segment.memory)) continue;
      result_.always_traps = past_the_end(module_, i, segment);
      data_applied_ = i;
      data_traps_ = true;
    }
  }

  void start_memories() {
    for (uint32_t i = 0; i < module_.memories.size(); ++i) {
      MemoryEligibility memory;
      memory.memory = i;
      memory.made_by_host = module_.memories[i].imported;
      result_.memories.push_back(std::move(memory));
    }
  }

  void start_tables() {
    for (uint32_t i = 0; i < module_.tables.size(); ++i) {
      TableEligibility table;
      table.table = i;
      table.made_by_host = module_.tables[i].imported;
      table.written_by_host_possible = table.made_by_host;
      table.lazy = module_.tables[i].element == ValType::funcref;
      table.static_image = true;
      result_.tables.push_back(std::move(table));
    }
    for (const Export& e : module_.exports) {
      if (e.kind == ExternKind::table) result_.tables[e.index].written_by_host_possible = true;
    }
  }

  // Behind the segment that is certain to trap; that one itself has its own bounds as the reason.
  bool never_applied_data(uint32_t index) const { return data_traps_ ? index > data_applied_ : index >= data_applied_; }
  bool never_applied_element(uint32_t index) const { return index > elements_applied_; }

  Obstacle data_obstacle(uint32_t index, const DataSegment& segment) const {
    if (never_applied_data(index)) return Obstacle::out_of_bounds;
    if (!constant_offset(segment.offset)) return Obstacle::dynamic_offset;
    if (past_minimum(module_, segment)) return Obstacle::out_of_bounds;
    if (module_.memories[segment.memory].shared) return Obstacle::shared_memory;
    return memory_alias_[segment.memory] ? Obstacle::imported : Obstacle::none;
  }

  Obstacle element_obstacle(uint32_t index, const ElemSegment& segment) const {
    if (never_applied_element(index)) return Obstacle::out_of_bounds;
    if (!constant_offset(segment.offset)) return Obstacle::dynamic_offset;
    if (past_minimum(module_, segment)) return Obstacle::out_of_bounds;
    if (module_.tables[segment.table].element != ValType::funcref) return Obstacle::foreign_reference;
    if (table_alias_[segment.table]) return Obstacle::imported;
    const bool expressions = std::any_of(segment.entries.begin(), segment.entries.end(), [](const ElemEntry& entry) {
      return entry.kind == ElemEntry::Kind::global_get || entry.kind == ElemEntry::Kind::extended;
    });
    return expressions ? Obstacle::expression_entry : Obstacle::none;
  }

  void judge_data(uint32_t index) {
    const DataSegment& segment = module_.data_segments[index];
    if (segment.mode != SegmentMode::active) return;
    MemoryEligibility& memory = result_.memories[segment.memory];
    const double cost_ns = kSegmentNs + kSegmentByteNs * static_cast<double>(segment.size);
    if (!never_applied_data(index)) memory.eager_cost_ns += cost_ns;
    const Obstacle obstacle = data_obstacle(index, segment);
    if (obstacle == Obstacle::none || obstacle == Obstacle::shared_memory || obstacle == Obstacle::imported) {
      touched_[segment.memory].write(segment.offset.bits, module_.data(segment));
    }
    if (obstacle != Obstacle::none) {
      ++memory.segments_leftover;
      if (!never_applied_data(index)) memory.leftover_cost_ns += cost_ns;
      add_verdict(memory, index, false, obstacle, cost_ns, [&] {
        const Circumstances why{never_applied_data(index) ? result_.always_traps : std::nullopt,
                                memory_alias_[segment.memory]};
        return reason_for(module_, index, segment, obstacle, why);
      });
      return;
    }
    if (memory.made_by_host && memory.segments_in_image == 0) {
      add_verdict(memory, index, true, Obstacle::imported, 0, [&] { return host_condition(module_, index, segment); });
    }
    result_.data_in_image[index] = true;
    ++memory.segments_in_image;
    extend_span(memory, segment.offset.bits, segment.size);
  }

  static void extend_span(MemoryEligibility& memory, uint64_t offset, uint64_t size) {
    if (size == 0) return;
    const bool first = memory.image_bytes == 0;
    memory.span_begin = first ? offset : std::min(memory.span_begin, offset);
    memory.span_end = std::max(memory.span_end, offset + size);
    memory.image_bytes += size;
  }

  void judge_element(uint32_t index) {
    const ElemSegment& segment = module_.elem_segments[index];
    if (segment.mode != SegmentMode::active) return;
    TableEligibility& table = result_.tables[segment.table];
    const double cost_ns = kTableEntryNs * static_cast<double>(segment.entries.size());
    if (!never_applied_element(index)) table.eager_cost_ns += cost_ns;
    const Obstacle obstacle = element_obstacle(index, segment);
    if (obstacle != Obstacle::none) {
      table.static_image = false;
      if (!never_applied_element(index)) table.leftover_cost_ns += kSegmentNs + cost_ns;
      if (obstacle != Obstacle::expression_entry) table.lazy = false;
      add_verdict(table, index, false, obstacle, kSegmentNs + cost_ns, [&] {
        const Circumstances why{never_applied_element(index) ? result_.always_traps : std::nullopt,
                                table_alias_[segment.table]};
        return reason_for(module_, index, segment, obstacle, why);
      });
      return;
    }
    if (table.made_by_host && !table_in_image_[segment.table]) {
      add_verdict(table, index, true, Obstacle::imported, 0, [&] { return host_condition(module_, index, segment); });
    }
    result_.elem_in_image[index] = true;
    table_in_image_[segment.table] = true;
    count_entries(table, segment);
  }

  void count_entries(TableEligibility& table, const ElemSegment& segment) const {
    table.entries_initialised += segment.entries.size();
    for (const ElemEntry& entry : segment.entries) {
      const bool function = entry.kind == ElemEntry::Kind::function;
      if (function && module_.functions[entry.index].imported) ++table.entries_imported_functions;
    }
  }

  // Behind the active ones and one entry for all, so that thousands do not hide what matters.
  void list_passive() {
    if (!result_.memories.empty()) {
      MemoryEligibility& memory = result_.memories[0];
      memory.segments_passive = list_all(memory, module_.data_segments, SegmentMode::passive, Obstacle::passive);
    }
    if (!result_.tables.empty()) {
      list_all(result_.tables[0], module_.elem_segments, SegmentMode::passive, Obstacle::passive);
      list_all(result_.tables[0], module_.elem_segments, SegmentMode::declared, Obstacle::declared);
    }
  }

  // How many segments have that mode; the first of them stands for all.
  template <typename Owner, typename Segment>
  uint64_t list_all(Owner& owner, const std::vector<Segment>& segments, SegmentMode mode, Obstacle obstacle) const {
    const auto has_mode = [mode](const Segment& segment) { return segment.mode == mode; };
    const auto first = std::find_if(segments.begin(), segments.end(), has_mode);
    const auto count = static_cast<uint64_t>(std::count_if(first, segments.end(), has_mode));
    if (count == 0) return 0;
    const auto index = static_cast<uint32_t>(first - segments.begin());
    add_verdict(owner, index, false, obstacle, 0, [&] {
      const std::string more = count == 1 ? "" : " (the first of " + std::to_string(count) + ")";
      return reason_for(module_, index, *first, obstacle, {}) + more;
    });
    return count;
  }

  void finish_memories() {
    for (MemoryEligibility& memory : result_.memories) {
      memory.static_image = memory.segments_leftover == 0;
      memory.touched_pages = touched_[memory.memory].count();
      memory.eager_cost_ns += kFreshPageNs * static_cast<double>(memory.touched_pages);
    }
  }

  const Module& module_;
  const std::vector<std::optional<uint32_t>> memory_alias_;
  const std::vector<std::optional<uint32_t>> table_alias_;
  std::vector<TouchedPages> touched_;
  std::vector<bool> table_in_image_;  // whether a segment of the table is in the image already
  // How many segments are applied before the one that is certain to trap, if any.
  uint32_t elements_applied_ = UINT32_MAX;
  uint32_t data_applied_ = UINT32_MAX;
  bool data_traps_ = false;
  Eligibility result_;
};

}  // namespace

std::string_view name_of(Obstacle obstacle) {
  switch (obstacle) {
    case Obstacle::none:
      return "none";
    case Obstacle::dynamic_offset:
      return "dynamic offset";
    case Obstacle::out_of_bounds:
      return "out of bounds";
    case Obstacle::imported:
      return "imported";
    case Obstacle::passive:
      return "passive";
    case Obstacle::declared:
      return "declared";
    case Obstacle::expression_entry:
      return "expression entry";
    case Obstacle::foreign_reference:
      return "foreign reference";
    case Obstacle::shared_memory:
      return "shared memory";
  }
  return "unknown obstacle";
}

Eligibility examine(const Module& module) { return Examination(module).run(); }

}  // namespace instbench
