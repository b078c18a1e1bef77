#include "harness/run/runner.hpp"

#include <algorithm>
#include <cmath>
#include <exception>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <thread>

#include "harness/protocol/text.hpp"
#include "harness/protocol/touch_plan.hpp"
#include "harness/run/compare_plan.hpp"
#include "harness/run/journal.hpp"
#include "harness/run/sample.hpp"
#include "runtime/module/sha256.hpp"
#include "runtime/os/file.hpp"
#include "runtime/os/process.hpp"
#include "runtime/os/turns.hpp"

namespace instbench::bench {
namespace {

// What the run knows of its cells so far; built from lines alone, so a resumed run knows the same.
class Cells {
 public:
  Cells(const Experiment& experiment)
      : mode_(experiment.settings.mode),
        batch_ms_(experiment.settings.batch_ms),
        parts_(experiment.settings.parts),
        arms_(experiment.arms.size()),
        cells_(experiment.cases.size() * experiment.arms.size()) {}

  void learn(const Step& step, const Json& sample) {
    Cell& cell = at(step);
    if (sample.value("status", "") != "ok") cell.given_up = true;
    if (step.role != Role::pilot) return;
    cell.iterations = batch_length(sample, batch_ms_);
    cell.takes_turns = sample.value("takes_turns", Json()) == true;
  }
  // A comparison has no use for half a case, but asks both pilots: what is skipped in one arm only is a finding.
  bool given_up(const Step& step) {
    if (mode_ == Mode::run || step.role == Role::pilot) return at(step).given_up;
    const auto first = cells_.begin() + static_cast<std::ptrdiff_t>(step.case_index * arms_);
    return std::any_of(first, first + static_cast<std::ptrdiff_t>(arms_),
                       [](const Cell& cell) { return cell.given_up; });
  }
  // Whether the processes of a comparison's block take turns: all its workers must know how. The control is A's.
  bool take_turns(const Step& step) {
    return mode_ == Mode::compare && of_arm(step, kArmA).takes_turns && of_arm(step, kArmB).takes_turns;
  }
  // In a comparison both arms time the same number of cycles unless one is more than four times as slow: batches of
  // another length, and turns of fewer cycles with colder caches, are another measurement, and a control of A's length
  // would not show it. The control has no pilot.
  std::optional<uint64_t> iterations(const Step& step) {
    if (mode_ == Mode::run) return at(step).iterations;
    const auto a = of_arm(step, kArmA).iterations, b = of_arm(step, kArmB).iterations;
    const auto own = step.arm_index == kArmB ? b : a;
    if (!a || !b) return own;
    const bool alike = std::max(*a, *b) <= 4 * std::min(*a, *b);
    const double between = std::sqrt(static_cast<double>(*a) * static_cast<double>(*b));
    const uint64_t cycles = alike ? static_cast<uint64_t>(std::llround(between)) : *own;
    return cycles < parts_ ? cycles : cycles / parts_ * parts_;
  }

 private:
  struct Cell {
    bool given_up = false;
    bool takes_turns = false;
    std::optional<uint64_t> iterations;
  };
  Cell& of_arm(const Step& step, uint32_t arm) { return cells_[step.case_index * arms_ + arm]; }
  Cell& at(const Step& step) { return of_arm(step, step.arm_index); }

