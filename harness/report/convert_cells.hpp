// What the formats of other tools take from a result's cells. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "harness/protocol/cell.hpp"

namespace instbench::bench {

// Names that tools and shells take as they are: letters, digits and _ . / = : -, with "/" for a blank.
std::string plain_name(const std::string& text);

// Two ids may lose what tells them apart: a name already another id's gets a number.
class UniqueNames {
 public:
  std::string of(const std::string& id, const std::string& wanted);

 private:
  std::map<std::string, std::string> names_;
  std::set<std::string> taken_;
};

// One process of a cell whose batch has a time.
struct Process {
  double real_ns = 0;
  std::optional<double> cpu_ns;
  uint64_t iterations = 1;
};
std::vector<Process> processes_of(const Json& cell);

std::map<std::string, int64_t> exact_counters(const Json& cell);  // per cycle, by name; a range is not among them
double median_of(std::vector<double> values);
const Json& case_named(const Json& result, const std::string& id);

}  // namespace instbench::bench
