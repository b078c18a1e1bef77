// ModuleReader: the half of the libwabt delegate that sees everything but instructions. One pass over
// the bytes validates them and fills a Module; with Bodies::skip wabt steps over the bodies.
#pragma once

#include "runtime/module/element_globals.hpp"
#include "runtime/module/instruction_reader.hpp"
#include "runtime/module/load.hpp"

namespace instbench {

class ModuleReader final : public InstructionReader {
 public:
  // As in the JavaScript API's implementation limits; see also InstructionReader.
  static constexpr uint32_t kMaxSignature = 1000;                    // parameters, and results, of a function type
  static constexpr uint64_t kMaxSignatureTotal = uint64_t{1} << 25;  // over all functions: wabt copies each

  ModuleReader(const wabt::Features& features, Bodies bodies, Module& module,
               const std::vector<ElementGlobal>& element_globals)
      : InstructionReader(features), bodies_(bodies), module_(module), element_globals_(element_globals) {}

  // The first error, null when none was reported. wabt adds more after it, which only say that it failed.
  const wabt::Error* first_error() const;

  bool OnError(const wabt::Error& error) noexcept override;
  wabt::Result BeginSection(wabt::Index index, wabt::BinarySection section, wabt::Offset size) noexcept override;
  wabt::Result EndModule() noexcept override;

  wabt::Result OnFuncType(wabt::Index index, wabt::Index param_count, wabt::Type* params, wabt::Index result_count,
                          wabt::Type* results) noexcept override;
  wabt::Result OnImportFunc(wabt::Index, std::string_view module, std::string_view name, wabt::Index index,
                            wabt::Index type) noexcept override;
  wabt::Result OnImportTable(wabt::Index, std::string_view module, std::string_view name, wabt::Index index,
                             wabt::Type element, const wabt::Limits* limits) noexcept override;
  wabt::Result OnImportMemory(wabt::Index, std::string_view module, std::string_view name, wabt::Index index,
                              const wabt::Limits* limits) noexcept override;
  wabt::Result OnImportGlobal(wabt::Index, std::string_view module, std::string_view name, wabt::Index index,
                              wabt::Type type, bool is_mutable) noexcept override;
  wabt::Result OnImportTag(wabt::Index, std::string_view module, std::string_view name, wabt::Index index,
                           wabt::Index type) noexcept override;
  wabt::Result OnFunction(wabt::Index index, wabt::Index type) noexcept override;
  wabt::Result OnTable(wabt::Index index, wabt::Type element, const wabt::Limits* limits) noexcept override;
  wabt::Result OnMemory(wabt::Index index, const wabt::Limits* limits) noexcept override;
  wabt::Result BeginGlobal(wabt::Index index, wabt::Type type, bool is_mutable) noexcept override;
  wabt::Result BeginGlobalInitExpr(wabt::Index index) noexcept override;
  wabt::Result EndGlobalInitExpr(wabt::Index index) noexcept override;
  wabt::Result OnTagType(wabt::Index index, wabt::Index type) noexcept override;
  wabt::Result OnExport(wabt::Index index, wabt::ExternalKind kind, wabt::Index item,
                        std::string_view name) noexcept override;
  wabt::Result OnStartFunction(wabt::Index function) noexcept override;

  wabt::Result BeginElemSegment(wabt::Index index, wabt::Index table, uint8_t flags) noexcept override;
  wabt::Result BeginElemSegmentInitExpr(wabt::Index index) noexcept override;
  wabt::Result EndElemSegmentInitExpr(wabt::Index index) noexcept override;
  wabt::Result OnElemSegmentElemType(wabt::Index index, wabt::Type type) noexcept override;
  wabt::Result OnElemSegmentElemExprCount(wabt::Index index, wabt::Index count) noexcept override;
  wabt::Result OnElemSegmentElemExpr_RefNull(wabt::Index index, wabt::Type type) noexcept override;
  wabt::Result OnElemSegmentElemExpr_RefFunc(wabt::Index index, wabt::Index function) noexcept override;

  wabt::Result OnDataCount(wabt::Index count) noexcept override;
  wabt::Result OnDataSegmentCount(wabt::Index count) noexcept override;
  wabt::Result BeginDataSegment(wabt::Index index, wabt::Index memory, uint8_t flags) noexcept override;
  wabt::Result BeginDataSegmentInitExpr(wabt::Index index) noexcept override;
  wabt::Result EndDataSegmentInitExpr(wabt::Index index) noexcept override;
  wabt::Result OnDataSegmentData(wabt::Index index, const void* data, wabt::Address size) noexcept override;

  wabt::Result BeginFunctionBody(wabt::Index index, wabt::Offset size) noexcept override;
  wabt::Result OnLocalDecl(wabt::Index index, wabt::Index count, wabt::Type type) noexcept override;
  wabt::Result EndFunctionBody(wabt::Index index) noexcept override;

 private:
  void add_import(std::string_view module, std::string_view name, ExternKind kind, wabt::Index index);
  wabt::Result add_function(wabt::Index type, bool imported);
  wabt::Result add_table(wabt::Type element, const wabt::Limits& limits, bool imported);
  wabt::Result add_memory(const wabt::Limits& limits, bool imported);
  wabt::Result add_global(wabt::Type type, bool is_mutable, bool imported);
  wabt::Result add_tag(wabt::Index type);
  wabt::Result add_global_entry(const ElementGlobal& entry);
  wabt::Result unreadable_type(wabt::Type type);

  const Bodies bodies_;
  Module& module_;
  const std::vector<ElementGlobal>& element_globals_;
  size_t element_globals_used_ = 0;
  uint64_t signature_total_ = 0;
  std::optional<uint32_t> data_count_;
  bool in_custom_ = false;
  std::optional<wabt::Error> last_custom_error_;
};

}  // namespace instbench
