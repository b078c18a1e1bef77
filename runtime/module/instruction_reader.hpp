// InstructionReader: the half of the libwabt delegate that sees instructions. It hands each one to
// wabt's validator as it is read, so no tree of expressions is ever built: a 10 MB module validates in
// a fraction of the time and memory of wabt's IR, and deeply nested blocks cannot exhaust the stack.
// It also notes constant expressions, and which tables the code writes, for ModuleReader.
//
// wabt is compiled without exceptions, so every callback is noexcept; what is wrong goes to `errors_`.
// The limits below exist because wabt's validator keeps a copy of the signature per block and of the
// type per operand: without them a few megabytes of hostile input take gigabytes.
#pragma once

#include <wabt/binary-reader-nop.h>
#include <wabt/shared-validator.h>

#include <optional>
#include <string>
#include <vector>

#include "runtime/module/module.hpp"

namespace instbench {

// Null for a type that Module cannot hold (typed function references, GC types).
std::optional<ValType> to_val_type(wabt::Type type);

class InstructionReader : public wabt::BinaryReaderNop {
 public:
  static constexpr uint32_t kMaxNesting = 50'000;          // blocks inside blocks
  static constexpr size_t kMaxOperands = size_t{1} << 24;  // values on the operand stack

  wabt::Result OnOpcode(wabt::Opcode opcode) noexcept override;

  wabt::Result OnI32ConstExpr(uint32_t value) noexcept override;
  wabt::Result OnI64ConstExpr(uint64_t value) noexcept override;
  wabt::Result OnF32ConstExpr(uint32_t value_bits) noexcept override;
  wabt::Result OnF64ConstExpr(uint64_t value_bits) noexcept override;
  wabt::Result OnV128ConstExpr(v128 value_bits) noexcept override;
  wabt::Result OnGlobalGetExpr(wabt::Index global) noexcept override;
  wabt::Result OnRefFuncExpr(wabt::Index function) noexcept override;
  wabt::Result OnRefNullExpr(wabt::Type type) noexcept override;

  wabt::Result OnBlockExpr(wabt::Type signature) noexcept override;
  wabt::Result OnLoopExpr(wabt::Type signature) noexcept override;
  wabt::Result OnIfExpr(wabt::Type signature) noexcept override;
  wabt::Result OnElseExpr() noexcept override;
  wabt::Result OnTryExpr(wabt::Type signature) noexcept override;
  wabt::Result OnCatchExpr(wabt::Index tag) noexcept override;
  wabt::Result OnCatchAllExpr() noexcept override;
  wabt::Result OnDelegateExpr(wabt::Index depth) noexcept override;
  wabt::Result OnEndExpr() noexcept override;
  wabt::Result OnBrExpr(wabt::Index depth) noexcept override;
  wabt::Result OnBrIfExpr(wabt::Index depth) noexcept override;
  wabt::Result OnBrTableExpr(wabt::Index count, wabt::Index* depths, wabt::Index default_depth) noexcept override;
  wabt::Result OnReturnExpr() noexcept override;
  wabt::Result OnThrowExpr(wabt::Index tag) noexcept override;
  wabt::Result OnRethrowExpr(wabt::Index depth) noexcept override;
  wabt::Result OnUnreachableExpr() noexcept override;
  wabt::Result OnNopExpr() noexcept override;
  wabt::Result OnDropExpr() noexcept override;
  wabt::Result OnSelectExpr(wabt::Index count, wabt::Type* types) noexcept override;

  wabt::Result OnCallExpr(wabt::Index function) noexcept override;
  wabt::Result OnCallIndirectExpr(wabt::Index type, wabt::Index table) noexcept override;
  wabt::Result OnReturnCallExpr(wabt::Index function) noexcept override;
  wabt::Result OnReturnCallIndirectExpr(wabt::Index type, wabt::Index table) noexcept override;

  wabt::Result OnLocalGetExpr(wabt::Index local) noexcept override;
  wabt::Result OnLocalSetExpr(wabt::Index local) noexcept override;
  wabt::Result OnLocalTeeExpr(wabt::Index local) noexcept override;
  wabt::Result OnGlobalSetExpr(wabt::Index global) noexcept override;

  wabt::Result OnUnaryExpr(wabt::Opcode opcode) noexcept override;
  wabt::Result OnBinaryExpr(wabt::Opcode opcode) noexcept override;
  wabt::Result OnTernaryExpr(wabt::Opcode opcode) noexcept override;
  wabt::Result OnCompareExpr(wabt::Opcode opcode) noexcept override;
  wabt::Result OnConvertExpr(wabt::Opcode opcode) noexcept override;
  wabt::Result OnRefIsNullExpr() noexcept override;
  wabt::Result OnSimdLaneOpExpr(wabt::Opcode opcode, uint64_t lane) noexcept override;
  wabt::Result OnSimdShuffleOpExpr(wabt::Opcode opcode, v128 lanes) noexcept override;

