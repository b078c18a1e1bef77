// Wasmtime through its C API, as LibraryCell (harness/engines/library) sees an engine.
//
// Made once, outside of what is timed: engine, compiled module (from the cache), linker, InstancePre. Each instance has
// a store of its own, as an embedder gives one to each request. Phases: acquire is the store, init the instance with
// its start function, release the store's end, which also resets a pooled slot.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "harness/engines/library/axes.hpp"
#include "harness/engines/wasmtime/c_api.hpp"
#include "harness/worker/cell.hpp"

namespace instbench::bench::wasmtime {

const AxisGrammar& grammar();

// What the engine says of itself under a strategy. Loads the library. Throws Skip, Refused.
EngineFacts describe(const Arm& arm);

// Throws Skip, Refused.
std::unique_ptr<Cell> open(const Request& request);

// Where compiled code lies, and how it came there.
struct Code {
  std::string path;
  std::string from;  // "hit" or "compiled"
};

class Engine {
 public:
  struct Live {
    Store* store = nullptr;
    Context* context = nullptr;
    InstanceHandle instance;
    Extern memory, table;  // the first that were made for it to import; the table also once it was looked up
    bool has_table = false;
  };

  // `pool` instances at once where the allocator is a pool.
  Engine(const Api& api, const AxisValues& values, const EngineFacts& facts, const Reach& reach,
         const std::string& code, uint64_t pool);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  const EngineFacts& facts() const { return facts_; }
  Json module_facts() const {
    return {{"linked", own_imports_.empty() ? "beforehand (InstancePre)"
                                            : "by name in each cycle: it imports a memory, a table or a global"}};
  }
  std::string one_thread_only() const {
    return own_imports_.empty() ? "" : "wasmtime links what this module imports by name, in one linker";
  }
  void acquire(Live& live) {
    live.store = api_.store_new(engine_, nullptr, nullptr);
    live.context = api_.store_context(live.store);
    if (!own_imports_.empty()) define_imports(live);
  }
  void init(Live& live) {
    Trap* trap = nullptr;
    Error* error = pre_ != nullptr ? api_.instance_pre_instantiate(pre_, live.context, &live.instance, &trap)
                                   : api_.linker_instantiate(linker_, live.context, module_, &live.instance, &trap);
    if (error != nullptr || trap != nullptr) [[unlikely]]
      fail(error, trap);
    live.has_table = table_name_.empty();
  }
  void release(Live& live) noexcept {
    if (live.store != nullptr) api_.store_delete(live.store);
    live.store = nullptr;
  }
  std::span<std::byte> memory(Live& live) {
    Extern memory = memory_of(live);
    return {reinterpret_cast<std::byte*>(api_.memory_data(live.context, memory.item())),
            api_.memory_data_size(live.context, memory.item())};
  }
  bool grow(Live& live, uint64_t pages);
  uint64_t table_entries(Live& live);
  bool is_null(Live& live, uint64_t entry) {
    Extern& table = table_of(live);
    Val value;
    api_.table_get(live.context, table.item(), entry, &value);
    return value.of[0] == 0;
  }
  bool set_null(Live& live, uint64_t entry);
  uint64_t global(Live& live, const std::string& name);
  bool set_global(Live& live, const std::string& name, uint64_t bits);

 private:
  Extern exported(const Live& live, const std::string& name) const {
    Extern found;
    if (!api_.instance_export_get(live.context, &live.instance, name.data(), name.size(), &found)) [[unlikely]]
      throw std::runtime_error("export '" + name + "' is not there");
    return found;
  }
  Extern memory_of(const Live& live) const { return memory_name_.empty() ? live.memory : exported(live, memory_name_); }
  Extern& table_of(Live& live) const {
    if (!live.has_table) {
      live.table = exported(live, table_name_);
      live.has_table = true;
    }
    return live.table;
  }
  // A memory, table or global that the module imports: it belongs to a store, so each instance has its own, and the
  // module is linked by name each time.
  struct OwnImport {
    std::string module, name;
    Extern::Kind kind = Extern::memory;
    const ExternType* type = nullptr;
    Val value;  // of a global, or of each entry of a table
  };
  void find_own_imports();
  void define_imports(Live& live);
  [[noreturn]] void fail(Error* error, Trap* trap) const;
  void link(const std::string& code);
  void close() noexcept;

  const Api& api_;
  const EngineFacts& facts_;
  std::string memory_name_, table_name_;
  WasmEngine* engine_ = nullptr;
  CompiledModule* module_ = nullptr;
  Linker* linker_ = nullptr;
  InstancePre* pre_ = nullptr;  // null when there are own imports
  ImportTypes imports_;
  std::vector<OwnImport> own_imports_;
};

// An engine with these settings; `compiles`: on all CPUs. The caller deletes it.
WasmEngine* make_engine(const Api& api, const AxisValues& values, uint64_t pool, bool compiles);

// Compiles in a forked child, so that the worker itself has none of the threads that compiling starts, and keeps the
// code in the user's cache, by module, library and what Cranelift is told. Throws Skip when Wasmtime refuses the
// module.
Code compiled(const Api& api, const Request& request, const AxisValues& values);

}  // namespace instbench::bench::wasmtime
