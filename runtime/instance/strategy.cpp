#include "runtime/instance/strategy.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>
#include <vector>

#include "runtime/os/mapping.hpp"

namespace instbench {
namespace {

constexpr Strategy with(Alloc alloc, MemoryInit memory, TableInit tables, Reset reset) {
  Strategy strategy;
  strategy.alloc = alloc;
  strategy.memory = memory;
  strategy.tables = tables;
  strategy.reset = reset;
  if (alloc == Alloc::fresh) strategy.affinity = Switch::off;
  return strategy;
}

constexpr Strategy resident(Reset reset, uint64_t bytes) {
  Strategy strategy = with(Alloc::pool, MemoryInit::overlay, TableInit::lazy, reset);
  strategy.resident_bytes = bytes;
  return strategy;
}

constexpr Strategy best() {
  Strategy strategy = resident(Reset::restore, Strategy::kDefaultResident);
  strategy.find = Find::faults;
  strategy.prefault = Switch::on;
  strategy.tables = TableInit::proven;
  return strategy;
}

constexpr std::array<Preset, 11> kPresets{{
    {"eager", "every runtime before 2022", with(Alloc::fresh, MemoryInit::copy, TableInit::eager, Reset::unmap)},
    {"overlay", "a memfd image, no pool", with(Alloc::fresh, MemoryInit::overlay, TableInit::eager, Reset::unmap)},
    {"overlay-lazy", "a memfd image and lazy tables, no pool",
     with(Alloc::fresh, MemoryInit::overlay, TableInit::lazy, Reset::unmap)},
    {"pool", "slot reuse with affinity", with(Alloc::pool, MemoryInit::overlay, TableInit::eager, Reset::madvise)},
    {"pool-lazy", "Wasmtime, February 2022", with(Alloc::pool, MemoryInit::overlay, TableInit::lazy, Reset::madvise)},
    {"pool-copy", "a pool without copy-on-write", with(Alloc::pool, MemoryInit::copy, TableInit::lazy, Reset::copy)},
    {"pool-keep", "Wasmtime with keep-resident", resident(Reset::keep, uint64_t{1} << 20), false},
    {"pool-scan", "Wasmtime with pagemap_scan", resident(Reset::scan, uint64_t{1} << 20), false},
    {"pool-track", "the kernel notes every page written", resident(Reset::track, Strategy::kDefaultResident), false},
    {"pool-restore", "every private page put back in place", resident(Reset::restore, Strategy::kDefaultResident),
     false},
    {"best", "the working set kept, found by its faults", best(), false},
}};

template <typename Enum>
struct Word {
  std::string_view text;
  Enum value;
};

constexpr std::array kAlloc{Word<Alloc>{"fresh", Alloc::fresh}, Word<Alloc>{"pool", Alloc::pool}};
constexpr std::array kSwitch{Word<Switch>{"off", Switch::off}, Word<Switch>{"on", Switch::on}};
constexpr std::array kMemory{Word<MemoryInit>{"copy", MemoryInit::copy},
                             Word<MemoryInit>{"overlay", MemoryInit::overlay}};
constexpr std::array kBacking{Word<Backing>{"memfd", Backing::memfd}, Word<Backing>{"file", Backing::file}};
constexpr std::array kTables{Word<TableInit>{"eager", TableInit::eager},
                             Word<TableInit>{"precomputed", TableInit::precomputed},
                             Word<TableInit>{"lazy", TableInit::lazy}, Word<TableInit>{"retained", TableInit::retained},
                             Word<TableInit>{"proven", TableInit::proven}};
constexpr std::array kReset{Word<Reset>{"unmap", Reset::unmap}, Word<Reset>{"remap", Reset::remap},
                            Word<Reset>{"madvise", Reset::madvise}, Word<Reset>{"copy", Reset::copy},
                            Word<Reset>{"keep", Reset::keep},       Word<Reset>{"scan", Reset::scan},
                            Word<Reset>{"restore", Reset::restore}, Word<Reset>{"track", Reset::track},
                            Word<Reset>{"batch", Reset::batch}};
constexpr std::array kFind{Word<Find>{"scan", Find::scan}, Word<Find>{"faults", Find::faults}};
constexpr std::array kTableReset{Word<TableReset>{"discard", TableReset::discard},
                                 Word<TableReset>{"refill", TableReset::refill}};
constexpr std::array kThp{Word<Thp>{"off", Thp::off}, Word<Thp>{"on", Thp::on}};

template <typename Enum, size_t n>
std::string accepted(const std::array<Word<Enum>, n>& words) {
  std::string all;
  for (const Word<Enum>& word : words) all += (all.empty() ? "" : "|") + std::string(word.text);
  return all;
}

template <typename Enum, size_t n>
Enum parse_word(std::string_view axis, std::string_view text, const std::array<Word<Enum>, n>& words) {
  for (const Word<Enum>& word : words) {
    if (word.text == text) return word.value;
  }
  throw StrategyError("axis '" + std::string(axis) + "' takes " + accepted(words) + ", not '" + std::string(text) + "'");
}

template <typename Enum, size_t n>
std::string_view text_of(Enum value, const std::array<Word<Enum>, n>& words) {
  for (const Word<Enum>& word : words) {
    if (word.value == value) return word.text;
  }
  return "?";
}

uint64_t parse_bytes(std::string_view axis, std::string_view text) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const std::string_view unit(end, static_cast<size_t>(text.data() + text.size() - end));
  constexpr std::array<std::pair<std::string_view, int>, 5> kUnits{
      {{"", 0}, {"B", 0}, {"KiB", 10}, {"MiB", 20}, {"GiB", 30}}};
  for (const auto& [name, shift] : kUnits) {
    if (error == std::errc() && unit == name && value <= (uint64_t{1} << 47) >> shift) return value << shift;
  }
  throw StrategyError("axis '" + std::string(axis) + "' takes a size such as 64KiB, 2MiB or 4GiB, not '" +
                      std::string(text) + "'");
}

uint32_t parse_count(std::string_view axis, std::string_view text, uint32_t most) {
  uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size() && value >= 1 && value <= most) return value;
  throw StrategyError("axis '" + std::string(axis) + "' takes a number from 1 to " + std::to_string(most) + ", not '" +
                      std::string(text) + "'");
}

