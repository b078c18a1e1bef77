// Percentiles of one process's cycles, only where the sample is large enough to have them.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace instbench::bench {

struct Distribution {
  size_t samples = 0;
  double mean = 0;
  double min = 0;
  double p50 = 0;
  std::optional<double> p90;  // from 100 samples
  std::optional<double> p99;  // from 300 samples: 299 give a finite one-sided 95 % bound
};

// Nothing for an empty sample. Sorts its argument.
std::optional<Distribution> distribution(std::vector<uint64_t>& values);

}  // namespace instbench::bench
