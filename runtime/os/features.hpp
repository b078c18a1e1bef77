// What this kernel can do, found by doing it (write, discard, read back), once per process.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace instbench::os {

// `ok`, or the reason why not: "memfd_create: Function not implemented".
struct Support {
  bool ok = false;
  std::string why_not;
};

struct Feature {
  std::string_view name;   // "memfd", "madvise_discard", "pagemap_scan", ... as `instbench list` prints them
  std::string_view since;  // Linux version that brought it
  std::string_view use;    // what instbench does with it
  Support support;
};

std::span<const Feature> features();            // all, in a fixed order
const Support& feature(std::string_view name);  // throws std::out_of_range for an unknown name

}  // namespace instbench::os
