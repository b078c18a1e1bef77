// ModelLives: what one thread of the isolation model does. Its instances are its own, the slots it shares with others.
//
// Each instance has a twin made of vectors; operations are drawn at random, and what can be observed is compared with the twin
// (model.hpp says which and when). Not thread-safe, but may go on in another thread.
#pragma once

#include <algorithm>
#include <array>
#include <cstring>
#include <deque>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "harness/fuzz/model.hpp"
#include "harness/fuzz/model_modules.hpp"
#include "harness/protocol/touch_plan.hpp"
#include "runtime/os/usage.hpp"
#include "runtime/pool/pool.hpp"

namespace instbench::bench {

inline constexpr uint32_t kSlotsOfThread = 4;  // fewer than modules: they evict each other
inline constexpr uint64_t kHotPages = 6;       // where most writes go

struct Difference : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// What an instance owns and others may share: it outlives the instance as long as one that shares it is alive.
struct Objects {
  std::vector<std::vector<std::byte>> memories;
  std::vector<ModelEntry> table;
};

struct Life {
  std::unique_ptr<Lease> lease;
  size_t module = 0;
  std::shared_ptr<Objects> objects;  // its own, or those it is linked to
  std::vector<uint64_t> globals;
  uint64_t id = 0;

  Instance& instance() const { return lease->instance(); }
};

inline std::shared_ptr<Objects> start_of(const ModelModule& module) {
  auto objects = std::make_shared<Objects>();
  for (size_t i = 0; i < module.memory_pages.size(); ++i) {
    std::vector<std::byte> memory(module.memory_pages[i] * kWasmPageBytes);
    for (const ModelData& data : module.data[i]) std::memcpy(memory.data() + data.at, data.text.data(), data.text.size());
    objects->memories.push_back(std::move(memory));
  }
  objects->table = module.table;
  return objects;
}

using PreparedModules = std::vector<std::shared_ptr<const Prepared>>;  // null where the strategy refuses the module

// What one thread does: its instances are its own, the slots it shares.
class ModelLives {
 public:
  ModelLives(const PreparedModules& modules, std::shared_ptr<SlotStore> store, uint32_t thread, uint64_t seed)
      : random_(seed), pool_(std::make_unique<Pool>(std::move(store), thread)) {
    for (size_t i = 0; i < modules.size(); ++i) {
      if (modules[i] != nullptr) taken_.push_back(i);
    }
    next_module_ = taken_.front();
    for (const auto& prepared : modules) {
      tenants_.push_back(prepared == nullptr ? nullptr : &pool_->admit(prepared));
      exports_.emplace_back();
      if (prepared == nullptr) continue;
      for (const Export& one : prepared->module().exports) {
        if (one.kind == ExternKind::function) exports_.back()[one.name] = one.index;
      }
    }
  }

  void operations(uint64_t count) {
    for (uint64_t i = 0; i < count; ++i) {
      operation();
      ++report_.operations;
    }
  }
  void compare_all() {
    for (Life& life : lives_) compare(life, true);
  }
  void drop_all() {
    while (!lives_.empty()) drop(0);
  }
  ModelReport& report() {
    report_.evictions = pool_->stats().found(SlotPath::evicted);
    report_.steals = pool_->stats().found(SlotPath::stolen);
    report_.trimmed = pool_->stats().trimmed;
    return report_;
  }

 private:
  // The last one is large, which makes comparing slow: it comes seldom.
  size_t any_module() { return taken_[random_.below(taken_.size() - (chance(15) ? 0 : 1))]; }
  bool chance(uint64_t one_in) { return random_.below(one_in) == 0; }

