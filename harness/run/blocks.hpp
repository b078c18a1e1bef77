// On a shared machine interference comes in bursts of milliseconds to seconds that no counter of the guest shows. So a
// batch is cut into parts of about 2 ms, in which the processes of a block take turns: parts with the same number are
// neighbours in time and disturbed alike. A block's ratio is the mean of the middle half of ln(B's part / A's part). Where a
// worker knows no turns, processes run one after another and the ratio is that of the lower quartiles of their parts;
// where one knows no parts either, that of the means.
//
// A part is many whole cycles where cycles are short, so a change of the mix of paths moves every part; what is rare and
// dear moves the mean of the whole batch only, which is shown and warned of.
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
  std::vector<double> parts_ns;           // in the order timed; empty without parts
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
  bool in_turns = false;               // its processes ran side by side, one part at a time
  bool mixed = false;                  // some did and some did not, so that they cannot be compared
  bool disturbed() const;              // a process waited for a CPU, or it is split
  bool delay_unknown() const;          // of some process
};

// The blocks of both stages whose every process has a line of a step before `end`, in the order measured. `lines` must
// outlive them.
std::vector<Block> blocks_of(const std::vector<std::string>& case_ids, const std::vector<std::string>& arm_ids,
                             const std::vector<Json>& lines, size_t end = SIZE_MAX);

// Those of one case and stage that count. `blocks` must outlive them.
std::vector<const Block*> counted_blocks(const std::vector<Block>& blocks, uint32_t case_index, Role stage);

enum class Metric : uint8_t { cycle, instantiate };
const char* name_of(Metric metric);
// ln(arm / A) of `metric` in one block; nothing where one of them was not measured.
std::optional<double> log_ratio(const Block& block, Metric metric, uint32_t arm);
// In every block of the stage that counts and has both.
std::vector<double> log_ratios(const std::vector<Block>& blocks, uint32_t case_index, Role stage, Metric metric,
                               uint32_t arm);
// The figures themselves of one arm.
std::vector<double> figures_of(const std::vector<Block>& blocks, uint32_t case_index, Role stage, Metric metric,
                               uint32_t arm);

}  // namespace instbench::bench
