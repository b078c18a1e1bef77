#include "harness/engines/core/oracle.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "harness/protocol/touch_plan.hpp"
#include "runtime/os/usage.hpp"

namespace instbench::bench {
namespace {

std::string hex(uint64_t value) {
  char text[24];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(value));
  return text;
}

Strategy reference_strategy(const Strategy& like) {
  Strategy eager = parse_strategy("eager");
  eager.reserve_bytes = like.reserve_bytes;
  return eager;
}

}  // namespace

Oracle::Oracle(std::shared_ptr<const Module> module, std::shared_ptr<const Code> code, std::shared_ptr<CallHost> host)
    : host_(std::move(host)),
      prepared_(Prepared::make(std::move(module), reference_strategy({}), {std::move(code), host_.get(), {}})) {
  before_instance();
  pool_ = std::make_unique<Pool>(prepared_->strategy(), SlotGeometry::covering({}, *prepared_), 1);
  reference_ = std::make_unique<Lease>(*pool_, pool_->admit(prepared_));
}

std::optional<std::string> Oracle::difference(Instance instance) {
  const Module& module = prepared_->module();
  for (size_t i = 0; i < module.memories.size(); ++i) {
    if (auto found = memory_difference(instance, i)) return found;
  }
  for (size_t i = 0; i < module.tables.size(); ++i) {
    if (auto found = table_difference(instance, i)) return found;
  }
  for (size_t i = 0; i < module.globals.size(); ++i) {
    if (auto found = global_difference(instance, i)) return found;
  }
  const VmctxLayout& layout = prepared_->layout();
  if (std::memcmp(instance.vmctx().dropped(), (*reference_)->vmctx().dropped(), layout.dropped_bytes) != 0)
    return "the dropped-segment flags differ";
  return std::nullopt;
}

std::optional<std::string> Oracle::memory_difference(Instance& instance, size_t index) {
  const std::string name = "memory " + std::to_string(index);
  const std::span<std::byte> got = instance.memory(index), expected = (*reference_)->memory(index);
  if (got.size() != expected.size())
    return name + " has " + std::to_string(got.size()) + " bytes, expected " + std::to_string(expected.size());
  for (const std::span<std::byte> bytes : {got, expected}) {
    if (!bytes.empty()) os::populate_for_reading({bytes.data(), bytes.size()});
  }
  if (got.empty() || std::memcmp(got.data(), expected.data(), got.size()) != 0) {
    const auto [here, there] = std::mismatch(got.begin(), got.end(), expected.begin());
    if (here != got.end()) {
      return name + " at " + hex(static_cast<uint64_t>(here - got.begin())) + ": " +
             hex(std::to_integer<uint64_t>(*here)) + ", expected " + hex(std::to_integer<uint64_t>(*there));
    }
  }
  // What a former tenant grew must fault again: guard pages stand for bounds checks.
  const Strategy& strategy = instance.prepared().strategy();
  const uint64_t beyond = strategy.reserve_bytes + strategy.guard_bytes - got.size();
  for (uint64_t step = 0; step < beyond; step = step == 0 ? kWasmPageBytes : step * 4) {
    if (os::readable(got.data() + got.size() + step))
      return name + " can be read at " + hex(got.size() + step) + ", beyond its end";
  }
  return std::nullopt;
}

std::optional<std::string> Oracle::table_difference(Instance& instance, size_t index) {
  const std::string name = "table " + std::to_string(index);
  Instance reference = reference_->instance();
  if (instance.table_size(index) != reference.table_size(index)) {
    return name + " has " + std::to_string(instance.table_size(index)) + " entries, expected " +
           std::to_string(reference.table_size(index));
  }
  for (uint64_t i = 0; i < instance.table_size(index); ++i) {
    const FuncRef got = instance.take(index, i), expected = reference.take(index, i);
    const auto function = instance.prepared().function_of(got, instance.vmctx().base());
    const auto wanted = prepared_->function_of(expected, reference.vmctx().base());
    if (got.is_null() != expected.is_null() || function != wanted) {
      const auto say = [](const FuncRef& ref, const std::optional<uint32_t>& which) {
        return ref.is_null() ? std::string("null")
               : which       ? "function " + std::to_string(*which)
                             : std::string("a foreign reference");
      };
      return name + " entry " + std::to_string(i) + ": " + say(got, function) + ", expected " + say(expected, wanted);
    }
  }
  return std::nullopt;
}