  Mode mode_;
  double batch_ms_;
  uint64_t parts_;
  size_t arms_;
  std::vector<Cell> cells_;
};

// A worker that is not instbench itself is told what to touch.
bool draws_no_plan(const Arm& arm) { return arm.library.empty() && !arm.worker.empty() && !arm.facts.is_null(); }

Json touches_of(const Request& request) {
  if (request.cell.workload.kind != Workload::Kind::touch || !request.reach) return nullptr;
  return TouchPlan(request.cell.workload, request.cell.vary, request.seed, request.reach->target).to_json();
}

// What the cell asks beyond what a program said that it can, or "".
std::string more_than_it_can(const Request& request) {
  for (const auto& [key, wanted] : {std::pair("threads", request.cell.threads), std::pair("slots", request.cell.slots)}) {
    const Json most = request.arm.facts.value(key, Json());
    if (most.is_number_unsigned() && wanted > most.get<uint64_t>())
      return std::string(key) + "=" + std::to_string(wanted) + ": " + request.arm.engine + " is measured with " +
             most.dump() + " at most";
  }
  return "";
}

bool has(const Json& object, const char* key, bool (Json::*is)() const noexcept) {
  return object.is_object() && object.contains(key) && (object.at(key).*is)();
}

// A program that counts no system calls has them counted in a process of its own, under ptrace. False: interrupted.
bool trace_program(Request request, std::chrono::milliseconds timeout, Json& sample) {
  const bool counted = std::find(request.passes.begin(), request.passes.end(), "counters") != request.passes.end();
  if (!counted || !has(sample, "counters", &Json::is_object) || !has(sample["counters"], "cycle", &Json::is_object) ||
      !has(sample, "engine", &Json::is_object) || !has(sample["engine"], "counters", &Json::is_array))
    return true;
  request.passes = {"trace"};
  request.turns.reset();
  std::vector<std::string> argv{os::self_path(), "worker", "--trace"};
  argv.insert(argv.end(), request.arm.worker.begin(), request.arm.worker.end());
  const std::string text = to_json(request).dump(-1, ' ', false, Json::error_handler_t::replace);
  const os::ChildResult child = os::run_child(argv, text + "\n", timeout, {.huge_pages = false});
  if (child.interrupted) return false;
  const std::vector<std::string> lines = split(child.out, '\n');
  const Json answer = lines.size() < 2 ? Json() : Json::parse(lines[lines.size() - 2], nullptr, false);
  const Json trace = answer.is_object() ? answer.value("trace", Json()) : Json();
  sample["trace"] = trace.is_object() ? trace : Json{{"unsupported", "the traced worker gave no answer"}};
  if (!has(sample["trace"], "cycle", &Json::is_object)) return true;
  sample["counters"]["cycle"].update(sample["trace"]["cycle"]);
  sample["engine"]["counters"].push_back("syscalls");
  return true;
}

// What a worker that is not instbench itself is asked: what to touch, and no trace beside other passes.
void fit_for_program(Request& request) {
  request.touches = touches_of(request);
  std::erase(request.passes, "trace");
}

// Worker programs that are not copied, as they were when they were first started. Thread-safe.
class Programs {
 public:
  // Its file holds other bytes than those whose hash the arm knows. COST: a stat; the file is read when that differs.
  bool changed(const Arm& arm) {
    if (arm.worker_sha256.empty()) return false;
    const std::string& path = arm.worker.back();
    std::error_code gone;
    const Stamp now{std::filesystem::last_write_time(path, gone), std::filesystem::file_size(path, gone)};
    if (gone) return true;
    const std::lock_guard lock(mutex_);
    Stamp& seen = seen_[path];
    if (seen == now) return false;
    if (sha256_hex(os::read_bytes(path)) != arm.worker_sha256) return true;
    seen = now;
    return false;
  }

 private:
  using Stamp = std::pair<std::filesystem::file_time_type, uintmax_t>;
  std::mutex mutex_;
  std::map<std::string, Stamp> seen_;
};

double milliseconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
}

}  // namespace

std::optional<uint64_t> batch_length(const Json& pilot_sample, double batch_ms) {
  const Json batch = pilot_sample.value("batch", Json(nullptr));
  if (!batch.is_object() || !batch.value("real_ns", Json(nullptr)).is_number()) return std::nullopt;
  // What it ran, not what it waited for a CPU: a pilot that was disturbed would make all batches of its arm too short.
  const Json cpu_ns = batch.value("cpu_ns", Json(nullptr));
  double cycle_ns = batch.at("real_ns");
  if (cpu_ns.is_number() && cpu_ns.get<double>() > 0) cycle_ns = std::min(cycle_ns, cpu_ns.get<double>());
  if (!(cycle_ns > 0)) return std::nullopt;
  // An engine that collects its instances now and then knows after how many a batch has paid its share.
  const Json wanted = batch.value("block_iterations", Json(nullptr));
  if (wanted.is_number_unsigned()) return std::clamp<uint64_t>(wanted, 1, 1000000000);
  return static_cast<uint64_t>(std::clamp(std::round(batch_ms * 1e6 / cycle_ns), 1.0, 1e9));
}