std::string axis_names() {
  std::string names;
  for (const AxisText& axis : axes()) names += (names.empty() ? "" : ", ") + axis.name;
  return names;
}

void set_axis(Strategy& strategy, std::string_view axis, std::string_view value) {
  if (axis == "alloc")
    strategy.alloc = parse_word(axis, value, kAlloc);
  else if (axis == "affinity")
    strategy.affinity = parse_word(axis, value, kSwitch);
  else if (axis == "memory")
    strategy.memory = parse_word(axis, value, kMemory);
  else if (axis == "backing")
    strategy.backing = parse_word(axis, value, kBacking);
  else if (axis == "tables")
    strategy.tables = parse_word(axis, value, kTables);
  else if (axis == "reset")
    strategy.reset = parse_word(axis, value, kReset);
  else if (axis == "find")
    strategy.find = parse_word(axis, value, kFind);
  else if (axis == "resident")
    strategy.resident_bytes = parse_bytes(axis, value);
  else if (axis == "pool-resident")
    strategy.pool_resident_bytes = parse_bytes(axis, value);
  else if (axis == "prefault")
    strategy.prefault = parse_word(axis, value, kSwitch);
  else if (axis == "batch")
    strategy.batch_slots = parse_count(axis, value, Strategy::kLargestBatch);
  else if (axis == "table-reset")
    strategy.table_reset = parse_word(axis, value, kTableReset);
  else if (axis == "thp")
    strategy.thp = parse_word(axis, value, kThp);
  else if (axis == "reserve")
    strategy.reserve_bytes = parse_bytes(axis, value);
  else if (axis == "guard")
    strategy.guard_bytes = parse_bytes(axis, value);
  else
    throw StrategyError("unknown axis '" + std::string(axis) + "': there are " + axis_names());
}

std::string preset_names() {
  std::string names;
  for (const Preset& preset : kPresets) names += (names.empty() ? "" : ", ") + std::string(preset.name);
  return names;
}

Strategy preset_named(std::string_view name) {
  for (const Preset& preset : kPresets) {
    if (preset.name == name) return preset.strategy;
  }
  throw StrategyError("unknown strategy '" + std::string(name) + "': presets are " + preset_names() +
                      "; or give axes such as alloc=pool,reset=remap");
}

