#include "harness/worker/batch.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <stdexcept>

#include "harness/worker/stretch.hpp"
#include "runtime/os/usage.hpp"

namespace instbench::bench {
namespace {

// Keeps the one run instead of printing it.
class Capture : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context&) override { return true; }
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      if (run.run_type == Run::RT_Iteration) runs_.push_back(run);
    }
  }
  const std::vector<Run>& runs() const { return runs_; }

 private:
  std::vector<Run> runs_;
};

// Once for each time that the library runs the loop: how long was waited after it, to make it longer by a share.
using Waits = std::vector<double>;

void run_loop(benchmark::State& state, Cell& cell, Parts& parts, Waits& waits_ns) {
  Part part(parts, cell, static_cast<uint64_t>(state.max_iterations));
  const uint64_t begin = os::now_ns();
  cell.cycles(state);
  const uint64_t end = os::now_ns();
  if (cell.stretched_by() > 0) stretch(begin, cell.stretched_by());
  waits_ns.push_back(cell.stretched_by() > 0 ? static_cast<double>(os::now_ns() - end) : 0);
  part.end();
}

// Beside runs that were not skipped, the library takes one of no iterations for its own mistake (ComputeStats() aborts):
// one that failed before its loop has to begin that.
void skip(benchmark::State& state, const std::string& failure) {
  if (state.iterations() == 0) state.KeepRunning();
  state.SkipWithError(failure.c_str());
}

benchmark::internal::Benchmark* register_cycle(Cell& cell, const std::string& name, Parts& parts, std::string& failure,
                                               Waits& waits_ns) {
  return benchmark::RegisterBenchmark(name.c_str(),
                                      [&](benchmark::State& state) {
                                        // What failed once is not tried again, part after part.
                                        if (!failure.empty()) return skip(state, failure);
                                        try {
                                          run_loop(state, cell, parts, waits_ns);
                                        } catch (const std::exception& error) {
                                          failure = error.what();
                                          skip(state, failure);
                                        }
                                      })
      ->UseRealTime()
      ->Unit(benchmark::kNanosecond);
}

// The library keeps pointers into argv (it prints the program's name later), so the strings live as long as the
// process.
void initialise(const std::vector<std::string>& given) {
  static std::vector<std::string> arguments;
  arguments = given;
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  int argc = static_cast<int>(argv.size());
  argv.push_back(nullptr);
  benchmark::Initialize(&argc, argv.data());
  if (argc > 1) throw std::invalid_argument("unknown benchmark flag " + std::string(argv[1]));
}

}  // namespace

Batch run_batch(Cell& cell, std::optional<uint64_t> iterations, double aim_ms, uint64_t parts, Parts& shared) {
  initialise({"instbench"});
  std::string failure;
  Waits waits_ns;
  auto* registered = register_cycle(cell, "cycle", shared, failure, waits_ns);
  if (iterations) {
    parts = std::min(parts, *iterations);
    registered->Iterations(static_cast<int64_t>(*iterations / parts))->Repetitions(static_cast<int>(parts));
  } else {
    registered->MinTime(aim_ms / 1e3);
  }
  Capture capture;
  benchmark::RunSpecifiedBenchmarks(&capture, "all");
  benchmark::ClearRegisteredBenchmarks();
  if (!failure.empty()) throw std::runtime_error(failure);
  if (capture.runs().size() != (iterations ? parts : 1) || capture.runs()[0].iterations == 0)
    throw std::runtime_error("Google Benchmark gave another number of runs than it was asked for");
  Batch batch;
  auto wait = waits_ns.end() - static_cast<std::ptrdiff_t>(capture.runs().size());  // earlier ones looked for a length
  for (const auto& run : capture.runs()) {
    const double real_ns = run.real_accumulated_time * 1e9 + *wait++;
    batch.iterations += static_cast<uint64_t>(run.iterations);
    batch.real_ns += real_ns;
    batch.cpu_ns += run.cpu_accumulated_time * 1e9;
    batch.parts_ns.push_back(real_ns / static_cast<double>(run.iterations));
  }
  batch.real_ns /= static_cast<double>(batch.iterations);
  batch.cpu_ns /= static_cast<double>(batch.iterations);
  return batch;
}

int run_batch_by_hand(Cell& cell, const Case& conditions, const std::string& name,
                      const std::vector<std::string>& benchmark_flags) {
  std::vector<std::string> arguments{"instbench"};
  arguments.insert(arguments.end(), benchmark_flags.begin(), benchmark_flags.end());
  initialise(arguments);
  std::string failure;
  Waits waits_ns;
  os::Turns alone;
  Parts parts{alone, conditions};
  register_cycle(cell, name, parts, failure, waits_ns);
  const size_t run = benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return run > 0 && failure.empty() ? 0 : 1;
}

}  // namespace instbench::bench
