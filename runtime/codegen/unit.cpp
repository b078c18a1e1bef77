#include "runtime/codegen/unit.hpp"

#include <set>

#include "runtime/codegen/translate.hpp"
#include "runtime/codegen/vmctx.hpp"

namespace instbench {

extern const std::string_view kPrelude;  // prelude.c, embedded by CMake

namespace {

using Write = std::function<void(std::string_view)>;

std::string number(uint64_t value) { return std::to_string(value); }

struct CType {
  std::string_view name;    // in C
  std::string_view member;  // of instbench_value
  char letter;              // as wasm2c names variables and members of multi-value structs
};

CType c_type(ValType type) {
  switch (type) {
    case ValType::i64:
      return {"u64", "i64", 'j'};
    case ValType::f32:
      return {"f32", "f32_", 'f'};
    case ValType::f64:
      return {"f64", "f64_", 'd'};
    case ValType::funcref:
      return {"wasm_rt_funcref_t", "funcref", 'r'};
    case ValType::externref:
      return {"wasm_rt_externref_t", "externref", 'e'};
    default:
      return {"u32", "i32", 'i'};
  }
}

std::string multi_name(const FuncType& type) {
  std::string name = "wasm_multi_";
  for (const ValType result : type.results) name += c_type(result).letter;
  return name;
}

std::string result_type(const FuncType& type) {
  if (type.results.empty()) return "void";
  return type.results.size() == 1 ? std::string(c_type(type.results[0]).name) : "struct " + multi_name(type);
}

std::string parameter_types(const FuncType& type) {
  std::string text;
  for (const ValType parameter : type.params) text += ", " + std::string(c_type(parameter).name);
  return text;
}

std::string pointer_type(const FuncType& type) {
  return result_type(type) + " (*)(void*" + parameter_types(type) + ")";
}

std::string import_name(size_t import) { return "Z_i" + number(import) + "Z_f"; }

void write_multi_structs(const Module& module, const Write& write) {
  std::set<std::string> written;
  for (const FuncType& type : module.types) {
    if (type.results.size() < 2 || !written.insert(multi_name(type)).second) continue;
    std::string text = "struct " + multi_name(type) + " {";
    for (size_t i = 0; i < type.results.size(); ++i) {
      const CType c = c_type(type.results[i]);
      text += " " + std::string(c.name) + " " + c.letter + number(i) + ";";
    }
    write(text + " };\n");
  }
}

// The vmctx. Its members are those of VmctxLayout, in the same order.
class StructWriter {
 public:
  StructWriter(const Module& module, const VmctxLayout& layout) : module_(module), layout_(layout) {}

  std::string text() {
    text_ = "typedef struct " + std::string(kInstanceType) + " {\n  struct instbench_header header;\n";
    imports();
    pad_to("memories", layout_.memories, last_constant_end());
    objects();
    globals();
    dropped();
    text_ += "} " + std::string(kInstanceType) + ";\n" + checks_;
    return text_;
  }

 private:
  void line(const std::string& type, const std::string& name) { text_ += "  " + type + " " + name + ";\n"; }
  void check(const std::string& member, size_t offset) {
    checks_ += "typedef char instbench_check_" + member + "[INSTBENCH_OFFSET(" + std::string(kInstanceType) + ", " +
               member + ") == " + number(offset) + " ? 1 : -1];\n";
  }
  void pad_to(const std::string& what, size_t wanted, size_t now) {
    if (wanted > now) line("u8", "pad_" + what + "[" + number(wanted - now) + "]");
  }
  size_t last_constant_end() const { return layout_.imported_globals + layout_.imports_globals * sizeof(void*); }

  void imports() {
    if (layout_.imported_functions != 0) {
      line("struct instbench_binding", "bindings[" + number(layout_.imported_functions) + "]");
      line("struct instbench_host_binding", "host_bindings[" + number(layout_.imported_functions) + "]");
      check("bindings", layout_.bindings);
    }
    pointers(ExternKind::memory);
    pointers(ExternKind::table);
    pointers(ExternKind::global);
  }

  void pointers(ExternKind kind) {
    for (size_t i = 0; i < module_.imports.size(); ++i) {
      const Import& import = module_.imports[i];
      if (import.kind != kind) continue;
      std::string type = kind == ExternKind::memory ? "wasm_rt_memory_t" : "instbench_table";
      if (kind == ExternKind::global) type = c_type(module_.globals[import.index].type).name;
      line(type + "*", import_name(i));
    }
  }

