#include "runtime/codegen/translate.hpp"

#include <wabt/apply-names.h>
#include <wabt/binary-reader-ir.h>
#include <wabt/binary-reader.h>
#include <wabt/c-writer.h>
#include <wabt/cast.h>
#include <wabt/config.h>
#include <wabt/error.h>
#include <wabt/expr-visitor.h>
#include <wabt/feature.h>
#include <wabt/generate-names.h>
#include <wabt/ir.h>
#include <wabt/stream.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <set>
#include <vector>

#include "runtime/codegen/code.hpp"
#include "runtime/os/guest.hpp"

namespace instbench {
namespace {

// Functions written together. Fewer: more copies of the writer's fixed text; more: larger tables of names.
constexpr size_t kGroup = 256;

std::string number(size_t value) { return std::to_string(value); }

wabt::Features translatable() {
  wabt::Features features;  // WebAssembly 2.0 is what is on by default
  features.disable_simd();
  features.enable_multi_memory();
  return features;
}

std::unique_ptr<wabt::Module> read_ir(std::span<const std::byte> bytes) {
  auto ir = std::make_unique<wabt::Module>();
  wabt::Errors errors;
  const wabt::ReadBinaryOptions options(translatable(), nullptr, false, true, false);
  if (wabt::Failed(wabt::ReadBinaryIr("module", bytes.data(), bytes.size(), options, &errors, ir.get()))) {
    throw CodegenError(
        "wasm2c cannot translate it: " + (errors.empty() ? "unreadable" : errors.front().message) +
        " (SIMD, threads, exceptions, tail calls, 64-bit memories and extended constants are beyond it)");
  }
  return ir;
}

template <typename T>
void rename(std::vector<T*>& items, wabt::BindingHash& bindings, const char* prefix) {
  bindings.clear();
  for (size_t i = 0; i < items.size(); ++i) {
    items[i]->name = prefix + number(i);
    bindings.emplace(items[i]->name, wabt::Binding(static_cast<wabt::Index>(i)));
  }
}

// Unique names: wasm2c gives two imports of one name a single C symbol, whatever their types.
void rename_everything(wabt::Module& ir) {
  rename(ir.funcs, ir.func_bindings, "$F");
  rename(ir.globals, ir.global_bindings, "$G");
  rename(ir.memories, ir.memory_bindings, "$M");
  rename(ir.tables, ir.table_bindings, "$T");
  rename(ir.data_segments, ir.data_segment_bindings, "$D");
  rename(ir.elem_segments, ir.elem_segment_bindings, "$E");
  for (size_t i = 0; i < ir.imports.size(); ++i) {
    ir.imports[i]->module_name = "i" + number(i);
    ir.imports[i]->field_name = "f";
  }
}

wabt::ExprList constant_of(wabt::Type type) {
  wabt::ExprList list;
  switch (static_cast<wabt::Type::Enum>(type)) {
    case wabt::Type::I64:
      list.push_back(std::make_unique<wabt::ConstExpr>(wabt::Const::I64(0)));
      break;
    case wabt::Type::F32:
      list.push_back(std::make_unique<wabt::ConstExpr>(wabt::Const::F32(0)));
      break;
    case wabt::Type::F64:
      list.push_back(std::make_unique<wabt::ConstExpr>(wabt::Const::F64(0)));
      break;
    case wabt::Type::FuncRef:
    case wabt::Type::ExternRef:
      list.push_back(std::make_unique<wabt::RefNullExpr>(type));
      break;
    default:
      list.push_back(std::make_unique<wabt::ConstExpr>(wabt::Const::I32(0)));
  }
  return list;
}

// The core initialises globals, tables and memories and calls the start function: none of it is to be written.
void strip_instantiation(wabt::Module& ir) {
  ir.exports.clear();
  ir.export_bindings.clear();
  ir.starts.clear();
  for (wabt::Global* global : ir.globals) global->init_expr = constant_of(global->type);
  for (wabt::ElemSegment* segment : ir.elem_segments) {
    const size_t entries = segment->kind == wabt::SegmentKind::Passive ? segment->elem_exprs.size() : 0;
    if (segment->kind == wabt::SegmentKind::Active) segment->kind = wabt::SegmentKind::Declared;
    segment->elem_exprs.clear();
    for (size_t i = 0; i < entries; ++i) segment->elem_exprs.push_back(constant_of(segment->elem_type));
  }
  for (wabt::DataSegment* segment : ir.data_segments) {
    if (segment->kind != wabt::SegmentKind::Active) continue;
    segment->kind = wabt::SegmentKind::Passive;
    segment->data.clear();
  }
}

// What the bodies of one group mention.
struct Mentions : wabt::ExprVisitor::DelegateNop {
  std::set<wabt::Index> functions, data_segments;
  wabt::Result OnCallExpr(wabt::CallExpr* expr) override { return function(expr->var); }
  wabt::Result OnRefFuncExpr(wabt::RefFuncExpr* expr) override { return function(expr->var); }
  wabt::Result OnMemoryInitExpr(wabt::MemoryInitExpr* expr) override { return data(expr->var); }
  wabt::Result OnDataDropExpr(wabt::DataDropExpr* expr) override { return data(expr->var); }

