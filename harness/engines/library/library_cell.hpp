// LibraryCell: a cell of an engine that lives in a shared library, made from the least that a cycle needs of it.
//
// Engine is a class with
//   struct Live;                          what one instance needs; default-constructed: none
//   const EngineFacts& facts() const;
//   void acquire(Live&);                  what comes before the instance itself (a store)
//   void init(Live&);                     the instance, its start function included; throws std::runtime_error
//   void release(Live&) noexcept;         gives all of it back; a Live without an instance too
//   std::span<std::byte> memory(Live&);   memory 0: by its exported name, looked up anew as an embedder would, or the
//                                         one that was made for it to import
//   bool grow(Live&, uint64_t pages);     of 64 KiB; false: it did not
//   uint64_t table_entries(Live&);        of table 0
//   bool is_null(Live&, uint64_t entry);  takes the entry, so that a lazy table makes it
//   bool set_null(Live&, uint64_t entry); false: it cannot
//   uint64_t global(Live&, const std::string& name);               its bits
//   bool set_global(Live&, const std::string& name, uint64_t);     false: it is immutable
//   Json module_facts() const;            optional: more facts about the module under this engine
//   std::string one_thread_only() const;  optional: why this module's instances cannot be made on several threads; ""
// All but the last two are called on as many threads at once as the engine's facts allow, each with Lives of its own.
// And a function that makes one: with its own pool, the module loaded, the imports linked. Nothing but init() is asked
// of an instance that the workload does not touch.
#pragma once

#include <benchmark/benchmark.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "harness/engines/library/fault_slopes.hpp"
#include "harness/engines/library/snapshot.hpp"
#include "harness/engines/library/start_state.hpp"
#include "harness/protocol/touch_plan.hpp"
#include "harness/worker/cell.hpp"
#include "runtime/os/usage.hpp"

namespace instbench::bench {

// Throws Skip where the workload, the conditions or the module ask for what no library engine has here.
void check_request(const Request& request, const EngineFacts& facts);
// Where the core cannot read the module: nothing of it can be reached.
Reach reach_of(const Request& request);

template <typename Engine>
class LibraryCell final : public Cell {
 public:
  using Make = std::function<std::unique_ptr<Engine>()>;

  LibraryCell(const Request& request, Json facts, Make make)
      : make_(std::move(make)),
        engine_(make_()),
        module_facts_(std::move(facts)),
        reach_known_(request.reach.has_value()),
        reach_(reach_of(request)),
        module_path_(request.module_path),
        seed_(request.seed) {
    for (uint64_t thread = 0; thread < request.cell.threads; ++thread)  // other threads draw other addresses
      lanes_.push_back(std::make_unique<Lane>(request.cell, request.seed + thread, reach_.target));
    if constexpr (requires { engine_->one_thread_only(); }) {
      const std::string why = engine_->one_thread_only();
      if (lanes_.size() > 1 && !why.empty()) throw Skip("threads=" + std::to_string(lanes_.size()) + ": " + why);
    }
    const Workload& w = request.cell.workload;
    touches_memory_ = w.kind == Workload::Kind::touch && (w.read != 0 || w.write != 0 || w.grow != 0);
  }
  ~LibraryCell() override { drain_all(); }

  const EngineFacts& engine() const override { return engine_->facts(); }
  Json facts() const override {
    Json facts = module_facts_;
    if constexpr (requires { engine_->module_facts(); }) facts.update(engine_->module_facts());
    facts["not_compared"] = reach_.hidden;
    return facts;
  }

  PhaseTimes first_cycle(std::string&) override {
    typename Engine::Live live;
    ClockMarks marks;
    cycle(*lanes_[0], live, marks);
    const uint64_t begin = os::now_ns();
    engine_->release(live);
    PhaseTimes times = times_of(marks);
    times.release = os::now_ns() - begin;
    return times;
  }

