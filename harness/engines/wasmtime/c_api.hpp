// The part of Wasmtime's C API that is used here, as its documentation (wasm.h and wasmtime/*.h of versions 36 to 50)
// has it, and the library that it is loaded from. Names are those of the symbols without their prefix.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "harness/engines/library/shared_object.hpp"

namespace instbench::bench::wasmtime {

struct Config;
struct WasmEngine;
struct PoolConfig;
struct Error;
struct Trap;
struct CompiledModule;
struct Linker;
struct InstancePre;
struct Store;
struct Context;
struct ImportType;
struct ExternType;  // of a memory, a table or a global, whichever its kind says
struct ValType;

struct ByteVec {
  size_t size = 0;
  char* data = nullptr;
};

struct ImportTypes {
  size_t size = 0;
  ImportType** data = nullptr;
};

// Handles are written by the library and only handed back to it. Their sizes have changed between versions, so there is
// room for more than any has had (24 bytes at most).
struct alignas(16) InstanceHandle {
  std::array<uint64_t, 8> words{};
};
struct alignas(16) Extern {
  enum Kind : uint8_t { func, global, table, memory };
  uint8_t kind = 0;
  std::array<uint64_t, 9> of{};  // at offset 8 in every version
  void* item() { return of.data(); }
};
static_assert(offsetof(Extern, of) == 8);
struct alignas(16) Val {
  enum Kind : uint8_t { i32, i64, f32, f64, v128, funcref, externref, anyref };
  uint8_t kind = 0;
  std::array<uint64_t, 9> of{};  // numbers in the first word; a null funcref has 0 there (no store)
};
static_assert(offsetof(Val, of) == 8);

class Api {
 public:
  // Throws Skip: no such file, another architecture, or a symbol that it does not have.
  explicit Api(const std::string& path);

  Config* (*config_new)();
  WasmEngine* (*engine_new_with_config)(Config*);  // takes the config over
  void (*engine_delete)(WasmEngine*);
  void (*byte_vec_delete)(ByteVec*);
  void (*error_message)(const Error*, ByteVec*);
  void (*error_delete)(Error*);
  void (*trap_message)(const Trap*, ByteVec*);
  void (*trap_delete)(Trap*);

  void (*config_memory_reservation_set)(Config*, uint64_t);
  void (*config_memory_guard_size_set)(Config*, uint64_t);
  void (*config_memory_init_cow_set)(Config*, bool);
  void (*config_cranelift_opt_level_set)(Config*, uint8_t);
  void (*config_parallel_compilation_set)(Config*, bool);
  PoolConfig* (*pool_config_new)();
  void (*pool_config_delete)(PoolConfig*);
  void (*pool_total_core_instances_set)(PoolConfig*, uint32_t);
  void (*pool_total_memories_set)(PoolConfig*, uint32_t);
  void (*pool_total_tables_set)(PoolConfig*, uint32_t);
  void (*pool_max_memories_per_module_set)(PoolConfig*, uint32_t);
  void (*pool_max_tables_per_module_set)(PoolConfig*, uint32_t);
  void (*pool_max_core_instance_size_set)(PoolConfig*, size_t);
  void (*pool_max_memory_size_set)(PoolConfig*, size_t);
  void (*pool_table_elements_set)(PoolConfig*, size_t);
  void (*pool_max_unused_warm_slots_set)(PoolConfig*, uint32_t);
  void (*pool_decommit_batch_size_set)(PoolConfig*, size_t);
  void (*pool_linear_memory_keep_resident_set)(PoolConfig*, size_t);
  void (*pool_table_keep_resident_set)(PoolConfig*, size_t);
  void (*pooling_strategy_set)(Config*, const PoolConfig*);  // copies it

  Error* (*module_new)(WasmEngine*, const uint8_t*, size_t, CompiledModule**);
  Error* (*module_serialize)(CompiledModule*, ByteVec*);
  Error* (*module_deserialize_file)(WasmEngine*, const char*, CompiledModule**);
  void (*module_delete)(CompiledModule*);

  void (*module_imports)(const CompiledModule*, ImportTypes*);
  void (*importtype_vec_delete)(ImportTypes*);
  const ByteVec* (*importtype_module)(const ImportType*);
  const ByteVec* (*importtype_name)(const ImportType*);
  const ExternType* (*importtype_type)(const ImportType*);
  uint8_t (*externtype_kind)(const ExternType*);  // as Extern::Kind
  const ExternType* (*externtype_as_memorytype_const)(const ExternType*);
  const ExternType* (*externtype_as_tabletype_const)(const ExternType*);
  const ExternType* (*externtype_as_globaltype_const)(const ExternType*);
  const ValType* (*globaltype_content)(const ExternType*);
  uint8_t (*valtype_kind)(const ValType*);  // i32 to f64 as Val::Kind; 128 externref, 129 funcref
  Error* (*memory_new)(Context*, const ExternType*, void*);
  Error* (*table_new)(Context*, const ExternType*, const Val*, void*);
  Error* (*global_new)(Context*, const ExternType*, const Val*, void*);

  Linker* (*linker_new)(WasmEngine*);
  void (*linker_delete)(Linker*);
  Error* (*linker_define_unknown_imports_as_traps)(Linker*, CompiledModule*);
  void (*linker_allow_shadowing)(Linker*, bool);
  Error* (*linker_define)(Linker*, Context*, const char*, size_t, const char*, size_t, const Extern*);
  Error* (*linker_instantiate)(const Linker*, Context*, const CompiledModule*, InstanceHandle*, Trap**);
  Error* (*linker_instantiate_pre)(const Linker*, const CompiledModule*, InstancePre**);
  void (*instance_pre_delete)(InstancePre*);
  Error* (*instance_pre_instantiate)(const InstancePre*, Context*, InstanceHandle*, Trap**);

  Store* (*store_new)(WasmEngine*, void*, void (*)(void*));
  Context* (*store_context)(Store*);
  void (*store_delete)(Store*);

  bool (*instance_export_get)(Context*, const InstanceHandle*, const char*, size_t, Extern*);
  uint8_t* (*memory_data)(const Context*, const void*);
  size_t (*memory_data_size)(const Context*, const void*);
  Error* (*memory_grow)(Context*, const void*, uint64_t, uint64_t*);
  uint64_t (*table_size)(const Context*, const void*);
  bool (*table_get)(Context*, const void*, uint64_t, Val*);
  Error* (*table_set)(Context*, const void*, uint64_t, const Val*);
  void (*global_get)(Context*, const void*, Val*);
  Error* (*global_set)(Context*, const void*, const Val*);

  // The text of an error or a trap, its first line, and frees it.
  std::string take(Error* error) const;
  std::string take(Trap* trap) const;

 private:
  SharedObject library_;
};

}  // namespace instbench::bench::wasmtime
