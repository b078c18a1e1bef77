// What an instance leaves behind for the next tenant of its slot.
#include <algorithm>
#include <cstring>

#include "harness/wast/player.hpp"

namespace instbench::bench {
namespace {

constexpr uint64_t kSmallBytes = uint64_t{1} << 20;
constexpr uint64_t kStrideBytes = 2048;
constexpr std::byte kDirt{0xd5};

void mess_up_memory(Instance& instance, size_t index) {
  instance.grow_memory(index, 1);
  const std::span<std::byte> memory = instance.memory(index);
  if (memory.empty()) return;
  memory.front() = kDirt;
  memory.back() = kDirt;
  const uint64_t end = std::min<uint64_t>(memory.size(), kSmallBytes);
  for (uint64_t at = 0; at < end; at += kStrideBytes) memory[at] = kDirt;
}

void mess_up_table(Instance& instance, size_t index) {
  const Module& module = instance.prepared().module();
  instance.grow_table(index, 1);
  const uint64_t size = instance.table_size(index);
  if (size == 0) return;
  if (instance.prepared().table(index).retained) {  // nothing can write it; its entries are made and stay
    for (uint64_t entry = 0; entry < size; ++entry) instance.take(index, entry);
    return;
  }
  instance.set(index, 0, null_ref());
  const bool has_function = module.tables[index].element == ValType::funcref && !module.functions.empty();
  if (has_function) instance.set(index, size - 1, instance.prepared().ref_to(0, instance.vmctx().base()));
}

void mess_up_global(const Instance& instance, size_t index) {
  const Global& global = instance.prepared().module().globals[index];
  if (!global.is_mutable) return;
  std::byte* at = instance.vmctx().global(index);
  if (global.type == ValType::funcref) {
    const FuncRef null = null_ref();
    std::memcpy(at, &null, sizeof null);
  } else {
    std::memset(at, static_cast<int>(kDirt), global.type == ValType::v128 ? 16 : 8);
  }
}

}  // namespace

void make_mess(Instance instance) {
  const Module& module = instance.prepared().module();
  for (size_t i = 0; i < module.memories.size(); ++i) {
    if (!module.memories[i].imported) mess_up_memory(instance, i);
  }
  for (size_t i = 0; i < module.tables.size(); ++i) {
    if (!module.tables[i].imported) mess_up_table(instance, i);
  }
  for (size_t i = 0; i < module.globals.size(); ++i) {
    if (!module.globals[i].imported) mess_up_global(instance, i);
  }
  std::memset(instance.vmctx().dropped(), 1, instance.prepared().layout().dropped_bytes);
}

}  // namespace instbench::bench
