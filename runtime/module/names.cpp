// The names that messages, JSON and command line use for the module's enumerations.
#include "runtime/module/module.hpp"

namespace instbench {

std::string_view name_of(ValType type) {
  switch (type) {
    case ValType::i32:
      return "i32";
    case ValType::i64:
      return "i64";
    case ValType::f32:
      return "f32";
    case ValType::f64:
      return "f64";
    case ValType::v128:
      return "v128";
    case ValType::funcref:
      return "funcref";
    case ValType::externref:
      return "externref";
  }
  return "unknown type";
}

std::string_view name_of(ExternKind kind) {
  switch (kind) {
    case ExternKind::function:
      return "function";
    case ExternKind::table:
      return "table";
    case ExternKind::memory:
      return "memory";
    case ExternKind::global:
      return "global";
    case ExternKind::tag:
      return "tag";
  }
  return "unknown kind";
}

std::string_view name_of(TableInstruction instruction) {
  switch (instruction) {
    case TableInstruction::set:
      return "table.set";
    case TableInstruction::grow:
      return "table.grow";
    case TableInstruction::fill:
      return "table.fill";
    case TableInstruction::copy:
      return "table.copy";
    case TableInstruction::init:
      return "table.init";
  }
  return "unknown instruction";
}

}  // namespace instbench