 private:
  wabt::Result function(const wabt::Var& var) { return functions.insert(var.index()), wabt::Result::Ok; }
  wabt::Result data(const wabt::Var& var) { return data_segments.insert(var.index()), wabt::Result::Ok; }
};

struct Group {
  size_t begin = 0, end = 0;  // function indices
  Mentions mentions;
};

// REQUIRES: variables are still indices (before ApplyNames).
std::vector<Group> group_functions(wabt::Module& ir) {
  std::vector<Group> groups;
  for (size_t begin = ir.num_func_imports; begin < ir.funcs.size(); begin += kGroup) {
    Group& group = groups.emplace_back();
    group.begin = begin;
    group.end = std::min(begin + kGroup, ir.funcs.size());
    wabt::ExprVisitor visitor(&group.mentions);
    for (size_t i = group.begin; i < group.end; ++i) visitor.VisitFunc(ir.funcs[i]);
  }
  return groups;
}

void write_c(const wabt::Module& ir, std::string& text) {
  wabt::MemoryStream c, header;
  wabt::WriteCOptions options;
  options.module_name = "self";
  if (wabt::Failed(wabt::WriteC(&c, &header, "self.h", &ir, options))) throw CodegenError("wasm2c failed");
  const std::vector<uint8_t>& data = c.output_buffer().data;
  text.assign(reinterpret_cast<const char*>(data.data()), data.size());
}

// Turns the whole module into the module of one group, has it written, and back.
class GroupWriter {
 public:
  explicit GroupWriter(wabt::Module& ir)
      : ir_(ir), funcs_(ir.funcs), imports_(ir.imports), data_(ir.data_segments), imported_(ir.num_func_imports) {}

  void write(const Group& group, std::string& text) {
    std::vector<std::unique_ptr<wabt::FuncImport>> outside = declare_outside(group);
    ir_.funcs.assign(funcs_.begin(), funcs_.begin() + imported_);
    ir_.imports = imports_;
    for (const auto& import : outside) {
      ir_.funcs.push_back(&import->func);
      ir_.imports.push_back(import.get());
    }
    ir_.num_func_imports = static_cast<wabt::Index>(ir_.funcs.size());
    ir_.funcs.insert(ir_.funcs.end(), funcs_.begin() + group.begin, funcs_.begin() + group.end);
    ir_.data_segments.clear();
    for (const wabt::Index index : group.mentions.data_segments) ir_.data_segments.push_back(data_[index]);
    bind(ir_.funcs, ir_.func_bindings);
    bind(ir_.data_segments, ir_.data_segment_bindings);
    write_c(ir_, text);
    ir_.funcs = funcs_;
    ir_.imports = imports_;
    ir_.data_segments = data_;
    ir_.num_func_imports = imported_;
  }

 private:
  std::vector<std::unique_ptr<wabt::FuncImport>> declare_outside(const Group& group) const {
    std::vector<std::unique_ptr<wabt::FuncImport>> outside;
    for (const wabt::Index index : group.mentions.functions) {
      if (index < imported_ || (index >= group.begin && index < group.end)) continue;
      auto import = std::make_unique<wabt::FuncImport>(funcs_[index]->name);
      import->module_name = "o";
      import->field_name = "F" + number(index);
      import->func.decl = funcs_[index]->decl;
      outside.push_back(std::move(import));
    }
    return outside;
  }

  template <typename T>
  static void bind(const std::vector<T*>& items, wabt::BindingHash& bindings) {
    bindings.clear();
    for (size_t i = 0; i < items.size(); ++i)
      bindings.emplace(items[i]->name, wabt::Binding(static_cast<wabt::Index>(i)));
  }

  wabt::Module& ir_;
  const std::vector<wabt::Func*> funcs_;
  const std::vector<wabt::Import*> imports_;
  const std::vector<wabt::DataSegment*> data_;
  const wabt::Index imported_;
};

// The function bodies in a text of wabt 1.0.32: from the first definition to what follows the last.
std::string_view bodies_of(std::string_view text, size_t first_function) {
  const std::string first = "w2c_F" + number(first_function) + "(" + std::string(kInstanceType) + "* instance";
  const size_t name = text.find(first);
  const size_t begin = name == std::string_view::npos ? name : text.rfind("static ", name);
  const size_t end = std::min(text.find("\nstatic void init_instance_import(", name),
                              text.find("\nvoid Z_self_init_module(void)", name));
  if (begin == std::string_view::npos || end == std::string_view::npos)
    throw CodegenError(std::string("the C text is not what wabt 1.0.32 writes (this is wabt ") + WABT_VERSION_STRING +
                       ")");
  return text.substr(begin, end - begin);
}

// Copies a body's lines with two corrections: functions of other groups are called like any function of the module, and
// a float's negation is a matter of bits (TinyCC's minus keeps the sign of a NaN).
class Correction {
 public:
  explicit Correction(std::string& out) : out_(out) {}

