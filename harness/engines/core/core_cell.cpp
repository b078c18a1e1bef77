#include "harness/engines/core/core_cell.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdio>

#include "runtime/os/build_info.hpp"
#include "runtime/os/environment.hpp"

namespace instbench::bench {
namespace {

constexpr uint64_t kVerifyBudgetBytes = uint64_t{16} << 20;

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

// Sums over a run of cycles, a phase each; made before the run so that the run itself only adds numbers.
struct PhaseSums {
  std::array<os::Counters, kPhases> counters;
  std::array<os::Faults, kPhases> faults;

  void add(const CounterMarks& marks) {
    for (size_t i = 0; i < kPhases; ++i) {
      counters[i] += marks.counters[i + 1] - marks.counters[i];
      faults[i].minor += marks.faults[i + 1].minor - marks.faults[i].minor;
      faults[i].major += marks.faults[i + 1].major - marks.faults[i].major;
    }
  }
  void add_to(NamedCounts& sums, Phase phase, double sign) const {
    add_named(sums, counters[static_cast<size_t>(phase)], faults[static_cast<size_t>(phase)], sign);
  }
};

void divide(NamedCounts& sums, double by) {
  for (auto& [name, value] : sums) value /= by;
}

}  // namespace

CoreCell::CoreCell(Program program, const Case& cell, const Strategy& strategy, uint64_t seed)
    : program_(std::move(program)),
      engine_(core_facts(canonical(strategy))),
      prepared_(Prepared::make(program_.module, strategy, {program_.code, program_.host.get(), {}})),
      cell_(cell),
      slots_(static_cast<uint32_t>(cell.slots)),
      seed_(seed),
      plan_(cell.workload, cell.vary, seed, target_of(*prepared_)) {
  if (cell.threads != 1 && program_.host != nullptr)
    throw Unsupported("threads=" + std::to_string(cell.threads) + ": calls are measured with one thread");
  if (cell.workload.kind == Workload::Kind::call)
    calls_ = std::make_unique<CallPlan>(*program_.script, *program_.module, *program_.host);
  refuse_if_too_large();
}

// What `slots` instances keep resident or reserved under this strategy must fit the machine, or it would swap or be
// killed. In doubles: the products of absurd requests do not fit an integer.
void CoreCell::refuse_if_too_large() const {
  const Strategy& strategy = prepared_->strategy();
  const double touched_bytes = strategy.thp == Thp::on ? os::kHugePageBytes : kTouchPageBytes;
  double bytes = static_cast<double>(prepared_->needs().vmctx_bytes);
  bytes +=
      static_cast<double>(plan_.now().writes.size() + plan_.now().reads.size() + plan_.grow_pages()) * touched_bytes;
  bytes += static_cast<double>(plan_.now().entries.size() * sizeof(FuncRef));
  size_t extents = 0;
  for (size_t i = 0; i < prepared_->needs().memory_pages.size(); ++i) {
    const ImagePlan& plan = prepared_->image(i).plan();
    extents += plan.extents.size();
    if (strategy.reset == Reset::copy)
      bytes += static_cast<double>(prepared_->needs().memory_pages[i] * kWasmPageBytes);
    else if (strategy.memory == MemoryInit::copy)
      bytes += static_cast<double>(plan.content.size());
    else if (strategy.reset == Reset::keep)
      bytes += static_cast<double>(
          std::min(prepared_->needs().memory_pages[i] * kWasmPageBytes, strategy.resident_bytes));
  }
  for (size_t i = 0; i < prepared_->table_count(); ++i) {
    const TablePlan& table = prepared_->table(i);
    if (fills(strategy.tables) || table.retained) bytes += static_cast<double>(table.size * sizeof(FuncRef));
  }
  const uint64_t slots = slots_ * cell_.threads;
  const double all = static_cast<double>(slots), available = static_cast<double>(os::memory_available_bytes());
  const auto mib = [](double value) { return std::to_string(static_cast<uint64_t>(value / (1 << 20))) + " MiB"; };
  if (bytes * all > available * 3 / 4) {
    throw Unsupported(std::to_string(slots) + " instances would keep " + mib(bytes * all) + " resident; " +
                      mib(available) + " are available");
  }
  // A slot is up to three VMAs (open, closed, guard) and two more an extent; half of the limit is left to others.
  const uint64_t mappings = slots * (3 + 2 * extents + 2 * prepared_->needs().memory_pages.size());
  if (mappings > os::max_mappings() / 2) {
    throw Unsupported(std::to_string(slots) + " slots need about " + std::to_string(mappings) +
                      " mappings; this kernel allows " + std::to_string(os::max_mappings()) + " (vm.max_map_count)");
  }
  const double address_space = static_cast<double>(SlotGeometry::covering({}, *prepared_).total_bytes()) * all;
  if (address_space > os::kUsableAddressSpace) {
    throw Unsupported(std::to_string(slots) + " slots reserve " + mib(address_space) + " of address space; " +
                      mib(os::kUsableAddressSpace) + " can be had: lower reserve= and guard=");
  }
}

// For so many instances at once: where slots wait for their reset, a thread has that many more.
std::shared_ptr<SlotStore> CoreCell::new_store(uint64_t instances, uint32_t threads) const {
  const Strategy& strategy = prepared_->strategy();
  const uint64_t waiting = strategy.reset == Reset::batch ? uint64_t{strategy.batch_slots} * threads : 0;
  return std::make_shared<SlotStore>(strategy, SlotGeometry::covering({}, *prepared_),
                                     static_cast<uint32_t>(instances + waiting), threads);
}

PhaseTimes CoreCell::first_cycle(std::string& path) {
  Pool pool(new_store(1, 1), 0);
  Ring ring(pool, pool.admit(prepared_), plan_, calls_.get(), program_.host.get(), 1);
  ClockMarks marks;
  ring.cycle(marks);
  Path taken = ring.last_path();
  const uint64_t begin = os::now_ns();
  ring.drain();
  const uint64_t end = os::now_ns();
  taken.reset = ring.last_path().reset;
  path = to_string(taken);
  PhaseTimes times = times_of(marks);
  times.release = end - begin;
  return times;
}

Oracle& CoreCell::oracle() {
  if (!oracle_) oracle_.emplace(program_.module, program_.code, program_.host);
  return *oracle_;
}

std::optional<std::string> CoreCell::verify(uint64_t rounds) {
  Pool pool(new_store(1, 1), 0);
  const Tenant& tenant = pool.admit(prepared_);
  return find_leak(pool, tenant, oracle(), static_cast<int>(rounds), seed_, calls_.get());
}

std::optional<std::string> CoreCell::leak_in(Lane& lane, uint64_t slots) {
  lane.ring->drain();
  std::vector<Lease> leases;
  for (uint64_t i = 0; i < slots; ++i) {
    oracle().before_instance();
    leases.emplace_back(*lane.pool, *lane.tenant);
    if (auto found = oracle().difference(leases.back().instance())) return to_string(leases.back().path()) + ": " + *found;
    if (auto found = Oracle::growth_difference(leases.back().instance())) return found;
  }
  leases.clear();
  const PoolStats& stats = lane.pool->stats();
  return stats.failed_resets + stats.retired != 0 ? std::optional("a reset failed: " + stats.last_failure) : std::nullopt;
}

std::optional<std::string> CoreCell::verify_timed(uint64_t& slots_compared) {
  uint64_t bytes = 1;
  for (const uint64_t pages : prepared_->needs().memory_pages) bytes += pages * kWasmPageBytes;
  const uint64_t of_each = std::clamp<uint64_t>(kVerifyBudgetBytes / bytes / cell_.threads, 1, slots_);
  slots_compared = of_each * lanes_.size();
  for (size_t thread = 0; thread < lanes_.size(); ++thread) {
    const std::string of = lanes_.size() == 1 ? "" : ", thread " + std::to_string(thread);
    if (auto found = leak_in(lanes_[thread], of_each)) return "after the timed loop" + of + ": " + *found;
  }
  return std::nullopt;
}

// Other threads draw other addresses.
CoreCell::Lane CoreCell::make_lane(std::shared_ptr<SlotStore> store, uint64_t thread) {
  Lane lane;
  lane.plan = std::make_unique<TouchPlan>(cell_.workload, cell_.vary, seed_ + thread, target_of(*prepared_));
  lane.pool = std::make_unique<Pool>(std::move(store), static_cast<uint32_t>(thread));
  lane.tenant = &lane.pool->admit(prepared_);
  lane.ring =
      std::make_unique<Ring>(*lane.pool, *lane.tenant, *lane.plan, calls_.get(), program_.host.get(), slots_);
  NoMarks none;
  for (uint64_t i = 0; i < warm_up_cycles(); ++i) lane.ring->cycle(none);
  lane.pool->freeze(*lane.tenant);
  return lane;
}

// Twice round: a slot's first release can still find pages that were never touched. A strategy that learns needs four: two
// resets to see which pages come back, and one more to have given back what does not.
uint64_t CoreCell::warm_up_cycles() const {
  const Strategy& strategy = prepared_->strategy();
  const uint64_t rounds = strategy.reset == Reset::restore ? 4 : 2;
  return rounds * (uint64_t{slots_} + (strategy.reset == Reset::batch ? strategy.batch_slots : 0)) + 8;
}

void CoreCell::warm_up() {
  lanes_.clear();
  const auto store = new_store(uint64_t{slots_} * cell_.threads, static_cast<uint32_t>(cell_.threads));
  for (uint64_t thread = 0; thread < cell_.threads; ++thread) lanes_.push_back(make_lane(store, thread));
  paths_before_ = finished();
}

// Of all threads together.
std::array<uint64_t, Path::kIndexEnd> CoreCell::finished() const {
  std::array<uint64_t, Path::kIndexEnd> sums{};
  for (const Lane& lane : lanes_) {
    for (uint32_t i = 0; i < Path::kIndexEnd; ++i) sums[i] += lane.pool->stats().paths[i];
  }
  return sums;
}

void CoreCell::cycle_beside(uint64_t thread) {
  NoMarks none;
  lanes_[thread].ring->cycle(none);
}

Json CoreCell::paths() const {
  Json paths = Json::object();
  const std::array<uint64_t, Path::kIndexEnd> counts = finished();
  for (uint32_t i = 0; i < Path::kIndexEnd; ++i) {
    if (counts[i] != paths_before_[i]) paths[path_text(i)] = counts[i] - paths_before_[i];
  }
  return paths;
}

uint32_t CoreCell::last_path() const { return lanes_[0].ring->last_path().index(); }

// All that is timed, in a function of its own that is never inlined: the same loop compiled twice differed by 6 % on a
// cycle of 30 µs.
[[gnu::noinline]] void CoreCell::run_cycles(benchmark::State& state) {
  NoMarks none;
  for (auto _ : state) lanes_[0].ring->cycle(none);
}

void CoreCell::run_injected_cycles(benchmark::State& state) {
  NoMarks none;
  Injected<NoMarks> marks{none, *extra_};
  for (auto _ : state) lanes_[0].ring->cycle(marks);
}

void CoreCell::cycles(benchmark::State& state) {
  if (extra_)
    run_injected_cycles(state);
  else
    run_cycles(state);
}

void CoreCell::run(uint64_t count) {
  NoMarks none;
  for (uint64_t i = 0; i < count; ++i) marked_cycle(none);
}

void CoreCell::inject(const Injection& injection) {
  if (injection.kind == Injection::Kind::share)
    share_ = injection.share;
  else
    extra_.emplace(injection.kind);
}

PhaseTimes CoreCell::phased_cycle() {
  ClockMarks marks;
  if (share_ > 0) {
    StretchedMarks stretched{marks, share_};
    lanes_[0].ring->cycle(stretched);
  } else {
    marked_cycle(marks);
  }
  return times_of(marks);
}

// Two runs of different length: what they differ by is the cycles' own (a constant part cancels).
CounterSlopes CoreCell::count() {
  CounterSlopes slopes;
  slopes.short_cycles = kShortRun;
  slopes.long_cycles = kLongRun;
  CounterMarks marks;
  std::array<PhaseSums, 2> runs;
  marked_cycle(marks);  // the pages of this very frame, copied on write since the trace pass forked, are not the cell's
  for (uint64_t i = 0; i < slopes.short_cycles; ++i) {
    marked_cycle(marks);
    runs[0].add(marks);
  }
  for (uint64_t i = 0; i < slopes.long_cycles; ++i) {
    marked_cycle(marks);
    runs[1].add(marks);
  }
  for (const int which : {0, 1}) {
    const double sign = which == 0 ? -1 : 1;
    for (const Phase phase : {Phase::release, Phase::acquire, Phase::init, Phase::start, Phase::work}) {
      const bool apart = phase == Phase::release || phase == Phase::work;
      runs[which].add_to(slopes.phases[apart ? name_of(phase) : "instantiate"], phase, sign);
      runs[which].add_to(slopes.phases["cycle"], phase, sign);
    }
  }
  const auto cycles = static_cast<double>(slopes.long_cycles - slopes.short_cycles);
  for (auto& [phase, counts] : slopes.phases) divide(counts, cycles);
  return slopes;
}

Json CoreCell::floor_of_calls() {
  constexpr uint64_t kAimNs = 60'000'000;
  constexpr size_t kFewest = 3, kMost = 1000;
  Pool pool(new_store(1, 1), 0);
  const Tenant& tenant = pool.admit(prepared_);
  program_.host->reset();
  Lease lease(pool, tenant);
  std::vector<double> calls;
  try {
    for (uint64_t spent = 0; calls.size() < kFewest || (spent < kAimNs && calls.size() < kMost);) {
      program_.host->reset();
      const uint64_t begin = os::now_ns();
      calls_->run(lease.instance());
      const uint64_t took = os::now_ns() - begin;
      spent += took;
      calls.push_back(static_cast<double>(took));
    }
  } catch (const WrongAnswer&) {
    return nullptr;
  }
  calls.erase(calls.begin());  // of an instance that is new
  const auto middle = calls.begin() + static_cast<std::ptrdiff_t>(calls.size() / 2);
  std::nth_element(calls.begin(), middle, calls.end());
  return {{"kept_call_ns", *middle}};
}

Json CoreCell::floor() {
  if (calls_ != nullptr) return floor_of_calls();
  if (prepared_->strategy().reset != Reset::madvise) return nullptr;
  constexpr int kRounds = 25, kCalls = 100;
  Pool pool(new_store(1, 1), 0);
  const Tenant& tenant = pool.admit(prepared_);
  Lease lease(pool, tenant);
  lease.release();
  Lease clean(pool, tenant);
  const os::Range range = clean->slot().reset_range(*prepared_);
  if (range.empty()) return nullptr;
  os::discard(range);
  std::vector<double> rounds;
  for (int round = 0; round < kRounds; ++round) {
    const uint64_t begin = os::now_ns();
    for (int i = 0; i < kCalls; ++i) os::discard(range);
    rounds.push_back(static_cast<double>(os::now_ns() - begin) / kCalls);
  }
  std::nth_element(rounds.begin(), rounds.begin() + kRounds / 2, rounds.end());
  return {{"madvise_clean_ns", rounds[kRounds / 2]}, {"range_bytes", range.bytes}};
}

Json CoreCell::memory() const {
  const auto resident = os::resident_in(lanes_[0].pool->store().reservations());
  if (!resident) return nullptr;
  const uint64_t instances = uint64_t{slots_} * cell_.threads;
  return {{"instances", instances},
          {"rss_bytes", resident->rss_bytes / instances},
          {"pss_bytes", resident->pss_bytes / instances},
          {"private_dirty_bytes", resident->private_dirty_bytes / instances}};
}

Json CoreCell::idle_memory() {
  for (Lane& lane : lanes_) lane.ring->drain();
  SlotStore& store = lanes_[0].pool->store();
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

// How the resets of the timed slots were decided, once they are.
Json CoreCell::chosen() const {
  if (prepared_->strategy().reset != Reset::restore || lanes_.empty()) return nullptr;
  const Choice& choice = lanes_[0].tenant->habit().choice();
  const auto faults = [&](double sum) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.1f", choice.resets == 0 ? 0 : sum / static_cast<double>(choice.resets));
    return std::string(text.data());
  };
  std::string why = "keeping the pages costs as much as " + faults(choice.keeping) + " faults a reset, giving them back " +
                    faults(choice.giving_back);
  if (choice.resets == 0) why = choice.empty == 0 ? "no instance was used: no slot needed a reset" : "no page was written";
  return {{"reset", choice.keeps_pages ? "restore" : "madvise"},
          {"after_cycles", warm_up_cycles()},
          {"resets_judged", choice.resets},
          {"why", why}};
}

PhaseSet CoreCell::known_phases() const {
  PhaseSet known = engine_.phases;
  // Not zero but unknown where a start function is there and was not run.
  if (program_.module->start && program_.code == nullptr) known.erase(Phase::start);
  return known;
}

Json CoreCell::facts() const {
  const Prepared& prepared = *prepared_;
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
  if (program_.preinit) {
    const PreinitReport& report = *program_.preinit;
    preinit = {{"memory_pages", {report.memory_pages_before, report.memory_pages_after}},
               {"content_pages", {report.content_pages_before, report.content_pages_after}},
               {"globals_changed", report.globals_changed},
               {"table_entries_changed", report.table_entries_changed},
               {"segments_dropped", report.segments_dropped},
               {"baked_in", report.baked_in}};
  }
  return {{"codegen", program_.codegen},
          {"preinit", preinit},
          {"code_from", program_.cache_note.empty() ? Json(nullptr) : Json(program_.cache_note)},
          {"start_function", !has_start ? "none"
                             : runs     ? "run"
                                        : "not run (codegen=none)"},
          {"table_entry_bytes", sizeof(FuncRef)},
          {"vmctx_bytes", prepared.layout().total},
          {"image_bytes", image_bytes},
          {"image_extents", extents},
          {"image_file_bytes", image_file_bytes},
          {"image_hole_bytes", image_hole_bytes},
          {"warm_up_cycles", warm_up_cycles()},
          {"chosen", chosen()},
          {"leftover_segments", prepared.leftover_data().size() + prepared.leftover_elements().size()}};
}

namespace {

void set_huge_pages(const Strategy& strategy) {
  if (strategy.thp == Thp::off) {
    os::disable_huge_pages();
    return;
  }
  const auto mode = os::environment().thp;
  if (!mode || *mode == "never")
    throw Unsupported("thp=on: transparent huge pages are " + mode.value_or("not part of this kernel") + " here");
}

}  // namespace

EngineFacts core_facts(const std::string& strategy) {
  const os::BuildInfo& build = os::build_info();
  EngineFacts facts;
  facts.name = "core";
  facts.version = build.version;
  facts.strategy = canonical(parse_strategy(strategy));
  facts.build = build.commit;
  facts.phases = {Phase::release, Phase::acquire, Phase::init, Phase::start, Phase::work};
  facts.workloads = {"none", "touch", "call"};
  facts.counters = {"syscalls", "bytes", "table", "faults"};
  facts.threads = kMostThreads;
  return facts;
}

std::unique_ptr<Cell> open_core(const Request& request) {
  const Strategy strategy = parse_strategy(request.arm.strategy);
  try {
    set_huge_pages(strategy);
    return std::make_unique<CoreCell>(load_program(request, strategy), request.cell, strategy, request.seed);
  } catch (const Unsupported& error) {
    throw Skip(error.what());
  }
}

}  // namespace instbench::bench
