// One cycle of a mix: as Ring::cycle, but each instance is of the next module, and all share one pool.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

#include "harness/engines/core/cycle.hpp"

namespace instbench::bench {

// Which module the next instance is of. Drawn beforehand, as a round that has each module equally often and is gone through
// again and again: whole rounds are alike in every process and under every strategy.
class Draws {
 public:
  // Of each module in a round, at least; so many that a round is also four times as long as instances are alive, or the
  // instance that is dropped would always be of the module that is made.
  static constexpr uint64_t kOfEach = 32, kRoundPerInstance = 4;

  Draws(size_t modules, Mix::Order order, uint64_t instances, uint64_t seed) {
    for (uint64_t i = 0; i < round_of(modules, instances); ++i) round_.push_back(static_cast<uint32_t>(i % modules));
    if (order == Mix::Order::rotate) return;
    Random random(seed);
    for (size_t i = round_.size(); i > 1; --i) std::swap(round_[i - 1], round_[random.below(i)]);
  }

  uint32_t next() {
    const uint32_t drawn = round_[next_];
    next_ = next_ + 1 == round_.size() ? 0 : next_ + 1;
    return drawn;
  }
  uint64_t round() const { return round_.size(); }
  static uint64_t round_of(size_t modules, uint64_t instances) {
    return std::max(kOfEach, (kRoundPerInstance * instances + modules - 1) / modules) * modules;
  }

 private:
  std::vector<uint32_t> round_;
  size_t next_ = 0;
};

// `instances` alive at once, of any of the modules.
class MixRing {
 public:
  struct Module {
    Tenant* tenant;  // of the pool
    TouchPlan plan;
  };

  MixRing(Pool& pool, std::vector<Module> modules, Draws draws, size_t instances)
      : pool_(pool), modules_(std::move(modules)), draws_(std::move(draws)), live_(instances) {}
  ~MixRing() { drain(); }
  MixRing(const MixRing&) = delete;
  MixRing& operator=(const MixRing&) = delete;

  template <typename Marks>
  void cycle(Marks& marks) {
    Live& live = live_[next_];
    next_ = next_ + 1 == live_.size() ? 0 : next_ + 1;
    last_ = draws_.next();
    Module& module = modules_[last_];
    module.plan.next_cycle();
    marks.at(0);
    if (live.claim.slot != nullptr) release(live);
    marks.at(1);
    live = {acquire(*module.tenant), last_};
    marks.at(2);
    const Instance instance = pool_.init(live.claim, *module.tenant);
    marks.at(3);
    instance.start();
    marks.at(4);
    sum_ += touch(instance, module.plan, ++value_);
    marks.at(5);
  }

  // The last cycle: the module of the instance it made, and the way of that instance, with the reset that it made
  // (of the oldest, which may be of another module).
  uint32_t last_module() const { return last_; }
  Path last_path() const {
    Path path = live_[next_ == 0 ? live_.size() - 1 : next_ - 1].claim.path;
    path.reset = last_reset_;
    return path;
  }
  uint64_t round() const { return draws_.round(); }
  const std::vector<Module>& modules() const { return modules_; }

  // Drops what is alive. How many that were, by module.
  std::vector<uint64_t> drain() {
    std::vector<uint64_t> dropped(modules_.size());
    for (Live& live : live_) {
      if (live.claim.slot == nullptr) continue;
      release(live);
      ++dropped[live.module];
    }
    return dropped;
  }

 private:
  struct Live {
    Pool::Claim claim;
    uint32_t module = 0;
  };

  void release(Live& live) {
    pool_.release(live.claim, *modules_[live.module].tenant);
    last_reset_ = live.claim.path.reset;
  }
  // A slot is free, since there are as many as instances; but where other threads take and give back meanwhile, a search
  // can pass the one that is.
  Pool::Claim acquire(const Tenant& tenant) {
    constexpr int kMostTries = 10000;
    Pool::Claim claim = pool_.acquire(tenant);
    for (int i = 1; claim.slot == nullptr && i < kMostTries; ++i) claim = pool_.acquire(tenant);
    if (claim.slot == nullptr) [[unlikely]]
      throw std::length_error("the pool has no slot left: " + pool_.stats().last_failure);
    return claim;
  }

  Pool& pool_;
  std::vector<Module> modules_;
  Draws draws_;
  std::vector<Live> live_;
  size_t next_ = 0;
  uint32_t last_ = 0;
  ResetPath last_reset_ = ResetPath::pending;
  uint64_t value_ = 0;
  uint64_t sum_ = 0;
};

}  // namespace instbench::bench
