#include "harness/worker/passes.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <thread>

#include "harness/worker/batch.hpp"
#include "harness/worker/statistics.hpp"
#include "runtime/os/trace.hpp"

namespace instbench::bench {
namespace {

// Threads that keep other CPUs in this address space, so that giving pages back must tell them.
class Bystanders {
 public:
  explicit Bystanders(uint64_t count) {
    for (uint64_t i = 0; i < count; ++i) {
      threads_.emplace_back([this] {
        while (!stop_.load(std::memory_order_relaxed)) {
        }
      });
    }
  }
  ~Bystanders() {
    stop_ = true;
    for (std::thread& thread : threads_) thread.join();
  }
  Bystanders(const Bystanders&) = delete;
  Bystanders& operator=(const Bystanders&) = delete;

 private:
  std::atomic<bool> stop_{false};
  std::vector<std::thread> threads_;
};

template <typename T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

template <typename T>
Json difference(const std::optional<T>& before, const std::optional<T>& after) {
  return before && after ? Json(*after - *before) : Json(nullptr);
}

Json to_json(const Distribution& d) {
  return {{"mean", d.mean}, {"min", d.min}, {"p50", d.p50}, {"p90", or_null(d.p90)}, {"p99", or_null(d.p99)}};
}

Json to_json(const PhaseTimes& t) {
  return {{"acquire", t.acquire}, {"init", t.init},       {"start", t.start},
          {"work", t.work},       {"release", t.release}, {"instantiate", t.instantiate()},
          {"cycle", t.cycle()}};
}

Json noise_between(const os::Interference& before, const os::Interference& after) {
  return {{"wall_ns", after.wall_ns - before.wall_ns},
          {"run_delay_ns", difference(before.run_delay_ns, after.run_delay_ns)},
          {"nvcsw", after.voluntary_switches - before.voluntary_switches},
          {"nivcsw", after.involuntary_switches - before.involuntary_switches},
          {"migrations", nullptr},
          {"steal_ticks", difference(before.steal_ticks, after.steal_ticks)},
          {"psi_some_us", difference(before.psi_some_us, after.psi_some_us)},
          {"minor_faults", after.minor_faults - before.minor_faults},
          {"major_faults", after.major_faults - before.major_faults}};
}

// Samples by phase, reserved before the pass so that recording does not allocate.
struct Recorded {
  std::vector<uint64_t> acquire, init, start, work, release, instantiate, cycle;
  std::vector<uint32_t> path;

