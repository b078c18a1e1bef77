// CoreCell: one cell on the in-tree core: its module, pool, ring and touch plan, and the passes over them.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/engines/core/cell_parts.hpp"
#include "harness/engines/core/cycle.hpp"
#include "harness/engines/core/injection.hpp"
#include "harness/engines/core/oracle.hpp"
#include "harness/engines/core/program.hpp"
#include "harness/protocol/cell.hpp"
#include "harness/worker/cell.hpp"

namespace instbench::bench {

class CoreCell final : public Cell {
 public:
  // Throws Unsupported or DoesNotFit (a skipped cell), StrategyError, std::system_error.
  CoreCell(Program program, const Case& cell, const Strategy& strategy, uint64_t seed);

  const EngineFacts& engine() const override { return engine_; }
  Json facts() const override;
  PhaseSet known_phases() const override;
  PhaseTimes first_cycle(std::string& path) override;
  std::optional<std::string> verify(uint64_t rounds) override;
  std::optional<std::string> verify_timed(uint64_t& slots_compared) override;
  void warm_up() override;
  void inject(const Injection& injection) override;
  double stretched_by() const override { return share_; }
  void cycles(benchmark::State& state) override;
  void run(uint64_t count) override;
  bool has_probes() const override { return true; }
  void run_probed(uint64_t count, const Itt* itt) override;
  void cycle_beside(uint64_t thread) override;
  PhaseTimes phased_cycle() override;
  CounterSlopes count() override;
  uint32_t last_path() const override;
  std::string path_text(uint32_t index) const override { return to_string(Path::from_index(index)); }
  Json paths() const override;
  Json memory() const override;
  Json idle_memory() override;
  // What a cycle is held against: of a workload that calls, the same calls in an instance that is never reset; else one
  // madvise over the clean range that a release would discard. Null when the range is empty or the reset another, or when
  // an instance does not give the same answers twice.
  Json floor() override;

 private:
  // The cycle that is marked, with the extra work if there is any.
  template <typename Marks>
  void marked_cycle(Marks& marks) {
    if (extra_) {
      Injected<Marks> injected{marks, *extra_};
      lanes_[0].ring->cycle(injected);
    } else {
      lanes_[0].ring->cycle(marks);
    }
  }
  void run_cycles(benchmark::State& state);
  void run_injected_cycles(benchmark::State& state);
  // What one thread has to itself: a pool is not thread-safe. The slots, the module, its images and its code are shared.
  struct Lane {
    std::unique_ptr<TouchPlan> plan;
    std::unique_ptr<Pool> pool;
    Tenant* tenant = nullptr;
    std::unique_ptr<Ring> ring;  // after pool: it gives its slots back first
  };
  Lane make_lane(std::shared_ptr<SlotStore> store, uint64_t thread);
  uint64_t warm_up_cycles() const;
  Json floor_of_calls();
  std::optional<std::string> leak_in(Lane& lane, uint64_t slots);
  Oracle& oracle();
  std::shared_ptr<SlotStore> new_store(uint64_t slots, uint32_t threads) const;

  Program program_;
  EngineFacts engine_;
  std::shared_ptr<const Prepared> prepared_;
  std::unique_ptr<CallPlan> calls_;
  Case cell_;
  uint32_t slots_;  // of each thread
  uint64_t seed_;
  std::optional<ExtraWork> extra_;
  double share_ = 0;
  std::optional<Oracle> oracle_;  // made when something is to be compared with it
  TouchPlan plan_;
  std::vector<Lane> lanes_;  // by thread; none before warm_up()
  PathCounts paths_before_{};
};

EngineFacts core_facts(const std::string& strategy);  // canonical text; throws StrategyError

// Loads the module and makes the cell. Throws Skip, LoadError, std::system_error.
std::unique_ptr<Cell> open_core(const Request& request);

}  // namespace instbench::bench