void refuse_contradictions(const Strategy& s) {
  if (s.alloc == Alloc::fresh && s.reset != Reset::unmap)
    throw StrategyError("alloc=fresh is given back with reset=unmap: other resets need alloc=pool");
  if (s.alloc == Alloc::pool && s.reset == Reset::unmap)
    throw StrategyError("reset=unmap leaves nothing to pool: use alloc=fresh, or reset=remap|madvise|copy|keep|scan|restore|track|batch");
  if (s.backing == Backing::file && s.memory != MemoryInit::overlay)
    throw StrategyError("backing=file needs memory=overlay: copying maps no image");
  if (s.alloc == Alloc::fresh && s.affinity == Switch::on) throw StrategyError("affinity=on needs alloc=pool");
  if (s.tables == TableInit::retained && s.affinity == Switch::off)
    throw StrategyError("tables=retained needs alloc=pool,affinity=on: else no slot comes back with its tables");
  if (s.table_reset == TableReset::refill && !fills(s.tables))
    throw StrategyError("table-reset=refill needs tables=eager|precomputed: a lazy table must read as uninitialised");
  if (s.table_reset == TableReset::refill && s.reset != Reset::madvise)
    throw StrategyError("table-reset=refill goes with reset=madvise: the other resets treat tables their own way");
  if (keeps_pages(s.reset) && s.memory != MemoryInit::overlay)
    throw StrategyError("reset=keep|scan|restore|track needs memory=overlay: what they give back must read as the image");
  if (s.reset == Reset::track && s.backing != Backing::memfd)
    throw StrategyError("reset=track needs backing=memfd: userfaultfd tracks no pages of files");
  if (!keeps_pages(s.reset) &&
      (s.resident_bytes != Strategy::kDefaultResident || s.pool_resident_bytes != Strategy::kDefaultPoolResident))
    throw StrategyError("resident= and pool-resident= go with reset=keep|scan|restore|track");
  if (s.prefault == Switch::on && s.reset != Reset::restore)
    throw StrategyError("prefault=on goes with reset=restore: the others do not learn what instances use");
  if (s.reset != Reset::batch && s.batch_slots != Strategy::kDefaultBatch) throw StrategyError("batch= goes with reset=batch");
  if (s.find == Find::faults && s.reset != Reset::restore) throw StrategyError("find=faults goes with reset=restore");
  if (s.find == Find::faults && s.thp == Thp::on)
    throw StrategyError("find=faults needs thp=off: khugepaged gives a process pages without a fault of it");
  if (s.resident_bytes % os::kPageBytes != 0 || s.pool_resident_bytes % os::kPageBytes != 0)
    throw StrategyError("resident and pool-resident are multiples of 4KiB");
  if (s.reserve_bytes % 65536 != 0 || s.guard_bytes % 65536 != 0)
    throw StrategyError("reserve and guard are multiples of 64KiB");
}

}  // namespace

Strategy parse_strategy(std::string_view text) {
  Strategy strategy;
  bool first = true;
  bool alloc_given = false, affinity_given = false, reset_given = false;
  while (first || !text.empty()) {
    const size_t comma = text.find(',');
    const std::string_view item = text.substr(0, comma);
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
    const size_t equals = item.find('=');
    if (equals == std::string_view::npos) {
      if (!first)
        throw StrategyError("'" + std::string(item) +
                            "' is not axis=value; a preset comes first (presets: " + preset_names() + ")");
      strategy = preset_named(item);
    } else {
      set_axis(strategy, item.substr(0, equals), item.substr(equals + 1));
      alloc_given = alloc_given || item.starts_with("alloc=");
      affinity_given = affinity_given || item.starts_with("affinity=");
      reset_given = reset_given || item.starts_with("reset=");
    }
    first = false;
  }
  // What is not said follows alloc: a fresh mapping has no affinity and is unmapped, a pooled slot has and is reset.
  if (alloc_given && !affinity_given) strategy.affinity = strategy.alloc == Alloc::fresh ? Switch::off : Switch::on;
  if (alloc_given && !reset_given) strategy.reset = strategy.alloc == Alloc::fresh ? Reset::unmap : Reset::madvise;
  refuse_contradictions(strategy);
  return strategy;
}

std::string size_text(uint64_t bytes) {
  if (bytes != 0 && bytes % (uint64_t{1} << 30) == 0) return std::to_string(bytes >> 30) + "GiB";
  if (bytes != 0 && bytes % (1 << 20) == 0) return std::to_string(bytes >> 20) + "MiB";
  if (bytes != 0 && bytes % (1 << 10) == 0) return std::to_string(bytes >> 10) + "KiB";
  return std::to_string(bytes);
}

