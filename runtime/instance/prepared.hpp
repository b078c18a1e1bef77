// Prepared: a module made ready to be instantiated many times under one memory policy.
//
// Holds everything that is the same for every instance: images, table images, the vmctx template, what
// the host provides for imports, and the leftover work that no image can hold. Immutable and shared.
// Nothing here is timed; all of it is paid once per module.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <vector>

#include "runtime/codegen/code.hpp"
#include "runtime/codegen/vmctx.hpp"
#include "runtime/image/image.hpp"
#include "runtime/instance/host.hpp"
#include "runtime/instance/strategy.hpp"
#include "runtime/module/eligibility.hpp"
#include "runtime/module/module.hpp"

namespace instbench {

// The core cannot instantiate this module (memory64, a table that is too large, ...). A skipped cell.
struct Unsupported : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Instantiation failed as the specification demands: a segment out of bounds, or a trap in the start function. The
// message begins with "instantiation failed: " and names which.
struct InstantiationError : std::runtime_error {
  explicit InstantiationError(const std::string& reason, Trap why = Trap::none)
      : std::runtime_error("instantiation failed: " + reason), trap(why) {}
  Trap trap;
  // A segment before the one that failed is already in a linked memory or table.
  bool wrote_linked = false;
};

// What a module is given beside its own bytes.
struct PrepareOptions {
  std::shared_ptr<const Code> code;   // null: codegen=none; instances are made, their functions cannot be called
  const HostImports* host = nullptr;  // must outlive everything prepared with it
  // By import, in file order: whether instances get it from another instance (link.hpp). Empty: none of them.
  std::vector<bool> linked;
};

// What a slot must offer for a module.
struct SlotNeeds {
  uint64_t vmctx_bytes = 0;            // whole pages
  uint64_t tables_bytes = 0;           // whole pages: every table at its capacity
  uint64_t retained_bytes = 0;         // whole pages: the first of them, with the tables that no reset touches
  std::vector<uint64_t> memory_pages;  // minimum, in 64 KiB pages
};

// A segment that every instantiation applies itself, because no image holds it, or because it comes
// after one that no image holds and lies over it (the later segment must win).
struct Leftover {
  uint32_t segment = 0;
  uint64_t begin = 0;    // byte or entry where it is written
  bool dynamic = false;  // its place depends on a linked global: `begin` is worked out by each instantiation
};

// One table: where its entries lie in a slot and what they start as.
struct TablePlan {
  uint64_t size = 0;      // entries at the start
  uint64_t capacity = 0;  // entries the slot has room for: table.grow goes no further
  uint64_t offset = 0;    // bytes from the start of the tables area
  bool retained = false;  // nobody can write it: what it holds stays in the slot for the module's next instance
  TableImage image;
  // tables=precomputed: the image as references. The environment of those that are not null is an offset from the
  // vmctx, which is still to be added.
  std::vector<FuncRef> precomputed;
  std::vector<uint32_t> linked_entries;  // of `precomputed`: functions of other instances, known when instantiated
};

class Prepared {
 public:
  // Largest table the core takes, as in the JavaScript embedding (WebAssembly JS API, implementation limits).
  static constexpr uint64_t kMostTableEntries = 10'000'000;

  // Throws Unsupported, or std::system_error when an image cannot be made.
  static std::shared_ptr<const Prepared> make(std::shared_ptr<const Module> module, const Strategy& strategy,
                                              PrepareOptions options = {});
  ~Prepared();

  const Module& module() const { return *module_; }
  const Code* code() const { return options_.code.get(); }
  bool linked(size_t import) const { return import < options_.linked.size() && options_.linked[import]; }
  bool links_anything() const { return links_anything_; }
  const Strategy& strategy() const { return strategy_; }
  const Eligibility& eligibility() const { return eligibility_; }
  const SlotNeeds& needs() const { return needs_; }
  const VmctxLayout& layout() const { return layout_; }
  std::span<const std::byte> vmctx_template() const { return template_; }
  const MemoryImage& image(size_t memory) const { return *images_[memory]; }
  const std::shared_ptr<const MemoryImage>& shared_image(size_t memory) const { return images_[memory]; }
  const TablePlan& table(size_t index) const { return tables_[index]; }
  size_t table_count() const { return tables_.size(); }
  bool retains_tables() const { return needs_.retained_bytes != 0; }
  // How many pages a memory can ever have: its maximum, what a slot reserves, and 65,536 (WebAssembly 2.0,
  // section 3.2.4).
  uint64_t memory_room(size_t memory) const;
  // Keys what holds an address of this very object: a slot whose vmctx was written for another id is
  // rewritten whole. Never reused within a process.
  uint64_t id() const { return id_; }
  // Equal keys, equal memory start states, across loads: what memory affinity goes by.
  const std::string& memory_key() const { return memory_key_; }
  const std::vector<std::unique_ptr<HostFunction>>& host_functions() const { return host_functions_; }
  const std::vector<Leftover>& leftover_data() const { return leftover_data_; }
  const std::vector<Leftover>& leftover_elements() const { return leftover_elements_; }

