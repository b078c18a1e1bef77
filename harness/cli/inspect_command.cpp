// instbench inspect: eligibility and predicted work of modules, as text or JSON.
#include <iostream>
#include <memory>
#include <variant>

#include "harness/cli/cli.hpp"
#include "harness/cli/commands.hpp"
#include "harness/cli/home.hpp"
#include "harness/cli/inspect.hpp"
#include "harness/cli/selection.hpp"
#include "harness/corpus/resolve.hpp"
#include "runtime/module/load.hpp"

namespace instbench::bench {
namespace {

struct InspectOptions {
  std::vector<std::string> modules;
  bool json = false;
};

Json inspect_one(const Manifest& manifest, const std::string& name, const std::string& label,
                 const std::string& cache) {
  const auto found = resolve(manifest, name, cache);
  if (const auto* missing = std::get_if<Missing>(&found)) throw std::runtime_error(name + ": " + missing->reason);
  const auto& resolved = std::get<Resolved>(found);
  const std::string tier = resolved.entry ? std::string(name_of(resolved.entry->tier)) : "file";
  return inspect_json(label, tier, *load_file(resolved.path, Bodies::validate));
}

int inspect(const InspectOptions& options) {
  const Manifest manifest = load_manifest();
  Wanted wanted;
  wanted.names = options.modules;
  wanted.touches = {"slots=1"};
  const Selection selection = select(manifest, wanted);
  Json all = Json::array();
  for (const Case& c : selection.cases) {
    all.push_back(inspect_one(manifest, selection.modules.at(c.module), c.module, default_cache_dir()));
    if (!options.json) std::cout << inspect_text(all.back()) << std::flush;
  }
  if (options.json) std::cout << all.dump(1, ' ', false, Json::error_handler_t::replace) << "\n";
  return kExitOk;
}

}  // namespace

void add_inspect(CLI::App& app, Action& action) {
  auto options = std::make_shared<InspectOptions>();
  CLI::App* verb = app.add_subcommand(
      "inspect", "Say what can be a static image, what cannot and why, and what each strategy must do");
  verb->add_option("MODULES", options->modules,
                   "Modules of the corpus, suites, or paths (.wasm, .wat, .shape, x.wasm#N)")
      ->required();
  verb->add_flag("--json", options->json, "As JSON");
  verb->callback([options, &action] { action = [options] { return inspect(*options); }; });
}

}  // namespace instbench::bench
