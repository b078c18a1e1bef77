#include "harness/run/plan.hpp"

#include <algorithm>
#include <numeric>

namespace instbench::bench {
namespace {

// splitmix64 (Steele, Lea and Flood 2014). The standard library's shuffle and distributions differ
// between implementations; a plan must not.
uint64_t next_random(uint64_t& state) {
  uint64_t z = (state += 0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

std::vector<uint32_t> arm_order(size_t arms, uint64_t seed, uint32_t case_index, uint32_t block) {
  std::vector<uint32_t> order = shuffled(arms, seed, (uint64_t{1} << 32) + case_index);
  std::rotate(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(block / 2 % arms), order.end());
  if (block % 2 == 1) std::reverse(order.begin(), order.end());
  return order;
}

}  // namespace

const char* name_of(Role role) {
  switch (role) {
    case Role::pilot:
      return "pilot";
    case Role::block:
      return "block";
    case Role::screen:
      return "screen";
    case Role::confirm:
      return "confirm";
  }
  return "block";
}

std::vector<uint32_t> shuffled(size_t count, uint64_t seed, uint64_t salt) {
  std::vector<uint32_t> order(count);
  std::iota(order.begin(), order.end(), 0U);
  uint64_t state = seed * 0x9e3779b97f4a7c15 + salt;
  for (size_t left = count; left > 1; --left) std::swap(order[left - 1], order[next_random(state) % left]);
  return order;
}

std::vector<Step> make_plan(size_t cases, size_t arms, uint64_t seed, uint32_t blocks, Pilots pilots) {
  std::vector<Step> plan;
  const auto add = [&](uint32_t case_index, uint32_t arm, Role role, uint32_t block, uint32_t position) {
    const auto of = role == Role::pilot ? 1U : static_cast<uint32_t>(arms);
    plan.push_back({static_cast<uint32_t>(plan.size()), case_index, arm, role, block, position, 0, of});
  };
  if (pilots == Pilots::one_per_cell) {
    for (uint32_t c = 0; c < cases; ++c) {
      for (uint32_t a = 0; a < arms; ++a) add(c, a, Role::pilot, 0, a);
    }
  }
  for (uint32_t block = 0; block < blocks; ++block) {
    for (const uint32_t c : shuffled(cases, seed, block)) {
      const std::vector<uint32_t> order = arms == 0 ? std::vector<uint32_t>{} : arm_order(arms, seed, c, block);
      for (uint32_t position = 0; position < order.size(); ++position) {
        add(c, order[position], Role::block, block, position);
      }
    }
  }
  return plan;
}

}  // namespace instbench::bench