  // In an engine of its own, so that the pool that is timed is not made dirty.
  std::optional<std::string> verify(uint64_t rounds) override {
    const std::unique_ptr<Engine> engine = make_();
    const Snapshot& expected = reference();
    if (reach_.sees_memory()) {
      if (const auto found = start_difference(module_path_, expected.memory)) return "the first instance: " + *found;
    }
    for (uint64_t round = 0; round < rounds; ++round) {
      std::vector<typename Engine::Live> one(1);
      const std::optional<std::string> found = verify_round(*engine, one[0], expected, round);
      drain(*engine, one);
      if (found) return "round " + std::to_string(round) + ": " + *found;
    }
    return std::nullopt;
  }

  bool can_verify() const override { return reach_known_ && (reach_.sees_memory() || !reach_.has_memory); }

  std::optional<std::string> verify_timed(uint64_t& slots_compared) override {
    constexpr uint64_t kBudgetBytes = uint64_t{16} << 20;
    const Snapshot& expected = reference();
    const uint64_t slots = lanes_.size() * lanes_[0]->ring.size();
    slots_compared = std::clamp<uint64_t>(kBudgetBytes / (reach_.target.memory_bytes + 1), lanes_.size(), slots);
    drain_all();
    std::vector<typename Engine::Live> fresh(slots_compared);
    std::optional<std::string> found;
    for (typename Engine::Live& live : fresh) {
      engine_->acquire(live);
      engine_->init(live);
      found = difference(*engine_, live, expected);
      if (!found) found = growth(*engine_, live);
      if (found) break;
    }
    drain(*engine_, fresh);
    return found ? std::optional("after the timed loop: " + *found) : std::nullopt;
  }

  void warm_up() override {
    NoMarks none;
    for (const auto& lane : lanes_) {
      for (uint64_t i = 0; i < 2 * lane->ring.size() + 8; ++i) next_cycle(*lane, none);
    }
  }

  [[gnu::noinline]] void cycles(benchmark::State& state) override {
    NoMarks none;
    Lane& lane = *lanes_[0];
    for (auto _ : state) next_cycle(lane, none);
  }
  void run(uint64_t count) override {
    NoMarks none;
    for (uint64_t i = 0; i < count; ++i) next_cycle(*lanes_[0], none);
  }
  void cycle_beside(uint64_t thread) override {
    NoMarks none;
    next_cycle(*lanes_[thread], none);
  }
  PhaseTimes phased_cycle() override {
    ClockMarks marks;
    next_cycle(*lanes_[0], marks);
    return times_of(marks);
  }

  // Faults of whole cycles; system calls are the trace's.
  CounterSlopes count() override {
    return fault_slopes([this](uint64_t cycles) { run(cycles); });
  }

 private:
  using Live = typename Engine::Live;

  // What one thread has to itself; the engine, its pool and its code are shared.
  struct Lane {
    Lane(const Case& cell, uint64_t seed, const TouchTarget& target)
        : plan(cell.workload, cell.vary, seed, target), ring(cell.slots) {}
    TouchPlan plan;
    std::vector<Live> ring;
    size_t next = 0;
    uint64_t value = 0, sum = 0;
  };

  // All that is timed: release the oldest instance, make a new one in its place, do the work.
  template <typename Marks>
  void cycle(Lane& lane, Live& live, Marks& marks) {
    lane.plan.next_cycle();
    marks.at(0);
    engine_->release(live);
    marks.at(1);
    engine_->acquire(live);
    marks.at(2);
    engine_->init(live);
    marks.at(3);
    marks.at(4);
    touch(lane, live);
    marks.at(5);
  }
  template <typename Marks>
  void next_cycle(Lane& lane, Marks& marks) {
    Live& live = lane.ring[lane.next];
    lane.next = lane.next + 1 == lane.ring.size() ? 0 : lane.next + 1;
    cycle(lane, live, marks);
  }