namespace {

// Up to where in `steps` those of the block at `begin` go.
size_t block_end(const std::vector<Step>& steps, size_t begin) {
  const auto same = [&](const Step& s) {
    const Step& first = steps[begin];
    return s.role == first.role && s.case_index == first.case_index && s.block == first.block &&
           s.attempt == first.attempt;
  };
  size_t end = begin + 1;
  while (end < steps.size() && same(steps[end])) ++end;
  return end;
}

// One process by itself, or those of a block side by side, in a ring of turns. A thread keeps its process's ends until
// that has ended. Nothing: interrupted.
std::optional<std::vector<Json>> ask_block(std::vector<Request>& requests, std::chrono::milliseconds timeout,
                                           const AskWorker& ask) {
  if (requests.size() == 1) {
    std::optional<Json> sample = ask(requests.front());
    return sample ? std::optional(std::vector{std::move(*sample)}) : std::nullopt;
  }
  constexpr double kPatience = 0.75;  // of the time-out, so that the one that hangs is told from those that wait
  std::vector<os::TurnEnds> ring = os::make_turns(requests.size());
  std::vector<std::optional<Json>> samples(requests.size());
  std::vector<std::exception_ptr> thrown(requests.size());
  {
    std::vector<std::jthread> threads;
    for (size_t i = 0; i < requests.size(); ++i) {
      const Case& cell = requests[i].cell;
      const double patience_s = kPatience * static_cast<double>(requests.size() * timeout.count()) / 1000;
      requests[i].turns = TurnsAsked{ring[i].take.get(), ring[i].give.get(), patience_s, requests.size(),
                                     cell.threads == 1 && cell.bystanders == 0};
      threads.emplace_back([&, i, ends = std::move(ring[i])] {
        try {
          samples[i] = ask(requests[i]);
        } catch (...) {
          thrown[i] = std::current_exception();
        }
      });
    }
  }
  for (const std::exception_ptr& failure : thrown) {
    if (failure) std::rethrow_exception(failure);
  }
  std::vector<Json> whole;
  for (std::optional<Json>& sample : samples) {
    if (!sample) return std::nullopt;
    whole.push_back(std::move(*sample));
  }
  return whole;
}

}  // namespace

End execute(const Experiment& experiment, const std::vector<Json>& done, const AskWorker& ask, const Record& record,
            Progress& progress) {
  Cells cells(experiment);
  std::set<uint32_t> finished;
  for (const Json& line : done) {
    const auto number = line.at("step").get<uint32_t>();
    if (experiment.settings.mode == Mode::run && was_killed(line.at("sample"))) continue;  // asked again
    cells.learn(experiment.plan.at(number), line.at("sample"));
    finished.insert(number);
  }
  const std::vector<Step> steps = experiment.runnable();
  for (size_t next = 0; next < steps.size();) {
    size_t end = cells.take_turns(steps[next]) ? block_end(steps, next) : next + 1;
    // Of a block that a stop split the rest is run as without turns: it does not count, and is measured again.
    const auto is_finished = [&](const Step& step) { return finished.contains(step.number); };
    if (std::any_of(&steps[next], &steps[next] + (end - next), is_finished)) end = next + 1;
    if (is_finished(steps[next]) || cells.given_up(steps[next])) {
      for (; next < end; ++next) progress.skip();
      continue;
    }
    if (os::interrupted() != 0) return End::interrupted;
    std::vector<Request> requests;
    for (size_t i = next; i < end; ++i) {
      requests.push_back(experiment.request_for(steps[i]));
      if (steps[i].role != Role::pilot) requests.back().iterations = cells.iterations(steps[i]);
      progress.begin(id_of(requests.back().cell) + " " + requests.back().arm.id);
    }
    const auto begin = std::chrono::steady_clock::now();
    const auto samples = ask_block(requests, experiment.settings.timeout, ask);
    if (!samples) return End::interrupted;
    const double each_ms = milliseconds_since(begin) / static_cast<double>(samples->size());
    for (size_t i = 0; i < samples->size(); ++i, ++next) {
      record(line_of(steps[next], requests[i], samples->at(i), each_ms));
      cells.learn(steps[next], samples->at(i));
      progress.end();
    }
  }
  return End::complete;
}

