// The part of the standard wasm-c-api (`wasm.h`) that is used here, and the library that it is loaded from. Names are
// those of the symbols without `wasm_`.
//
// What kind an external is, is asked by conversion (null: it is another), never by a number: those of the kinds have
// changed between versions of the header. "Taken over" and "own" are its words for who gives a thing back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "harness/engines/library/shared_object.hpp"

namespace instbench::bench::capi {

struct WasmEngine;
struct Store;
struct Module;
struct SharedModule;
struct Instance;
struct Extern;
struct Func;
struct Global;
struct Table;
struct Memory;
struct Ref;
struct Trap;
struct ImportType;
struct ExportType;
struct ExternType;
struct FuncType;
struct GlobalType;
struct TableType;
struct MemoryType;
struct ValType;

// The standard's vector ends after `data`. WAMR's has three fields more and reads them, so they are always there and
// right.
template <typename T>
struct Vec {
  size_t size = 0;
  T* data = nullptr;
  size_t count = 0;
  size_t element_bytes = sizeof(T);
  void* lock = nullptr;

  static Vec of(T* data, size_t size) { return {size, data, size}; }  // borrows them
};
using ByteVec = Vec<char>;

struct Val {
  enum Kind : uint8_t { i32, i64, f32, f64 };  // of numbers
  uint8_t kind = 0;
  uint64_t of = 0;  // a number's bits, or a reference
  bool is_half() const { return kind == i32 || kind == f32; }
};
static_assert(offsetof(Val, of) == 8);

// The arguments and results are a vector in this version of the standard and were plain arrays before: a callback that
// looks at neither serves both.
using Callback = Trap* (*)(void* env, const void* arguments, void* results);

class Api {
 public:
  // Throws Skip: no such file, another architecture, or a symbol that it does not have.
  explicit Api(const std::string& path);

  const std::string& file() const { return library_.file(); }

  WasmEngine* (*engine_new)();
  void (*engine_delete)(WasmEngine*);
  Store* (*store_new)(WasmEngine*);
  void (*store_delete)(Store*);

  Module* (*module_new)(Store*, const ByteVec*);
  void (*module_delete)(Module*);
  void (*module_imports)(const Module*, Vec<ImportType*>*);
  void (*module_exports)(const Module*, Vec<ExportType*>*);
  // These two pairs are missing from some libraries; then null. Others have them and abort when they are called.
  SharedModule* (*module_share)(const Module*);
  Module* (*module_obtain)(Store*, const SharedModule*);
  void (*shared_module_delete)(SharedModule*);
  void (*module_serialize)(const Module*, ByteVec*);
  Module* (*module_deserialize)(Store*, const ByteVec*);

  void (*importtype_vec_delete)(Vec<ImportType*>*);
  void (*exporttype_vec_delete)(Vec<ExportType*>*);
  const ByteVec* (*importtype_module)(const ImportType*);
  const ByteVec* (*importtype_name)(const ImportType*);
  const ExternType* (*importtype_type)(const ImportType*);
  const ExternType* (*exporttype_type)(const ExportType*);
  const ByteVec* (*exporttype_name)(const ExportType*);
  const FuncType* (*externtype_as_functype)(const ExternType*);
  const GlobalType* (*externtype_as_globaltype)(const ExternType*);
  const TableType* (*externtype_as_tabletype)(const ExternType*);
  const MemoryType* (*externtype_as_memorytype)(const ExternType*);
  const ValType* (*globaltype_content)(const GlobalType*);
  uint8_t (*globaltype_mutability)(const GlobalType*);  // 0: constant
  uint8_t (*valtype_kind)(const ValType*);

  Instance* (*instance_new)(Store*, const Module*, const Vec<Extern*>* imports, Trap**);
  void (*instance_delete)(Instance*);
  void (*instance_exports)(const Instance*, Vec<Extern*>*);
  void (*extern_vec_delete)(Vec<Extern*>*);
  Global* (*extern_as_global)(Extern*);
  Table* (*extern_as_table)(Extern*);
  Memory* (*extern_as_memory)(Extern*);

  Func* (*func_new_with_env)(Store*, const FuncType*, Callback, void* env, void (*finalizer)(void*));
  void (*func_delete)(Func*);
  Extern* (*func_as_extern)(Func*);

  Global* (*global_new)(Store*, const GlobalType*, const Val*);
  void (*global_delete)(Global*);
  Extern* (*global_as_extern)(Global*);
  void (*global_get)(const Global*, Val*);
  void (*global_set)(Global*, const Val*);

  Table* (*table_new)(Store*, const TableType*, Ref* initial);
  void (*table_delete)(Table*);
  Extern* (*table_as_extern)(Table*);
  uint32_t (*table_size)(const Table*);
  Ref* (*table_get)(const Table*, uint32_t);  // own; null: the entry is null
  bool (*table_set)(Table*, uint32_t, Ref*);
  void (*ref_delete)(Ref*);

  Memory* (*memory_new)(Store*, const MemoryType*);
  void (*memory_delete)(Memory*);
  Extern* (*memory_as_extern)(Memory*);
  char* (*memory_data)(Memory*);
  size_t (*memory_data_size)(const Memory*);
  bool (*memory_grow)(Memory*, uint32_t pages);

  Trap* (*trap_new)(Store*, const ByteVec* message);  // the message ends with a NUL
  void (*trap_message)(const Trap*, ByteVec*);
  void (*trap_delete)(Trap*);
  void (*byte_vec_delete)(ByteVec*);

  bool shares_modules() const {
    return module_share != nullptr && module_obtain != nullptr && shared_module_delete != nullptr;
  }
  bool serializes_modules() const { return module_serialize != nullptr && module_deserialize != nullptr; }

  // "env" "memory", for messages.
  std::string name_of(const ImportType* import) const;
  // A trap's message as one line, and frees the trap.
  std::string take(Trap* trap) const;

 private:
  SharedObject library_;
};

}  // namespace instbench::bench::capi
