// World: what one program sees of the outside through WASI preview 1, as host functions for its imports.
//
// Arguments, environment, standard input and random numbers are given beforehand, output is captured, and files
// are those beneath one directory: nothing else can be reached (beneath.hpp), and where the kernel cannot promise
// that, path functions answer ENOTCAPABLE and path_refusal() says why. With Clock::fixed and without a directory,
// two runs from reset() on see the same world.
// An address outside of the guest's memory is answered with EFAULT, never with a trap.
// One instance at a time, on one thread; must outlive the instances that were linked with it.
// COST: reset() makes no call and allocates nothing, but one close per file that the guest left open.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/instance/host.hpp"

namespace instbench::wasi {

// fixed: every clock stands still but for 1 µs a reading, and waiting is over at once.
enum class Clock : uint8_t { real, fixed };

struct Options {
  std::vector<std::string> args;     // the program's name first
  std::vector<std::string> environ;  // "NAME=value"
  std::string stdin_bytes;
  std::optional<std::string> preopen_dir;  // of the host; the guest may read and write all beneath it
  std::string preopen_name = "/";          // what the guest calls it
  uint64_t random_seed = 0;
  Clock clock = Clock::real;
  uint64_t clock_start_ns = 0;                     // fixed only: the realtime clock at the start
  uint64_t output_cap_bytes = uint64_t{16} << 20;  // of each stream: the rest is counted and dropped
};

struct State;

class World final : public HostImports {
 public:
  // Throws std::invalid_argument for a text with a NUL or a variable without '=', std::system_error when the
  // directory cannot be opened.
  explicit World(Options options);
  ~World() override;

  // Knows module "wasi_snapshot_preview1" with the types of its witx; another type is not found.
  std::optional<HostDefinition> find(const std::string& module, const std::string& name,
                                     const FuncType& type) const override;
  // Back to the start, for the next instance: files closed, output forgotten, clock and random numbers anew. What
  // was written beneath the directory stays.
  void reset() noexcept;

  const std::string& stdout_text() const;
  const std::string& stderr_text() const;
  uint64_t dropped_bytes() const;  // beyond the cap, of both streams
  // Why paths are refused although there is a directory; nothing while none was.
  const std::optional<std::string>& path_refusal() const;

 private:
  std::unique_ptr<State> state_;
};

}  // namespace instbench::wasi
