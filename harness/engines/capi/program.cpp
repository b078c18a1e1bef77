#include "harness/engines/capi/program.hpp"

namespace instbench::bench::capi {
namespace {

// The library takes bytes as characters and does not change them.
ByteVec bytes_of(std::span<const std::byte> bytes) {
  return ByteVec::of(const_cast<char*>(reinterpret_cast<const char*>(bytes.data())), bytes.size());
}

}  // namespace

Program::Program(const Api& api, Sharing sharing, std::span<const std::byte> wasm, std::span<const std::byte> code)
    : api_(api) {
  try {
    make(sharing, wasm, code);
  } catch (...) {
    close();
    throw;
  }
}

Program::~Program() { close(); }

void Program::make(Sharing sharing, std::span<const std::byte> wasm, std::span<const std::byte> code) {
  engine_ = api_.engine_new();
  store_ = engine_ == nullptr ? nullptr : new_store();
  if (store_ == nullptr) throw std::runtime_error("capi: " + api_.file() + " makes no engine or no store");
  const ByteVec wasm_vec = bytes_of(wasm), code_vec = bytes_of(code);
  if (!code.empty()) module_ = api_.module_deserialize(store_, &code_vec);
  used_code_ = module_ != nullptr;
  if (!used_code_) module_ = api_.module_new(store_, &wasm_vec);
  if (module_ == nullptr) throw Skip("capi: " + api_.file() + " refuses the module; wasm.h has no way to say why");
  if (sharing == Sharing::obtain) {
    shared_ = api_.module_share(module_);
    if (shared_ == nullptr) throw Skip("capi: " + api_.file() + " does not share the module");
  }
  find_imports();
  find_exports();
}

void Program::find_imports() {
  api_.module_imports(module_, &import_types_);
  for (size_t i = 0; i < import_types_.size; ++i) {
    const ExternType* type = api_.importtype_type(import_types_.data[i]);
    if (const FuncType* function = api_.externtype_as_functype(type)) {
      imports_.emplace_back(function);
    } else if (const GlobalType* global = api_.externtype_as_globaltype(type)) {
      imports_.emplace_back(global);
    } else if (const TableType* table = api_.externtype_as_tabletype(type)) {
      imports_.emplace_back(table);
    } else if (const MemoryType* memory = api_.externtype_as_memorytype(type)) {
      imports_.emplace_back(memory);
    } else {
      throw Skip("capi: import " + import_name(i) + " is no function, global, table or memory");
    }
  }
}

void Program::find_exports() {
  constexpr uint8_t kConstant = 0;
  Vec<ExportType*> types;
  api_.module_exports(module_, &types);
  for (size_t i = 0; i < types.size; ++i) {
    const ByteVec* name = api_.exporttype_name(types.data[i]);
    const GlobalType* global = api_.externtype_as_globaltype(api_.exporttype_type(types.data[i]));
    const bool is_variable = global != nullptr && api_.globaltype_mutability(global) != kConstant;
    exports_[std::string(name->data, name->size)] = {i, is_variable};
  }
  api_.exporttype_vec_delete(&types);
}

ExportPlace Program::place_of(const std::string& name) const {
  const auto found = exports_.find(name);
  if (found == exports_.end()) throw std::runtime_error("export '" + name + "' is not there");
  return found->second;
}

void Program::close() noexcept {
  if (import_types_.data != nullptr) api_.importtype_vec_delete(&import_types_);
  if (shared_ != nullptr) api_.shared_module_delete(shared_);
  if (module_ != nullptr) api_.module_delete(module_);
  if (store_ != nullptr) api_.store_delete(store_);
  if (engine_ != nullptr) api_.engine_delete(engine_);
}

}  // namespace instbench::bench::capi
