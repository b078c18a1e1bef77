// What the two halves of the findings share. Private to doctor*.cpp.
#pragma once

#include <string>
#include <vector>

#include "harness/report/doctor.hpp"

namespace instbench::bench {

std::vector<Finding> noise_findings(const os::Fitness& facts);
std::vector<Finding> scope_findings(const os::Fitness& facts);

// What a finding is about, whatever was found.
struct Subject {
  std::string name;
  About about = About::noise;
  std::string why;
};

inline Finding known(const Subject& subject, State state, const std::string& value, const std::string& remedy) {
  return {subject.name, subject.about, state, value, subject.why, state == State::good ? "" : remedy};
}

inline Finding not_known(const Subject& subject, const std::string& why_not, const std::string& remedy) {
  return {subject.name, subject.about, State::unknown, why_not, subject.why, remedy};
}

// The state of a figure of which less is better.
inline State least_is_best(double value, double good_up_to, double note_up_to) {
  return value <= good_up_to ? State::good : value <= note_up_to ? State::note : State::poor;
}

// A container has its kernel's settings in view and not in hand.
inline std::string outside(const os::Fitness& facts, const std::string& command) {
  const bool locked = facts.process.settings_locked.value.value_or(false);
  return (locked ? "on the host, since this container cannot: " : "") + command;
}

inline std::string set_command(const os::Fitness& facts, const std::string& word, const std::string& file) {
  return outside(facts, "echo " + word + " | sudo tee " + file);
}

inline bool is_guest(const os::Fitness& facts) { return facts.cpu.hypervisor.value.value_or(false); }

std::string cpu_list_text(const os::CpuSet& cpus);  // "0-3,8"; "none"

}  // namespace instbench::bench
