#include "harness/engines/capi/engine.hpp"

#include <algorithm>

namespace instbench::bench::capi {
namespace {

// What an imported function does when it is called. `env` is the Live that it belongs to.
Trap* trap_always(void* env, const void*, void*) {
  static char kText[] = "an imported function was called";
  const ByteVec message = ByteVec::of(kText, sizeof kText);
  const auto& live = *static_cast<const Engine::Live*>(env);
  return live.api->trap_new(live.store, &message);
}

// Makes what has one of these types and gives it back, by the functions that the standard has for each.
struct Maker {
  const Api& api;
  Engine::Live& live;

  Func* make(const FuncType* type) const {
    return api.func_new_with_env(live.store, type, trap_always, &live, nullptr);
  }
  Global* make(const GlobalType* type) const {
    Val zero;
    zero.kind = api.valtype_kind(api.globaltype_content(type));
    return api.global_new(live.store, type, &zero);
  }
  Table* make(const TableType* type) const { return api.table_new(live.store, type, nullptr); }
  Memory* make(const MemoryType* type) const { return api.memory_new(live.store, type); }

  Extern* external(Func* item) const { return api.func_as_extern(item); }
  Extern* external(Global* item) const { return api.global_as_extern(item); }
  Extern* external(Table* item) const { return api.table_as_extern(item); }
  Extern* external(Memory* item) const { return api.memory_as_extern(item); }

  void remove(Func* item) const { api.func_delete(item); }
  void remove(Global* item) const { api.global_delete(item); }
  void remove(Table* item) const { api.table_delete(item); }
  void remove(Memory* item) const { api.memory_delete(item); }
};

template <typename Type>
size_t first_of(const std::vector<ToImport>& imports) {
  const auto is_one = [](const ToImport& import) { return std::holds_alternative<Type>(import); };
  return static_cast<size_t>(std::find_if(imports.begin(), imports.end(), is_one) - imports.begin());
}

}  // namespace

const AxisGrammar& grammar() {
  static const AxisGrammar kGrammar("capi",
                                    {{"store", Axis::Kind::word, {"own", "shared"}, "own",
                                      "each instance has a store of its own; shared is refused, with the reason"},
                                     {"module", Axis::Kind::word, {"obtain", "direct"}, "obtain",
                                      "obtain the shared module in each store, or use one as it is (libraries without "
                                      "wasm_module_share, such as Wasmer)"}},
                                    {{"own", {}, "a store, its module and its imports for each instance"}});
  return kGrammar;
}

Engine::Engine(const Api& api, const EngineFacts& facts, const Reach& reach, std::shared_ptr<const Program> program)
    : api_(api), facts_(facts), program_(std::move(program)) {
  if (reach.memory) memory_ = program_->place_of(*reach.memory).index;
  if (reach.table) table_ = program_->place_of(*reach.table).index;
  memory_import_ = first_of<const MemoryType*>(program_->imports());
  table_import_ = first_of<const TableType*>(program_->imports());
}

void Engine::acquire(Live& live) {
  live.api = &api_;
  live.store = program_->new_store();
  if (live.store == nullptr) throw std::runtime_error("wasm_store_new gives no store");
  live.module = program_->module_for(live.store);
  if (live.module == nullptr) throw std::runtime_error("wasm_module_obtain gives no module");
  for (const ToImport& type : program_->imports()) import(live, type);
}

void Engine::import(Live& live, const ToImport& type) {
  const Maker maker{api_, live};
  std::visit(
      [&](const auto* of) {
        auto* const item = maker.make(of);
        if (item == nullptr)
          throw Skip("capi: " + api_.file() + " makes no import " + program_->import_name(live.imports.size()) +
                     " of its type");
        live.imports.emplace_back(item);
        live.import_externs.push_back(maker.external(item));
      },
      type);
}

void Engine::release(Live& live) noexcept {
  if (live.store == nullptr) return;
  const Maker maker{api_, live};
  if (live.exports.data != nullptr) api_.extern_vec_delete(&live.exports);
  live.exports = {};
  if (live.instance != nullptr) api_.instance_delete(live.instance);
  if (live.module != nullptr) program_->give_back(live.module);
  for (const auto& import : live.imports) std::visit([&](auto* item) { maker.remove(item); }, import);
  live.imports.clear();  // which keeps their room for the next
  live.import_externs.clear();
  api_.store_delete(live.store);
  live.instance = nullptr;
  live.module = nullptr;
  live.store = nullptr;
}

void Engine::fail(Trap* trap) const {
  throw std::runtime_error("instantiation failed: " +
                           (trap != nullptr ? api_.take(trap) : api_.file() + " gives no instance and no reason"));
}

uint64_t Engine::global(Live& live, const std::string& name) {
  Val value;
  api_.global_get(api_.extern_as_global(exported(live, program_->place_of(name).index)), &value);
  return value.is_half() ? value.of & UINT32_MAX : value.of;
}

bool Engine::set_global(Live& live, const std::string& name, uint64_t bits) {
  const ExportPlace place = program_->place_of(name);
  if (!place.is_variable) return false;
  Global* global = api_.extern_as_global(exported(live, place.index));
  Val value;
  api_.global_get(global, &value);  // for its kind
  value.of = bits;
  api_.global_set(global, &value);
  return true;
}

}  // namespace instbench::bench::capi
