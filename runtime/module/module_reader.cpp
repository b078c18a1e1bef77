#include "runtime/module/module_reader.hpp"

#include <cstddef>
#include <utility>

namespace instbench {

using wabt::Address;
using wabt::Index;
using wabt::Offset;
using wabt::Result;
using wabt::Type;

namespace {

Limits to_limits(const wabt::Limits& limits) {
  Limits result{limits.initial, std::nullopt};
  if (limits.has_max) result.max = limits.max;
  return result;
}

ExternKind to_kind(wabt::ExternalKind kind) {
  switch (kind) {
    case wabt::ExternalKind::Func:
      return ExternKind::function;
    case wabt::ExternalKind::Table:
      return ExternKind::table;
    case wabt::ExternalKind::Memory:
      return ExternKind::memory;
    case wabt::ExternalKind::Global:
      return ExternKind::global;
    case wabt::ExternalKind::Tag:
      break;
  }
  return ExternKind::tag;
}

wabt::SegmentKind to_wabt(SegmentMode mode) {
  switch (mode) {
    case SegmentMode::active:
      return wabt::SegmentKind::Active;
    case SegmentMode::passive:
      return wabt::SegmentKind::Passive;
    case SegmentMode::declared:
      break;
  }
  return wabt::SegmentKind::Declared;
}

SegmentMode elem_mode(uint8_t flags) {
  if ((flags & wabt::SegPassive) == 0) return SegmentMode::active;
  return (flags & wabt::SegExplicitIndex) != 0 ? SegmentMode::declared : SegmentMode::passive;
}

// False when a type is none that Module can hold.
bool append_types(std::vector<ValType>& to, const Type* types, Index count) {
  to.reserve(count);
  for (Index i = 0; i < count; ++i) {
    const std::optional<ValType> type = to_val_type(types[i]);
    if (!type) return false;
    to.push_back(*type);
  }
  return true;
}

}  // namespace

const wabt::Error* ModuleReader::first_error() const {
  for (const wabt::Error& error : errors_) {
    if (error.error_level == wabt::ErrorLevel::Error) return &error;
  }
  return last_custom_error_ ? &*last_custom_error_ : nullptr;
}

// A malformed custom section is ignored, as the specification wants; wabt looks into some of them.
bool ModuleReader::OnError(const wabt::Error& error) noexcept {
  if (in_custom_) {
    last_custom_error_ = error;
  } else {
    errors_.push_back(error);
  }
  return true;
}

Result ModuleReader::BeginSection(Index, wabt::BinarySection section, Offset) noexcept {
  in_custom_ = section == wabt::BinarySection::Custom;
  return Result::Ok;
}

Result ModuleReader::EndModule() noexcept {
  if (data_count_ && *data_count_ != module_.data_segments.size()) {
    return fail("data count section says " + std::to_string(*data_count_) + " segments, the module has " +
                std::to_string(module_.data_segments.size()));
  }
  if (bodies_ == Bodies::validate) module_.table_writes = std::move(table_writes_);
  return validator_.EndModule();
}

Result ModuleReader::unreadable_type(Type type) {
  return fail("type " + type.GetName() + " is none of numbers, v128, funcref and externref");
}

// Types and imports.

Result ModuleReader::OnFuncType(Index index, Index param_count, Type* params, Index result_count,
                                Type* results) noexcept {
  if (param_count > kMaxSignature || result_count > kMaxSignature) {
    return fail("function type with more than " + std::to_string(kMaxSignature) + " parameters or results");
  }
  FuncType type;
  if (!append_types(type.params, params, param_count) || !append_types(type.results, results, result_count)) {
    return fail("function type with a type that is none of numbers, v128, funcref and externref");
  }
  module_.types.push_back(std::move(type));
  return validator_.OnFuncType(here(), param_count, params, result_count, results, index);
}

void ModuleReader::add_import(std::string_view module, std::string_view name, ExternKind kind, Index index) {
  module_.imports.push_back(Import{std::string(module), std::string(name), kind, index});
}

Result ModuleReader::OnImportFunc(Index, std::string_view module, std::string_view name, Index index,
                                  Index type) noexcept {
  add_import(module, name, ExternKind::function, index);
  return add_function(type, true);
}

Result ModuleReader::OnImportTable(Index, std::string_view module, std::string_view name, Index index, Type element,
                                   const wabt::Limits* limits) noexcept {
  add_import(module, name, ExternKind::table, index);
  return add_table(element, *limits, true);
}

Result ModuleReader::OnImportMemory(Index, std::string_view module, std::string_view name, Index index,
                                    const wabt::Limits* limits) noexcept {
  add_import(module, name, ExternKind::memory, index);
  return add_memory(*limits, true);
}

Result ModuleReader::OnImportGlobal(Index, std::string_view module, std::string_view name, Index index, Type type,
                                    bool is_mutable) noexcept {
  add_import(module, name, ExternKind::global, index);
  return add_global(type, is_mutable, true);
}

Result ModuleReader::OnImportTag(Index, std::string_view module, std::string_view name, Index index,
                                 Index type) noexcept {
  add_import(module, name, ExternKind::tag, index);
  return add_tag(type);
}

// Functions, tables, memories, globals, tags.

Result ModuleReader::add_function(Index type, bool imported) {
  if (wabt::Failed(validator_.OnFunction(here(), wabt::Var(type, here())))) return Result::Error;
  signature_total_ += module_.types[type].params.size() + module_.types[type].results.size();
  if (signature_total_ > kMaxSignatureTotal) return fail("functions have more than 2^25 parameters and results in all");
  module_.functions.push_back(Function{type, imported});
  return Result::Ok;
}

Result ModuleReader::add_table(Type element, const wabt::Limits& limits, bool imported) {
  const std::optional<ValType> type = to_val_type(element);
  if (!type) return unreadable_type(element);
  module_.tables.push_back(Table{*type, to_limits(limits), imported});
  return validator_.OnTable(here(), element, limits);
}

Result ModuleReader::add_memory(const wabt::Limits& limits, bool imported) {
  module_.memories.push_back(Memory{to_limits(limits), imported, limits.is_shared, limits.is_64});
  return validator_.OnMemory(here(), limits);
}

Result ModuleReader::add_global(Type type, bool is_mutable, bool imported) {
  const std::optional<ValType> val_type = to_val_type(type);
  if (!val_type) return unreadable_type(type);
  module_.globals.push_back(Global{*val_type, is_mutable, imported, ConstExpr{}});
  return imported ? validator_.OnGlobalImport(here(), type, is_mutable) : validator_.OnGlobal(here(), type, is_mutable);
}

Result ModuleReader::add_tag(Index type) {
  ++module_.tag_count;
  return validator_.OnTag(here(), wabt::Var(type, here()));
}

Result ModuleReader::OnFunction(Index, Index type) noexcept { return add_function(type, false); }
Result ModuleReader::OnTable(Index, Type element, const wabt::Limits* limits) noexcept {
  return add_table(element, *limits, false);
}
Result ModuleReader::OnMemory(Index, const wabt::Limits* limits) noexcept { return add_memory(*limits, false); }
Result ModuleReader::BeginGlobal(Index, Type type, bool is_mutable) noexcept {
  return add_global(type, is_mutable, false);
}
Result ModuleReader::BeginGlobalInitExpr(Index) noexcept { return begin_constant(module_.globals.back().type); }
Result ModuleReader::EndGlobalInitExpr(Index) noexcept { return end_constant(module_.globals.back().init); }
Result ModuleReader::OnTagType(Index, Index type) noexcept { return add_tag(type); }

Result ModuleReader::OnExport(Index, wabt::ExternalKind kind, Index item, std::string_view name) noexcept {
  module_.exports.push_back(Export{std::string(name), to_kind(kind), item});
  return validator_.OnExport(here(), kind, wabt::Var(item, here()), name);
}

Result ModuleReader::OnStartFunction(Index function) noexcept {
  module_.start = function;
  return validator_.OnStart(here(), wabt::Var(function, here()));
}

// Element segments.

Result ModuleReader::BeginElemSegment(Index, Index table, uint8_t flags) noexcept {
  ElemSegment segment;
  segment.mode = elem_mode(flags);
  segment.table = table;
  segment.expressions = (flags & wabt::SegUseElemExprs) != 0;
  module_.elem_segments.push_back(std::move(segment));
  return validator_.OnElemSegment(here(), wabt::Var(table, here()), to_wabt(elem_mode(flags)));
}

Result ModuleReader::BeginElemSegmentInitExpr(Index) noexcept { return begin_constant(ValType::i32); }
Result ModuleReader::EndElemSegmentInitExpr(Index) noexcept {
  return end_constant(module_.elem_segments.back().offset);
}

Result ModuleReader::OnElemSegmentElemType(Index, Type type) noexcept {
  const std::optional<ValType> val_type = to_val_type(type);
  if (!val_type) return unreadable_type(type);
  module_.elem_segments.back().type = *val_type;
  return validator_.OnElemSegmentElemType(here(), type);
}

Result ModuleReader::OnElemSegmentElemExprCount(Index, Index count) noexcept {
  module_.elem_segments.back().entries.reserve(count);
  return Result::Ok;
}

Result ModuleReader::OnElemSegmentElemExpr_RefNull(Index index, Type type) noexcept {
  std::vector<ElemEntry>& entries = module_.elem_segments.back().entries;
  if (element_globals_used_ < element_globals_.size()) {
    const ElementGlobal& next = element_globals_[element_globals_used_];
    if (next.segment == index && next.entry == entries.size()) return add_global_entry(next);
  }
  entries.push_back(ElemEntry{ElemEntry::Kind::null, 0});
  return validator_.OnElemSegmentElemExpr_RefNull(here(), type);
}

// The entry is a constant expression of the segment's type: an imported, immutable global.
Result ModuleReader::add_global_entry(const ElementGlobal& entry) {
  ++element_globals_used_;
  ElemSegment& segment = module_.elem_segments.back();
  segment.entries.push_back(ElemEntry{ElemEntry::Kind::global_get, entry.global});
  const wabt::Location at(entry.offset);
  const Type type = segment.type == ValType::funcref ? Type::FuncRef : Type::ExternRef;
  if (wabt::Failed(validator_.BeginInitExpr(at, type))) return Result::Error;
  if (wabt::Failed(validator_.OnGlobalGet(at, wabt::Var(entry.global, at)))) return Result::Error;
  return validator_.EndInitExpr();
}

Result ModuleReader::OnElemSegmentElemExpr_RefFunc(Index, Index function) noexcept {
  module_.elem_segments.back().entries.push_back(ElemEntry{ElemEntry::Kind::function, function});
  return validator_.OnElemSegmentElemExpr_RefFunc(here(), wabt::Var(function, here()));
}

// Data segments.

Result ModuleReader::OnDataCount(Index count) noexcept {
  data_count_ = count;
  validator_.OnDataCount(count);
  return Result::Ok;
}

Result ModuleReader::OnDataSegmentCount(Index count) noexcept {
  module_.data_segments.reserve(count);
  return Result::Ok;
}

Result ModuleReader::BeginDataSegment(Index, Index memory, uint8_t flags) noexcept {
  // 0: active, memory 0; 1: passive; 2: active with a memory index (section 5.5.14). wabt takes up to 7.
  if (flags > 2) return fail("data segment flags " + std::to_string(flags) + " are none of 0, 1 and 2");
  DataSegment segment;
  segment.mode = flags == 1 ? SegmentMode::passive : SegmentMode::active;
  segment.memory = memory;
  segment.begin = module_.data_bytes.size();
  module_.data_segments.push_back(segment);
  return validator_.OnDataSegment(here(), wabt::Var(memory, here()), to_wabt(segment.mode));
}

Result ModuleReader::BeginDataSegmentInitExpr(Index) noexcept {
  const bool is_64 = module_.memories[module_.data_segments.back().memory].is_64;
  return begin_constant(is_64 ? ValType::i64 : ValType::i32);
}

Result ModuleReader::EndDataSegmentInitExpr(Index) noexcept {
  return end_constant(module_.data_segments.back().offset);
}

Result ModuleReader::OnDataSegmentData(Index, const void* data, Address size) noexcept {
  const auto* first = static_cast<const std::byte*>(data);
  module_.data_bytes.insert(module_.data_bytes.end(), first, first + size);
  module_.data_segments.back().size = size;
  return Result::Ok;
}

// Function bodies.

Result ModuleReader::BeginFunctionBody(Index index, Offset) noexcept {
  return bodies_ == Bodies::validate ? begin_body(index) : Result(Result::Ok);
}

Result ModuleReader::OnLocalDecl(Index, Index count, Type type) noexcept {
  return bodies_ == Bodies::validate ? validator_.OnLocalDecl(here(), count, type) : Result(Result::Ok);
}

Result ModuleReader::EndFunctionBody(Index) noexcept {
  return bodies_ == Bodies::validate ? end_body() : Result(Result::Ok);
}

}  // namespace instbench
