#include "harness/worker/passes.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "harness/worker/batch.hpp"
#include "harness/worker/copying.hpp"
#include "harness/worker/part.hpp"
#include "harness/worker/statistics.hpp"
#include "runtime/os/kernel_events.hpp"
#include "runtime/os/trace.hpp"

namespace instbench::bench {
namespace {

template <typename T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json to_json(const Distribution& d) {
  return {{"mean", d.mean}, {"min", d.min}, {"p50", d.p50}, {"p90", or_null(d.p90)}, {"p99", or_null(d.p99)}};
}

Json to_json(const PhaseTimes& t, const PhaseSet& known) {
  const auto value = [&](Phase phase, uint64_t ns) { return known.contains(phase) ? Json(ns) : Json(nullptr); };
  return {{"acquire", value(Phase::acquire, t.acquire)},
          {"init", value(Phase::init, t.init)},
          {"start", value(Phase::start, t.start)},
          {"work", value(Phase::work, t.work)},
          {"release", value(Phase::release, t.release)},
          {"instantiate", t.instantiate()},
          {"cycle", t.cycle()}};
}

Json to_json(const os::Interference& noise) {
  return {{"wall_ns", noise.wall_ns},
          {"run_delay_ns", or_null(noise.run_delay_ns)},
          {"nvcsw", noise.voluntary_switches},
          {"nivcsw", noise.involuntary_switches},
          {"migrations", nullptr},
          {"steal_ticks", or_null(noise.steal_ticks)},
          {"psi_some_us", or_null(noise.psi_some_us)},
          {"minor_faults", noise.minor_faults},
          {"major_faults", noise.major_faults}};
}

// Samples by phase, reserved before the pass so that recording does not allocate.
struct Recorded {
  std::vector<uint64_t> acquire, init, start, work, release, instantiate, cycle;
  std::vector<uint32_t> path;