  // The same accesses as the core's. The sum keeps the reads alive.
  void touch(Lane& lane, Live& live) {
    const Touches& now = lane.plan.now();
    ++lane.value;
    if (touches_memory_) {
      std::byte* memory = engine_->memory(live).data();
      for (const uint64_t place : now.reads) lane.sum += *reinterpret_cast<const volatile uint64_t*>(memory + place);
      for (const uint64_t place : now.writes) *reinterpret_cast<volatile uint64_t*>(memory + place) = lane.value;
    }
    for (const uint64_t entry : now.entries) lane.sum += engine_->is_null(live, entry) ? 1 : 0;
    if (lane.plan.grow_pages() != 0) grow(lane, live);
  }
  void grow(const Lane& lane, Live& live) {
    const uint64_t old_bytes = engine_->memory(live).size();
    if (!engine_->grow(live, lane.plan.grow_pages())) throw std::runtime_error("memory.grow failed");
    const std::span<std::byte> memory = engine_->memory(live);
    for (uint64_t at = old_bytes; at < memory.size(); at += kGrowPageBytes)
      *static_cast<volatile std::byte*>(&memory[at]) = std::byte{1};
  }

  void drain_all() {
    for (const auto& lane : lanes_) drain(*engine_, lane->ring);
  }
  static void drain(Engine& engine, std::vector<Live>& lives) {
    for (Live& live : lives) engine.release(live);
  }

  std::vector<bool> nulls(Engine& engine, Live& live) const {
    std::vector<bool> nulls;
    if (!reach_.sees_table()) return nulls;
    for (uint64_t i = 0, entries = engine.table_entries(live); i < entries; ++i)
      nulls.push_back(engine.is_null(live, i));
    return nulls;
  }
  std::vector<uint64_t> globals(Engine& engine, Live& live) const {
    std::vector<uint64_t> bits;
    for (const std::string& name : reach_.globals) bits.push_back(engine.global(live, name));
    return bits;
  }

  // The first instance of an engine in which there was no other.
  const Snapshot& reference() {
    if (reference_) return *reference_;
    const std::unique_ptr<Engine> engine = make_();
    std::vector<Live> one(1);
    engine->acquire(one[0]);
    engine->init(one[0]);
    reference_.emplace();
    if (reach_.sees_memory()) {
      const std::span<const std::byte> memory = engine->memory(one[0]);
      reference_->memory.assign(memory.begin(), memory.end());
    }
    reference_->is_null = nulls(*engine, one[0]);
    reference_->globals = globals(*engine, one[0]);
    drain(*engine, one);
    return *reference_;
  }

  std::optional<std::string> difference(Engine& engine, Live& live, const Snapshot& expected) const {
    if (reach_.sees_memory()) {
      if (auto found = memory_difference(engine.memory(live), expected.memory)) return found;
    }
    if (auto found = table_difference(nulls(engine, live), expected.is_null)) return found;
    return global_difference(globals(engine, live), expected.globals, reach_.globals);
  }

  // What a former tenant grew must read as zero again.
  std::optional<std::string> growth(Engine& engine, Live& live) const {
    constexpr uint64_t kMostPages = 16;
    const uint64_t pages = std::min(kMostPages, reach_.target.growable_pages);
    if (!reach_.sees_memory() || pages == 0) return std::nullopt;
    const uint64_t old_bytes = engine.memory(live).size();
    if (!engine.grow(live, pages)) return std::nullopt;
    return growth_difference(engine.memory(live).subspan(old_bytes), old_bytes);
  }

  std::optional<std::string> verify_round(Engine& engine, Live& live, const Snapshot& expected, uint64_t round) {
    engine.acquire(live);
    engine.init(live);
    if (auto found = difference(engine, live, expected)) return found;
    // Every other tenant grows before it makes its mess, so that both kinds of memory follow each other.
    if (round % 2 == 1) {
      if (auto found = growth(engine, live)) return found;
    }
    if (reach_.sees_memory()) make_mess(engine.memory(live), seed_ + round);
    for (uint64_t i = 0; i < expected.is_null.size(); ++i) engine.set_null(live, i);
    for (size_t i = 0; i < reach_.globals.size(); ++i) engine.set_global(live, reach_.globals[i], ~expected.globals[i]);
    return std::nullopt;
  }

  static constexpr uint64_t kGrowPageBytes = 65536;

  Make make_;
  std::unique_ptr<Engine> engine_;
  Json module_facts_;
  bool reach_known_;
  Reach reach_;
  std::string module_path_;
  uint64_t seed_;
  std::vector<std::unique_ptr<Lane>> lanes_;  // by thread
  std::optional<Snapshot> reference_;
  bool touches_memory_ = false;
};

}  // namespace instbench::bench