std::optional<std::string> Oracle::global_difference(const Instance& instance, size_t index) {
  const std::string name = "global " + std::to_string(index);
  const ValType type = prepared_->module().globals[index].type;
  const std::byte* got = instance.vmctx().global(index);
  const std::byte* expected = (*reference_)->vmctx().global(index);
  if (type == ValType::funcref) {
    FuncRef here, there;
    std::memcpy(&here, got, sizeof here);
    std::memcpy(&there, expected, sizeof there);
    const bool same =
        here.is_null() == there.is_null() && instance.prepared().function_of(here, instance.vmctx().base()) ==
                                                 prepared_->function_of(there, (*reference_)->vmctx().base());
    return same ? std::nullopt : std::optional(name + " holds another reference than expected");
  }
  if (std::memcmp(got, expected, type == ValType::v128 ? 16 : 8) == 0) return std::nullopt;
  uint64_t here = 0, there = 0;
  std::memcpy(&here, got, sizeof here);
  std::memcpy(&there, expected, sizeof there);
  return name + ": " + hex(here) + ", expected " + hex(there);
}

std::optional<std::string> Oracle::growth_difference(Instance instance) {
  for (size_t i = 0; i < instance.prepared().module().memories.size(); ++i) {
    const MemoryInstance before = instance.vmctx().memory(i);
    const uint64_t pages = std::min<uint64_t>(kGrownPages, before.max_pages - before.pages);
    if (pages == 0 || !instance.grow_memory(i, pages)) continue;
    const std::span<std::byte> grown = instance.memory(i).subspan(before.pages * kWasmPageBytes);
    const auto dirty = std::find_if(grown.begin(), grown.end(), [](std::byte b) { return b != std::byte{0}; });
    if (dirty == grown.end()) continue;
    return "memory " + std::to_string(i) + ", grown, at " +
           hex(before.pages * kWasmPageBytes + static_cast<uint64_t>(dirty - grown.begin())) + ": " +
           hex(std::to_integer<uint64_t>(*dirty)) + ", expected 0x0";
  }
  return std::nullopt;
}

