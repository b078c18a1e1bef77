#include "harness/worker/cell.hpp"

namespace instbench::bench {

PhaseTimes times_of(const ClockMarks& marks) {
  const auto phase = [&](Phase which) {
    return marks.ns[static_cast<size_t>(which) + 1] - marks.ns[static_cast<size_t>(which)];
  };
  return {phase(Phase::release), phase(Phase::acquire), phase(Phase::init), phase(Phase::start), phase(Phase::work)};
}

const char* name_of(Phase phase) {
  switch (phase) {
    case Phase::release:
      return "release";
    case Phase::acquire:
      return "acquire";
    case Phase::init:
      return "init";
    case Phase::start:
      return "start";
    case Phase::work:
      return "work";
  }
  return "";
}

Json to_json(const EngineFacts& facts) {
  Json phases = Json::array();
  for (const Phase phase : {Phase::acquire, Phase::init, Phase::start, Phase::work, Phase::release}) {
    if (facts.phases.contains(phase)) phases.push_back(name_of(phase));
  }
  return {{"name", facts.name},         {"version", facts.version}, {"build", facts.build},
          {"strategy", facts.strategy}, {"phases", phases},         {"workloads", facts.workloads},
          {"counters", facts.counters}, {"threads", facts.threads}, {"slots", facts.slots},
          {"notes", facts.notes}};
}

}  // namespace instbench::bench
