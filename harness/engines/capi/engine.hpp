// Any library with the standard wasm-c-api (`wasm.h`), as LibraryCell (harness/engines/library) sees an engine.
//
// Each instance has a store of its own. Phases: acquire is the store, the module obtained in it and what it imports
// made anew; init the instance with its start function; release all of them, the store last. The exports are taken only
// when something is touched, and that is work.
//
// One store for all instances is not offered: to delete an instance gives its memory back in hardly any library before
// the store goes, so each cycle would leave one more instance behind and the figure would be that of a leak.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

#include "harness/engines/capi/program.hpp"
#include "harness/engines/library/axes.hpp"
#include "harness/worker/cell.hpp"

namespace instbench::bench::capi {

const AxisGrammar& grammar();

// What the library says of itself under a strategy: nothing, so its file's hash stands for its version. Loads it.
// Throws Skip, Refused.
EngineFacts describe(const Arm& arm);

// Throws Skip, Refused.
std::unique_ptr<Cell> open(const Request& request);

class Engine {
 public:
  struct Live {
    const Api* api = nullptr;
    Store* store = nullptr;
    Module* module = nullptr;
    std::vector<std::variant<Func*, Global*, Table*, Memory*>> imports;  // own
    std::vector<Extern*> import_externs;                                 // the same
    Instance* instance = nullptr;
    Vec<Extern*> exports;  // own; without data: not taken
  };

  Engine(const Api& api, const EngineFacts& facts, const Reach& reach, std::shared_ptr<const Program> program);

  const EngineFacts& facts() const { return facts_; }
  void acquire(Live& live);
  void init(Live& live) {
    const auto imports = Vec<Extern*>::of(live.import_externs.data(), live.import_externs.size());
    Trap* trap = nullptr;
    live.instance = api_.instance_new(live.store, live.module, &imports, &trap);
    if (live.instance == nullptr) [[unlikely]]
      fail(trap);
  }
  void release(Live& live) noexcept;

  std::span<std::byte> memory(Live& live) {
    Memory* memory = memory_of(live);
    return {reinterpret_cast<std::byte*>(api_.memory_data(memory)), api_.memory_data_size(memory)};
  }
  bool grow(Live& live, uint64_t pages) { return api_.memory_grow(memory_of(live), static_cast<uint32_t>(pages)); }
  uint64_t table_entries(Live& live) { return api_.table_size(table_of(live)); }
  bool is_null(Live& live, uint64_t entry) {
    Ref* found = api_.table_get(table_of(live), static_cast<uint32_t>(entry));
    if (found != nullptr) api_.ref_delete(found);
    return found == nullptr;
  }
  bool set_null(Live& live, uint64_t entry) {
    return api_.table_set(table_of(live), static_cast<uint32_t>(entry), nullptr);
  }
  uint64_t global(Live& live, const std::string& name);
  bool set_global(Live& live, const std::string& name, uint64_t bits);

 private:
  void import(Live& live, const ToImport& type);
  Extern* exported(Live& live, size_t index) {
    if (live.exports.data == nullptr) api_.instance_exports(live.instance, &live.exports);
    return live.exports.data[index];
  }
  // Memory 0 and table 0, by their export; without one they are the first that were imported.
  Memory* memory_of(Live& live) {
    return memory_ ? api_.extern_as_memory(exported(live, *memory_)) : std::get<Memory*>(live.imports[memory_import_]);
  }
  Table* table_of(Live& live) {
    return table_ ? api_.extern_as_table(exported(live, *table_)) : std::get<Table*>(live.imports[table_import_]);
  }
  [[noreturn]] void fail(Trap* trap) const;

  const Api& api_;
  const EngineFacts& facts_;
  std::shared_ptr<const Program> program_;
  std::optional<size_t> memory_, table_;         // where among the exports
  size_t memory_import_ = 0, table_import_ = 0;  // where among the imports
};

}  // namespace instbench::bench::capi
