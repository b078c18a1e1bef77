#include "harness/engines/core/core_cell.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>

#include "harness/engines/core/mix_cell.hpp"
#include "runtime/os/build_info.hpp"
#include "runtime/os/environment.hpp"

namespace instbench::bench {

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
  refuse_if_too_large(footprint_of(*prepared_, plan_), cell.slots * cell.threads, SlotGeometry::covering({}, *prepared_));
}

// For so many instances at once: where slots wait for their reset, a thread has that many more.
std::shared_ptr<SlotStore> CoreCell::new_store(uint64_t instances, uint32_t threads) const {
  const Strategy& strategy = prepared_->strategy();
  const uint64_t waiting = uint64_t{strategy.waiting_slots()} * threads;
  return std::make_shared<SlotStore>(strategy, SlotGeometry::covering({}, *prepared_),
                                     static_cast<uint32_t>(instances + waiting), threads);
}

PhaseTimes CoreCell::first_cycle(std::string& path) {
  Pool pool(new_store(1, 1), 0);
  Ring ring(pool, pool.admit(prepared_), plan_, calls_.get(), program_.host.get(), 1);
  Path taken;
  const PhaseTimes times = first_cycle_of(ring, taken);
  path = to_string(taken);
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

// What the passes since the timed loop did (they allocate, and so fault) would have the last reset of every slot search for
// written pages though those that were timed did not: so a few rounds more first.
std::optional<std::string> CoreCell::leak_in(Lane& lane, uint64_t slots) {
  NoMarks none;
  for (uint64_t i = 0; i < 3 * uint64_t{slots_}; ++i) lane.ring->cycle(none);
  lane.ring->drain();
  std::vector<Lease> leases;
  for (uint64_t i = 0; i < slots; ++i) {
    oracle().before_instance();
    leases.emplace_back(*lane.pool, *lane.tenant);
    if (auto found = oracle().difference(leases.back().instance())) return to_string(leases.back().path()) + ": " + *found;
    if (auto found = Oracle::growth_difference(leases.back().instance())) return found;
  }
  leases.clear();
  return failed_reset(*lane.pool);
}

std::optional<std::string> CoreCell::verify_timed(uint64_t& slots_compared) {
  const uint64_t of_each =
      std::clamp<uint64_t>(kVerifyBudgetBytes / memory_bytes_of(*prepared_) / cell_.threads, 1, slots_);
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

uint64_t CoreCell::warm_up_cycles() const {
  const Strategy& strategy = prepared_->strategy();
  return warm_up_rounds(strategy) * (uint64_t{slots_} + strategy.waiting_slots()) + 8;
}

void CoreCell::warm_up() {
  lanes_.clear();
  const auto store = new_store(uint64_t{slots_} * cell_.threads, static_cast<uint32_t>(cell_.threads));
  for (uint64_t thread = 0; thread < cell_.threads; ++thread) lanes_.push_back(make_lane(store, thread));
  paths_before_ = finished_in(lanes_);
}

void CoreCell::cycle_beside(uint64_t thread) {
  NoMarks none;
  lanes_[thread].ring->cycle(none);
}

Json CoreCell::paths() const { return paths_since(paths_before_, finished_in(lanes_)); }

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

CounterSlopes CoreCell::count() {
  return count_slopes(kShortRun, kLongRun, [this](CounterMarks& marks) { marked_cycle(marks); });
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
  } catch (const WrongAnswer&) {  // the second time, or once a program has run out of memory
    if (calls.size() < kFewest) return nullptr;
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
  return memory_of(lanes_[0].pool->store(), uint64_t{slots_} * cell_.threads);
}

Json CoreCell::idle_memory() {
  for (Lane& lane : lanes_) lane.ring->drain();
  return idle_memory_of(lanes_[0].pool->store());
}

PhaseSet CoreCell::known_phases() const {
  PhaseSet known = engine_.phases;
  // Not zero but unknown where a start function is there and was not run.
  if (leaves_out_start(program_)) known.erase(Phase::start);
  return known;
}

Json CoreCell::facts() const {
  Json facts = facts_of(program_, *prepared_);
  facts["warm_up_cycles"] = warm_up_cycles();
  facts["chosen"] = lanes_.empty() ? Json() : chosen_of(lanes_[0].pool->store(), *lanes_[0].tenant, warm_up_cycles());
  return facts;
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
    set_huge_pages(with_features(strategy));
    if (!request.mixed.empty()) return std::make_unique<MixCell>(request, strategy);
    return std::make_unique<CoreCell>(load_program(request, strategy), request.cell, strategy, request.seed);
  } catch (const Unsupported& error) {
    throw Skip(error.what());
  }
}

}  // namespace instbench::bench