  void operation() {
    if (lives_.empty() || (lives_.size() < kSlotsOfThread && chance(8))) return make();
    const size_t which = random_.below(lives_.size());
    Life& life = lives_[which];
    if (chance(12)) return drop(which);
    if (chance(16)) return compare(life, chance(16));
    switch (random_.below(10)) {
      case 0:
      case 1:
      case 2:
        return write_from_host(life);
      case 3:
      case 4:
        return write_from_guest(life);
      case 5:
        return random_.below(24) == 0 ? fill(life) : grow_memory(life);
      case 6:
        return set_entry(life);
      case 7:
        return call_entry(life);
      case 8:
        return chance(6) ? grow_table(life) : set_global(life);
      default:
        if (chance(20)) return disturb(life);
        if (chance(20)) return change_budget();
        if (chance(4)) return trap(which);
        return read_entry(life);
    }
  }

  void make() {
    if (chance(12)) next_module_ = any_module();
    const size_t module = chance(4) ? any_module() : next_module_;
    const ModelModule& about = model_modules()[module];
    Life life;
    life.module = module;
    life.id = ++report_.instances;
    Links links;
    if (about.links) {
      const Life* giver = find_giver();
      if (giver == nullptr) return;
      links = {find_export(giver->instance(), "memory"), find_export(giver->instance(), "table")};
      life.objects = giver->objects;
    } else {
      life.objects = start_of(about);
    }
    try {
      life.lease = std::make_unique<Lease>(*pool_, *tenants_[module], links);
    } catch (const std::length_error&) {
      return;  // dropped instances whose memory another shares still have their slots
    }
    if (about.links) {
      for (const auto& [entry, answer] : about.writes_linked) life.objects->table[entry] = answer;
      ++report_.links;
    }
    life.globals = about.globals;
    lives_.push_back(std::move(life));
    compare(lives_.back(), true);
  }

  const Life* find_giver() {
    for (const Life& life : lives_) {
      if (life.module == 0) return &life;
    }
    return nullptr;
  }

  void drop(size_t which) {
    compare(lives_[which], chance(4));
    lives_.erase(lives_.begin() + static_cast<ptrdiff_t>(which));
    const PoolStats& stats = pool_->stats();
    if (stats.failed_resets + stats.retired != 0) throw Difference("a reset failed: " + stats.last_failure);
  }

  // A place in a memory: mostly in the same few pages.
  uint64_t place(const std::vector<std::byte>& memory) {
    if (chance(3)) return random_.below(memory.size());
    return (random_.below(kHotPages) * 37 * os::kPageBytes + random_.below(os::kPageBytes)) % memory.size();
  }
  std::byte value() { return static_cast<std::byte>(random_.next() | 1); }

  void write_from_host(Life& life) {
    if (life.objects->memories.empty()) return;
    const size_t index = random_.below(life.instance().prepared().module().memories.size());
    std::vector<std::byte>& twin = life.objects->memories[index];
    const std::span<std::byte> memory = life.instance().memory(index);
    for (uint64_t n = 1 + random_.below(8); n != 0; --n) {
      const uint64_t at = place(twin);
      memory[at] = twin[at] = value();
    }
  }

  uint64_t call(Life& life, const char* name, std::initializer_list<uint64_t> arguments, Trap expected = Trap::none) {
    std::array<Value, 4> values{};
    size_t i = 0;
    for (const uint64_t argument : arguments) values[i++].i64 = argument;
    const Trap trap = life.instance().call(exports_[life.module].at(name), values.data());
    ++report_.calls;
    if (trap != expected)
      throw Difference(about(life) + ": " + name + " ended with '" + std::string(message_of(trap)) + "', expected '" +
                       std::string(message_of(expected)) + "'");
    return values[0].i32;
  }

  void write_from_guest(Life& life) {
    if (life.objects->memories.empty()) return;
    std::vector<std::byte>& twin = life.objects->memories[0];
    const uint64_t at = place(twin);
    twin[at] = value();
    call(life, "poke", {at, std::to_integer<uint64_t>(twin[at])});
  }

