// What is made once of a library and a module, outside of everything that is timed: the engine, the compiled module,
// and what an instance of it imports and exports.
//
// There is one engine in the process (V8 allows no second) and one store that the module was compiled in. Other stores
// either obtain the module from what that one shares, as the standard wants it, or use it directly, which the standard
// does not promise but libraries do whose modules belong to the engine (Wasmer has nothing else).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "harness/engines/capi/c_api.hpp"

namespace instbench::bench::capi {

enum class Sharing : uint8_t { obtain, direct };

// By its type, what has to be made in an instance's own store.
using ToImport = std::variant<const FuncType*, const GlobalType*, const TableType*, const MemoryType*>;

struct ExportPlace {
  size_t index = 0;          // in what wasm_instance_exports gives
  bool is_variable = false;  // a global that can be set
};

class Program {
 public:
  // From the code that the library serialized before, or else from the module's bytes. Throws Skip: the library refuses
  // the module, or it cannot be shared so.
  Program(const Api& api, Sharing sharing, std::span<const std::byte> wasm, std::span<const std::byte> code);
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  bool used_code() const { return used_code_; }
  Store* new_store() const { return api_.store_new(engine_); }
  // The module as `store` may use it; null when it cannot.
  Module* module_for(Store* store) const { return shared_ == nullptr ? module_ : api_.module_obtain(store, shared_); }
  void give_back(Module* module) const noexcept {
    if (module != module_) api_.module_delete(module);
  }
  const std::vector<ToImport>& imports() const { return imports_; }
  std::string import_name(size_t index) const { return api_.name_of(import_types_.data[index]); }
  // Throws std::runtime_error when there is no such export.
  ExportPlace place_of(const std::string& name) const;

 private:
  void make(Sharing sharing, std::span<const std::byte> wasm, std::span<const std::byte> code);
  void find_imports();
  void find_exports();
  void close() noexcept;

  const Api& api_;
  WasmEngine* engine_ = nullptr;
  Store* store_ = nullptr;
  Module* module_ = nullptr;
  SharedModule* shared_ = nullptr;  // null: used directly
  bool used_code_ = false;
  Vec<ImportType*> import_types_;  // own the types in imports_
  std::vector<ToImport> imports_;
  std::map<std::string, ExportPlace> exports_;
};

}  // namespace instbench::bench::capi
