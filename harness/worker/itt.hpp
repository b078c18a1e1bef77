// Itt: the phases as tasks of Intel's ITT API, for VTune: a domain `instbench`, tasks `release`, `acquire`, `init`,
// `start`, `work`, on the thread that goes through the cycles.
//
// The API is a library of its own, libinstbench_itt.so, loaded here and only here (`instbench fetch ittapi` builds it
// from harness/engines/ittapi). It loads the collector that INTEL_LIBITTNOTIFY64 names, as VTune sets it for what it
// starts; neither is ever unloaded. Source: ittnotify.h of https://github.com/intel/ittapi.
#pragma once

#include <array>
#include <string>

#include "harness/worker/marks.hpp"
#include "runtime/os/library.hpp"

namespace instbench::bench {

class Itt {
 public:
  static constexpr const char* kCollectorVariable = "INTEL_LIBITTNOTIFY64";
  static constexpr const char* kLibrary = "libinstbench_itt.so";

  // Throws std::runtime_error: `library` is not that library, or no collector was loaded.
  explicit Itt(const std::string& library);

  // The border before the phase of that number; behind the last one, the cycle's end. Up to two calls of the collector.
  void border(size_t border) const noexcept {
    if (border > 0) end_(domain_);
    if (border < kPhases) begin_(domain_, tasks_[border]);
  }

 private:
  os::Library library_;
  void (*begin_)(const void* domain, void* task);
  void (*end_)(const void* domain);
  const void* domain_;
  std::array<void*, kPhases> tasks_;
};

// For a collector only, instead of ProbeMarks: perf knows a probe that is there twice under two names.
struct TaskMarks {
  const Itt& itt;
  void at(size_t border) noexcept { itt.border(border); }
};

}  // namespace instbench::bench