  // The whole of memory 0 in one byte of this tenant's: whoever finds it later has found a leak.
  void fill(Life& life) {
    if (life.objects->memories.empty()) return;
    std::vector<std::byte>& twin = life.objects->memories[0];
    const std::byte mark = value();
    std::fill(twin.begin(), twin.end(), mark);
    call(life, "fill", {0, std::to_integer<uint64_t>(mark), twin.size()});
  }

  void grow_memory(Life& life) {
    if (life.objects->memories.empty()) return;
    std::vector<std::byte>& twin = life.objects->memories[0];
    const uint64_t before = twin.size() / kWasmPageBytes, more = random_.below(3);
    const uint64_t most = life.instance().vmctx().memory(0).max_pages;
    const bool fits = before + more <= most;
    const uint64_t answer = call(life, "grow", {more});
    if (answer != (fits ? before : UINT32_MAX)) throw Difference(about(life) + ": memory.grow answered " + std::to_string(answer));
    if (fits) twin.resize((before + more) * kWasmPageBytes);
  }

  void set_entry(Life& life) {
    if (life.objects->table.empty() || !exports_[life.module].contains("tset")) return;
    const uint64_t entry = random_.below(life.objects->table.size());
    const bool clear = chance(2);
    call(life, clear ? "tclear" : "tset", {entry});
    life.objects->table[entry] = clear ? 0 : model_modules()[life.module].own;
  }

  void call_entry(Life& life) {
    if (life.objects->table.empty()) return;
    const uint64_t entry = random_.below(life.objects->table.size());
    const ModelEntry expected = life.objects->table[entry];
    if (expected == 0) return;  // a trap ends a life: see trap()
    const uint64_t answer = call(life, "tcall", {entry});
    if (answer != expected)
      throw Difference(about(life) + ": table entry " + std::to_string(entry) + " answers " + std::to_string(answer) +
                       ", expected " + std::to_string(expected));
  }

  void read_entry(Life& life) {
    if (!life.objects->table.empty()) compare_entry(life, random_.below(life.objects->table.size()));
  }

  void grow_table(Life& life) {
    if (life.objects->table.empty() || !exports_[life.module].contains("tgrow")) return;
    const uint64_t before = life.objects->table.size(), more = random_.below(6);
    const bool fits = before + more <= life.instance().vmctx().table(0).max;
    const uint64_t answer = call(life, "tgrow", {more});
    if (answer != (fits ? before : UINT32_MAX)) throw Difference(about(life) + ": table.grow answered " + std::to_string(answer));
    if (fits) life.objects->table.resize(before + more, 0);
  }

  void set_global(Life& life) {
    if (life.globals.empty()) return;
    life.globals[0] = random_.next();
    if (chance(2)) {
      call(life, "gset", {life.globals[0]});
    } else {
      std::memcpy(life.instance().vmctx().global(0), &life.globals[0], sizeof life.globals[0]);
    }
  }

  // What a host may do to the pages of a live instance. Pages that are on their way out are neither present nor clean
  // (without swap the kernel keeps them); huge pages come with neighbours that nobody wrote.
  void disturb(Life& life) {
    if (life.objects->memories.empty()) return;
    const std::span<std::byte> memory = life.instance().memory(0);
    const os::Range pages{memory.data(), memory.size()};
    const uint64_t how = random_.below(memory.size() < os::kHugePageBytes ? 2 : 3);
    if (how == 0) {
      ++report_.paged_out;
      os::page_out(pages);
    } else if (how == 1) {
      ++report_.aged;
      os::make_cold(pages);
    } else if (os::collapse(pages)) {
      ++report_.collapses;
    }
  }

  // What idle slots may keep resident: from nothing to as much as they like.
  void change_budget() {
    ++report_.budget_changes;
    pool_->set_resident_budget(chance(2) ? uint64_t{1} << 30 : random_.below(300) * os::kPageBytes);
  }

