#include "harness/engines/sightglass/sightglass_cell.hpp"

#include <benchmark/benchmark.h>

#include <filesystem>

#include "harness/engines/library/fault_slopes.hpp"
#include "runtime/os/private_dir.hpp"
#include "runtime/os/usage.hpp"

namespace instbench::bench::sightglass {
namespace {

void start(void* self) {
  auto& stopwatch = *static_cast<Stopwatch*>(self);
  if (stopwatch.runs) stopwatch.start_ns = os::now_ns();
}
void end(void* self) {
  auto& stopwatch = *static_cast<Stopwatch*>(self);
  if (stopwatch.runs) stopwatch.end_ns = os::now_ns();
}
void ignore(void*) {}

}  // namespace

ScratchFolder::ScratchFolder()
    : path_(os::PrivateDir::make_new(std::filesystem::temp_directory_path().string(), "instbench-sightglass-").path()) {
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

SightglassCell::SightglassCell(const Api& api, const EngineFacts& facts, std::span<const std::byte> wasm)
    : api_(api), facts_(facts), stdout_path_(folder_.path() + "/stdout"), stderr_path_(folder_.path() + "/stderr") {
  const Timer unused{nullptr, ignore, ignore};
  const Config config{Bytes::of(folder_.path()),
                      Bytes::of(stdout_path_),
                      Bytes::of(stderr_path_),
                      {},
                      unused,
                      {&stopwatch_, start, end},
                      unused,
                      {}};
  if (const int code = api_.create(config, &state_); code != 0 || state_ == nullptr)
    throw std::runtime_error("wasm_bench_create of " + api_.file() + " gives " + std::to_string(code));
  const int code = api_.compile(state_, reinterpret_cast<const uint8_t*>(wasm.data()), wasm.size());
  if (code == 0) return;
  api_.free(state_);
  throw Skip("sightglass: " + api_.file() + " cannot compile the module: wasm_bench_compile gives " +
             std::to_string(code));
}

SightglassCell::~SightglassCell() { api_.free(state_); }

Json SightglassCell::facts() const {
  return {{"codegen", "as the library does by itself"},
          {"code_from", "compiled in each worker"},
          {"not_compared", {"everything: nothing of an instance can be reached"}}};
}

void SightglassCell::cycle() {
  if (const int code = api_.instantiate(state_); code != 0) [[unlikely]]
    throw std::runtime_error("instantiation failed: wasm_bench_instantiate gives " + std::to_string(code));
}

void SightglassCell::warm_up() { run(10); }

void SightglassCell::run(uint64_t count) {
  for (uint64_t i = 0; i < count; ++i) cycle();
}

void SightglassCell::cycles(benchmark::State& state) {
  for (auto _ : state) cycle();
}

// The rest of the call is in `release`, which this engine does not name: so it is counted in the cycle and shown
// nowhere.
PhaseTimes SightglassCell::phased_cycle() {
  stopwatch_ = {true};
  const uint64_t begin = os::now_ns();
  cycle();
  const uint64_t call = os::now_ns() - begin;
  PhaseTimes times;
  times.init = stopwatch_.end_ns == 0 ? call : stopwatch_.end_ns - stopwatch_.start_ns;  // 0: it calls no timer
  times.release = call - times.init;
  stopwatch_ = {};
  return times;
}

CounterSlopes SightglassCell::count() {
  return fault_slopes([this](uint64_t cycles) { run(cycles); });
}

}  // namespace instbench::bench::sightglass
