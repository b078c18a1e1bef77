#include "runtime/instance/path.hpp"

#include <array>
#include <string_view>

namespace instbench {

Path Path::from_index(uint32_t index) {
  Path path;
  path.reset = static_cast<ResetPath>(index % kResets);
  path.tables = static_cast<TablePath>(index / kResets % kTables);
  path.memory = static_cast<MemoryPath>(index / (kTables * kResets) % 4);
  path.slot = static_cast<SlotPath>(index / (4 * kTables * kResets));
  return path;
}

std::string to_string(const Path& path) {
  constexpr std::array<std::string_view, 6> kSlot{"fresh", "hit", "cold", "evicted", "stolen", "shared"};
  constexpr std::array<std::string_view, 4> kMemory{"none", "mapped", "kept", "copied"};
  constexpr std::array<std::string_view, Path::kTables> kTables{"none", "filled", "precomputed", "lazy", "retained"};
  constexpr std::array<std::string_view, Path::kResets> kReset{"pending", "unmap", "remap", "madvise", "copy",
                                                              "wipe",    "keep",  "scan",  "restore", "track", "none",  "batch"};
  return "slot=" + std::string(kSlot[static_cast<size_t>(path.slot)]) +
         " memory=" + std::string(kMemory[static_cast<size_t>(path.memory)]) +
         " tables=" + std::string(kTables[static_cast<size_t>(path.tables)]) +
         " reset=" + std::string(kReset[static_cast<size_t>(path.reset)]);
}

}  // namespace instbench