  wabt::Result OnLoadExpr(wabt::Opcode, wabt::Index, wabt::Address, wabt::Address) noexcept override;
  wabt::Result OnStoreExpr(wabt::Opcode, wabt::Index, wabt::Address, wabt::Address) noexcept override;
  wabt::Result OnLoadSplatExpr(wabt::Opcode, wabt::Index, wabt::Address, wabt::Address) noexcept override;
  wabt::Result OnLoadZeroExpr(wabt::Opcode, wabt::Index, wabt::Address, wabt::Address) noexcept override;
  wabt::Result OnSimdLoadLaneExpr(wabt::Opcode, wabt::Index, wabt::Address, wabt::Address, uint64_t) noexcept override;
  wabt::Result OnSimdStoreLaneExpr(wabt::Opcode, wabt::Index, wabt::Address, wabt::Address, uint64_t) noexcept override;
  wabt::Result OnAtomicLoadExpr(wabt::Opcode, wabt::Index, wabt::Address, wabt::Address) noexcept override;
  wabt::Result OnAtomicStoreExpr(wabt::Opcode, wabt::Index, wabt::Address, wabt::Address) noexcept override;
  wabt::Result OnAtomicRmwExpr(wabt::Opcode, wabt::Index, wabt::Address, wabt::Address) noexcept override;
  wabt::Result OnAtomicRmwCmpxchgExpr(wabt::Opcode, wabt::Index, wabt::Address, wabt::Address) noexcept override;
  wabt::Result OnAtomicWaitExpr(wabt::Opcode, wabt::Index, wabt::Address, wabt::Address) noexcept override;
  wabt::Result OnAtomicNotifyExpr(wabt::Opcode, wabt::Index, wabt::Address, wabt::Address) noexcept override;
  wabt::Result OnAtomicFenceExpr(uint32_t consistency_model) noexcept override;

  wabt::Result OnMemorySizeExpr(wabt::Index memory) noexcept override;
  wabt::Result OnMemoryGrowExpr(wabt::Index memory) noexcept override;
  wabt::Result OnMemoryFillExpr(wabt::Index memory) noexcept override;
  wabt::Result OnMemoryCopyExpr(wabt::Index source, wabt::Index target) noexcept override;
  wabt::Result OnMemoryInitExpr(wabt::Index segment, wabt::Index memory) noexcept override;
  wabt::Result OnDataDropExpr(wabt::Index segment) noexcept override;
  wabt::Result OnTableGetExpr(wabt::Index table) noexcept override;
  wabt::Result OnTableSetExpr(wabt::Index table) noexcept override;
  wabt::Result OnTableSizeExpr(wabt::Index table) noexcept override;
  wabt::Result OnTableGrowExpr(wabt::Index table) noexcept override;
  wabt::Result OnTableFillExpr(wabt::Index table) noexcept override;
  wabt::Result OnTableCopyExpr(wabt::Index target, wabt::Index source) noexcept override;
  wabt::Result OnTableInitExpr(wabt::Index segment, wabt::Index table) noexcept override;
  wabt::Result OnElemDropExpr(wabt::Index segment) noexcept override;

 protected:
  explicit InstructionReader(const wabt::Features& features);

  wabt::Location here() const { return wabt::Location(state->offset); }
  wabt::Result fail(const std::string& reason) { return fail_at(state->offset, reason); }
  wabt::Result fail_at(size_t offset, const std::string& reason);

  wabt::Result begin_body(wabt::Index function);
  wabt::Result end_body();
  wabt::Result begin_constant(ValType expected);
  wabt::Result end_constant(ConstExpr& constant);

  std::vector<TableWrite> table_writes_;  // as in Module
  wabt::Errors errors_;
  wabt::SharedValidator validator_;

 private:
  wabt::Location at() const { return wabt::Location(instruction_); }
  wabt::Var var(wabt::Index index) const { return wabt::Var(index, at()); }
  wabt::Result open_block(wabt::Result checked);
  wabt::Result note_write(wabt::Result checked, wabt::Index table, TableInstruction instruction);
  void note(ConstExpr::Kind kind, uint32_t index, uint64_t bits, uint64_t bits_high = 0);

  size_t instruction_ = 0;  // offset of the instruction being read
  std::vector<bool> written_;  // by table, as far as any was
  uint32_t function_ = 0;    // whose body is being read
  uint32_t nesting_ = 0;    // open blocks, the body itself included; 0 after its last `end`
  bool in_constant_ = false;
  uint32_t constant_instructions_ = 0;
  ConstExpr constant_;
};

}  // namespace instbench
