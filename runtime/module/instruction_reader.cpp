#include "runtime/module/instruction_reader.hpp"

#include <cstring>

namespace instbench {

using wabt::Address;
using wabt::Index;
using wabt::Opcode;
using wabt::Result;
using wabt::Type;

namespace {

// The validator takes an alignment in bytes and wants a 32-bit power of two; larger ones are never valid.
Address alignment_bytes(Address log2) { return log2 < 32 ? Address{1} << log2 : ~uint32_t{0}; }

}  // namespace

std::optional<ValType> to_val_type(Type type) {
  switch (static_cast<Type::Enum>(type)) {
    case Type::I32:
      return ValType::i32;
    case Type::I64:
      return ValType::i64;
    case Type::F32:
      return ValType::f32;
    case Type::F64:
      return ValType::f64;
    case Type::V128:
      return ValType::v128;
    case Type::FuncRef:
      return ValType::funcref;
    case Type::ExternRef:
      return ValType::externref;
    default:
      return std::nullopt;
  }
}

InstructionReader::InstructionReader(const wabt::Features& features)
    : validator_(&errors_, wabt::ValidateOptions(features)) {}

Result InstructionReader::fail_at(size_t offset, const std::string& reason) {
  errors_.emplace_back(wabt::ErrorLevel::Error, wabt::Location(offset), reason);
  return Result::Error;
}

Result InstructionReader::begin_body(Index function) {
  nesting_ = 1;
  function_ = function;
  return validator_.BeginFunctionBody(here(), function);
}

// wabt's reader only asks that the last instruction is an `end`, not that it ends the body.
Result InstructionReader::end_body() {
  if (nesting_ != 0) return fail("function body ends with a block still open");
  return validator_.EndFunctionBody(at());
}

Result InstructionReader::begin_constant(ValType expected) {
  static constexpr Type::Enum kTypes[] = {Type::I32,  Type::I64,     Type::F32,      Type::F64,
                                          Type::V128, Type::FuncRef, Type::ExternRef};
  nesting_ = 1;
  in_constant_ = true;
  constant_instructions_ = 0;
  constant_ = ConstExpr{ConstExpr::Kind::extended, expected, 0, 0, 0};
  return validator_.BeginInitExpr(here(), kTypes[static_cast<size_t>(expected)]);
}

Result InstructionReader::end_constant(ConstExpr& constant) {
  in_constant_ = false;
  if (nesting_ != 0) return fail("constant expression without end");
  if (constant_instructions_ != 1) constant_ = ConstExpr{ConstExpr::Kind::extended, constant_.type, 0, 0, 0};
  constant = constant_;
  return validator_.EndInitExpr();
}

void InstructionReader::note(ConstExpr::Kind kind, uint32_t index, uint64_t bits, uint64_t bits_high) {
  if (in_constant_) constant_ = ConstExpr{kind, constant_.type, index, bits, bits_high};
}

Result InstructionReader::OnOpcode(Opcode opcode) noexcept {
  instruction_ = state->offset - 1;
  if (opcode.HasPrefix()) instruction_ = state->offset - opcode.GetLength();
  // wabt's reader itself looks only at the last instruction of a body.
  if (nesting_ == 0) return fail_at(instruction_, "instruction after the last end of the function");
  if (validator_.type_stack_size() > kMaxOperands) return fail_at(instruction_, "more than 2^24 operands on the stack");
  if (in_constant_ && opcode != Opcode::End) ++constant_instructions_;
  return Result::Ok;
}

// Constants and what else a constant expression may hold.

Result InstructionReader::OnI32ConstExpr(uint32_t value) noexcept {
  note(ConstExpr::Kind::i32_const, 0, value);
  return validator_.OnConst(at(), Type::I32);
}

Result InstructionReader::OnI64ConstExpr(uint64_t value) noexcept {
  note(ConstExpr::Kind::i64_const, 0, value);
  return validator_.OnConst(at(), Type::I64);
}

Result InstructionReader::OnF32ConstExpr(uint32_t value_bits) noexcept {
  note(ConstExpr::Kind::f32_const, 0, value_bits);
  return validator_.OnConst(at(), Type::F32);
}

Result InstructionReader::OnF64ConstExpr(uint64_t value_bits) noexcept {
  note(ConstExpr::Kind::f64_const, 0, value_bits);
  return validator_.OnConst(at(), Type::F64);
}

Result InstructionReader::OnV128ConstExpr(v128 value_bits) noexcept {
  note(ConstExpr::Kind::v128_const, 0, value_bits.u64(0), value_bits.u64(1));
  return validator_.OnConst(at(), Type::V128);
}

Result InstructionReader::OnGlobalGetExpr(Index global) noexcept {
  note(ConstExpr::Kind::global_get, global, 0);
  return validator_.OnGlobalGet(at(), var(global));
}

Result InstructionReader::OnRefFuncExpr(Index function) noexcept {
  note(ConstExpr::Kind::ref_func, function, 0);
  return validator_.OnRefFunc(at(), var(function));
}

Result InstructionReader::OnRefNullExpr(Type type) noexcept {
  if (!to_val_type(type)) return fail_at(instruction_, "ref.null of an unknown reference type");
  note(ConstExpr::Kind::ref_null, 0, 0);
  return validator_.OnRefNull(at(), type);
}

// Control.

Result InstructionReader::open_block(Result checked) {
  if (++nesting_ > kMaxNesting) {
    return fail_at(instruction_, "blocks nested more than " + std::to_string(kMaxNesting) + " deep");
  }
  return checked;
}

Result InstructionReader::OnBlockExpr(Type signature) noexcept {
  return open_block(validator_.OnBlock(at(), signature));
}
Result InstructionReader::OnLoopExpr(Type signature) noexcept { return open_block(validator_.OnLoop(at(), signature)); }
Result InstructionReader::OnIfExpr(Type signature) noexcept { return open_block(validator_.OnIf(at(), signature)); }
Result InstructionReader::OnTryExpr(Type signature) noexcept { return open_block(validator_.OnTry(at(), signature)); }
Result InstructionReader::OnElseExpr() noexcept { return validator_.OnElse(at()); }
Result InstructionReader::OnCatchExpr(Index tag) noexcept { return validator_.OnCatch(at(), var(tag), false); }
Result InstructionReader::OnCatchAllExpr() noexcept { return validator_.OnCatch(at(), wabt::Var(), true); }

Result InstructionReader::OnDelegateExpr(Index depth) noexcept {
  --nesting_;
  if (nesting_ == 0) return fail_at(instruction_, "delegate outside a try block");
  return validator_.OnDelegate(at(), var(depth));
}

// The last `end` of a body or of a constant expression is checked by end_body and end_constant.
Result InstructionReader::OnEndExpr() noexcept { return --nesting_ == 0 ? Result(Result::Ok) : validator_.OnEnd(at()); }

Result InstructionReader::OnBrExpr(Index depth) noexcept { return validator_.OnBr(at(), var(depth)); }
Result InstructionReader::OnBrIfExpr(Index depth) noexcept { return validator_.OnBrIf(at(), var(depth)); }

Result InstructionReader::OnBrTableExpr(Index count, Index* depths, Index default_depth) noexcept {
  Result result = validator_.BeginBrTable(at());
  for (Index i = 0; i < count && wabt::Succeeded(result); ++i) {
    result |= validator_.OnBrTableTarget(at(), var(depths[i]));
  }
  result |= validator_.OnBrTableTarget(at(), var(default_depth));
  result |= validator_.EndBrTable(at());
  return result;
}

Result InstructionReader::OnReturnExpr() noexcept { return validator_.OnReturn(at()); }
Result InstructionReader::OnThrowExpr(Index tag) noexcept { return validator_.OnThrow(at(), var(tag)); }
Result InstructionReader::OnRethrowExpr(Index depth) noexcept { return validator_.OnRethrow(at(), var(depth)); }
Result InstructionReader::OnUnreachableExpr() noexcept { return validator_.OnUnreachable(at()); }
Result InstructionReader::OnNopExpr() noexcept { return validator_.OnNop(at()); }
Result InstructionReader::OnDropExpr() noexcept { return validator_.OnDrop(at()); }
Result InstructionReader::OnSelectExpr(Index count, Type* types) noexcept {
  return validator_.OnSelect(at(), count, types);
}

// Calls and variables.

Result InstructionReader::OnCallExpr(Index function) noexcept { return validator_.OnCall(at(), var(function)); }
Result InstructionReader::OnCallIndirectExpr(Index type, Index table) noexcept {
  return validator_.OnCallIndirect(at(), var(type), var(table));
}
Result InstructionReader::OnReturnCallExpr(Index function) noexcept {
  return validator_.OnReturnCall(at(), var(function));
}
Result InstructionReader::OnReturnCallIndirectExpr(Index type, Index table) noexcept {
  return validator_.OnReturnCallIndirect(at(), var(type), var(table));
}
Result InstructionReader::OnLocalGetExpr(Index local) noexcept { return validator_.OnLocalGet(at(), var(local)); }
Result InstructionReader::OnLocalSetExpr(Index local) noexcept { return validator_.OnLocalSet(at(), var(local)); }
Result InstructionReader::OnLocalTeeExpr(Index local) noexcept { return validator_.OnLocalTee(at(), var(local)); }
Result InstructionReader::OnGlobalSetExpr(Index global) noexcept { return validator_.OnGlobalSet(at(), var(global)); }

// Numbers, references, vectors.

Result InstructionReader::OnUnaryExpr(Opcode opcode) noexcept { return validator_.OnUnary(at(), opcode); }
Result InstructionReader::OnBinaryExpr(Opcode opcode) noexcept { return validator_.OnBinary(at(), opcode); }
Result InstructionReader::OnTernaryExpr(Opcode opcode) noexcept { return validator_.OnTernary(at(), opcode); }
Result InstructionReader::OnCompareExpr(Opcode opcode) noexcept { return validator_.OnCompare(at(), opcode); }
Result InstructionReader::OnConvertExpr(Opcode opcode) noexcept { return validator_.OnConvert(at(), opcode); }
Result InstructionReader::OnRefIsNullExpr() noexcept { return validator_.OnRefIsNull(at()); }
Result InstructionReader::OnSimdLaneOpExpr(Opcode opcode, uint64_t lane) noexcept {
  return validator_.OnSimdLaneOp(at(), opcode, lane);
}
Result InstructionReader::OnSimdShuffleOpExpr(Opcode opcode, v128 lanes) noexcept {
  return validator_.OnSimdShuffleOp(at(), opcode, lanes);
}

// Memory. The reader has checked the memory index of the ones with an offset; the validator does again.

Result InstructionReader::OnLoadExpr(Opcode opcode, Index memory, Address log2, Address) noexcept {
  return validator_.OnLoad(at(), opcode, var(memory), alignment_bytes(log2));
}
Result InstructionReader::OnStoreExpr(Opcode opcode, Index memory, Address log2, Address) noexcept {
  return validator_.OnStore(at(), opcode, var(memory), alignment_bytes(log2));
}
Result InstructionReader::OnLoadSplatExpr(Opcode opcode, Index memory, Address log2, Address) noexcept {
  return validator_.OnLoadSplat(at(), opcode, var(memory), alignment_bytes(log2));
}
Result InstructionReader::OnLoadZeroExpr(Opcode opcode, Index memory, Address log2, Address) noexcept {
  return validator_.OnLoadZero(at(), opcode, var(memory), alignment_bytes(log2));
}
Result InstructionReader::OnSimdLoadLaneExpr(Opcode opcode, Index memory, Address log2, Address,
                                             uint64_t lane) noexcept {
  return validator_.OnSimdLoadLane(at(), opcode, var(memory), alignment_bytes(log2), lane);
}
Result InstructionReader::OnSimdStoreLaneExpr(Opcode opcode, Index memory, Address log2, Address,
                                              uint64_t lane) noexcept {
  return validator_.OnSimdStoreLane(at(), opcode, var(memory), alignment_bytes(log2), lane);
}
Result InstructionReader::OnAtomicLoadExpr(Opcode opcode, Index memory, Address log2, Address) noexcept {
  return validator_.OnAtomicLoad(at(), opcode, var(memory), alignment_bytes(log2));
}
Result InstructionReader::OnAtomicStoreExpr(Opcode opcode, Index memory, Address log2, Address) noexcept {
  return validator_.OnAtomicStore(at(), opcode, var(memory), alignment_bytes(log2));
}
Result InstructionReader::OnAtomicRmwExpr(Opcode opcode, Index memory, Address log2, Address) noexcept {
  return validator_.OnAtomicRmw(at(), opcode, var(memory), alignment_bytes(log2));
}
Result InstructionReader::OnAtomicRmwCmpxchgExpr(Opcode opcode, Index memory, Address log2, Address) noexcept {
  return validator_.OnAtomicRmwCmpxchg(at(), opcode, var(memory), alignment_bytes(log2));
}
Result InstructionReader::OnAtomicWaitExpr(Opcode opcode, Index memory, Address log2, Address) noexcept {
  return validator_.OnAtomicWait(at(), opcode, var(memory), alignment_bytes(log2));
}
Result InstructionReader::OnAtomicNotifyExpr(Opcode opcode, Index memory, Address log2, Address) noexcept {
  return validator_.OnAtomicNotify(at(), opcode, var(memory), alignment_bytes(log2));
}
Result InstructionReader::OnAtomicFenceExpr(uint32_t consistency_model) noexcept {
  return validator_.OnAtomicFence(at(), consistency_model);
}

Result InstructionReader::OnMemorySizeExpr(Index memory) noexcept { return validator_.OnMemorySize(at(), var(memory)); }
Result InstructionReader::OnMemoryGrowExpr(Index memory) noexcept { return validator_.OnMemoryGrow(at(), var(memory)); }
Result InstructionReader::OnMemoryFillExpr(Index memory) noexcept { return validator_.OnMemoryFill(at(), var(memory)); }
Result InstructionReader::OnMemoryCopyExpr(Index source, Index target) noexcept {
  return validator_.OnMemoryCopy(at(), var(source), var(target));
}
Result InstructionReader::OnMemoryInitExpr(Index segment, Index memory) noexcept {
  return validator_.OnMemoryInit(at(), var(segment), var(memory));
}
Result InstructionReader::OnDataDropExpr(Index segment) noexcept { return validator_.OnDataDrop(at(), var(segment)); }

// Tables. Code that can never be reached counts as writing.

Result InstructionReader::note_write(Result checked, Index table, TableInstruction instruction) {
  if (wabt::Failed(checked)) return checked;
  if (table >= written_.size()) written_.resize(table + 1);
  if (!written_[table]) table_writes_.push_back({table, function_, instruction});
  written_[table] = true;
  return checked;
}

Result InstructionReader::OnTableGetExpr(Index table) noexcept { return validator_.OnTableGet(at(), var(table)); }
Result InstructionReader::OnTableSetExpr(Index table) noexcept {
  return note_write(validator_.OnTableSet(at(), var(table)), table, TableInstruction::set);
}
Result InstructionReader::OnTableSizeExpr(Index table) noexcept { return validator_.OnTableSize(at(), var(table)); }
Result InstructionReader::OnTableGrowExpr(Index table) noexcept {
  return note_write(validator_.OnTableGrow(at(), var(table)), table, TableInstruction::grow);
}
Result InstructionReader::OnTableFillExpr(Index table) noexcept {
  return note_write(validator_.OnTableFill(at(), var(table)), table, TableInstruction::fill);
}
Result InstructionReader::OnTableCopyExpr(Index target, Index source) noexcept {
  return note_write(validator_.OnTableCopy(at(), var(target), var(source)), target, TableInstruction::copy);
}
Result InstructionReader::OnTableInitExpr(Index segment, Index table) noexcept {
  return note_write(validator_.OnTableInit(at(), var(segment), var(table)), table, TableInstruction::init);
}
Result InstructionReader::OnElemDropExpr(Index segment) noexcept { return validator_.OnElemDrop(at(), var(segment)); }

}  // namespace instbench
