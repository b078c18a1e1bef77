#include "harness/engines/capi/c_api.hpp"

#include "harness/engines/library/message.hpp"

namespace instbench::bench::capi {

Api::Api(const std::string& path) : library_("capi", path) {
  const auto find = [&](const char* name, auto*& into) { library_.find(std::string("wasm_") + name, into); };
  const auto find_if_there = [&](const char* name, auto*& into) {
    library_.find_if_there(std::string("wasm_") + name, into);
  };
  find("engine_new", engine_new);
  find("engine_delete", engine_delete);
  find("store_new", store_new);
  find("store_delete", store_delete);
  find("module_new", module_new);
  find("module_delete", module_delete);
  find("module_imports", module_imports);
  find("module_exports", module_exports);
  find_if_there("module_share", module_share);
  find_if_there("module_obtain", module_obtain);
  find_if_there("shared_module_delete", shared_module_delete);
  find_if_there("module_serialize", module_serialize);
  find_if_there("module_deserialize", module_deserialize);
  find("importtype_vec_delete", importtype_vec_delete);
  find("exporttype_vec_delete", exporttype_vec_delete);
  find("importtype_module", importtype_module);
  find("importtype_name", importtype_name);
  find("importtype_type", importtype_type);
  find("exporttype_type", exporttype_type);
  find("exporttype_name", exporttype_name);
  find("externtype_as_functype_const", externtype_as_functype);
  find("externtype_as_globaltype_const", externtype_as_globaltype);
  find("externtype_as_tabletype_const", externtype_as_tabletype);
  find("externtype_as_memorytype_const", externtype_as_memorytype);
  find("globaltype_content", globaltype_content);
  find("globaltype_mutability", globaltype_mutability);
  find("valtype_kind", valtype_kind);
  find("instance_new", instance_new);
  find("instance_delete", instance_delete);
  find("instance_exports", instance_exports);
  find("extern_vec_delete", extern_vec_delete);
  find("extern_as_global", extern_as_global);
  find("extern_as_table", extern_as_table);
  find("extern_as_memory", extern_as_memory);
  find("func_new_with_env", func_new_with_env);
  find("func_delete", func_delete);
  find("func_as_extern", func_as_extern);
  find("global_new", global_new);
  find("global_delete", global_delete);
  find("global_as_extern", global_as_extern);
  find("global_get", global_get);
  find("global_set", global_set);
  find("table_new", table_new);
  find("table_delete", table_delete);
  find("table_as_extern", table_as_extern);
  find("table_size", table_size);
  find("table_get", table_get);
  find("table_set", table_set);
  find("ref_delete", ref_delete);
  find("memory_new", memory_new);
  find("memory_delete", memory_delete);
  find("memory_as_extern", memory_as_extern);
  find("memory_data", memory_data);
  find("memory_data_size", memory_data_size);
  find("memory_grow", memory_grow);
  find("trap_new", trap_new);
  find("trap_message", trap_message);
  find("trap_delete", trap_delete);
  find("byte_vec_delete", byte_vec_delete);
}

std::string Api::name_of(const ImportType* import) const {
  const auto quoted = [](const ByteVec* text) { return '"' + std::string(text->data, text->size) + '"'; };
  return quoted(importtype_module(import)) + " " + quoted(importtype_name(import));
}

std::string Api::take(Trap* trap) const {
  ByteVec bytes;
  trap_message(trap, &bytes);
  std::string text = one_line({bytes.data, bytes.size});
  byte_vec_delete(&bytes);
  trap_delete(trap);
  return text;
}

}  // namespace instbench::bench::capi