  struct RefGlobal {
    uint32_t global = 0;
    uint32_t function = 0;
  };
  // Globals that start as a reference to a function: they hold the vmctx's address, so each instance stores its own.
  const std::vector<RefGlobal>& ref_globals() const { return ref_globals_; }
  struct CopiedGlobal {
    uint32_t global = 0;
    uint32_t from = 0;
  };
  // Globals that start as the value of a linked one, in order.
  const std::vector<CopiedGlobal>& copied_globals() const { return copied_globals_; }

  // The reference to a function of this module as one of its instances holds it; kNoFunction is null.
  FuncRef ref_to(uint32_t function, std::byte* vmctx) const {
    if (function == kNoFunction) return null_ref();
    if (function < host_functions_.size()) {
      const FuncBinding& binding = Vmctx(vmctx, layout_).binding(function);
      return {function_types_[function], binding.code, binding.environment};
    }
    return {function_types_[function], code_of(function), vmctx};
  }
  // The bindings and pointers of what the host provides to the instance at `vmctx`: all that depends on its address.
  void bind_host(std::byte* vmctx) const;
  // The function that a reference held by the instance at `vmctx` names; nothing for null and for a
  // reference that is not this instance's own.
  std::optional<uint32_t> function_of(const FuncRef& ref, std::byte* vmctx) const;
  // The value of a segment's offset. Imported globals are the host's, which sets them to zero.
  uint64_t offset_of(const ConstExpr& offset) const;

 private:
  Prepared(std::shared_ptr<const Module> module, const Strategy& strategy, PrepareOptions options);
  void refuse_unsupported() const;
  void unlink_segments();
  void plan_images();
  void plan_tables();
  void plan_leftovers();
  void make_host_functions();
  void make_template();
  std::vector<std::string> why_not_retained(uint32_t table) const;
  void choose_retained();
  void precompute_tables();
  void fill_global(uint32_t index, std::byte* at);
  // Follows global.get through this module's own globals.
  const ConstExpr& resolved(const ConstExpr& expression) const;
  bool dynamic(const ConstExpr& offset) const;
  GuestCode host_code_of(uint32_t import) const;
  GuestCode code_of(uint32_t function) const {
    if (options_.code) return options_.code->function(function);
    return reinterpret_cast<GuestCode>(reinterpret_cast<uintptr_t>(no_code_.data()) + function);
  }

  std::shared_ptr<const Module> module_;
  Strategy strategy_;
  PrepareOptions options_;
  bool links_anything_ = false;
  // By index of their kind.
  std::vector<bool> linked_functions_, linked_memories_, linked_tables_, linked_globals_;
  Eligibility eligibility_;
  std::vector<std::shared_ptr<const MemoryImage>> images_;
  std::vector<TablePlan> tables_;
  std::vector<std::unique_ptr<HostFunction>> host_functions_;  // by function index, linked ones included
  std::vector<RefGlobal> ref_globals_;
  std::vector<CopiedGlobal> copied_globals_;
  std::vector<char> no_code_;  // one address a function stands for the code that codegen=none does not make
  mutable std::once_flag index_by_code_made_;
  mutable std::unordered_map<GuestCode, uint32_t> index_by_code_;  // of own functions; made at first use
  std::vector<const FuncType*> function_types_;                    // by function, interned
  VmctxLayout layout_;
  std::vector<std::byte> template_;
  SlotNeeds needs_;
  std::string memory_key_;
  uint64_t id_ = 0;
  std::vector<Leftover> leftover_data_;
  std::vector<Leftover> leftover_elements_;
};

}  // namespace instbench