  void objects() {
    for (size_t i = 0; i < module_.memories.size(); ++i) {
      const std::string name = (module_.memories[i].imported ? "host_M" : "w2c_M") + number(i);
      line("wasm_rt_memory_t", name);
      if (i == 0) check(name, layout_.memories);
    }
    for (size_t i = 0; i < module_.tables.size(); ++i) {
      const std::string name = (module_.tables[i].imported ? "host_T" : "w2c_T") + number(i);
      line("instbench_table", name);
      if (i == 0) check(name, layout_.tables);
    }
  }

  void globals() {
    size_t now = layout_.tables + module_.tables.size() * sizeof(TableInstance);
    for (size_t i = 0; i < module_.globals.size(); ++i) {
      const ValType type = module_.globals[i].type;
      const std::string name = (module_.globals[i].imported ? "host_G" : "w2c_G") + number(i);
      pad_to("G" + number(i), layout_.global_offsets[i], now);
      line(std::string(c_type(type).name), name);
      now = layout_.global_offsets[i] + (type == ValType::funcref                       ? sizeof(FuncRef)
                                         : type == ValType::i32 || type == ValType::f32 ? 4
                                                                                        : 8);
      if (i == 0 || i + 1 == module_.globals.size()) check(name, layout_.global_offsets[i]);
    }
    if (layout_.dropped_bytes != 0) pad_to("dropped", layout_.dropped, now);
  }

  void dropped() {
    for (size_t i = 0; i < module_.data_segments.size(); ++i) {
      if (layout_.dropped_data[i] != kNeverDropped)
        flag("data_segment_dropped_w2c_D" + number(i), layout_.dropped_data[i]);
    }
    for (size_t i = 0; i < module_.elem_segments.size(); ++i) {
      if (layout_.dropped_elements[i] != kNeverDropped)
        flag("elem_segment_dropped_w2c_E" + number(i), layout_.dropped_elements[i]);
    }
  }
  void flag(const std::string& name, size_t offset) {
    line("u8", name);
    if (offset == layout_.dropped) check(name, offset);
  }