  explicit Recorded(size_t samples) {
    for (auto* values : {&acquire, &init, &start, &work, &release, &instantiate, &cycle}) values->reserve(samples);
    path.reserve(samples);
  }
  void add(const PhaseTimes& times, uint32_t taken) {
    acquire.push_back(times.acquire);
    init.push_back(times.init);
    start.push_back(times.start);
    work.push_back(times.work);
    release.push_back(times.release);
    instantiate.push_back(times.instantiate());
    cycle.push_back(times.cycle());
    path.push_back(taken);
  }
};

Json by_path(const Recorded& recorded, const Cell& cell) {
  std::map<uint32_t, std::pair<std::vector<uint64_t>, std::vector<uint64_t>>> groups;
  for (size_t i = 0; i < recorded.path.size(); ++i) {
    groups[recorded.path[i]].first.push_back(recorded.instantiate[i]);
    groups[recorded.path[i]].second.push_back(recorded.cycle[i]);
  }
  Json result = Json::object();
  for (auto& [index, values] : groups) {
    const size_t samples = values.first.size();
    const std::string path = cell.path_text(index);
    if (path.empty()) continue;
    result[path] = {{"samples", samples},
                    {"instantiate_p50", distribution(values.first)->p50},
                    {"cycle_p50", distribution(values.second)->p50}};
  }
  return result;
}

}  // namespace

void pass_verify(PassContext& context) {
  if (const auto leak = context.cell.verify(context.request.verify_rounds)) throw Leak("not isolated: " + *leak);
  if (context.cell.can_verify()) context.sample["verified"] = true;
  context.sample["verified_rounds"] = context.request.verify_rounds;
}

void pass_first(Cell& cell, Json& sample) {
  std::string path;
  const PhaseTimes times = cell.first_cycle(path);
  sample["first"] = to_json(times, cell.known_phases());
  sample["first"]["path"] = path.empty() ? Json(nullptr) : Json(path);
}

void pass_batch(PassContext& context) {
  const Request& request = context.request;
  Parts parts{context.turns, request.cell};
  const Batch batch = run_batch(context.cell, request.iterations, request.batch_ms, request.parts, parts);
  // Where a batch has fewer cycles than parts: every process of a block takes the same turns.
  for (size_t i = batch.parts_ns.size(); i < request.parts; ++i) context.turns.next();
  context.sample["batch"] = {{"iterations", batch.iterations}, {"real_ns", batch.real_ns}, {"cpu_ns", batch.cpu_ns}};
  if (request.parts > 1) context.sample["batch"]["parts_ns"] = batch.parts_ns;
  context.sample["noise"] = to_json(*parts.noise);
}

// A second pass with clock reads between the phases. Phases include one clock read each.
void pass_phases(PassContext& context) {
  constexpr double kAimNs = 15e6, kMost = 10000, kLeast = 20;
  const double cycle_ns = context.sample.contains("batch") ? context.sample["batch"]["real_ns"].get<double>() : 1e5;
  const uint64_t turns = context.turns.alone() ? 1 : context.request.parts;
  const auto each = static_cast<uint64_t>(std::clamp(kAimNs / cycle_ns, kLeast, kMost)) / turns;
  const uint64_t samples = std::max<uint64_t>(each, 1) * turns;
  Recorded recorded(samples);
  Parts parts{context.turns, context.request.cell};
  for (uint64_t turn = 0; turn < turns; ++turn) {
    Part part(parts, context.cell, samples / turns);
    for (uint64_t i = 0; i < samples / turns; ++i) {
      const PhaseTimes times = context.cell.phased_cycle();
      recorded.add(times, context.cell.last_path());
    }
    part.end();
  }
  context.sample["phases_by_path"] = by_path(recorded, context.cell);
  const double clock_ns = os::clock_read_ns();
  Json phases = {{"samples", samples}, {"clock_ns", clock_ns}, {"resolution_ns", 5 * clock_ns}};
  const PhaseSet known = context.cell.known_phases();
  const auto add = [&](Phase phase, std::vector<uint64_t>& values) {
    phases[name_of(phase)] = known.contains(phase) ? to_json(*distribution(values)) : Json(nullptr);
  };
  add(Phase::acquire, recorded.acquire);
  add(Phase::init, recorded.init);
  add(Phase::start, recorded.start);
  add(Phase::work, recorded.work);
  add(Phase::release, recorded.release);
  phases["instantiate"] = to_json(*distribution(recorded.instantiate));
  phases["cycle"] = to_json(*distribution(recorded.cycle));
  context.sample["phases"] = std::move(phases);
}

void pass_counters(PassContext& context) {
  CounterSlopes slopes = context.cell.count();
  // A counter that is zero in every phase says nothing about this cell.
  std::set<std::string> telling;
  for (const auto& [phase, counts] : slopes.phases) {
    for (const auto& [name, value] : counts) {
      if (value != 0) telling.insert(name);
    }
  }
  Json counters = {{"cycles", {slopes.short_cycles, slopes.long_cycles}}};
  for (auto& [phase, counts] : slopes.phases) {
    std::erase_if(counts, [&](const auto& entry) { return !telling.contains(entry.first); });
    counters[phase] = counts;
  }
  context.sample["counters"] = std::move(counters);
}

// The cell's other threads go through as many cycles as they can meanwhile; theirs are counted.
void pass_kernel_events(PassContext& context) {
  constexpr double kAimNs = 50e6;  // long enough for the scheduler to spread the threads over the processors
  constexpr uint64_t kFewest = 10, kMost = 100'000;
  const Case& conditions = context.request.cell;
  if (conditions.threads == 1 && conditions.bystanders == 0) return;
  const double cycle_ns = context.sample.contains("batch") ? context.sample["batch"]["real_ns"].get<double>() : 1e5;
  const auto cycles = std::clamp(static_cast<uint64_t>(kAimNs / cycle_ns), kFewest, kMost);
  Json& events = context.sample["kernel_events"];
  try {
    const os::KernelEventCounter counter;
    Company company(context.cell, conditions);
    const os::KernelEvents before = counter.read();
    const uint64_t others_before = company.cycles();
    context.cell.run(cycles);
    const os::KernelEvents after = counter.read();
    const uint64_t all = cycles + company.cycles() - others_before;
    if (const std::exception_ptr failure = company.leave()) std::rethrow_exception(failure);
    const auto per_cycle = [&](uint64_t count) { return static_cast<double>(count) / static_cast<double>(all); };
    events = {{"cycles", all},
              {"lock_waits", per_cycle(after.lock_waits - before.lock_waits)},
              {"tlb_shootdowns", per_cycle(after.tlb_shootdowns - before.tlb_shootdowns)}};
  } catch (const std::system_error& error) {
    events = {{"unsupported", error.what()}};
  }
}

void add_traced_calls(Json& sample) {
  const Json& trace = sample["trace"];
  if (!trace.contains("cycle")) return;
  sample["counters"]["cycle"].update(trace["cycle"]);
  sample["engine"]["counters"].push_back("syscalls");
}

void pass_memory(PassContext& context) { context.sample["memory"] = context.cell.memory(); }

void pass_floor(PassContext& context) {
  const Case& conditions = context.request.cell;
  Json floor = context.cell.floor();
  if (const auto copying = copy_beside(conditions.workload.write, conditions.threads)) {
    floor["copy_alone_ns"] = copying->alone_ns;
    floor["copy_beside_ns"] = copying->beside_ns;
  }
  if (!floor.is_null()) context.sample["floor"] = std::move(floor);
}

void pass_idle_memory(PassContext& context) {
  const Json idle = context.cell.idle_memory();
  if (idle.is_object() && context.sample["memory"].is_object()) context.sample["memory"].update(idle);
}

void pass_paths(PassContext& context) {
  Json paths = context.cell.paths();
  if (!paths.is_null()) context.sample["paths"] = std::move(paths);
}

void pass_verify_after(PassContext& context) {
  uint64_t slots_compared = 0;
  if (const auto leak = context.cell.verify_timed(slots_compared)) throw Leak("not isolated: " + *leak);
  if (context.cell.can_verify()) context.sample["verified_slots"] = slots_compared;
}

Json traced_slopes(const std::vector<os::TracedInterval>& intervals) {
  if (intervals.size() != 2)
    throw std::runtime_error("the traced child passed " + std::to_string(intervals.size() + 1) + " markers, not 3");
  NamedCounts slopes;
  for (const auto& [name, calls] : intervals[1]) slopes["syscalls." + name] += static_cast<double>(calls);
  for (const auto& [name, calls] : intervals[0]) slopes["syscalls." + name] -= static_cast<double>(calls);
  for (auto& [name, value] : slopes) value /= static_cast<double>(Cell::kLongRun - Cell::kShortRun);
  std::erase_if(slopes, [](const auto& entry) { return entry.second == 0; });
  return {{"cycles", {Cell::kShortRun, Cell::kLongRun}}, {"cycle", slopes}};
}

void pass_trace(PassContext& context) {
  Cell& cell = context.cell;
  Json& trace = context.sample["trace"];
  try {
    trace = traced_slopes(os::trace_child([&] {
      cell.warm_up();
      os::trace_marker();
      cell.run(Cell::kShortRun);
      os::trace_marker();
      cell.run(Cell::kLongRun);
      os::trace_marker();
    }));
  } catch (const std::system_error& error) {
    trace = {{"unsupported", error.what()}};
  }
}

}  // namespace instbench::bench
