// USDT probes at the borders of a cycle's phases, for perf, bpftrace and SystemTap: provider `instbench`, probes `release`,
// `acquire`, `init`, `start`, `work`, each at the phase's begin, and `cycle_end` (sys/sdt.h of systemtap-sdt-dev; each is
// one nop and a note in the ELF file). Where that header is missing at build time there are none.
#pragma once

#include <cstddef>

#if __has_include(<sys/sdt.h>)
#include <sys/sdt.h>
#define INSTBENCH_PROBE(name) DTRACE_PROBE(instbench, name)
#define INSTBENCH_HAS_PROBES true
#else
#define INSTBENCH_HAS_PROBES false
#define INSTBENCH_PROBE(name) static_cast<void>(0)
#endif

namespace instbench::os {

inline constexpr bool kHasProbes = INSTBENCH_HAS_PROBES;

// The border before the phase of that number; behind the last one, the cycle's end. Inlined with a constant it is one nop.
[[gnu::always_inline]] inline void probe_border(size_t border) noexcept {
  switch (border) {
    case 0:
      INSTBENCH_PROBE(release);
      break;
    case 1:
      INSTBENCH_PROBE(acquire);
      break;
    case 2:
      INSTBENCH_PROBE(init);
      break;
    case 3:
      INSTBENCH_PROBE(start);
      break;
    case 4:
      INSTBENCH_PROBE(work);
      break;
    default:
      INSTBENCH_PROBE(cycle_end);
  }
}

}  // namespace instbench::os

#undef INSTBENCH_PROBE
#undef INSTBENCH_HAS_PROBES
