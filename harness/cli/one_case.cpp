#include "harness/cli/one_case.hpp"

#include <stdexcept>

#include "harness/cli/cli.hpp"
#include "harness/cli/home.hpp"

namespace instbench::bench {

std::string request_of_one(const Wanted& wanted, const std::string& codegen) {
  const Manifest manifest = load_manifest();
  const Selection selection = select(manifest, wanted);
  if (selection.cases.size() != 1)
    throw UsageError("one case at a time; this is " + std::to_string(selection.cases.size()));
  Experiment experiment;
  experiment.settings.codegen = codegen;
  experiment.cases = selection.cases;
  experiment.arms = selection.arms;
  experiment.modules = prepare_all(manifest, selection);
  const PreparedModule& module = experiment.modules.begin()->second;
  if (module.state != PreparedModule::State::ready) throw std::runtime_error(wanted.names.front() + ": " + module.reason);
  return to_json(experiment.request_for(Step{})).dump();
}

}  // namespace instbench::bench
