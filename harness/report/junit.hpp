// A comparison as JUnit XML, for the test views of CI systems. Pure; well-formed whatever the texts hold.
//
// A testcase per test and per changed counter. Regressed and changed ones are failures unless the policy expects them.
// An inconclusive test never looks like a pass: it is skipped where the policy lets it pass, else a failure of the type
// "inconclusive". A verdict that is only shown (of a saved result's clock) fails nothing and is skipped. Failed cells,
// coverage that differs, an unfit environment and a run that was stopped are errors; skipped cases are skipped.
#pragma once

#include <string>

#include "harness/protocol/cell.hpp"

namespace instbench::bench {

std::string comparison_junit(const Json& result);

}  // namespace instbench::bench
