// Runs a plan: one worker process per step, each one's (or each block's) samples recorded before the next starts. Knows
// nothing of files or terminals: how a worker is asked, where a line goes and who watches is given to
// it, so the order of things is tested without a process.
//
// A cell whose pilot or block is not ok is given up: its later steps are passed over. The batch length
// of a cell is fixed by its pilot, so that every block of it times the same number of cycles.
#pragma once

#include <functional>
#include <optional>

#include "harness/run/experiment.hpp"
#include "harness/run/progress.hpp"

namespace instbench::bench {

// One process: its sample, or nothing when it was interrupted.
using AskWorker = std::function<std::optional<Json>(const Request&)>;
using Record = std::function<void(const Json& line)>;

enum class End : uint8_t { complete, interrupted };

// The processes of a comparison's block are asked side by side, from several threads, where the pilots of both arms say
// that they take turns (runtime/os/turns.hpp); then `ask` is called from several threads. Other processes run one after
// another.
//
// In a comparison one arm that is not ok gives up its whole case, and a worker that was killed is not asked again: what
// was planned after it was planned without its case.
//
// `done` are the lines of an earlier, stopped run of the same plan, as RunJournal::resume() has checked them; their
// steps are not run again, unless the worker was killed.
End execute(const Experiment& experiment, const std::vector<Json>& done, const AskWorker& ask, const Record& record,
            Progress& progress);

// As execute(), for plans that measure no time: `processes` workers run side by side, and lines are recorded as
// they come. `ask` is called from several threads.
End execute_side_by_side(const Experiment& experiment, const AskWorker& ask, const Record& record, Progress& progress,
                         unsigned processes);

// Asks the real worker (worker_command()) in a child process.
AskWorker ask_in_child(std::chrono::milliseconds timeout);

// Cycles that take about batch_ms, from a pilot's sample: 1 to 10^9; nothing when it timed no batch.
std::optional<uint64_t> batch_length(const Json& pilot_sample, double batch_ms);

}  // namespace instbench::bench