namespace {

void mess_up_memory(Instance& instance, size_t index, Random& random) {
  constexpr uint64_t kSmallBytes = uint64_t{4} << 20, kWrites = 64, kMostRuns = 4096;
  const std::span<std::byte> memory = instance.memory(index);
  const auto dirty = [&](uint64_t at) { memory[at] = static_cast<std::byte>(random.next() | 1); };
  if (!memory.empty()) {
    dirty(0);
    dirty(memory.size() - 1);
    for (uint64_t i = 0; i < kWrites; ++i) dirty(random.below(memory.size()));
  }
  if (memory.size() <= kSmallBytes) {
    for (uint64_t at = 0; at < memory.size(); at += os::kPageBytes) dirty(at + random.below(os::kPageBytes));
  }
  const std::vector<PageRun>& runs = instance.prepared().image(index).plan().runs;
  for (size_t i = 0; i < runs.size() && i < kMostRuns; ++i) {
    dirty(runs[i].first_page * os::kPageBytes);
    dirty((runs[i].first_page + runs[i].pages) * os::kPageBytes - 1);
  }
  const MemoryInstance before = instance.vmctx().memory(index);
  const uint64_t pages = std::min<uint64_t>(Oracle::kGrownPages, before.max_pages - before.pages);
  if (pages == 0 || !instance.grow_memory(index, pages)) return;
  const std::span<std::byte> grown = instance.memory(index).subspan(before.pages * kWasmPageBytes);
  std::fill(grown.begin(), grown.end(), std::byte{0xff});
}

void mess_up_table(Instance& instance, size_t index, bool grow, Random& random) {
  constexpr int kWrites = 64;
  const uint64_t size = instance.table_size(index), functions = instance.prepared().module().functions.size();
  if (instance.prepared().table(index).retained) {  // nothing can write it; its entries are made and stay
    for (uint64_t entry = 0; entry < size; ++entry) instance.take(index, entry);
    return;
  }
  const auto any = [&] {
    return functions == 0 || random.below(2) == 0
               ? null_ref()
               : instance.prepared().ref_to(static_cast<uint32_t>(random.below(functions)), instance.vmctx().base());
  };
  for (int i = 0; i < kWrites && size != 0; ++i) instance.set(index, random.below(size), any());
  if (size != 0)
    instance.set(index, size - 1, functions == 0 ? null_ref() : instance.prepared().ref_to(0, instance.vmctx().base()));
  if (grow && instance.grow_table(index, 3)) instance.set(index, size + 2, any());
}

void mess_up_global(const Instance& instance, size_t index, Random& random) {
  const Global& global = instance.prepared().module().globals[index];
  if (!global.is_mutable) return;
  std::byte* at = instance.vmctx().global(index);
  if (global.type == ValType::funcref) {
    FuncRef there;
    std::memcpy(&there, at, sizeof there);
    const bool has_function = !instance.prepared().module().functions.empty();
    const FuncRef other =
        there.is_null() && has_function ? instance.prepared().ref_to(0, instance.vmctx().base()) : null_ref();
    std::memcpy(at, &other, sizeof other);
    return;
  }
  for (size_t i = 0; i < (global.type == ValType::v128 ? 2 : 1); ++i) {
    const uint64_t value = random.next();
    std::memcpy(at + i * sizeof value, &value, sizeof value);
  }
}

}  // namespace

void make_mess(Instance instance, uint64_t seed) {
  const Module& module = instance.prepared().module();
  Random random(seed);
  for (size_t i = 0; i < module.memories.size(); ++i) mess_up_memory(instance, i, random);
  for (size_t i = 0; i < module.tables.size(); ++i) mess_up_table(instance, i, seed % 2 == 1, random);
  for (size_t i = 0; i < module.globals.size(); ++i) mess_up_global(instance, i, random);
  std::memset(instance.vmctx().dropped(), 0xff, instance.prepared().layout().dropped_bytes);
}

std::optional<std::string> find_leak_in_one(Pool& pool, const Tenant& tenant, Oracle& oracle, uint64_t round, uint64_t seed,
                                            CallPlan* calls) {
  oracle.before_instance();
  Lease lease(pool, tenant);
  if (auto found = oracle.difference(lease.instance()))
    return "round " + std::to_string(round) + ", " + to_string(lease.path()) + ": " + *found;
  // Every other tenant grows before it makes its mess, so that both kinds of memory follow each other.
  if (round % 2 == 1) {
    if (auto found = Oracle::growth_difference(lease.instance())) return "round " + std::to_string(round) + ": " + *found;
  }
  if (calls != nullptr) calls->run(lease.instance());
  make_mess(lease.instance(), seed + round);
  return std::nullopt;
}

std::optional<std::string> failed_reset(const Pool& pool) {
  const PoolStats& stats = pool.stats();
  return stats.failed_resets + stats.retired != 0 ? std::optional("a reset failed: " + stats.last_failure) : std::nullopt;
}

std::optional<std::string> find_leak(Pool& pool, const Tenant& tenant, Oracle& oracle, int rounds, uint64_t seed,
                                     CallPlan* calls) {
  for (int round = 0; round < rounds; ++round) {
    if (auto found = find_leak_in_one(pool, tenant, oracle, static_cast<uint64_t>(round), seed, calls)) return found;
  }
  return failed_reset(pool);
}

}  // namespace instbench::bench
