#include "harness/engines/wasmtime/c_api.hpp"

#include "harness/engines/library/message.hpp"

namespace instbench::bench::wasmtime {

Api::Api(const std::string& path) : library_("wasmtime", path) {
  const auto wasm = [&](const char* name, auto*& into) { library_.find(std::string("wasm_") + name, into); };
  const auto own = [&](const char* name, auto*& into) { library_.find(std::string("wasmtime_") + name, into); };
  const auto pool = [&](const char* name, auto*& into) {
    library_.find(std::string("wasmtime_pooling_allocation_config_") + name, into);
  };
  wasm("config_new", config_new);
  wasm("engine_new_with_config", engine_new_with_config);
  wasm("engine_delete", engine_delete);
  wasm("byte_vec_delete", byte_vec_delete);
  wasm("trap_message", trap_message);
  wasm("trap_delete", trap_delete);
  wasm("importtype_vec_delete", importtype_vec_delete);
  wasm("importtype_module", importtype_module);
  wasm("importtype_name", importtype_name);
  wasm("importtype_type", importtype_type);
  wasm("externtype_kind", externtype_kind);
  wasm("externtype_as_memorytype_const", externtype_as_memorytype_const);
  wasm("externtype_as_tabletype_const", externtype_as_tabletype_const);
  wasm("externtype_as_globaltype_const", externtype_as_globaltype_const);
  wasm("globaltype_content", globaltype_content);
  wasm("valtype_kind", valtype_kind);
  own("module_imports", module_imports);
  own("memory_new", memory_new);
  own("table_new", table_new);
  own("global_new", global_new);
  own("linker_allow_shadowing", linker_allow_shadowing);
  own("linker_define", linker_define);
  own("linker_instantiate", linker_instantiate);
  own("error_message", error_message);
  own("error_delete", error_delete);
  own("config_memory_reservation_set", config_memory_reservation_set);
  own("config_memory_guard_size_set", config_memory_guard_size_set);
  own("config_memory_init_cow_set", config_memory_init_cow_set);
  own("config_cranelift_opt_level_set", config_cranelift_opt_level_set);
  own("config_parallel_compilation_set", config_parallel_compilation_set);
  pool("new", pool_config_new);
  pool("delete", pool_config_delete);
  pool("total_core_instances_set", pool_total_core_instances_set);
  pool("total_memories_set", pool_total_memories_set);
  pool("total_tables_set", pool_total_tables_set);
  pool("max_memories_per_module_set", pool_max_memories_per_module_set);
  pool("max_tables_per_module_set", pool_max_tables_per_module_set);
  pool("max_core_instance_size_set", pool_max_core_instance_size_set);
  pool("max_memory_size_set", pool_max_memory_size_set);
  pool("table_elements_set", pool_table_elements_set);
  pool("max_unused_warm_slots_set", pool_max_unused_warm_slots_set);
  pool("decommit_batch_size_set", pool_decommit_batch_size_set);
  pool("linear_memory_keep_resident_set", pool_linear_memory_keep_resident_set);
  pool("table_keep_resident_set", pool_table_keep_resident_set);
  own("pooling_allocation_strategy_set", pooling_strategy_set);
  own("module_new", module_new);
  own("module_serialize", module_serialize);
  own("module_deserialize_file", module_deserialize_file);
  own("module_delete", module_delete);
  own("linker_new", linker_new);
  own("linker_delete", linker_delete);
  own("linker_define_unknown_imports_as_traps", linker_define_unknown_imports_as_traps);
  own("linker_instantiate_pre", linker_instantiate_pre);
  own("instance_pre_delete", instance_pre_delete);
  own("instance_pre_instantiate", instance_pre_instantiate);
  own("store_new", store_new);
  own("store_context", store_context);
  own("store_delete", store_delete);
  own("instance_export_get", instance_export_get);
  own("memory_data", memory_data);
  own("memory_data_size", memory_data_size);
  own("memory_grow", memory_grow);
  own("table_size", table_size);
  own("table_get", table_get);
  own("table_set", table_set);
  own("global_get", global_get);
  own("global_set", global_set);
}

std::string Api::take(Error* error) const {
  ByteVec bytes;
  error_message(error, &bytes);
  std::string text = one_line({bytes.data, bytes.size});
  byte_vec_delete(&bytes);
  error_delete(error);
  return text;
}

std::string Api::take(Trap* trap) const {
  ByteVec bytes;
  trap_message(trap, &bytes);
  std::string text = one_line({bytes.data, bytes.size});
  byte_vec_delete(&bytes);
  trap_delete(trap);
  return text;
}

}  // namespace instbench::bench::wasmtime
