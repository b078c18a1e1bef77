// Any engine with the interface of Sightglass (c_api.hpp): the one way into engines that have no other.
//
// A cycle is one call of wasm_bench_instantiate, which drops the former instance and makes a new one. What lies between
// the library's own calls around the instantiation is `init`; all else in the call (the old instance's end, the files
// of a WASI context) is in the cycle and in no phase that is named. Nothing of an instance can be reached, so it is not
// touched and nothing is verified.
#pragma once

#include <memory>
#include <string>

#include "harness/engines/sightglass/c_api.hpp"
#include "harness/worker/cell.hpp"

namespace instbench::bench::sightglass {

// What the library says of itself: nothing, so its file's hash stands for its version. Loads it. Throws Skip, Refused.
EngineFacts describe(const Arm& arm);

// Throws Skip, Refused.
std::unique_ptr<Cell> open(const Request& request);

// The library's calls around an instantiation. They read no clock in a batch.
struct Stopwatch {
  bool runs = false;
  uint64_t start_ns = 0, end_ns = 0;
};

// A new folder for what the guest prints and opens, removed with its owner (not by a library that kills the process).
class ScratchFolder {
 public:
  ScratchFolder();
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

class SightglassCell final : public Cell {
 public:
  // Compiles the module. Throws Skip: the library cannot compile it.
  SightglassCell(const Api& api, const EngineFacts& facts, std::span<const std::byte> wasm);
  ~SightglassCell() override;

  const EngineFacts& engine() const override { return facts_; }
  Json facts() const override;

  PhaseTimes first_cycle(std::string&) override { return phased_cycle(); }
  bool can_verify() const override { return false; }
  std::optional<std::string> verify(uint64_t) override { return std::nullopt; }
  std::optional<std::string> verify_timed(uint64_t&) override { return std::nullopt; }
  void warm_up() override;
  void cycles(benchmark::State& state) override;
  void run(uint64_t count) override;
  PhaseTimes phased_cycle() override;
  CounterSlopes count() override;

 private:
  void cycle();

  const Api& api_;
  const EngineFacts& facts_;
  ScratchFolder folder_;
  std::string stdout_path_, stderr_path_;
  Stopwatch stopwatch_;
  State* state_ = nullptr;
};

}  // namespace instbench::bench::sightglass
