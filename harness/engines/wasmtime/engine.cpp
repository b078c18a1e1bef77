#include "harness/engines/wasmtime/engine.hpp"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "harness/engines/wasmtime/limits.hpp"

namespace instbench::bench::wasmtime {
namespace {

constexpr const char* kRefused = "instantiation failed: ";

}  // namespace

const AxisGrammar& grammar() {
  using Kind = Axis::Kind;
  static const std::vector<std::string> kSwitch{"on", "off"};
  static const AxisGrammar kGrammar(
      "wasmtime",
      {{"allocator", Kind::word, {"on-demand", "pooling"}, "on-demand", "map each instance's memory anew, or take it from a pool"},
       {"cow", Kind::word, kSwitch, "on", "memory starts as a copy-on-write mapping of its image (memory_init_cow)"},
       {"reserve", Kind::size, {}, "4GiB", "address space of a memory, before its guard (memory_reservation)"},
       {"guard", Kind::size, {}, "32MiB", "address space without access behind it (memory_guard_size)"},
       {"opt", Kind::word, {"speed", "none"}, "speed", "what Cranelift optimises for (cranelift_opt_level)"},
       {"pool", Kind::count, {}, "1000", "instances that the pool has room for"},
       {"keep", Kind::size, {}, "0B", "of a dropped memory, cleared and left resident (linear_memory_keep_resident)"},
       {"table-keep", Kind::size, {}, "0B", "likewise of a table (table_keep_resident)"},
       {"warm-slots", Kind::count, {}, "100", "idle slots that keep their module's image (max_unused_warm_slots)"},
       {"batch", Kind::count, {}, "1", "dropped slots that are reset together (decommit_batch_size)"},
       {"max-memory", Kind::size, {}, "4GiB", "a module whose memory begins larger is refused (max_memory_size)"},
       {"table-elements", Kind::count, {}, "20000", "a module whose table begins larger is refused (table_elements)"}},
      {{"on-demand", {}, "Wasmtime's own defaults"},
       {"pooling", {{"allocator", "pooling"}}, "its pool: slots are kept, their pages given back"},
       {"pooling-keep",
        {{"allocator", "pooling"}, {"keep", "16MiB"}, {"table-keep", "1MiB"}},
        "and what an instance wrote is cleared and left resident"}});
  return kGrammar;
}

WasmEngine* make_engine(const Api& api, const AxisValues& values, uint64_t pool, bool compiles) {
  Config* config = api.config_new();
  api.config_memory_init_cow_set(config, values.is_on("cow"));
  api.config_memory_reservation_set(config, values.number("reserve"));
  api.config_memory_guard_size_set(config, values.number("guard"));
  api.config_cranelift_opt_level_set(config, values.word("opt") == "speed" ? 1 : 0);
  api.config_parallel_compilation_set(config, compiles);
  if (values.word("allocator") == "pooling" && !compiles) {
    constexpr uint32_t kTablesPerModule = 4, kMemoriesPerModule = 1;
    constexpr size_t kMostInstanceBytes = size_t{64} << 20;  // a limit only: nothing is reserved for it
    const auto instances = static_cast<uint32_t>(pool);
    PoolConfig* p = api.pool_config_new();
    api.pool_total_core_instances_set(p, instances);
    api.pool_total_memories_set(p, instances);
    api.pool_total_tables_set(p, kTablesPerModule * instances);
    api.pool_max_memories_per_module_set(p, kMemoriesPerModule);
    api.pool_max_tables_per_module_set(p, kTablesPerModule);
    api.pool_max_core_instance_size_set(p, kMostInstanceBytes);
    api.pool_max_memory_size_set(p, values.number("max-memory"));
    api.pool_table_elements_set(p, values.number("table-elements"));
    api.pool_max_unused_warm_slots_set(p, static_cast<uint32_t>(values.number("warm-slots")));
    api.pool_decommit_batch_size_set(p, values.number("batch"));
    api.pool_linear_memory_keep_resident_set(p, values.number("keep"));
    api.pool_table_keep_resident_set(p, values.number("table-keep"));
    api.pooling_strategy_set(config, p);
    api.pool_config_delete(p);
  }
  WasmEngine* engine = api.engine_new_with_config(config);
  if (engine == nullptr) throw Skip("wasmtime: no engine can be made with these settings");
  return engine;
}

Engine::Engine(const Api& api, const AxisValues& values, const EngineFacts& facts, const Reach& reach,
               const std::string& code, uint64_t pool)
    : api_(api),
      facts_(facts),
      memory_name_(reach.memory.value_or("")),
      table_name_(reach.table.value_or("")),
      engine_(make_engine(api, values, pool, false)) {
  try {
    link(code);
  } catch (...) {
    close();
    throw;
  }
}

namespace {

// The file is whole (KeptCode) and of this very library: what it says concerns the settings, a max-memory that is too small
// for the module above all.
[[noreturn]] void throw_unusable(const std::string& code, std::string why) {
  const size_t at = why.find(code);
  if (at != std::string::npos) why.replace(at, code.size(), "its file in the cache");
  const std::string setting = setting_to_raise(why);
  throw Skip("wasmtime cannot load the compiled module: " + why +
             (setting.empty() ? "" : "; this limit is a setting of the arm: raise it with " + setting));
}

}  // namespace

void Engine::link(const std::string& code) {
  if (Error* error = api_.module_deserialize_file(engine_, code.c_str(), &module_))
    throw_unusable(code, api_.take(error));
  linker_ = api_.linker_new(engine_);
  if (Error* error = api_.linker_define_unknown_imports_as_traps(linker_, module_))
    throw Skip("wasmtime: " + api_.take(error));
  find_own_imports();
  if (!own_imports_.empty()) {
    api_.linker_allow_shadowing(linker_, true);
    return;
  }
  if (Error* error = api_.linker_instantiate_pre(linker_, module_, &pre_)) throw Skip("wasmtime: " + api_.take(error));
}

void Engine::find_own_imports() {
  constexpr uint8_t kExternref = 128, kFuncref = 129;
  api_.module_imports(module_, &imports_);
  const auto text = [](const ByteVec* bytes) { return std::string(bytes->data, bytes->size); };
  for (size_t i = 0; i < imports_.size; ++i) {
    const ImportType* import = imports_.data[i];
    const ExternType* type = api_.importtype_type(import);
    OwnImport own{text(api_.importtype_module(import)),
                  text(api_.importtype_name(import)),
                  static_cast<Extern::Kind>(api_.externtype_kind(type)),
                  nullptr,
                  {}};
    own.value.kind = Val::funcref;
    if (own.kind == Extern::memory) {
      own.type = api_.externtype_as_memorytype_const(type);
    } else if (own.kind == Extern::table) {
      own.type = api_.externtype_as_tabletype_const(type);
    } else if (own.kind == Extern::global) {
      own.type = api_.externtype_as_globaltype_const(type);
      const uint8_t kind = api_.valtype_kind(api_.globaltype_content(own.type));
      own.value.kind = kind == kExternref ? uint8_t{Val::externref} : kind == kFuncref ? uint8_t{Val::funcref} : kind;
    }
    const bool again = std::any_of(own_imports_.begin(), own_imports_.end(), [&](const OwnImport& other) {
      return other.module == own.module && other.name == own.name;
    });
    if (own.type != nullptr && !again) own_imports_.push_back(std::move(own));
  }
}

void Engine::define_imports(Live& live) {
  bool has_memory = false, has_table = false;
  for (const OwnImport& own : own_imports_) {
    Extern item;
    item.kind = own.kind;
    Error* error = own.kind == Extern::memory  ? api_.memory_new(live.context, own.type, item.item())
                   : own.kind == Extern::table ? api_.table_new(live.context, own.type, &own.value, item.item())
                                               : api_.global_new(live.context, own.type, &own.value, item.item());
    if (error == nullptr)
      error = api_.linker_define(linker_, live.context, own.module.data(), own.module.size(), own.name.data(),
                                 own.name.size(), &item);
    if (own.kind == Extern::memory && !std::exchange(has_memory, true)) live.memory = item;
    if (own.kind == Extern::table && !std::exchange(has_table, true)) live.table = item;
    if (error != nullptr) throw Skip("wasmtime: import " + own.module + "." + own.name + ": " + api_.take(error));
  }
}

Engine::~Engine() { close(); }

void Engine::close() noexcept {
  if (pre_ != nullptr) api_.instance_pre_delete(pre_);
  if (linker_ != nullptr) api_.linker_delete(linker_);
  if (imports_.data != nullptr) api_.importtype_vec_delete(&imports_);
  if (module_ != nullptr) api_.module_delete(module_);
  api_.engine_delete(engine_);
}

void Engine::fail(Error* error, Trap* trap) const {
  throw std::runtime_error(kRefused + (trap != nullptr ? api_.take(trap) : api_.take(error)));
}

bool Engine::grow(Live& live, uint64_t pages) {
  Extern memory = memory_of(live);
  uint64_t before = 0;
  Error* error = api_.memory_grow(live.context, memory.item(), pages, &before);
  if (error != nullptr) api_.error_delete(error);
  return error == nullptr;
}

uint64_t Engine::table_entries(Live& live) {
  Extern& table = table_of(live);
  return api_.table_size(live.context, table.item());
}

bool Engine::set_null(Live& live, uint64_t entry) {
  Extern& table = table_of(live);
  for (const uint8_t kind : {Val::funcref, Val::externref}) {
    Val null;
    null.kind = kind;
    Error* error = api_.table_set(live.context, table.item(), entry, &null);
    if (error == nullptr) return true;
    api_.error_delete(error);
  }
  return false;
}

uint64_t Engine::global(Live& live, const std::string& name) {
  Extern global = exported(live, name);
  Val value;
  api_.global_get(live.context, global.item(), &value);
  const bool half = value.kind == Val::i32 || value.kind == Val::f32;
  return half ? value.of[0] & UINT32_MAX : value.of[0];
}

bool Engine::set_global(Live& live, const std::string& name, uint64_t bits) {
  Extern global = exported(live, name);
  Val value;
  api_.global_get(live.context, global.item(), &value);  // for its kind
  value.of[0] = bits;
  Error* error = api_.global_set(live.context, global.item(), &value);
  if (error != nullptr) api_.error_delete(error);
  return error == nullptr;
}

}  // namespace instbench::bench::wasmtime
