// CoreCell: one cell on the in-tree core: its module, pool, ring and touch plan, and the passes over them.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/protocol/cell.hpp"
#include "harness/worker/cycle.hpp"
#include "harness/worker/injection.hpp"
#include "harness/worker/oracle.hpp"
#include "harness/worker/program.hpp"

namespace instbench::bench {

// Nanoseconds of each phase of one cycle, and the sums that the reader asks for.
struct PhaseTimes {
  uint64_t release = 0, acquire = 0, init = 0, start = 0, work = 0;
  uint64_t instantiate() const { return acquire + init + start; }
  uint64_t cycle() const { return release + instantiate() + work; }
};

using NamedCounts = std::map<std::string, double>;  // per cycle

struct CounterSlopes {
  uint64_t short_cycles = 0, long_cycles = 0;
  NamedCounts instantiate, work, release, cycle;
};

class CoreCell {
 public:
  // Throws Unsupported or DoesNotFit (a skipped cell), StrategyError, std::system_error.
  CoreCell(const Program& program, const Case& cell, const Strategy& strategy, uint64_t seed);

  // A new pool, its first cycle, dropped at once.
  PhaseTimes first_cycle(std::string& path);
  // Compares instances with a fresh reference in a pool of their own: what differs, or nothing.
  std::optional<std::string> verify(Oracle& oracle);
  // The same on the slots that were timed, as many as a byte budget allows; `slots_compared` says how many.
  std::optional<std::string> verify_timed(Oracle& oracle, uint64_t& slots_compared);
  // Makes the pool that is timed and brings every slot into its steady state.
  void warm_up();

  // From here on what is timed and counted is slower: cycles of the batch, of phases and of counters, and run().
  // Cycles of first_cycle(), of the verifying ones and of the warm-up never are.
  void inject(const Injection& injection);
  bool does_extra_work() const { return extra_.has_value(); }
  double stretched_by() const { return share_; }  // by which whoever times cycles makes them longer

  // Paths of the cycles finished since warm_up(), by Path::index().
  std::array<uint64_t, Path::kIndexEnd> warm_paths() const;

  // One cycle of the batch; injected_cycle() when does_extra_work(), which is asked outside of the loop that is timed.
  void cycle() {
    NoMarks none;
    ring_->cycle(none);
  }
  void injected_cycle() {
    NoMarks none;
    Injected<NoMarks> marks{none, *extra_};
    ring_->cycle(marks);
  }
  PhaseTimes phased_cycle();
  CounterSlopes count();
  // Without markers: `cycles` cycles.
  void run(uint64_t cycles);
  // Lengths of the two runs of a slope: short, since a cycle of a slow strategy can take 40 ms.
  static constexpr uint64_t kShortRun = 4, kLongRun = 12;

  // One madvise over the clean range that a release would discard, in nanoseconds; nothing when the range is empty.
  std::optional<double> floor_ns(uint64_t& range_bytes);
  const Path& last_path() const { return ring_->last_path(); }
  const Prepared& prepared() const { return *prepared_; }
  const Pool& pool() const { return *pool_; }

 private:
  // The cycle that is marked, with the extra work if there is any.
  template <typename Marks>
  void marked_cycle(Marks& marks) {
    if (extra_) {
      Injected<Marks> injected{marks, *extra_};
      ring_->cycle(injected);
    } else {
      ring_->cycle(marks);
    }
  }
  std::unique_ptr<Pool> new_pool(uint32_t slots) const;
  void refuse_if_too_large() const;

  Ring new_ring(Pool& pool, const Tenant& tenant, size_t slots) {
    return {pool, tenant, *plan_, calls_.get(), host_.get(), slots};
  }

  std::shared_ptr<CallHost> host_;  // before what is bound to it
  std::shared_ptr<const Prepared> prepared_;
  std::unique_ptr<CallPlan> calls_;
  uint32_t slots_;
  uint64_t seed_;
  Case cell_;
  std::optional<ExtraWork> extra_;
  double share_ = 0;
  std::unique_ptr<TouchPlan> plan_;
  std::unique_ptr<Pool> pool_;
  Tenant* tenant_ = nullptr;
  std::array<uint64_t, Path::kIndexEnd> paths_before_{};
  std::unique_ptr<Ring> ring_;  // after pool_: it gives its slots back first
};

}  // namespace instbench::bench
