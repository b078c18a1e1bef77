// MixCell: one cell of several modules that share one pool: whose slot is whose next is what is measured.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/engines/core/cell_parts.hpp"
#include "harness/engines/core/mix_ring.hpp"
#include "harness/engines/core/oracle.hpp"

namespace instbench::bench {

class MixCell final : public Cell {
 public:
  // Loads the modules. Throws Unsupported or DoesNotFit (a skipped cell) naming the module, LoadError, std::system_error.
  MixCell(const Request& request, const Strategy& strategy);

  const EngineFacts& engine() const override { return engine_; }
  Json facts() const override;  // of each module, by name
  PhaseSet known_phases() const override;
  PhaseTimes first_cycle(std::string& path) override;  // of the module that is drawn first
  // In one slot, so that every module follows every other one in it, and itself.
  std::optional<std::string> verify(uint64_t rounds) override;
  // The slots of the instances alive, each for its own module; then idle ones, for modules in turn.
  std::optional<std::string> verify_timed(uint64_t& slots_compared) override;
  void warm_up() override;
  void inject(const Injection&) override { throw Skip("--inject is for cases of one module"); }
  void cycles(benchmark::State& state) override;
  void run(uint64_t count) override;
  void cycle_beside(uint64_t thread) override;
  PhaseTimes phased_cycle() override;
  CounterSlopes count() override;  // over whole rounds of the modules' order
  // A path that is followed by its module: "slot=hit memory=kept tables=lazy reset=madvise module=a.wat".
  uint32_t last_path() const override;
  std::string path_text(uint32_t index) const override;
  Json paths() const override;  // of all threads and modules, while all threads were at it
  Json memory() const override;
  Json idle_memory() override;

 private:
  struct Part {
    std::string name;
    Program program;
    std::shared_ptr<const Prepared> prepared;
    std::optional<Oracle> oracle;  // made when something is to be compared with it
  };
  // What one thread has to itself. The slots, the modules, their images and their code are shared.
  struct Lane {
    std::unique_ptr<Pool> pool;
    std::unique_ptr<MixRing> ring;  // after pool: it gives its slots back first
  };

  Part load_part(const Request& request, const ModuleFile& file) const;
  void refuse_if_impossible() const;
  std::shared_ptr<SlotStore> new_store(uint64_t slots, uint64_t threads) const;
  Lane make_lane(std::shared_ptr<SlotStore> store, uint64_t thread, uint64_t instances) const;
  Oracle& oracle_of(Part& part);
  uint64_t warm_up_cycles() const;
  void drain();
  void run_cycles(benchmark::State& state);

  EngineFacts engine_;
  Strategy strategy_;
  Case cell_;
  uint64_t seed_;
  std::vector<Part> parts_;  // by module
  SlotGeometry geometry_;
  std::vector<Lane> lanes_;  // by thread; none before warm_up()
  std::vector<std::vector<uint64_t>> dropped_;  // by thread and module, once drained: the instances that were alive
  PathCounts paths_before_{};
};

}  // namespace instbench::bench
