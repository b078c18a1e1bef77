// Is this machine fit to measure instantiation on? Facts become findings: what was found, how good that is, why it
// matters for what instantiation costs, and what to do about it. Pure; runtime/os/fitness.hpp reads the facts.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "harness/protocol/cell.hpp"
#include "harness/report/terminal.hpp"
#include "runtime/os/fitness.hpp"

namespace instbench::bench {

enum class State { poor, note, unknown, good };  // in the order in which they are told

// noise widens the scatter of what is measured; scope changes what is measured, counted or possible, so results from
// machines that differ in it cannot be compared.
enum class About { noise, scope };

struct Finding {
  std::string name;
  About about = About::noise;
  State state = State::unknown;
  std::string value;   // unknown: why it is
  std::string why;     // it matters
  std::string remedy;  // a command to type, or a sentence; empty when good
};

// Poor before note before unknown before good; noise before scope.
std::vector<Finding> findings_of(const os::Fitness& facts);

// What a short comparison of an arm with itself showed on this machine.
struct DoctorEffect {
  double scatter = 0;     // sigma of ln(B/A) between blocks
  double detectable = 0;  // smallest slowdown found with 90 % probability
  size_t blocks = 0;
  double seconds = 0;
  std::string case_id;
};

struct DoctorTrial {
  std::optional<DoctorEffect> effect;
  std::string why_not;  // when there is none
};

// poor: a finding is poor, or the trial cannot find a slowdown of a tenth. fair: noise that is a note or unknown. A
// quiet trial makes up for neither: it is short, and what disturbs comes and goes.
enum class FitnessGrade { good, fair, poor };
FitnessGrade grade_of(const std::vector<Finding>& findings, const DoctorTrial& trial);

std::string doctor_text(const std::vector<Finding>& findings, const DoctorTrial& trial, Colour colour);
Json doctor_json(const std::vector<Finding>& findings, const DoctorTrial& trial);

}  // namespace instbench::bench
