#include "harness/engines/core/cell_parts.hpp"

#include <algorithm>
#include <cstdio>

#include "runtime/os/environment.hpp"

namespace instbench::bench {

TouchTarget target_of(const Prepared& prepared) {
  TouchTarget target;
  const Module& module = prepared.module();
  if (!module.memories.empty()) {
    const Limits& limits = module.memories[0].limits;
    target.memory_bytes = limits.min * kWasmPageBytes;
    target.growable_pages = prepared.memory_room(0) - limits.min;
  }
  if (!module.tables.empty()) target.table_entries = module.tables[0].limits.min;
  return target;
}

namespace {

void add_named(NamedCounts& sums, const os::Counters& counters, const os::Faults& faults, double sign) {
  for (size_t i = 0; i < os::kCallKinds; ++i) {
    sums["syscalls." + std::string(os::name_of(static_cast<os::Call>(i)))] +=
        sign * static_cast<double>(counters.calls[i]);
  }
  sums["bytes.mapped"] += sign * static_cast<double>(counters.bytes_mapped);
  sums["bytes.copied"] += sign * static_cast<double>(counters.bytes_copied);
  sums["bytes.zeroed"] += sign * static_cast<double>(counters.bytes_zeroed);
  sums["table.entries"] += sign * static_cast<double>(counters.table_entries);
  sums["faults.minor"] += sign * static_cast<double>(faults.minor);
  sums["faults.major"] += sign * static_cast<double>(faults.major);
}

void divide(NamedCounts& sums, double by) {
  for (auto& [name, value] : sums) value /= by;
}

}  // namespace

void PhaseSums::add(const CounterMarks& marks) {
  for (size_t i = 0; i < kPhases; ++i) {
    counters[i] += marks.counters[i + 1] - marks.counters[i];
    faults[i].minor += marks.faults[i + 1].minor - marks.faults[i].minor;
    faults[i].major += marks.faults[i + 1].major - marks.faults[i].major;
  }
}

CounterSlopes slopes_between(const std::array<PhaseSums, 2>& runs, uint64_t short_cycles, uint64_t long_cycles) {
  CounterSlopes slopes;
  slopes.short_cycles = short_cycles;
  slopes.long_cycles = long_cycles;
  for (const int which : {0, 1}) {
    const double sign = which == 0 ? -1 : 1;
    for (const Phase phase : {Phase::release, Phase::acquire, Phase::init, Phase::start, Phase::work}) {
      const auto i = static_cast<size_t>(phase);
      const bool apart = phase == Phase::release || phase == Phase::work;
      for (const char* name : {apart ? name_of(phase) : "instantiate", "cycle"})
        add_named(slopes.phases[name], runs[which].counters[i], runs[which].faults[i], sign);
    }
  }
  for (auto& [phase, counts] : slopes.phases) divide(counts, static_cast<double>(long_cycles - short_cycles));
  return slopes;
}

Footprint footprint_of(const Prepared& prepared, const TouchPlan& plan) {
  const Strategy& strategy = prepared.strategy();
  const double touched_bytes = strategy.thp == Thp::on ? os::kHugePageBytes : kTouchPageBytes;
  double bytes = static_cast<double>(prepared.needs().vmctx_bytes);
  bytes +=
      static_cast<double>(plan.now().writes.size() + plan.now().reads.size() + plan.grow_pages()) * touched_bytes;
  bytes += static_cast<double>(plan.now().entries.size() * sizeof(FuncRef));
  size_t extents = 0;
  for (size_t i = 0; i < prepared.needs().memory_pages.size(); ++i) {
    const ImagePlan& image = prepared.image(i).plan();
    extents += image.extents.size();
    if (strategy.reset == Reset::copy)
      bytes += static_cast<double>(prepared.needs().memory_pages[i] * kWasmPageBytes);
    else if (strategy.memory == MemoryInit::copy)
      bytes += static_cast<double>(image.content.size());
    else if (strategy.reset == Reset::keep)
      bytes += static_cast<double>(
          std::min(prepared.needs().memory_pages[i] * kWasmPageBytes, strategy.resident_bytes));
  }
  for (size_t i = 0; i < prepared.table_count(); ++i) {
    const TablePlan& table = prepared.table(i);
    if (fills(strategy.tables) || table.retained) bytes += static_cast<double>(table.size * sizeof(FuncRef));
  }
  // A slot is up to three VMAs (open, closed, guard) and two more an extent.
  return {bytes, 3 + 2 * extents + 2 * prepared.needs().memory_pages.size()};
}

void refuse_if_too_large(const Footprint& each, uint64_t slots, const SlotGeometry& geometry) {
  const double all = static_cast<double>(slots), available = static_cast<double>(os::memory_available_bytes());
  const auto mib = [](double value) { return std::to_string(static_cast<uint64_t>(value / (1 << 20))) + " MiB"; };
  if (each.resident_bytes * all > available * 3 / 4) {
    throw Unsupported(std::to_string(slots) + " instances would keep " + mib(each.resident_bytes * all) + " resident; " +
                      mib(available) + " are available");
  }
  const uint64_t mappings = slots * each.mappings;  // half of the limit is left to others
  if (mappings > os::max_mappings() / 2) {
    throw Unsupported(std::to_string(slots) + " slots need about " + std::to_string(mappings) +
                      " mappings; this kernel allows " + std::to_string(os::max_mappings()) + " (vm.max_map_count)");
  }
  const double address_space = static_cast<double>(geometry.total_bytes()) * all;
  if (address_space > os::kUsableAddressSpace) {
    throw Unsupported(std::to_string(slots) + " slots reserve " + mib(address_space) + " of address space; " +
                      mib(os::kUsableAddressSpace) + " can be had: lower reserve= and guard=");
  }
}

uint64_t warm_up_rounds(const Strategy& strategy) { return strategy.reset == Reset::restore ? 4 : 2; }

Json memory_of(SlotStore& store, uint64_t instances) {
  const auto resident = os::resident_in(store.reservations());
  if (!resident) return nullptr;
  return {{"instances", instances},
          {"rss_bytes", resident->rss_bytes / instances},
          {"pss_bytes", resident->pss_bytes / instances},
          {"private_dirty_bytes", resident->private_dirty_bytes / instances}};
}

uint64_t memory_bytes_of(const Prepared& prepared) {
  uint64_t bytes = 1;
  for (const uint64_t pages : prepared.needs().memory_pages) bytes += pages * kWasmPageBytes;
  return bytes;
}

Json paths_since(const PathCounts& before, const PathCounts& now) {
  Json paths = Json::object();
  for (uint32_t i = 0; i < Path::kIndexEnd; ++i) {
    if (now[i] != before[i]) paths[to_string(Path::from_index(i))] = now[i] - before[i];
  }
  return paths;
}

Json idle_memory_of(SlotStore& store) {
  const auto resident = os::resident_in(store.reservations());
  if (!resident) return nullptr;
  const uint64_t slots = store.caches().size();
  Json idle = {{"idle_rss_bytes", resident->rss_bytes / slots}, {"idle_private_dirty_bytes", resident->private_dirty_bytes / slots}};
  if (!keeps_pages(store.strategy().reset)) return idle;
  idle["idle_kept_bytes"] = store.budget().used() / slots;  // by the pool's own account
  idle["slot_budget_bytes"] = store.strategy().resident_bytes;
  idle["pool_budget_bytes"] = store.budget().limit();
  return idle;
}

namespace {

// What speaks for the choice. A page that stays counts as a part of a fault (Residency::kKeptPageCost).
std::string reason_of(const Choice& choice) {
  if (choice.resets == 0) {
    if (choice.keeps_pages) return "no page was written; " + std::to_string(choice.settled) + " resets had nothing to search for, since there was no fault";
    return choice.empty != 0 ? "no page was written, and others were faulted in again and again"
                             : "no reset found what an earlier one had kept: nothing was used, or each instance took a slot that was new to it";
  }
  const auto faults = [&](double sum) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.1f", sum / static_cast<double>(choice.resets));
    return std::string(text.data());
  };
  return "keeping the pages costs as much as " + faults(choice.keeping) + " faults a reset, giving them back " +
         faults(choice.giving_back);
}

// Empty where the budgets leave room for what the module's instances use.
std::string budget_text(SlotStore& store, uint64_t usual_bytes) {
  const Strategy& strategy = store.strategy();
  if (usual_bytes + os::kPageBytes > strategy.resident_bytes)
    return "; a slot keeps no more than resident=" + size_text(strategy.resident_bytes);
  if (store.budget().room(0) < usual_bytes)
    return "; pool-resident=" + size_text(store.budget().limit()) + " is used up: slots give pages back for others";
  return "";
}

}  // namespace

