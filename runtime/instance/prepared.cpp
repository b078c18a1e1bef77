#include "runtime/instance/prepared.hpp"

#include <algorithm>
#include <cstring>

#include "runtime/instance/guest_call.hpp"
#include "runtime/module/table_proof.hpp"
#include "runtime/os/mapping.hpp"

namespace instbench {
namespace {

constexpr uint32_t kTablesNamed = 8;  // in a refusal

// What codegen=none binds imported functions to; nothing can call it.
void no_host_code(void*) {}

uint64_t next_id() {
  static std::atomic<uint64_t> last{0};
  return ++last;
}

// Room for growth: twice the start, at least 1,024 entries more, never past the declared maximum.
uint64_t table_capacity(const Limits& limits) {
  const uint64_t room = std::min(std::max(limits.min * 2, limits.min + 1024), Prepared::kMostTableEntries);
  return std::max(limits.min, std::min(room, limits.max.value_or(room)));
}

// Decides, segment by segment in their order, what an instantiation has to apply itself.
struct LeftoverPlanner {
  struct Written {
    uint32_t target;
    uint64_t begin, end;
  };
  std::vector<Written> written;
  std::vector<Leftover> leftovers;

  void add(uint32_t segment, uint32_t target, uint64_t offset, uint64_t size, bool in_image, bool dynamic) {
    const uint64_t begin = offset & UINT32_MAX, end = begin + size;
    const bool overlaps = std::any_of(written.begin(), written.end(), [&](const Written& w) {
      return w.target == target && w.begin < end && begin < w.end;
    });
    if (in_image && !overlaps) return;
    leftovers.push_back({segment, begin, dynamic});
    if (!in_image) written.push_back(dynamic ? Written{target, 0, UINT64_MAX} : Written{target, begin, end});
  }
};

bool evaluable(const ConstExpr& expression) { return expression.kind != ConstExpr::Kind::extended; }

}  // namespace

Prepared::Prepared(std::shared_ptr<const Module> module, const Strategy& strategy, PrepareOptions options)
    : module_(std::move(module)),
      strategy_(strategy),
      options_(std::move(options)),
      linked_functions_(module_->functions.size()),
      linked_memories_(module_->memories.size()),
      linked_tables_(module_->tables.size()),
      linked_globals_(module_->globals.size()),
      id_(next_id()) {
  for (size_t i = 0; i < module_->imports.size(); ++i) {
    if (!linked(i)) continue;
    const Import& import = module_->imports[i];
    links_anything_ = true;
    if (import.kind == ExternKind::function) linked_functions_[import.index] = true;
    if (import.kind == ExternKind::memory) linked_memories_[import.index] = true;
    if (import.kind == ExternKind::table) linked_tables_[import.index] = true;
    if (import.kind == ExternKind::global) linked_globals_[import.index] = true;
  }
}

Prepared::~Prepared() = default;

std::shared_ptr<const Prepared> Prepared::make(std::shared_ptr<const Module> module, const Strategy& strategy,
                                               PrepareOptions options) {
  std::shared_ptr<Prepared> prepared(new Prepared(std::move(module), strategy, std::move(options)));
  provide_host_services();
  prepared->refuse_unsupported();
  prepared->eligibility_ = examine(*prepared->module_);
  prepared->unlink_segments();
  prepared->plan_images();
  prepared->plan_tables();
  prepared->plan_leftovers();
  prepared->make_host_functions();
  prepared->make_template();
  prepared->precompute_tables();
  return prepared;
}

// What goes into another instance's memory or table is no part of this module's images.
void Prepared::unlink_segments() {
  for (size_t i = 0; i < module_->data_segments.size(); ++i) {
    const DataSegment& segment = module_->data_segments[i];
    if (segment.mode == SegmentMode::active && linked_memories_[segment.memory]) eligibility_.data_in_image[i] = false;
  }
  for (size_t i = 0; i < module_->elem_segments.size(); ++i) {
    const ElemSegment& segment = module_->elem_segments[i];
    if (segment.mode == SegmentMode::active && linked_tables_[segment.table]) eligibility_.elem_in_image[i] = false;
  }
}

void Prepared::refuse_unsupported() const {
  const Module& m = *module_;
  if (code() != nullptr && code()->bounds() == Bounds::guard &&
      strategy_.reserve_bytes + strategy_.guard_bytes < kGuardedBytes) {
    throw Unsupported("the code does not check addresses and needs " + std::to_string(kGuardedBytes) +
                      " bytes of address space per memory; reserve= and guard= give " +
                      std::to_string(strategy_.reserve_bytes + strategy_.guard_bytes));
  }
  for (size_t i = 0; i < m.memories.size(); ++i) {
    if (linked_memories_[i]) continue;
    const std::string name = "memory " + std::to_string(i);
    if (m.memories[i].is_64) throw Unsupported(name + " is a 64-bit memory: the core has 32-bit ones only");
    if (m.memories[i].limits.min * kWasmPageBytes > strategy_.reserve_bytes) {
      throw Unsupported(name + " starts with " + std::to_string(m.memories[i].limits.min * kWasmPageBytes) +
                        " bytes, but a slot reserves " + std::to_string(strategy_.reserve_bytes) + " (axis reserve=)");
    }
  }
  for (size_t i = 0; i < m.tables.size(); ++i) {
    if (m.tables[i].limits.min > kMostTableEntries) {
      throw Unsupported("table " + std::to_string(i) + " starts with " + std::to_string(m.tables[i].limits.min) +
                        " entries: the core takes " + std::to_string(kMostTableEntries) + " at most");
    }
  }
  for (size_t i = 0; i < m.globals.size(); ++i) {
    if (!m.globals[i].imported && !evaluable(m.globals[i].init)) {
      throw Unsupported("global " + std::to_string(i) +
                        " starts with an extended constant expression, which the core does not evaluate");
    }
  }
  for (size_t i = 0; i < m.data_segments.size(); ++i) {
    if (m.data_segments[i].mode == SegmentMode::active && !evaluable(m.data_segments[i].offset)) {
      throw Unsupported("data segment " + std::to_string(i) +
                        " has an extended constant expression as offset, which the core does not evaluate");
    }
  }
  for (size_t i = 0; i < m.elem_segments.size(); ++i) {
    const ElemSegment& segment = m.elem_segments[i];
    const bool entries_ok = std::all_of(segment.entries.begin(), segment.entries.end(),
                                        [](const ElemEntry& e) { return e.kind != ElemEntry::Kind::extended; });
    if (!entries_ok || (segment.mode == SegmentMode::active && !evaluable(segment.offset))) {
      throw Unsupported("element segment " + std::to_string(i) +
                        " has an extended constant expression, which the core does not evaluate");
    }
  }
}

void Prepared::plan_images() {
  const Backing backing = strategy_.memory == MemoryInit::overlay ? strategy_.backing : Backing::none;
  for (uint32_t i = 0; i < module_->memories.size(); ++i) {
    images_.push_back(MemoryImage::intern(plan_image(*module_, eligibility_, i), backing));
    needs_.memory_pages.push_back(linked_memories_[i] ? 0 : module_->memories[i].limits.min);
    memory_key_ += images_.back()->key() + (backing == Backing::memfd ? "m" : backing == Backing::file ? "f" : "c");
  }
}

void Prepared::plan_tables() {
  for (uint32_t i = 0; i < module_->tables.size(); ++i) {
    TablePlan plan;
    plan.size = linked_tables_[i] ? 0 : module_->tables[i].limits.min;
    plan.capacity = linked_tables_[i] ? 0 : table_capacity(module_->tables[i].limits);
    plan.image = plan_table(*module_, eligibility_, i);
    tables_.push_back(std::move(plan));
  }
  choose_retained();
  // Retained ones first, on pages of their own: what a reset covers begins behind them.
  uint64_t at = 0;
  const auto place = [&](bool retained) {
    for (TablePlan& plan : tables_) {
      if (plan.retained != retained) continue;
      plan.offset = at;
      at += plan.capacity * sizeof(FuncRef);
    }
    at = os::round_up(at, os::kPageBytes);
  };
  place(true);
  needs_.retained_bytes = at;
  place(false);
  needs_.tables_bytes = at;
}

std::vector<std::string> Prepared::why_not_retained(uint32_t table) const {
  std::vector<std::string> reasons = who_writes(*module_, eligibility_, table);
  for (const uint32_t function : tables_[table].image) {
    if (function == kNoFunction || !linked_functions_[function]) continue;
    reasons.push_back("an entry is function " + std::to_string(function) + ", which is another instance's");
    break;
  }
  return reasons;
}

void Prepared::choose_retained() {
  if (strategy_.affinity == Switch::off) return;
  if (strategy_.tables != TableInit::retained && strategy_.tables != TableInit::proven) return;
  std::string refusal;
  bool any = false;
  for (uint32_t i = 0; i < tables_.size(); ++i) {
    const std::vector<std::string> reasons = why_not_retained(i);
    tables_[i].retained = reasons.empty();
    any = any || reasons.empty();
    if (reasons.empty())
      tables_[i].capacity = tables_[i].size;  // nobody can grow it
    else if (i < kTablesNamed)
      refusal += "; table " + std::to_string(i) + ": " + reasons.front();
  }
  if (any || strategy_.tables == TableInit::proven) return;
  if (tables_.empty()) throw Unsupported("tables=retained: the module has no table");
  throw Unsupported("tables=retained: none of the module's " + std::to_string(tables_.size()) + " tables can be kept" +
                    refusal);
}

void Prepared::precompute_tables() {
  if (strategy_.tables != TableInit::precomputed) return;
  const auto at = [](size_t offset) { return reinterpret_cast<void*>(offset); };
  for (TablePlan& plan : tables_) {
    plan.precomputed.reserve(plan.image.size());
    for (uint32_t entry = 0; entry < plan.image.size(); ++entry) {
      const uint32_t function = plan.image[entry];
      FuncRef ref = null_ref();
      if (function != kNoFunction && linked_functions_[function])
        plan.linked_entries.push_back(entry);
      else if (function < host_functions_.size())
        ref = {function_types_[function], host_code_of(function),
               at(layout_.host_bindings + function * sizeof(HostBinding))};
      else if (function != kNoFunction)
        ref = {function_types_[function], code_of(function), at(0)};
      plan.precomputed.push_back(ref);
    }
  }
}

GuestCode Prepared::host_code_of(uint32_t import) const {
  return code() == nullptr ? &no_host_code : code()->host_thunk(module_->functions[import].type);
}

void Prepared::plan_leftovers() {
  LeftoverPlanner data;
  for (uint32_t i = 0; i < module_->data_segments.size(); ++i) {
    const DataSegment& segment = module_->data_segments[i];
    if (segment.mode != SegmentMode::active) continue;
    data.add(i, segment.memory, offset_of(segment.offset), segment.size, eligibility_.data_in_image[i],
             dynamic(segment.offset));
  }
  LeftoverPlanner elements;
  for (uint32_t i = 0; i < module_->elem_segments.size(); ++i) {
    const ElemSegment& segment = module_->elem_segments[i];
    if (segment.mode != SegmentMode::active) continue;
    elements.add(i, segment.table, offset_of(segment.offset), segment.entries.size(), eligibility_.elem_in_image[i],
                 dynamic(segment.offset));
  }
  leftover_data_ = std::move(data.leftovers);
  leftover_elements_ = std::move(elements.leftovers);
}

void Prepared::make_host_functions() {
  for (size_t i = 0; i < module_->imports.size(); ++i) {
    const Import& import = module_->imports[i];
    if (import.kind != ExternKind::function) continue;
    auto function = std::make_unique<HostFunction>();
    function->module = import.module;
    function->name = import.name;
    const FuncType& type = module_->types[module_->functions[import.index].type];
    if (options_.host != nullptr && !linked(i)) {
      if (const auto found = options_.host->find(import.module, import.name, type)) function->definition = *found;
    }
    host_functions_.push_back(std::move(function));
  }
  if (code() == nullptr) no_code_.resize(module_->functions.size());
  std::vector<const FuncType*> interned;
  for (const FuncType& type : module_->types) interned.push_back(intern_type(type));
  for (const Function& function : module_->functions) function_types_.push_back(interned[function.type]);
}

void Prepared::make_template() {
  layout_ = lay_out_vmctx(*module_);
  needs_.vmctx_bytes = os::round_up(layout_.total, os::kPageBytes);
  template_.resize(layout_.total);
  const Vmctx ctx(template_.data(), layout_);
  ctx.header().magic = kVmctxMagic;
  ctx.header().prepared = this;
  for (size_t i = 0; i < module_->memories.size(); ++i)
    ctx.own_memory(i) = {nullptr, needs_.memory_pages[i], linked_memories_[i] ? 0 : memory_room(i), nullptr, i};
  for (size_t i = 0; i < tables_.size(); ++i)
    ctx.own_table(i) = {nullptr, tables_[i].size, tables_[i].capacity, nullptr, i};
  for (uint32_t i = 0; i < module_->globals.size(); ++i) fill_global(i, ctx.own_global(i));
  for (size_t i = 0; i < module_->data_segments.size(); ++i) {
    if (module_->data_segments[i].dropped && layout_.dropped_data[i] != kNeverDropped)
      template_[layout_.dropped_data[i]] = std::byte{1};
  }
  for (size_t i = 0; i < module_->elem_segments.size(); ++i) {
    if (module_->elem_segments[i].dropped && layout_.dropped_elements[i] != kNeverDropped)
      template_[layout_.dropped_elements[i]] = std::byte{1};
  }
}

void Prepared::bind_host(std::byte* vmctx) const {
  const Vmctx ctx(vmctx, layout_);
  for (size_t i = 0; i < host_functions_.size(); ++i) {
    ctx.host_binding(i) = {host_functions_[i].get(), vmctx};
    ctx.binding(i) = {host_code_of(static_cast<uint32_t>(i)), &ctx.host_binding(i)};
  }
  for (size_t i = 0; i < layout_.imports_memories; ++i) ctx.imported_memory(i) = &ctx.own_memory(i);
  for (size_t i = 0; i < layout_.imports_tables; ++i) ctx.imported_table(i) = &ctx.own_table(i);
  for (size_t i = 0; i < layout_.imports_globals; ++i) ctx.imported_global(i) = ctx.own_global(i);
}

void Prepared::fill_global(uint32_t index, std::byte* at) {
  const Global& global = module_->globals[index];
  const ConstExpr& init = resolved(global.init);
  if (!global.imported && init.kind == ConstExpr::Kind::global_get && linked_globals_[init.index])
    copied_globals_.push_back({index, init.index});
  if (global.type == ValType::funcref) {
    const FuncRef null = null_ref();
    std::memcpy(at, &null, sizeof null);
    if (!global.imported && init.kind == ConstExpr::Kind::ref_func) ref_globals_.push_back({index, init.index});
  } else if (global.type != ValType::externref && !global.imported && init.kind != ConstExpr::Kind::global_get) {
    std::memcpy(at, &init.bits, sizeof init.bits);
    if (global.type == ValType::v128) std::memcpy(at + sizeof init.bits, &init.bits_high, sizeof init.bits_high);
  }
}

bool Prepared::dynamic(const ConstExpr& offset) const {
  const ConstExpr& value = resolved(offset);
  return value.kind == ConstExpr::Kind::global_get && linked_globals_[value.index];
}

const ConstExpr& Prepared::resolved(const ConstExpr& expression) const {
  const ConstExpr* at = &expression;
  while (at->kind == ConstExpr::Kind::global_get && !module_->globals[at->index].imported)
    at = &module_->globals[at->index].init;
  return *at;
}

uint64_t Prepared::memory_room(size_t memory) const {
  const uint64_t room = std::min<uint64_t>(strategy_.reserve_bytes / kWasmPageBytes, 65536);
  return std::min(module_->memories[memory].limits.max.value_or(room), room);
}

std::optional<uint32_t> Prepared::function_of(const FuncRef& ref, std::byte* vmctx) const {
  const Vmctx ctx(vmctx, layout_);
  if (ref.environment == vmctx) {
    std::call_once(index_by_code_made_, [&] {
      for (uint32_t i = static_cast<uint32_t>(host_functions_.size()); i < module_->functions.size(); ++i)
        index_by_code_.emplace(code_of(i), i);
    });
    const auto found = index_by_code_.find(ref.code);
    return found == index_by_code_.end() ? std::nullopt : std::optional(found->second);
  }
  for (uint32_t i = 0; i < host_functions_.size(); ++i) {
    if (ref.environment == ctx.binding(i).environment && ref.code == ctx.binding(i).code) return i;
  }
  return std::nullopt;
}

uint64_t Prepared::offset_of(const ConstExpr& offset) const {
  const ConstExpr& value = resolved(offset);
  return value.kind == ConstExpr::Kind::global_get ? 0 : value.bits;
}

}  // namespace instbench
