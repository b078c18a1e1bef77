#include "runtime/instance/prepared.hpp"

#include <algorithm>
#include <cstring>

#include "runtime/os/mapping.hpp"

namespace instbench {
namespace {

// The stub behind every imported function: the harness's host does nothing but count.
void host_stub(void* environment) {
  static_cast<const HostFunction*>(environment)->calls.fetch_add(1, std::memory_order_relaxed);
}

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

  void add(uint32_t segment, uint32_t target, uint64_t offset, uint64_t size, uint64_t limit, bool in_image) {
    const uint64_t begin = offset & UINT32_MAX, end = begin + size;
    const bool overlaps = std::any_of(written.begin(), written.end(), [&](const Written& w) {
      return w.target == target && w.begin < end && begin < w.end;
    });
    if (in_image && !overlaps) return;
    leftovers.push_back({segment, begin, end > limit});
    if (!in_image) written.push_back({target, begin, end});
  }
};

bool evaluable(const ConstExpr& expression) { return expression.kind != ConstExpr::Kind::extended; }

}  // namespace

Prepared::Prepared(std::shared_ptr<const Module> module, const Strategy& strategy)
    : module_(std::move(module)), strategy_(strategy), id_(next_id()) {}

Prepared::~Prepared() = default;

std::shared_ptr<const Prepared> Prepared::make(std::shared_ptr<const Module> module, const Strategy& strategy) {
  std::shared_ptr<Prepared> prepared(new Prepared(std::move(module), strategy));
  prepared->refuse_unsupported();
  prepared->eligibility_ = examine(*prepared->module_);
  prepared->plan_images();
  prepared->plan_tables();
  prepared->plan_leftovers();
  prepared->make_host_functions();
  prepared->make_template();
  return prepared;
}

void Prepared::refuse_unsupported() const {
  const Module& m = *module_;
  for (size_t i = 0; i < m.memories.size(); ++i) {
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
  const Backing backing = strategy_.memory == MemoryInit::overlay ? Backing::memfd : Backing::none;
  for (uint32_t i = 0; i < module_->memories.size(); ++i) {
    images_.push_back(MemoryImage::intern(plan_image(*module_, eligibility_, i), backing));
    needs_.memory_pages.push_back(module_->memories[i].limits.min);
    memory_key_ += images_.back()->key() + (backing == Backing::memfd ? "m" : "c");
  }
}

void Prepared::plan_tables() {
  uint64_t at = 0;
  for (uint32_t i = 0; i < module_->tables.size(); ++i) {
    TablePlan plan;
    plan.size = module_->tables[i].limits.min;
    plan.capacity = table_capacity(module_->tables[i].limits);
    plan.offset = at;
    plan.image = plan_table(*module_, eligibility_, i);
    at += plan.capacity * sizeof(FuncRef);
    tables_.push_back(std::move(plan));
  }
  needs_.tables_bytes = os::round_up(at, os::kPageBytes);
}

void Prepared::plan_leftovers() {
  LeftoverPlanner data;
  for (uint32_t i = 0; i < module_->data_segments.size(); ++i) {
    const DataSegment& segment = module_->data_segments[i];
    if (segment.mode != SegmentMode::active) continue;
    const uint64_t limit = module_->memories[segment.memory].limits.min * kWasmPageBytes;
    data.add(i, segment.memory, offset_of(segment.offset), segment.size, limit, eligibility_.data_in_image[i]);
  }
  LeftoverPlanner elements;
  for (uint32_t i = 0; i < module_->elem_segments.size(); ++i) {
    const ElemSegment& segment = module_->elem_segments[i];
    if (segment.mode != SegmentMode::active) continue;
    elements.add(i, segment.table, offset_of(segment.offset), segment.entries.size(), tables_[segment.table].size,
                 eligibility_.elem_in_image[i]);
  }
  leftover_data_ = std::move(data.leftovers);
  leftover_elements_ = std::move(elements.leftovers);
}

void Prepared::make_host_functions() {
  for (const Import& import : module_->imports) {
    if (import.kind != ExternKind::function) continue;
    auto function = std::make_unique<HostFunction>();
    function->module = import.module;
    function->name = import.name;
    host_functions_.push_back(std::move(function));
  }
  no_code_.resize(module_->functions.size());
  std::vector<const FuncType*> canonical;
  for (const FuncType& type : module_->types)
    canonical.push_back(&*std::find(module_->types.begin(), module_->types.end(), type));
  for (const Function& function : module_->functions) function_types_.push_back(canonical[function.type]);
}

void Prepared::make_template() {
  layout_ = lay_out_vmctx(*module_);
  needs_.vmctx_bytes = os::round_up(layout_.total, os::kPageBytes);
  template_.resize(layout_.total);
  const Vmctx ctx(template_.data(), layout_);
  ctx.header().magic = kVmctxMagic;
  ctx.header().prepared = this;
  for (size_t i = 0; i < host_functions_.size(); ++i) ctx.binding(i) = {&host_stub, host_functions_[i].get()};
  for (size_t i = 0; i < module_->memories.size(); ++i) {
    ctx.memory(i) = {nullptr, module_->memories[i].limits.min, memory_room(i)};
  }
  for (size_t i = 0; i < tables_.size(); ++i) ctx.table(i) = {nullptr, tables_[i].size, tables_[i].capacity};
  for (uint32_t i = 0; i < module_->globals.size(); ++i) fill_global(i, ctx.global(i));
  // Active and declared segments count as dropped once instantiated (WebAssembly 2.0, section 4.5.4).
  auto* flags = reinterpret_cast<uint8_t*>(ctx.dropped());
  for (size_t i = 0; i < module_->data_segments.size(); ++i) {
    if (module_->data_segments[i].mode != SegmentMode::passive)
      flags[i / 8] = static_cast<uint8_t>(flags[i / 8] | 1 << i % 8);
  }
  flags += (module_->data_segments.size() + 7) / 8;
  for (size_t i = 0; i < module_->elem_segments.size(); ++i) {
    if (module_->elem_segments[i].mode != SegmentMode::passive)
      flags[i / 8] = static_cast<uint8_t>(flags[i / 8] | 1 << i % 8);
  }
}

void Prepared::fill_global(uint32_t index, std::byte* at) {
  const Global& global = module_->globals[index];
  const ConstExpr& init = resolved(global.init);
  if (global.type == ValType::funcref || global.type == ValType::externref) {
    const FuncRef null = null_ref();
    std::memcpy(at, &null, sizeof null);
    if (!global.imported && init.kind == ConstExpr::Kind::ref_func) ref_globals_.push_back({index, init.index});
  } else if (!global.imported && init.kind != ConstExpr::Kind::global_get) {
    std::memcpy(at, &init.bits, sizeof init.bits);
    if (global.type == ValType::v128) std::memcpy(at + sizeof init.bits, &init.bits_high, sizeof init.bits_high);
  }
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
  if (ref.environment == vmctx) {
    const auto index = reinterpret_cast<const char*>(ref.code) - no_code_.data();
    if (index >= 0 && static_cast<size_t>(index) < no_code_.size()) return static_cast<uint32_t>(index);
  }
  for (uint32_t i = 0; i < host_functions_.size(); ++i) {
    if (ref.environment == host_functions_[i].get()) return i;
  }
  return std::nullopt;
}

uint64_t Prepared::offset_of(const ConstExpr& offset) const {
  const ConstExpr& value = resolved(offset);
  return value.kind == ConstExpr::Kind::global_get ? 0 : value.bits;
}

}  // namespace instbench