std::string canonical(const Strategy& s) {
  return "alloc=" + std::string(text_of(s.alloc, kAlloc)) + ",affinity=" + std::string(text_of(s.affinity, kSwitch)) +
         ",memory=" + std::string(text_of(s.memory, kMemory)) +
         ",backing=" + std::string(text_of(s.backing, kBacking)) +
         ",tables=" + std::string(text_of(s.tables, kTables)) + ",reset=" + std::string(text_of(s.reset, kReset)) +
         (s.reset == Reset::restore ? ",find=" + std::string(text_of(s.find, kFind)) : "") +
         (keeps_pages(s.reset) ? ",resident=" + size_text(s.resident_bytes) +
                                     ",pool-resident=" + size_text(s.pool_resident_bytes)
                               : "") +
         (s.reset == Reset::restore ? ",prefault=" + std::string(text_of(s.prefault, kSwitch)) : "") +
         (s.reset == Reset::batch ? ",batch=" + std::to_string(s.batch_slots) : "") +
         ",table-reset=" + std::string(text_of(s.table_reset, kTableReset)) +
         ",thp=" + std::string(text_of(s.thp, kThp)) + ",reserve=" + size_text(s.reserve_bytes) +
         ",guard=" + size_text(s.guard_bytes);
}

std::vector<AxisText> axes() {
  const Strategy usual;
  const auto word = [](const char* name, auto value, const auto& words, const char* meaning) {
    return AxisText{name, accepted(words), std::string(text_of(value, words)), meaning};
  };
  const auto size = [](const char* name, uint64_t bytes, const char* meaning) {
    return AxisText{name, "a size", size_text(bytes), meaning};
  };
  return {
      word("alloc", usual.alloc, kAlloc, "a new mapping for each instance, or slots that are kept"),
      word("affinity", usual.affinity, kSwitch, "a module's instance gets a slot back that held the module; follows alloc, unless said"),
      word("memory", usual.memory, kMemory, "copy the data segments, or map their image copy-on-write"),
      word("backing", usual.backing, kBacking, "where an overlay maps its image from"),
      word("tables", usual.tables, kTables,
           "eager: every entry computed; precomputed: all written from a finished table; lazy: made when first seen; retained: "
           "lazy, and kept for a slot's next instance, in tables of which it is proven that nobody can write them; proven: "
           "retained where that is proven, lazy elsewhere"),
      word("reset", usual.reset, kReset,
           "a dropped instance's memory; remap: mapped anew; madvise: all pages given back; copy: all copied back; keep: the low "
           "resident= bytes put back; scan, track: pages put back that the kernel says were written; restore: every written "
           "page put back; batch: madvise of several slots in one call; follows alloc, unless said"),
      word("find", usual.find, kFind, "with reset=restore: look for written pages each time, or only after page faults"),
      size("resident", usual.resident_bytes, "with reset=keep|scan|restore|track: that may stay resident in a slot"),
      size("pool-resident", usual.pool_resident_bytes, "likewise in all idle slots of a pool"),
      word("prefault", usual.prefault, kSwitch, "with reset=restore: a slot new to a module gets the pages its instances use in one call"),
      {"batch", "1 to " + std::to_string(Strategy::kLargestBatch), std::to_string(usual.batch_slots),
       "with reset=batch: slots that wait and are then given back in one call"},
      word("table-reset", usual.table_reset, kTableReset, "give a table's pages back, or keep them and fill over"),
      word("thp", usual.thp, kThp, "transparent huge pages for slots"),
      size("reserve", usual.reserve_bytes, "address space of a memory, before its guard"),
      size("guard", usual.guard_bytes, "address space without access behind it"),
  };
}

std::string overrides(const Strategy& strategy) {
  const std::vector<AxisText> all = axes();
  const auto is_usual = [&](std::string_view item) {
    return std::any_of(all.begin(), all.end(), [&](const AxisText& axis) { return item == axis.name + "=" + axis.usual; });
  };
  const std::string text = canonical(strategy);
  std::string out;
  for (size_t begin = 0, end = 0; begin < text.size(); begin = end + 1) {
    end = std::min(text.find(',', begin), text.size());
    const std::string item = text.substr(begin, end - begin);
    if (!is_usual(item)) out += (out.empty() ? "" : ",") + item;
  }
  return out;
}

std::span<const Preset> presets() { return kPresets; }

}  // namespace instbench