  void line(std::string_view text) {
    const size_t minus = text.find(" = -(");
    if (minus != std::string_view::npos) return negation(text, minus);
    size_t at = text.find("Z_o");
    if (at == std::string_view::npos) return put(text);
    while (at != std::string_view::npos) {
      text = outside(text, at);
      at = text.find("Z_o");
    }
    put(text);
  }

 private:
  void put(std::string_view text) { out_.append(text); }

  // "w2c_f3 = -(w2c_f3);": the variable's letter is its type.
  void negation(std::string_view text, size_t minus) {
    const size_t name = text.rfind("w2c_", minus) + 4;
    put(text.substr(0, minus + 3));
    put(text[name] == 'f' ? "instbench_neg_f32" : "instbench_neg_f64");
    put(text.substr(minus + 4));
  }

  // "(*Z_oZ_F12)(instance->Z_o_instance, a)" is a call, "Z_oZ_F12, instance->Z_o_instance}" a reference.
  std::string_view outside(std::string_view text, size_t at) {
    constexpr std::string_view kFunction = "Z_oZ_F", kInstance = "Z_o_instance";
    if (text.substr(at, kInstance.size()) == kInstance) {
      put(text.substr(0, at - std::strlen("->")));
      return text.substr(at + kInstance.size());
    }
    const bool call = at >= 2 && text.substr(at - 2, 2) == "(*";
    put(text.substr(0, call ? at - 2 : at));
    put(call ? "w2c_F" : "&w2c_F");
    text.remove_prefix(at + kFunction.size());
    const size_t digits = text.find_first_not_of("0123456789");
    put(text.substr(0, digits));
    return text.substr(call ? digits + 1 : digits);
  }

  std::string& out_;
};

// A function's frame holds at most a few words a line: each line names at most one new variable or call result, save
// the declarations of locals.
constexpr uint64_t kFrameBytesPerLine = 64;

void refuse_large_frame(size_t function, uint64_t lines, uint64_t locals) {
  const uint64_t frame = lines * kFrameBytesPerLine + locals * sizeof(FuncRef);
  if (frame > os::kGuestStackGuardBytes / 2) {
    throw CodegenError("function " + number(function) + " is too large to compile safely: its frame could take " +
                       number(frame) + " bytes, more than half of the stack's guard");
  }
}

void write_corrected(std::string_view bodies, const wabt::Module& ir, size_t function, std::string& out) {
  Correction correction(out);
  uint64_t lines = 0;
  while (!bodies.empty()) {
    const size_t end = std::min(bodies.find('\n'), bodies.size() - 1) + 1;
    const std::string_view line = bodies.substr(0, end);
    correction.line(line);
    bodies.remove_prefix(end);
    ++lines;
    if (line == "}\n" || bodies.empty()) {
      const wabt::Func& written = *ir.funcs[function];
      refuse_large_frame(function++, lines, written.GetNumParamsAndLocals());
      lines = 0;
    }
  }
}

// wabt wants the name of every element segment's table, also of segments that have none, in a module without tables.
void name_everything(wabt::Module& ir) {
  wabt::Table none("$none");
  const bool without_tables = ir.tables.empty();
  if (without_tables) ir.tables.push_back(&none);
  const bool named = wabt::Succeeded(wabt::GenerateNames(&ir)) && wabt::Succeeded(wabt::ApplyNames(&ir));
  if (without_tables) ir.tables.clear();
  if (!named) throw CodegenError("wabt could not name the module's parts");
}

}  // namespace

void translate_functions(const Module& module, std::span<const std::byte> bytes,
                         const std::function<void(std::string_view)>& write) {
  if (std::string_view(WABT_VERSION_STRING) != "1.0.32")
    throw CodegenError(std::string("the C text of wabt ") + WABT_VERSION_STRING + " is not known: 1.0.32 is");
  const std::unique_ptr<wabt::Module> ir = read_ir(bytes);
  if (ir->funcs.size() != module.functions.size()) throw CodegenError("the bytes are not those of the module");
  rename_everything(*ir);
  strip_instantiation(*ir);
  const std::vector<Group> groups = group_functions(*ir);
  name_everything(*ir);
  GroupWriter writer(*ir);
  std::string text, out;
  for (const Group& group : groups) {
    writer.write(group, text);
    out.clear();
    write_corrected(bodies_of(text, group.begin), *ir, group.begin, out);
    write(out);
    write("\n");
  }
}

}  // namespace instbench
