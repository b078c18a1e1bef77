// What a table says of modules that share one pool.
#pragma once

#include <string>

#include "harness/protocol/cell.hpp"

namespace instbench::bench {

// "slots: 62 % hit, 5 % stolen, 33 % evicted; an evicted cycle takes 41.0 µs, a hit 900 ns": how all threads came by their
// slots, and the median cycle of one of them, as the mean over those modules that were both evicted and hit (named where
// they are not all; where no module was ever hit, or none ever evicted, of that kind alone). Empty: the cell does not say.
std::string slots_text(const Json& cell);

// "reset=restore for a.wat; reset=madvise for b.wat": what a strategy that chooses chose for each module. Empty: nothing.
std::string choices_text(const Json& cell);

}  // namespace instbench::bench
