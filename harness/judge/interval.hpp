#pragma once

namespace instbench::bench {

struct Interval {
  double low = 0, high = 0;
};

}  // namespace instbench::bench