End execute_side_by_side(const Experiment& experiment, const AskWorker& ask, const Record& record, Progress& progress,
                         unsigned processes) {
  const std::vector<Step> steps = experiment.runnable();
  Cells cells(experiment);
  std::mutex mutex;  // guards everything below, cells, record and progress
  size_t next = 0;
  End end = End::complete;
  std::exception_ptr failure;
  const auto work = [&] {
    std::unique_lock lock(mutex);
    while (next < steps.size() && end == End::complete && !failure) {
      const Step& step = steps[next++];
      if (cells.given_up(step)) {
        progress.skip();
        continue;
      }
      const Request request = experiment.request_for(step);
      progress.begin(id_of(request.cell) + " " + request.arm.id);
      lock.unlock();
      const auto begin = std::chrono::steady_clock::now();
      std::optional<Json> sample;
      std::exception_ptr thrown;
      try {
        if (os::interrupted() == 0) sample = ask(request);
      } catch (...) {
        thrown = std::current_exception();
      }
      lock.lock();
      if (thrown) failure = thrown;
      if (!sample) {
        end = End::interrupted;
        continue;
      }
      record(line_of(step, request, *sample, milliseconds_since(begin)));
      cells.learn(step, *sample);
      progress.end();
    }
  };
  {
    std::vector<std::jthread> threads;
    for (unsigned i = 0; i < processes; ++i) threads.emplace_back(work);
  }
  if (failure) std::rethrow_exception(failure);
  return end;
}

AskWorker ask_in_child(std::chrono::milliseconds timeout) {
  return [timeout, command = worker_command(), programs = std::make_shared<Programs>()](Request request) -> std::optional<Json> {
    if (!request.arm.broken.empty()) return failed_sample(request.arm.broken);
    if (!request.arm.unavailable.empty()) return skipped_sample(request.arm.unavailable);
    if (!request.mixed.empty() && request.arm.engine != "core") return skipped_sample(kMixIsForTheCore);
    const bool is_program = draws_no_plan(request.arm);
    if (is_program && programs->changed(request.arm)) return failed_sample("its worker's file changed since the run began");
    if (is_program) {
      if (const std::string more = more_than_it_can(request); !more.empty()) return skipped_sample(more);
    }
    try {
      if (is_program) fit_for_program(request);
    } catch (const DoesNotFit& error) {
      return skipped_sample(error.what());
    }
    const std::string text = to_json(request).dump(-1, ' ', false, Json::error_handler_t::replace);
    const auto& argv = request.arm.worker.empty() ? command : request.arm.worker;
    os::ChildOptions options;
    options.huge_pages = request.arm.engine == "core";  // which has a strategy for them
    size_t processes = 1;
    if (request.turns) {
      options.inherited = {request.turns->take, request.turns->give};
      processes = request.turns->processes;
    }
    // Each waits for the others meanwhile.
    const os::ChildResult child = os::run_child(argv, text + "\n", timeout * processes, options);
    if (child.interrupted) return std::nullopt;
    Json sample = sample_from(child, timeout, processes);
    if (is_program && sample.at("status") == "ok" && !trace_program(request, timeout, sample)) return std::nullopt;
    return sample;
  };
}

}  // namespace instbench::bench
