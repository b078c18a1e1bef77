#include "harness/run/compare_plan.hpp"

#include <algorithm>
#include <array>
#include <map>

namespace instbench::bench {
namespace {

constexpr uint32_t kSixOrders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};

// Apart from those that order the rounds, and from each other.
uint64_t salt_of(Role role, uint32_t case_index, uint32_t group) {
  return (uint64_t{static_cast<uint8_t>(role)} + 2) << 56 | uint64_t{case_index} << 24 | group;
}

void add_block(std::vector<Step>& steps, Role role, uint32_t case_index, uint32_t block, uint32_t attempt,
               std::span<const uint32_t> order) {
  for (uint32_t position = 0; position < order.size(); ++position)
    steps.push_back({0, case_index, order[position], role, block, position, attempt, static_cast<uint32_t>(order.size())});
}

}  // namespace

std::vector<uint32_t> arm_order(uint64_t seed, Role role, uint32_t case_index, uint32_t block, BlockOf kind) {
  const uint32_t orders = kind == BlockOf::triple ? 6 : 2;
  const uint32_t which = shuffled(orders, seed, salt_of(role, case_index, block / orders))[block % orders];
  if (kind == BlockOf::triple) return {std::begin(kSixOrders[which]), std::end(kSixOrders[which])};
  return which == 0 ? std::vector{kArmA, kArmB} : std::vector{kArmB, kArmA};
}

std::vector<Step> pilot_steps(std::span<const uint32_t> cases) {
  std::vector<Step> steps;
  for (const uint32_t c : cases) {
    for (const uint32_t arm : {kArmA, kArmB}) steps.push_back({0, c, arm, Role::pilot, 0, arm, 0});
  }
  return steps;
}

std::vector<Step> screen_steps(std::span<const uint32_t> cases, uint32_t control_case, uint32_t blocks, uint64_t seed) {
  std::vector<Step> steps;
  for (uint32_t block = 0; block < blocks; ++block) {
    for (const uint32_t i : shuffled(cases.size(), seed, block)) {
      const BlockOf kind = cases[i] == control_case ? BlockOf::triple : BlockOf::pair;
      add_block(steps, Role::screen, cases[i], block, 0, arm_order(seed, Role::screen, cases[i], block, kind));
    }
  }
  return steps;
}

std::vector<Step> confirm_steps(std::span<const Confirmation> cases, uint64_t seed) {
  std::vector<Step> steps;
  uint32_t most = 0;
  for (const Confirmation& c : cases) most = std::max(most, c.blocks);
  for (uint32_t block = 0; block < most; ++block) {
    for (const uint32_t i : shuffled(cases.size(), seed, uint64_t{1} << 40 | block)) {
      const auto [case_index, blocks] = cases[i];
      if (block >= blocks) continue;
      add_block(steps, Role::confirm, case_index, block, 0,
                arm_order(seed, Role::confirm, case_index, block, BlockOf::triple));
    }
  }
  return steps;
}

std::vector<Step> redo_steps(std::span<const Block> disturbed) {
  std::vector<Step> steps;
  for (const Block& block : disturbed)
    add_block(steps, block.stage, block.case_index, block.block, block.attempt + 1, block.order);
  return steps;
}

std::vector<Block> to_redo(std::span<const Block> blocks, Role stage) {
  struct Tally {
    uint32_t planned = 0, again = 0;
  };
  std::map<uint32_t, Tally> cases;
  for (const Block& block : blocks) {
    if (block.stage != stage) continue;
    Tally& tally = cases[block.case_index];
    (block.attempt == 0 ? tally.planned : tally.again) += 1;
  }
  std::vector<Block> chosen;
  for (const Block& block : blocks) {
    if (block.stage != stage || !block.counts || !block.disturbed()) continue;
    Tally& tally = cases[block.case_index];
    if ((tally.again + 1) * 4 > tally.planned) continue;
    ++tally.again;
    chosen.push_back(block);
  }
  return chosen;
}

}  // namespace instbench::bench