  const Module& module_;
  const VmctxLayout& layout_;
  std::string text_, checks_;
};

// What the bodies call imports, segments and types by.
void write_names(const Module& module, const Write& write) {
  std::string text = "static const void* func_types[" + number(std::max<size_t>(module.types.size(), 1)) + "];\n";
  size_t function = 0;
  for (size_t i = 0; i < module.imports.size(); ++i) {
    if (module.imports[i].kind != ExternKind::function) continue;
    const FuncType& type = module.types[module.functions[function].type];
    const std::string binding = "instance->bindings[" + number(function++) + "]";
    text += "#define " + import_name(i) + " ((" + pointer_type(type) + ")" + binding + ".code)\n";
    // "instance->Z_i0_instance": the macro stands for what follows the arrow.
    text += "#define Z_i" + number(i) + "_instance bindings[" + number(function - 1) + "].environment\n";
  }
  for (size_t i = 0; i < module.data_segments.size(); ++i) {
    const DataSegment& segment = module.data_segments[i];
    if (segment.mode == SegmentMode::passive && segment.size != 0)
      text += "#define data_segment_data_w2c_D" + number(i) + " (instbench_data + " + number(segment.begin) + "ull)\n";
  }
  for (size_t i = 0; i < module.elem_segments.size(); ++i)
    text += "#define elem_segment_exprs_w2c_E" + number(i) + " " + number(i) + "u\n";
  write(text);
}

void write_prototypes(const Module& module, const Write& write) {
  std::string text;
  for (size_t i = 0; i < module.functions.size(); ++i) {
    if (module.functions[i].imported) continue;
    const FuncType& type = module.types[module.functions[i].type];
    text += "static " + result_type(type) + " w2c_F" + number(i) + "(" + std::string(kInstanceType) + "*" +
            parameter_types(type) + ");\n";
  }
  write(text);
}

std::string value(size_t index, ValType type) {
  return "values[" + number(index) + "]." + std::string(c_type(type).member);
}

std::string trampoline(const FuncType& type, size_t index) {
  std::string call = "((" + pointer_type(type) + ")code)(environment";
  for (size_t i = 0; i < type.params.size(); ++i) call += ", " + value(i, type.params[i]);
  call += ");\n";
  std::string text =
      "static void instbench_call_" + number(index) + "(void* code, void* environment, instbench_value* values) {\n";
  if (type.results.empty()) return text + "  " + call + "}\n";
  text += "  " + result_type(type) + " result = " + call;
  for (size_t i = 0; i < type.results.size(); ++i) {
    const CType c = c_type(type.results[i]);
    text += "  " + value(i, type.results[i]) + " = result" +
            (type.results.size() == 1 ? "" : std::string(".") + c.letter + number(i)) + ";\n";
  }
  return text + "}\n";
}

std::string host_thunk(const FuncType& type, size_t index) {
  std::string text = "static " + result_type(type) + " instbench_host_" + number(index) + "(void* environment";
  for (size_t i = 0; i < type.params.size(); ++i)
    text += ", " + std::string(c_type(type.params[i]).name) + " p" + number(i);
  const size_t places = std::max<size_t>({type.params.size(), type.results.size(), 1});
  text += ") {\n  struct instbench_host_binding* binding = environment;\n  instbench_value values[" + number(places) +
          "];\n  u32 trap;\n";
  text += "  if ((char*)values < binding->vmctx->stack_limit) TRAP(EXHAUSTION);\n";
  for (size_t i = 0; i < type.params.size(); ++i) text += "  " + value(i, type.params[i]) + " = p" + number(i) + ";\n";
  text += "  trap = instbench_services->call_host(binding, values);\n  if (trap) instbench_services->trap(trap);\n";
  if (type.results.size() == 1) text += "  return " + value(0, type.results[0]) + ";\n";
  if (type.results.size() > 1) {
    text += "  {\n    " + result_type(type) + " result;\n";
    for (size_t i = 0; i < type.results.size(); ++i)
      text += "    result." + std::string(1, c_type(type.results[i]).letter) + number(i) + " = " +
              value(i, type.results[i]) + ";\n";
    text += "    return result;\n  }\n";
  }
  return text + "}\n";
}

std::string address_array(const std::string& name, const std::vector<std::string>& entries) {
  std::string text = "static void* const " + name + "[] = {\n";
  for (const std::string& entry : entries) text += "  " + entry + ",\n";
  return text + "  0};\n";
}

bool has_v128(const FuncType& type) {
  const auto is_v128 = [](ValType value_type) { return value_type == ValType::v128; };
  return std::any_of(type.params.begin(), type.params.end(), is_v128) ||
         std::any_of(type.results.begin(), type.results.end(), is_v128);
}

void write_descriptor(const Module& module, const std::string& options, const Write& write) {
  std::vector<std::string> calls, hosts, functions;
  std::string text;
  for (size_t i = 0; i < module.types.size(); ++i) {
    if (has_v128(module.types[i]))
      throw CodegenError("type " + number(i) + " has vectors, which wasm2c does not translate");
    text += trampoline(module.types[i], i) + host_thunk(module.types[i], i);
    calls.push_back("(void*)instbench_call_" + number(i));
    hosts.push_back("(void*)instbench_host_" + number(i));
  }
  for (size_t i = 0; i < module.functions.size(); ++i)
    functions.push_back(module.functions[i].imported ? "0" : "(void*)w2c_F" + number(i));
  text += address_array("instbench_functions", functions) + address_array("instbench_calls", calls) +
          address_array("instbench_hosts", hosts);
  text += "INSTBENCH_EXPORT const struct instbench_descriptor instbench_module = {\n  " + number(kAbiVersion) +
          "u, \"" + module.sha256 + "\", \"" + options + "\", " + number(module.functions.size()) +
          "u, instbench_functions, " + number(module.types.size()) +
          "u, instbench_calls, instbench_hosts, func_types, &instbench_services, " + "&instbench_data};\n";
  write(text);
}

}  // namespace

void write_unit(const Module& module, Bounds bounds, const std::string& options, const Write& write,
                const std::function<void()>& write_bodies) {
  if (bounds == Bounds::checked) write("#define INSTBENCH_CHECKED 1\n");
  write(kPrelude);
  write_multi_structs(module, write);
  const VmctxLayout layout = lay_out_vmctx(module);
  write(StructWriter(module, layout).text());
  write_names(module, write);
  write_prototypes(module, write);
  write_bodies();
  write_descriptor(module, options, write);
}

}  // namespace instbench
