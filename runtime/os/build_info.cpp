#include "runtime/os/build_info.hpp"

#include "build_commit.inc"

namespace instbench::os {

const BuildInfo& build_info() {
#ifdef INSTBENCH_ASSERTIONS
  constexpr bool kAssertions = true;
#else
  constexpr bool kAssertions = false;
#endif
  static constexpr BuildInfo kInfo{INSTBENCH_VERSION,  INSTBENCH_COMMIT, INSTBENCH_DIRTY,    INSTBENCH_BUILD_TYPE,
                                   INSTBENCH_COMPILER, INSTBENCH_FLAGS,  INSTBENCH_SANITIZE, kAssertions};
  return kInfo;
}

}  // namespace instbench::os