  void trap(size_t which) {
    Life& life = lives_[which];
    ++report_.traps;
    if (!life.objects->memories.empty()) {
      std::vector<std::byte>& twin = life.objects->memories[0];
      if (chance(2)) {
        call(life, "poke", {twin.size() + random_.below(100'000'000), 1}, Trap::out_of_bounds_memory);
      } else {
        const uint64_t at = place(twin);
        twin[at] = value();
        call(life, "boom", {at, std::to_integer<uint64_t>(twin[at])}, Trap::unreachable);
      }
    } else if (!life.objects->table.empty()) {
      call(life, "tcall", {life.objects->table.size()}, Trap::undefined_element);
    }
    drop(which);
  }

  std::string about(const Life& life) const {
    return "operation " + std::to_string(report_.operations) + ", instance " + std::to_string(life.id) + " of module " +
           std::to_string(life.module) + " (" + to_string(life.lease->path()) + ")";
  }

  void compare_entry(Life& life, uint64_t entry) {
    const bool null = life.instance().take(0, entry).is_null();
    if (null != (life.objects->table[entry] == 0))
      throw Difference(about(life) + ": table entry " + std::to_string(entry) + (null ? " is null" : " is not null"));
  }

  // As it lies there. One that nobody has looked at says nothing.
  void compare_raw_entry(Life& life, uint64_t entry) {
    const FuncRef& there = life.instance().vmctx().table(0).entries[entry];
    if (there.initialised() && there.is_null() != (life.objects->table[entry] == 0))
      throw Difference(about(life) + ": table entry " + std::to_string(entry) + (there.is_null() ? " is null" : " is not null"));
  }

  // `whole` looks at every table entry and at the byte beyond each memory too. Memory is read where it lies and not through
  // Instance::memory(), which marks the slot as touched: else no slot would be found that was used and not reset.
  void compare(Life& life, bool whole) {
    const Instance& instance = life.instance();
    for (size_t i = 0; i < instance.prepared().module().memories.size(); ++i) {
      const std::vector<std::byte>& twin = life.objects->memories[i];
      const MemoryInstance& object = instance.vmctx().memory(i);
      const std::span<std::byte> memory{object.base, object.pages * kWasmPageBytes};
      if (memory.size() != twin.size())
        throw Difference(about(life) + ": memory " + std::to_string(i) + " has " + std::to_string(memory.size()) +
                         " bytes, expected " + std::to_string(twin.size()));
      report_.bytes_compared += memory.size();
      if (std::memcmp(memory.data(), twin.data(), twin.size()) != 0) {
        size_t at = 0;
        while (memory[at] == twin[at]) ++at;
        throw Difference(about(life) + ": memory " + std::to_string(i) + " at " + std::to_string(at) + " is " +
                         std::to_string(std::to_integer<int>(memory[at])) + ", expected " +
                         std::to_string(std::to_integer<int>(twin[at])));
      }
      if (whole && os::readable(memory.data() + memory.size()))
        throw Difference(about(life) + ": memory " + std::to_string(i) + " can be read beyond its end");
    }
    for (size_t i = 0; i < life.globals.size(); ++i) {
      uint64_t global = 0;
      std::memcpy(&global, instance.vmctx().global(i), sizeof global);
      if (global != life.globals[i]) throw Difference(about(life) + ": global " + std::to_string(i) + " differs");
    }
    if (instance.prepared().table_count() == 0) return;
    if (instance.table_size(0) != life.objects->table.size())
      throw Difference(about(life) + ": the table has " + std::to_string(instance.table_size(0)) + " entries");
    for (uint64_t entry = 0; whole && entry < life.objects->table.size(); ++entry) compare_raw_entry(life, entry);
  }

  Random random_;
  std::vector<size_t> taken_;  // modules that the strategy takes
  size_t next_module_ = 0;  // most instances are of one module for a while, so that slots learn
  std::unique_ptr<Pool> pool_;
  std::vector<Tenant*> tenants_;
  std::vector<std::map<std::string, uint32_t, std::less<>>> exports_;
  std::deque<Life> lives_;  // after the pool: they give their slots back first
  ModelReport report_;
};

}  // namespace instbench::bench
