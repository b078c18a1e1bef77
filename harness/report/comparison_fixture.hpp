// A comparison as a run writes it, for tests: comparison_fixture.json beside this file, which the Python tests read
// too.
#pragma once

#include <fstream>

#include "harness/protocol/cell.hpp"

namespace instbench::bench {

inline Json comparison_fixture() {
  std::ifstream file(INSTBENCH_SOURCE_DIR "/harness/report/comparison_fixture.json");
  return Json::parse(file);
}

}  // namespace instbench::bench
