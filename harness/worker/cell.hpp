// Cell: one cell of any engine, as the passes see it. An engine is a class that implements this (harness/engines/), or
// a program of its own that speaks the worker protocol.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>

#include "harness/protocol/cell.hpp"
#include "harness/worker/marks.hpp"

namespace benchmark {
class State;
}

namespace instbench::bench {

class Itt;

// The cell cannot be had here: what the kernel, the module or the engine lacks. It is skipped with this reason.
struct Skip : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// The strategy's text is wrong. what() says what is accepted.
struct Refused : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Nanoseconds of each phase of one cycle, and the sums that the reader asks for.
struct PhaseTimes {
  uint64_t release = 0, acquire = 0, init = 0, start = 0, work = 0;
  uint64_t instantiate() const { return acquire + init + start; }
  uint64_t cycle() const { return release + instantiate() + work; }
};
PhaseTimes times_of(const ClockMarks& marks);

// Which phases are timed apart; what an engine cannot part is in the nearest one that it names.
using PhaseSet = std::set<Phase>;
const char* name_of(Phase phase);

using NamedCounts = std::map<std::string, double>;  // per cycle

// By name of the phase, "instantiate" and "cycle" among them. A phase that is absent was not counted.
struct CounterSlopes {
  uint64_t short_cycles = 0, long_cycles = 0;
  std::map<std::string, NamedCounts> phases;
};

// What an engine says of itself (harness/protocol/README.md, "describe").
struct EngineFacts {
  std::string name;      // "wasmtime"
  std::string version;   // "50.0.1"
  std::string strategy;  // canonical
  Json build;            // what else tells two builds apart; null: nothing
  PhaseSet phases;
  std::vector<std::string> workloads, counters;
  uint64_t threads = 1, slots = kMostSlots;
  std::vector<std::string> notes;
};
Json to_json(const EngineFacts& facts);

class Cell {
 public:
  // Lengths of the two runs of a slope: short, since a cycle of a slow strategy can take 40 ms.
  static constexpr uint64_t kShortRun = 4, kLongRun = 12;

  Cell() = default;
  virtual ~Cell() = default;
  Cell(const Cell&) = delete;
  Cell& operator=(const Cell&) = delete;

  virtual const EngineFacts& engine() const = 0;
  virtual Json facts() const = 0;  // of the module under this strategy
  // Of the module at hand: without `start` where a start function is there and is not run.
  virtual PhaseSet known_phases() const { return engine().phases; }

  // The first cycle of a module that is loaded, in a pool that was never used. `path` stays empty when it is not known.
  virtual PhaseTimes first_cycle(std::string& path) = 0;
  // Makes `rounds` instances in a pool of their own, one after another, compares each with a fresh reference, makes a
  // mess of it and drops it: what differs, or nothing.
  virtual std::optional<std::string> verify(uint64_t rounds) = 0;
  // False where the instance's memory cannot be looked into: then nothing is verified by comparing the rest.
  virtual bool can_verify() const { return true; }
  // The same on the slots that were timed, as many as a byte budget allows; `slots_compared` says how many.
  virtual std::optional<std::string> verify_timed(uint64_t& slots_compared) = 0;
  // Makes what is timed, for every thread, and brings every slot into its steady state.
  virtual void warm_up() = 0;

  // From here on what is timed and counted is slower: cycles of the batch, of phases and of counters, and run().
  virtual void inject(const Injection&) { throw Skip("--inject is for the engine 'core'"); }
  virtual double stretched_by() const { return 0; }  // by which whoever times cycles makes them longer

  // Google Benchmark's loop around whole cycles, and nothing else: `for (auto _ : state) cycle();`.
  virtual void cycles(benchmark::State& state) = 0;
  virtual void run(uint64_t count) = 0;  // `count` cycles
  // The same with marks for a profiler: ITT tasks around the phases, or, `itt` being null, probes at their borders
  // (runtime/os/probes.hpp). Without either where the engine has none.
  virtual bool has_probes() const { return false; }
  virtual void run_probed(uint64_t count, const Itt* /*itt*/) { run(count); }
  // One cycle of the `thread`-th thread (1, 2, … below the cell's threads), in instances of its own; the cell's first
  // thread is the one that calls all the rest. Called on a thread of its own, beside cycles() and phased_cycle().
  virtual void cycle_beside(uint64_t /*thread*/) { throw Skip("its engine is measured with one thread"); }
  virtual PhaseTimes phased_cycle() = 0;
  virtual CounterSlopes count() = 0;

  // Which way the last cycle went, as a small number, and its text. Empty text: not known.
  virtual uint32_t last_path() const { return 0; }
  virtual std::string path_text(uint32_t) const { return ""; }
  virtual Json paths() const { return nullptr; }   // cycles finished since warm_up(), by path
  virtual Json memory() const { return nullptr; }  // of one of the instances alive
  // Of one of the slots that were timed, once nothing is alive in them. What they were in is over: no more cycles follow.
  virtual Json idle_memory() { return nullptr; }
  virtual Json floor() { return nullptr; }
};

}  // namespace instbench::bench
