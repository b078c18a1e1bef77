#include "harness/worker/batch.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <stdexcept>

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

// A loop for each kind of cycle: the usual one shares no code with the one that does extra work.
template <typename Cycle>
benchmark::internal::Benchmark* register_loop(const std::string& name, std::string& failure, Cycle cycle) {
  return benchmark::RegisterBenchmark(name.c_str(),
                                      [cycle, &failure](benchmark::State& state) {
                                        try {
                                          for (auto _ : state) cycle();
                                        } catch (const std::exception& error) {
                                          failure = error.what();
                                          state.SkipWithError(error.what());
                                        }
                                      })
      ->UseRealTime()
      ->Unit(benchmark::kNanosecond);
}

benchmark::internal::Benchmark* register_cycle(CoreCell& cell, const std::string& name, std::string& failure) {
  if (cell.injects()) return register_loop(name, failure, [&cell] { cell.injected_cycle(); });
  return register_loop(name, failure, [&cell] { cell.cycle(); });
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

Batch run_batch(CoreCell& cell, std::optional<uint64_t> iterations, double aim_ms, uint64_t parts) {
  initialise({"instbench"});
  std::string failure;
  auto* registered = register_cycle(cell, "cycle", failure);
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
  for (const auto& run : capture.runs()) {
    batch.iterations += static_cast<uint64_t>(run.iterations);
    batch.real_ns += run.real_accumulated_time * 1e9;
    batch.cpu_ns += run.cpu_accumulated_time * 1e9;
    batch.parts_ns.push_back(run.real_accumulated_time * 1e9 / static_cast<double>(run.iterations));
  }
  batch.real_ns /= static_cast<double>(batch.iterations);
  batch.cpu_ns /= static_cast<double>(batch.iterations);
  return batch;
}

int run_batch_by_hand(CoreCell& cell, const std::string& name, const std::vector<std::string>& benchmark_flags) {
  std::vector<std::string> arguments{"instbench"};
  arguments.insert(arguments.end(), benchmark_flags.begin(), benchmark_flags.end());
  initialise(arguments);
  std::string failure;
  register_cycle(cell, name, failure);
  const size_t run = benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return run > 0 && failure.empty() ? 0 : 1;
}

}  // namespace instbench::bench
