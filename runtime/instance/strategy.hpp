// Strategy: a full choice of allocation, memory, table and reset policy, and its text form.
//
//   core:pool-lazy                         a preset
//   core:pool-lazy,reset=remap             a preset with overrides
//   core:alloc=pool,memory=overlay,...     axes alone (the rest as in `pool-lazy`; affinity and reset,
//                                          unless said, follow alloc: on and madvise, or off and unmap)
//
// The engine prefix ("core:") is the harness's; parse_strategy sees what follows it. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/image/image.hpp"

namespace instbench {

enum class Alloc : uint8_t { fresh, pool };         // mmap/munmap per instance, or slots that are kept
enum class MemoryInit : uint8_t { copy, overlay };  // copy the segments, or map the image copy-on-write
// eager: every entry computed. precomputed: every entry written from a finished table. lazy: an entry computed when
// first seen. retained: lazy, and what a slot's tenants made stays for the next ones of the module, in tables of which
// it is proven that nobody can write them (module/table_proof.hpp); the module's other tables are lazy, and a module
// without such a table is Unsupported. proven: retained where that is proven (and affinity=on), lazy elsewhere, no
// module refused.
enum class TableInit : uint8_t { eager, precomputed, lazy, retained, proven };
// keep, scan and restore put pages back in place: residency.hpp; track: tracking.hpp.
// batch: as madvise, but slots wait until there are `batch_slots` of them, and are all discarded in one call.
enum class Reset : uint8_t { unmap, remap, madvise, copy, keep, scan, restore, track, batch };
enum class Find : uint8_t { scan, faults };  // how reset=restore finds written pages: ask each time, or if there were faults
enum class TableReset : uint8_t { discard, refill };  // give the table's pages back, or keep them and fill over
enum class Thp : uint8_t { off, on };                 // transparent huge pages for slots
enum class Switch : uint8_t { off, on };

// Whether what instances wrote may stay resident in a slot (Strategy::resident_bytes).
constexpr bool keeps_pages(Reset reset) {
  return reset == Reset::keep || reset == Reset::scan || reset == Reset::restore || reset == Reset::track;
}
// Whether an instantiation writes every entry of every table.
constexpr bool fills(TableInit tables) { return tables == TableInit::eager || tables == TableInit::precomputed; }

struct Strategy {
  static constexpr uint64_t kDefaultResident = uint64_t{16} << 20, kDefaultPoolResident = uint64_t{4} << 30;
  static constexpr uint32_t kDefaultBatch = 32, kLargestBatch = 1024;
  Alloc alloc = Alloc::pool;
  Switch affinity = Switch::on;
  MemoryInit memory = MemoryInit::overlay;
  Backing backing = Backing::memfd;  // of an overlay: where the image that it maps lies
  TableInit tables = TableInit::lazy;
  Reset reset = Reset::madvise;
  Find find = Find::scan;
  uint64_t resident_bytes = kDefaultResident;  // that keep, scan, restore and track may leave resident in a slot
  uint64_t pool_resident_bytes = kDefaultPoolResident;  // and in all slots of a pool
  Switch prefault = Switch::off;  // reset=restore: a slot that is new to a module gets its working set in one call
  uint32_t batch_slots = kDefaultBatch;  // reset=batch
  TableReset table_reset = TableReset::discard;
  Thp thp = Thp::off;
  uint64_t reserve_bytes = uint64_t{4} << 30;          // address space per memory, before its guard
  uint64_t guard_bytes = (uint64_t{4} << 30) + 65536;  // PROT_NONE after it
  bool operator==(const Strategy&) const = default;

  // How many of a thread's slots can wait for their reset: a pool needs that many more.
  uint32_t waiting_slots() const { return reset == Reset::batch ? batch_slots : 0; }
};

// Unknown preset, axis or value, or axes that contradict each other. what() lists what is accepted.
struct StrategyError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

Strategy parse_strategy(std::string_view text);

// Every axis, in a fixed order: "alloc=pool,affinity=on,memory=overlay,backing=memfd,tables=lazy,...". `find`, `resident`,
// `pool-resident`, `prefault` and `batch` only where the reset has use for them.
std::string size_text(uint64_t bytes);  // as an axis takes it: "64KiB"; "5000" for what is no whole number of KiB

// parse_strategy(canonical(s)) == s.
std::string canonical(const Strategy& strategy);

// One axis as a user meets it.
struct AxisText {
  std::string name, takes, usual;  // "reset", "unmap|remap|…" or "a size", "madvise"
  std::string meaning;
};
std::vector<AxisText> axes();

// What sets a strategy apart from the usual value of each axis: "tables=eager"; empty for `pool-lazy`.
std::string overrides(const Strategy& strategy);

struct Preset {
  std::string_view name;
  std::string_view stands_for;
  Strategy strategy;
  bool by_default = true;  // part of a run that names no arm
};
std::span<const Preset> presets();

}  // namespace instbench
