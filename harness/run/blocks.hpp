// The cycle time of a process is the lower quartile of its batch's parts. On a shared machine interference comes in bursts
// of milliseconds to a second that no counter of the guest shows; the mean of 60 ms scattered by 4 to 9 % between identical
// processes, the lower quartile of 20 parts of 3 ms by 0.7 %. A part is many whole cycles where cycles are short, so a
// change of the mix of paths moves every part; what is rare and dear moves the mean only, which is shown and warned of.
// If an arm's worker knows no parts, all processes of the block go by their means.
//
// Blocks: the lines of a comparison's journal put together again, each with what its processes measured. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harness/protocol/cell.hpp"
#include "harness/run/plan.hpp"

namespace instbench::bench {

// Waiting for a CPU for more than this share of the timed batch makes a block a disturbed one.
inline constexpr double kDisturbedShare = 0.01;

// What one process measured. Times in nanoseconds per cycle.
struct Figures {
  std::optional<double> cycle_ns;         // of its batch: the lower quartile of the parts; the mean without parts
  std::optional<double> instantiate_ns;   // median of its second pass
  std::optional<double> run_delay_share;  // of its batch; nothing where the kernel does not tell
  std::string at;                         // when it ended, UTC
  double at_s = 0;                        // seconds of worker time before it ended, all processes since the run began
  const Json* sample = nullptr;
};

struct Block {
  uint32_t case_index = 0;
  Role stage = Role::screen;
  uint32_t block = 0;
  uint32_t attempt = 0;
  std::vector<uint32_t> order;         // arms, as they were run
  std::map<uint32_t, Figures> arms;    // by arm index
  bool counts = true;                  // false: measured again
  bool split = false;                  // the run was stopped between its processes, and resumed
  bool disturbed() const;              // a process waited for a CPU, or it is split
  bool delay_unknown() const;          // of some process
};

// The blocks of both stages whose every process has a line of a step before `end`, in the order measured. `lines` must
// outlive them.
std::vector<Block> blocks_of(const std::vector<std::string>& case_ids, const std::vector<std::string>& arm_ids,
                             const std::vector<Json>& lines, size_t end = SIZE_MAX);

// Those of one case and stage that count. `blocks` must outlive them.
std::vector<const Block*> counted_blocks(const std::vector<Block>& blocks, uint32_t case_index, Role stage);

// ln(arm / A) of `metric` in every block of the stage that counts and has both.
enum class Metric : uint8_t { cycle, instantiate };
const char* name_of(Metric metric);
std::vector<double> log_ratios(const std::vector<Block>& blocks, uint32_t case_index, Role stage, Metric metric,
                               uint32_t arm);
// The figures themselves of one arm.
std::vector<double> figures_of(const std::vector<Block>& blocks, uint32_t case_index, Role stage, Metric metric,
                               uint32_t arm);

}  // namespace instbench::bench
