#include "harness/engines/core/mix_cell.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>

#include "harness/engines/core/core_cell.hpp"

namespace instbench::bench {
namespace {

constexpr uint64_t kOtherSequence = 0x6d6978;  // than that of the addresses touched

}  // namespace

MixCell::MixCell(const Request& request, const Strategy& strategy)
    : engine_(core_facts(canonical(strategy))), strategy_(strategy), cell_(request.cell), seed_(request.seed) {
  for (const ModuleFile& file : request.mixed) {
    try {
      parts_.push_back(load_part(request, file));
    } catch (const Unsupported& error) {
      throw Unsupported(file.name + ": " + error.what());
    } catch (const DoesNotFit& error) {
      throw DoesNotFit(file.name + ": " + error.what());
    }
  }
  for (const Part& part : parts_) geometry_ = SlotGeometry::covering(geometry_, *part.prepared);
  refuse_if_impossible();
}

MixCell::Part MixCell::load_part(const Request& request, const ModuleFile& file) const {
  Request one = request;
  one.module_path = file.path;
  one.module_sha256 = file.sha256;
  one.cell.module = file.name;
  Part part;
  part.name = file.name;
  part.program = load_program(one, strategy_);
  part.prepared = Prepared::make(part.program.module, strategy_, {part.program.code, nullptr, {}});
  return part;
}

// Any slot may come to hold the largest of the modules.
void MixCell::refuse_if_impossible() const {
  Footprint most;
  for (const Part& part : parts_) {
    try {
      const Footprint own =
          footprint_of(*part.prepared, TouchPlan(cell_.workload, 0, seed_, target_of(*part.prepared)));
      most = {std::max(most.resident_bytes, own.resident_bytes), std::max(most.mappings, own.mappings)};
    } catch (const DoesNotFit& error) {
      throw DoesNotFit(part.name + ": " + error.what());
    }
  }
  refuse_if_too_large(most, cell_.mix.pool, geometry_);
  // What waits for its reset in one thread's batch cannot be had by another.
  const uint64_t of_each = std::max(strategy_.waiting_slots(), 1u) - 1, waiting = (cell_.threads - 1) * of_each;
  if (const uint64_t least = cell_.slots * cell_.threads + waiting; cell_.mix.pool < least) {
    throw Unsupported("reset=batch lets slots of other threads wait: it needs pool=" + std::to_string(least) +
                      " here, and this is pool=" + std::to_string(cell_.mix.pool));
  }
}

std::shared_ptr<SlotStore> MixCell::new_store(uint64_t slots, uint64_t threads) const {
  return std::make_shared<SlotStore>(strategy_, geometry_, static_cast<uint32_t>(slots), static_cast<uint32_t>(threads));
}

// Other threads draw other modules and other addresses.
MixCell::Lane MixCell::make_lane(std::shared_ptr<SlotStore> store, uint64_t thread, uint64_t instances) const {
  Lane lane;
  lane.pool = std::make_unique<Pool>(std::move(store), static_cast<uint32_t>(thread));
  std::vector<MixRing::Module> modules;
  for (const Part& part : parts_) {
    modules.push_back({&lane.pool->admit(part.prepared),
                       TouchPlan(cell_.workload, cell_.vary, seed_ + thread, target_of(*part.prepared))});
  }
  Draws draws(parts_.size(), cell_.mix.order, instances, (seed_ + thread) ^ kOtherSequence);
  lane.ring = std::make_unique<MixRing>(*lane.pool, std::move(modules), std::move(draws), instances);
  return lane;
}

PhaseTimes MixCell::first_cycle(std::string& path) {
  const Lane lane = make_lane(new_store(1, 1), 0, 1);
  Path taken;
  const PhaseTimes times = first_cycle_of(*lane.ring, taken);
  path = path_text(lane.ring->last_module() * Path::kIndexEnd + taken.index());
  return times;
}

Oracle& MixCell::oracle_of(Part& part) {
  if (!part.oracle) part.oracle.emplace(part.program.module, part.program.code);
  return *part.oracle;
}

std::optional<std::string> MixCell::verify(uint64_t rounds) {
  Pool pool(new_store(1, 1), 0);
  std::vector<const Tenant*> tenants;
  for (const Part& part : parts_) tenants.push_back(&pool.admit(part.prepared));
  for (uint64_t round = 0; round < rounds; ++round) {
    for (size_t i = 0; i < parts_.size(); ++i) {
      try {
        // Once behind another module, once behind itself; each of them in odd and in even rounds.
        for (const uint64_t again : {0, 1}) {
          const auto found = find_leak_in_one(pool, *tenants[i], oracle_of(parts_[i]), round + again, seed_);
          if (found) return parts_[i].name + ": " + *found;
        }
      } catch (const InstantiationError& error) {
        throw std::runtime_error(parts_[i].name + ": " + error.what());
      }
    }
  }
  return failed_reset(pool);
}

std::optional<std::string> MixCell::verify_timed(uint64_t& slots_compared) {
  NoMarks none;  // as in CoreCell: the last reset of a slot is then like those that were timed
  for (const Lane& lane : lanes_) {
    for (uint64_t i = 0; i < 3 * uint64_t{cell_.mix.pool}; ++i) lane.ring->cycle(none);
  }
  dropped_.clear();
  drain();
  std::vector<Lease> leases;  // kept, so that each is in another slot
  uint64_t read_bytes = 0;
  const auto leak_in = [&](const Lane& lane, size_t i) -> std::optional<std::string> {
    const auto say = [&](const std::string& found) { return "after the timed loop, " + parts_[i].name + ", " + found; };
    leases.emplace_back(*lane.pool, *lane.ring->modules()[i].tenant);
    read_bytes += memory_bytes_of(*parts_[i].prepared);
    const std::string way = to_string(leases.back().path()) + ": ";
    if (auto found = oracle_of(parts_[i]).difference(leases.back().instance())) return say(way + *found);
    if (auto found = Oracle::growth_difference(leases.back().instance())) return say(way + *found);
    return std::nullopt;
  };
  for (size_t thread = 0; thread < lanes_.size(); ++thread) {
    for (size_t i = 0; i < parts_.size(); ++i) {
      for (uint64_t n = 0; n < dropped_[thread][i] && (n == 0 || read_bytes < kVerifyBudgetBytes); ++n) {
        if (auto found = leak_in(lanes_[thread], i)) return found;
      }
    }
  }
  // Other threads' batches may still hold idle ones.
  const uint64_t in_reach = strategy_.reset == Reset::batch && lanes_.size() > 1 ? 0 : cell_.mix.pool;
  for (size_t n = leases.size(); n < in_reach && read_bytes < kVerifyBudgetBytes; ++n) {
    if (auto found = leak_in(lanes_[0], n % parts_.size())) return found;
  }
  slots_compared = leases.size();
  leases.clear();
  for (const Lane& lane : lanes_) {
    if (auto found = failed_reset(*lane.pool)) return found;
  }
  return std::nullopt;
}

// Whole rounds of the modules' order: what is timed begins with its first module under every strategy.
uint64_t MixCell::warm_up_cycles() const {
  return warm_up_rounds(strategy_) * Draws::round_of(parts_.size(), cell_.slots);
}

void MixCell::warm_up() {
  lanes_.clear();
  dropped_.clear();
  const auto store = new_store(cell_.mix.pool, cell_.threads);
  const uint64_t count = warm_up_cycles();
  for (uint64_t thread = 0; thread < cell_.threads; ++thread) {
    const Lane& lane = lanes_.emplace_back(make_lane(store, thread, cell_.slots));
    NoMarks none;
    for (uint64_t i = 0; i < count; ++i) lane.ring->cycle(none);
    for (const MixRing::Module& module : lane.ring->modules()) lane.pool->freeze(*module.tenant);
  }
  paths_before_ = finished_in(lanes_);
}

void MixCell::drain() {
  if (!dropped_.empty()) return;
  for (const Lane& lane : lanes_) dropped_.push_back(lane.ring->drain());
}

void MixCell::cycle_beside(uint64_t thread) {
  NoMarks none;
  lanes_[thread].ring->cycle(none);
}

Json MixCell::paths() const { return paths_since(paths_before_, finished_in(lanes_)); }

uint32_t MixCell::last_path() const {
  return lanes_[0].ring->last_module() * Path::kIndexEnd + lanes_[0].ring->last_path().index();
}

std::string MixCell::path_text(uint32_t index) const {
  return to_string(Path::from_index(index % Path::kIndexEnd)) + " module=" + parts_[index / Path::kIndexEnd].name;
}

// As CoreCell::run_cycles: never inlined.
[[gnu::noinline]] void MixCell::run_cycles(benchmark::State& state) {
  NoMarks none;
  for (auto _ : state) lanes_[0].ring->cycle(none);
}

void MixCell::cycles(benchmark::State& state) { run_cycles(state); }

void MixCell::run(uint64_t count) {
  NoMarks none;
  for (uint64_t i = 0; i < count; ++i) lanes_[0].ring->cycle(none);
}

PhaseTimes MixCell::phased_cycle() {
  ClockMarks marks;
  lanes_[0].ring->cycle(marks);
  return times_of(marks);
}

// Cycles that the first thread goes through alone say nothing of how threads compete: they are not among paths().
CounterSlopes MixCell::count() {
  MixRing& ring = *lanes_[0].ring;
  const PathCounts before = finished_in(lanes_);
  CounterSlopes slopes =
      count_slopes(ring.round(), 2 * ring.round(), [&](CounterMarks& marks) { ring.cycle(marks); });
  const PathCounts after = finished_in(lanes_);
  for (uint32_t i = 0; i < Path::kIndexEnd && lanes_.size() > 1; ++i) paths_before_[i] += after[i] - before[i];
  return slopes;
}

Json MixCell::memory() const { return memory_of(lanes_[0].pool->store(), cell_.slots * cell_.threads); }

Json MixCell::idle_memory() {
  drain();
  return idle_memory_of(lanes_[0].pool->store());
}

PhaseSet MixCell::known_phases() const {
  PhaseSet known = engine_.phases;
  const bool left_out =
      std::any_of(parts_.begin(), parts_.end(), [](const Part& part) { return leaves_out_start(part.program); });
  if (left_out) known.erase(Phase::start);
  return known;
}

Json MixCell::facts() const {
  Json modules = Json::object();
  for (size_t i = 0; i < parts_.size(); ++i) {
    Json& facts = modules[parts_[i].name] = facts_of(parts_[i].program, *parts_[i].prepared);
    if (!lanes_.empty()) facts["chosen"] = chosen_of(lanes_[0].pool->store(), *lanes_[0].ring->modules()[i].tenant, warm_up_cycles());
  }
  return {{"modules", modules},
          {"warm_up_cycles", warm_up_cycles()},
          {"cycles_a_round", Draws::round_of(parts_.size(), cell_.slots)}};
}

}  // namespace instbench::bench