Json chosen_of(SlotStore& store, const Tenant& tenant, uint64_t after_cycles) {
  const Strategy& strategy = store.strategy();
  if (strategy.reset != Reset::restore) return nullptr;
  const Choice& choice = tenant.habit().choice();
  const std::string budget = choice.keeps_pages ? budget_text(store, tenant.habit().usual_bytes()) : "";
  const Prepared& prepared = tenant.prepared();
  const bool chooses_tables = strategy.tables == TableInit::proven && prepared.table_count() != 0;
  return {{"reset", choice.keeps_pages ? "restore" : "madvise"},
          {"tables", !chooses_tables             ? Json(nullptr)
                     : prepared.retains_tables() ? Json("retained")
                                                 : Json("lazy")},
          {"after_cycles", after_cycles},
          {"resets_judged", choice.resets},
          {"why", reason_of(choice) + budget}};
}

bool leaves_out_start(const Program& program) { return program.module->start && program.code == nullptr; }

Json facts_of(const Program& program, const Prepared& prepared) {
  uint64_t image_bytes = 0, image_file_bytes = 0, image_hole_bytes = 0;
  size_t extents = 0;
  for (size_t i = 0; i < prepared.needs().memory_pages.size(); ++i) {
    const ImagePlan& plan = prepared.image(i).plan();
    image_bytes += plan.content.size();
    image_file_bytes += plan.file_bytes();
    image_hole_bytes += plan.hole_bytes();
    extents += plan.extents.size();
  }
  const bool has_start = prepared.module().start.has_value(), runs = prepared.code() != nullptr;
  Json preinit;
  if (program.preinit) {
    const PreinitReport& report = *program.preinit;
    preinit = {{"memory_pages", {report.memory_pages_before, report.memory_pages_after}},
               {"content_pages", {report.content_pages_before, report.content_pages_after}},
               {"globals_changed", report.globals_changed},
               {"table_entries_changed", report.table_entries_changed},
               {"segments_dropped", report.segments_dropped},
               {"baked_in", report.baked_in}};
  }
  return {{"codegen", program.codegen},
          {"preinit", preinit},
          {"code_from", program.cache_note.empty() ? Json(nullptr) : Json(program.cache_note)},
          {"start_function", !has_start ? "none"
                             : runs     ? "run"
                                        : "not run (codegen=none)"},
          {"table_entry_bytes", sizeof(FuncRef)},
          {"vmctx_bytes", prepared.layout().total},
          {"image_bytes", image_bytes},
          {"image_extents", extents},
          {"image_file_bytes", image_file_bytes},
          {"image_hole_bytes", image_hole_bytes},
          {"leftover_segments", prepared.leftover_data().size() + prepared.leftover_elements().size()}};
}

}  // namespace instbench::bench