  explicit Recorded(size_t samples) {
    for (auto* values : {&acquire, &init, &start, &work, &release, &instantiate, &cycle}) values->reserve(samples);
    path.reserve(samples);
  }
  void add(const PhaseTimes& times, const Path& taken) {
    acquire.push_back(times.acquire);
    init.push_back(times.init);
    start.push_back(times.start);
    work.push_back(times.work);
    release.push_back(times.release);
    instantiate.push_back(times.instantiate());
    cycle.push_back(times.cycle());
    path.push_back(taken.index());
  }
};

Json by_path(const Recorded& recorded) {
  std::map<uint32_t, std::pair<std::vector<uint64_t>, std::vector<uint64_t>>> groups;
  for (size_t i = 0; i < recorded.path.size(); ++i) {
    groups[recorded.path[i]].first.push_back(recorded.instantiate[i]);
    groups[recorded.path[i]].second.push_back(recorded.cycle[i]);
  }
  Json result = Json::object();
  for (auto& [index, values] : groups) {
    const size_t samples = values.first.size();
    result[to_string(Path::from_index(index))] = {{"samples", samples},
                                                  {"instantiate_p50", distribution(values.first)->p50},
                                                  {"cycle_p50", distribution(values.second)->p50}};
  }
  return result;
}

Json paths_of(const std::array<uint64_t, Path::kIndexEnd>& counts) {
  Json paths = Json::object();
  for (uint32_t i = 0; i < Path::kIndexEnd; ++i) {
    if (counts[i] != 0) paths[to_string(Path::from_index(i))] = counts[i];
  }
  return paths;
}

// The reset of the instance being timed is known at its release; every reset of a cell goes the same
// way, so the path is completed from the strategy.
Path completed(Path path, const Strategy& strategy) {
  switch (strategy.reset) {
    case Reset::unmap:
      path.reset = ResetPath::unmap;
      break;
    case Reset::remap:
      path.reset = ResetPath::remap;
      break;
    case Reset::madvise:
      path.reset = ResetPath::madvise;
      break;
    case Reset::copy:
      path.reset = ResetPath::copy;
      break;
  }
  return path;
}

}  // namespace

void pass_verify(PassContext& context) {
  if (const auto leak = context.cell.verify(*context.oracle)) throw Leak("not isolated: " + *leak);
  context.sample["verified"] = true;
}

void pass_first(CoreCell& cell, Json& sample) {
  std::string path;
  sample["first"] = to_json(cell.first_cycle(path));
  sample["first"]["path"] = path;
}

void pass_batch(PassContext& context) {
  const Bystanders bystanders(context.request.cell.bystanders);
  const os::Interference before = os::read_interference();
  const Batch batch =
      run_batch(context.cell, context.request.iterations, context.request.batch_ms, context.request.parts);
  const os::Interference after = os::read_interference();
  context.sample["batch"] = {{"iterations", batch.iterations}, {"real_ns", batch.real_ns}, {"cpu_ns", batch.cpu_ns}};
  if (context.request.parts > 1) context.sample["batch"]["parts_ns"] = batch.parts_ns;
  context.sample["noise"] = noise_between(before, after);
}

// A second pass with clock reads between the phases. Phases include one clock read each.
void pass_phases(PassContext& context) {
  constexpr double kAimNs = 15e6, kMost = 10000, kLeast = 20;
  const Bystanders bystanders(context.request.cell.bystanders);
  const double cycle_ns = context.sample.contains("batch") ? context.sample["batch"]["real_ns"].get<double>() : 1e5;
  const auto samples = static_cast<size_t>(std::clamp(kAimNs / cycle_ns, kLeast, kMost));
  Recorded recorded(samples);
  for (size_t i = 0; i < samples; ++i) {
    const PhaseTimes times = context.cell.phased_cycle();
    recorded.add(times, completed(context.cell.last_path(), context.cell.prepared().strategy()));
  }
  context.sample["phases_by_path"] = by_path(recorded);
  const double clock_ns = os::clock_read_ns();
  Json phases = {{"samples", samples}, {"clock_ns", clock_ns}, {"resolution_ns", 5 * clock_ns}};
  phases["acquire"] = to_json(*distribution(recorded.acquire));
  phases["init"] = to_json(*distribution(recorded.init));
  // Not zero but unknown where a start function is there and was not run.
  const Prepared& prepared = context.cell.prepared();
  const bool not_run = prepared.module().start.has_value() && prepared.code() == nullptr;
  phases["start"] = not_run ? Json(nullptr) : to_json(*distribution(recorded.start));
  phases["work"] = to_json(*distribution(recorded.work));
  phases["release"] = to_json(*distribution(recorded.release));
  phases["instantiate"] = to_json(*distribution(recorded.instantiate));
  phases["cycle"] = to_json(*distribution(recorded.cycle));
  context.sample["phases"] = std::move(phases);
}

void pass_counters(PassContext& context) {
  CounterSlopes slopes = context.cell.count();
  // A counter that is zero in every phase says nothing about this cell.
  std::vector<std::string> silent;
  for (const auto& [name, value] : slopes.cycle) {
    if (value == 0 && slopes.instantiate[name] == 0 && slopes.work[name] == 0 && slopes.release[name] == 0)
      silent.push_back(name);
  }
  for (NamedCounts* counts : {&slopes.cycle, &slopes.instantiate, &slopes.work, &slopes.release}) {
    for (const std::string& name : silent) counts->erase(name);
  }
  context.sample["counters"] = {{"cycles", {slopes.short_cycles, slopes.long_cycles}},
                                {"instantiate", slopes.instantiate},
                                {"work", slopes.work},
                                {"release", slopes.release},
                                {"cycle", slopes.cycle}};
}

void pass_memory(PassContext& context) {
  const auto resident = os::resident_in(context.cell.pool().reservations());
  const uint64_t instances = context.request.cell.slots;
  if (!resident) {
    context.sample["memory"] = nullptr;
    return;
  }
  context.sample["memory"] = {{"instances", instances},
                              {"rss_bytes", resident->rss_bytes / instances},
                              {"pss_bytes", resident->pss_bytes / instances},
                              {"private_dirty_bytes", resident->private_dirty_bytes / instances}};
}

void pass_floor(PassContext& context) {
  if (context.cell.prepared().strategy().reset != Reset::madvise) return;
  uint64_t range_bytes = 0;
  const auto floor = context.cell.floor_ns(range_bytes);
  if (floor) context.sample["floor"] = {{"madvise_clean_ns", *floor}, {"range_bytes", range_bytes}};
}

void pass_verify_after(PassContext& context) {
  context.sample["paths"] = paths_of(context.cell.warm_paths());
  uint64_t slots_compared = 0;
  if (const auto leak = context.cell.verify_timed(*context.oracle, slots_compared))
    throw Leak("not isolated: " + *leak);
  context.sample["verified_slots"] = slots_compared;
}

void pass_trace(PassContext& context) {
  CoreCell& cell = context.cell;
  Json& trace = context.sample["trace"];
  try {
    const auto intervals = os::trace_child([&] {
      cell.warm_up();
      os::trace_marker();
      cell.run(CoreCell::kShortRun);
      os::trace_marker();
      cell.run(CoreCell::kLongRun);
      os::trace_marker();
    });
    if (intervals.size() != 2)
      throw std::runtime_error("the traced child passed " + std::to_string(intervals.size() + 1) + " markers, not 3");
    NamedCounts slopes;
    for (const auto& [name, calls] : intervals[1]) slopes["syscalls." + name] += static_cast<double>(calls);
    for (const auto& [name, calls] : intervals[0]) slopes["syscalls." + name] -= static_cast<double>(calls);
    for (auto& [name, value] : slopes) value /= static_cast<double>(CoreCell::kLongRun - CoreCell::kShortRun);
    std::erase_if(slopes, [](const auto& entry) { return entry.second == 0; });
    trace = {{"cycles", {CoreCell::kShortRun, CoreCell::kLongRun}}, {"cycle", slopes}};
  } catch (const std::system_error& error) {
    trace = {{"unsupported", error.what()}};
  }
}

}  // namespace instbench::bench
