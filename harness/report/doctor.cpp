#include "harness/report/doctor.hpp"

#include <algorithm>

#include "harness/protocol/text.hpp"
#include "harness/report/doctor_finding.hpp"
#include "harness/report/format.hpp"

namespace instbench::bench {
namespace {

constexpr size_t kStateColumns = 9, kNameColumns = 21;
constexpr double kUseless = 0.10;  // a trial that finds only slowdowns above this

const char* name_of(State state) {
  switch (state) {
    case State::poor:
      return "poor";
    case State::note:
      return "note";
    case State::unknown:
      return "unknown";
    case State::good:
      break;
  }
  return "good";
}

const char* name_of(FitnessGrade grade) {
  return grade == FitnessGrade::poor ? "poor" : grade == FitnessGrade::fair ? "fair" : "good";
}

std::string painted(const Paint& paint, State state, const std::string& text) {
  switch (state) {
    case State::poor:
      return paint.red(text);
    case State::note:
      return paint.yellow(text);
    case State::unknown:
      return paint.dim(text);
    case State::good:
      break;
  }
  return paint.green(text);
}

// The coloured word stands before lines that were wrapped without it, since colours have no width.
std::string finding_text(const Finding& finding, const Paint& paint) {
  constexpr size_t kIndent = kStateColumns + kNameColumns;
  const std::string state = padded(name_of(finding.state), kStateColumns, Align::left);
  const std::string lines = wrapped(state + padded(finding.name, kNameColumns, Align::left), finding.value, kIndent);
  std::string out = painted(paint, finding.state, state) + lines.substr(state.size());
  if (finding.state == State::good) return out;
  const std::string blank(kIndent, ' ');
  return out + paint.dim(wrapped(blank, finding.why, kIndent)) + wrapped(blank + "→ ", finding.remedy, kIndent + 2);
}

size_t count(const std::vector<Finding>& findings, State state) {
  return static_cast<size_t>(
      std::count_if(findings.begin(), findings.end(), [&](const Finding& f) { return f.state == state; }));
}

std::string trial_text(const DoctorTrial& trial) {
  if (!trial.effect) return "the smallest slowdown found here was not measured: " + trial.why_not;
  const DoctorEffect& effect = *trial.effect;
  return "an A/A trial of " + std::to_string(effect.blocks) + " blocks (" + effect.case_id + ", " +
         time_text(effect.seconds * 1e9) + "): scatter " + percent_text(effect.scatter) + ", finds slowdowns from " +
         percent_text(effect.detectable) + " up";
}

Json trial_json(const DoctorTrial& trial) {
  if (!trial.effect) return {{"measured", false}, {"why_not", trial.why_not}};
  const DoctorEffect& effect = *trial.effect;
  return {{"measured", true},          {"case", effect.case_id},    {"blocks", effect.blocks},
          {"seconds", effect.seconds}, {"scatter", effect.scatter}, {"detectable", effect.detectable}};
}

}  // namespace

std::string cpu_list_text(const os::CpuSet& cpus) {
  std::vector<std::string> ranges;
  for (size_t i = 0; i < cpus.size();) {
    size_t last = i;
    while (last + 1 < cpus.size() && cpus[last + 1] == cpus[last] + 1) ++last;
    ranges.push_back(std::to_string(cpus[i]) + (last > i ? "-" + std::to_string(cpus[last]) : ""));
    i = last + 1;
  }
  return ranges.empty() ? "none" : join(ranges, ",");
}

std::vector<Finding> findings_of(const os::Fitness& facts) {
  std::vector<Finding> findings = noise_findings(facts);
  for (Finding& finding : scope_findings(facts)) findings.push_back(std::move(finding));
  std::stable_sort(findings.begin(), findings.end(), [](const Finding& a, const Finding& b) {
    return std::pair(a.state, a.about) < std::pair(b.state, b.about);
  });
  return findings;
}

FitnessGrade grade_of(const std::vector<Finding>& findings, const DoctorTrial& trial) {
  if (count(findings, State::poor) > 0 || (trial.effect && trial.effect->detectable > kUseless))
    return FitnessGrade::poor;
  const bool noisy = std::any_of(findings.begin(), findings.end(), [](const Finding& finding) {
    return finding.about == About::noise && finding.state != State::good;
  });
  return noisy ? FitnessGrade::fair : FitnessGrade::good;
}

std::string doctor_text(const std::vector<Finding>& findings, const DoctorTrial& trial, Colour colour) {
  const Paint paint(colour);
  std::string out;
  for (const Finding& finding : findings) out += finding_text(finding, paint);
  const FitnessGrade grade = grade_of(findings, trial);
  const State as_state = grade == FitnessGrade::poor   ? State::poor
                         : grade == FitnessGrade::fair ? State::note
                                                       : State::good;
  out += "fitness: " + painted(paint, as_state, name_of(grade)) + "   ";
  for (const State state : {State::poor, State::note, State::unknown, State::good}) {
    out += std::to_string(count(findings, state)) + " " + name_of(state) + (state == State::good ? "\n" : " · ");
  }
  return out + wrapped("", trial_text(trial), 2);
}

Json doctor_json(const std::vector<Finding>& findings, const DoctorTrial& trial) {
  Json list = Json::array();
  for (const Finding& finding : findings) {
    const bool is_known = finding.state != State::unknown;
    list.push_back({{"name", finding.name},
                    {"about", finding.about == About::noise ? "noise" : "scope"},
                    {"state", name_of(finding.state)},
                    {"value", is_known ? Json(finding.value) : Json(nullptr)},
                    {"why_unknown", is_known ? Json(nullptr) : Json(finding.value)},
                    {"why", finding.why},
                    {"remedy", finding.remedy.empty() ? Json(nullptr) : Json(finding.remedy)}});
  }
  return {{"schema", "instbench-doctor/1"},
          {"fitness", name_of(grade_of(findings, trial))},
          {"findings", list},
          {"trial", trial_json(trial)}};
}

}  // namespace instbench::bench
