#include "harness/fuzz/model.hpp"

#include <chrono>
#include <deque>
#include <map>
#include <mutex>
#include <thread>

#include "harness/fuzz/model_lives.hpp"
#include "runtime/codegen/code.hpp"
#include "runtime/module/load.hpp"
#include "runtime/os/fork.hpp"

namespace instbench::bench {
namespace {

constexpr uint64_t kOperationsPerFork = 8'000, kOperationsOfChild = 300;

struct Compiled {
  std::shared_ptr<const Module> module;
  std::shared_ptr<const Code> code;
};

// Compiled once per process and kind of bounds.
const std::vector<Compiled>& compiled(Bounds bounds) {
  static std::map<Bounds, std::vector<Compiled>> all;
  std::vector<Compiled>& modules = all[bounds];
  while (modules.size() < model_modules().size()) {
    const std::vector<std::byte> bytes = assemble_wat(model_modules()[modules.size()].wat, "model.wat");
    const std::shared_ptr<const Module> module = load(bytes, "model.wat", Bodies::validate);
    CodegenOptions options;
    options.bounds = bounds;
    modules.push_back({module, make_code(module, bytes, options)});
  }
  return modules;
}

PreparedModules prepare(const Strategy& strategy) {
  const bool guarded = strategy.reserve_bytes + strategy.guard_bytes >= kGuardedBytes;
  PreparedModules all;
  bool any = false;
  std::string refusal;
  for (size_t i = 0; i < model_modules().size(); ++i) {
    const Compiled& one = compiled(guarded ? Bounds::guard : Bounds::checked)[i];
    PrepareOptions options;
    options.code = one.code;
    if (model_modules()[i].links) options.linked = {true, true};
    try {
      all.push_back(Prepared::make(one.module, strategy, options));
      any = true;
    } catch (const Unsupported& error) {  // tables=retained
      all.push_back(nullptr);
      refusal = error.what();
    }
  }
  if (!any) throw Unsupported(refusal);
  return all;
}

std::shared_ptr<SlotStore> make_store(const Strategy& strategy, const PreparedModules& modules, uint32_t threads) {
  SlotGeometry geometry;
  for (const auto& prepared : modules) {
    if (prepared != nullptr) geometry = SlotGeometry::covering(geometry, *prepared);
  }
  return std::make_shared<SlotStore>(strategy, geometry, kSlotsOfThread * threads, threads);
}

// What one thread counts by itself.
constexpr uint64_t ModelReport::* kOfThread[] = {
    &ModelReport::operations, &ModelReport::instances, &ModelReport::evictions, &ModelReport::steals,
    &ModelReport::paged_out,  &ModelReport::aged,      &ModelReport::collapses, &ModelReport::trimmed,
    &ModelReport::links,      &ModelReport::calls,     &ModelReport::traps,     &ModelReport::bytes_compared,
    &ModelReport::budget_changes};

}  // namespace

ModelReport run_model(const ModelOptions& options) {
  const PreparedModules modules = prepare(options.strategy);
  const auto store = make_store(options.strategy, modules, options.threads);
  std::deque<ModelLives> models;
  for (uint32_t i = 0; i < options.threads; ++i) models.emplace_back(modules, store, i, options.seed + 1'000'000'007ull * i);
  std::mutex mutex;
  std::optional<std::string> difference;
  const auto guarded = [&](const auto& work) {
    try {
      work();
    } catch (const Difference& found) {
      const std::lock_guard lock(mutex);
      difference = "seed " + std::to_string(options.seed) + ", " + found.what();
    }
  };
  const auto compare_all = [&] {
    for (ModelLives& model : models) model.compare_all();
  };
  // Each goes on in a thread that is new, all of them at once.
  const auto operations = [&](uint64_t count) {
    std::vector<std::thread> threads;
    for (ModelLives& model : models) threads.emplace_back([&] { guarded([&] { model.operations(count); }); });
    for (std::thread& thread : threads) thread.join();
  };
  uint64_t forks = 0, hops = 0;
  const uint64_t wanted = options.operations / options.threads;  // of each
  for (uint64_t done = 0; done < wanted && !difference;) {
    const uint64_t count = std::min(kOperationsPerThread, wanted - done);
    operations(count);
    hops += options.threads;
    done += count;
    if (options.fork && !difference && done / kOperationsPerFork != (done - count) / kOperationsPerFork) {
      ++forks;
      const os::ForkResult child = os::run_forked(
          [&] {
            compare_all();
            for (ModelLives& model : models) model.operations(kOperationsOfChild);
          },
          std::chrono::minutes(5));
      if (!child.ok) difference = "seed " + std::to_string(options.seed) + ", in a forked child: " + child.message;
      if (!difference) guarded(compare_all);
    }
    if (options.progress) options.progress();
  }
  if (!difference) {
    guarded([&] {
      compare_all();
      for (ModelLives& model : models) model.drop_all();
    });
  }
  ModelReport report;
  for (ModelLives& model : models) {
    for (const auto count : kOfThread) report.*count += model.report().*count;
  }
  report.modules = static_cast<uint64_t>(
      std::count_if(modules.begin(), modules.end(), [](const auto& prepared) { return prepared != nullptr; }));
  report.thread_hops = hops;
  report.forks = forks;
  report.difference = std::move(difference);
  return report;
}

}  // namespace instbench::bench
