// From a request to a cell of a wasm-c-api library: the library, the compiled module, the facts.
#include "harness/engines/capi/code.hpp"
#include "harness/engines/capi/engine.hpp"
#include "harness/engines/library/library_cell.hpp"

namespace instbench::bench::capi {
namespace {

AxisValues parse(const std::string& strategy) {
  AxisValues values = grammar().parse(strategy);
  if (values.word("store") == "shared")
    throw Refused(
        "capi: store=shared is not offered: hardly any library gives an instance's memory back before its store is "
        "deleted, so every cycle would leave one more behind; store=own");
  return values;
}

Sharing sharing_of(const AxisValues& values) {
  return values.word("module") == "direct" ? Sharing::direct : Sharing::obtain;
}

// One library, for as long as the process lives: its code may have left threads and signal handlers.
struct Loaded {
  Api api;
  Json build;

  explicit Loaded(const Arm& arm) : api(arm.library), build(build_of_library(arm)) {}
};

const Loaded& load_library(const Arm& arm) {
  if (arm.library.empty())
    throw Skip(
        "capi: name a library that exports the standard wasm-c-api: capi@/path/lib.so, or capi@wasmi after "
        "`instbench fetch wasmi`");
  static const auto* const kLoaded = new Loaded(arm);
  return *kLoaded;
}

void check_sharing(const Api& api, Sharing sharing) {
  if (sharing == Sharing::obtain && !api.shares_modules())
    throw Skip("capi: " + api.file() +
               " lacks wasm_module_share or wasm_module_obtain, by which stores use one module; "
               "if its modules belong to the engine and not to a store, module=direct does without");
}

EngineFacts facts_of(const Loaded& loaded, const AxisValues& values) {
  EngineFacts facts;
  facts.name = "capi";
  facts.build = loaded.build;
  facts.strategy = grammar().canonical(values);
  facts.phases = {Phase::release, Phase::acquire, Phase::init, Phase::work};
  facts.workloads = {"none", "touch"};
  facts.counters = {"faults"};
  facts.notes = {
      "acquire is a new store with the module and its imports in it; init holds the start function; release "
      "ends all of them"};
  return facts;
}

}  // namespace

EngineFacts describe(const Arm& arm) {
  const AxisValues values = parse(arm.strategy);
  const Loaded& loaded = load_library(arm);
  check_sharing(loaded.api, sharing_of(values));
  return facts_of(loaded, values);
}

std::unique_ptr<Cell> open(const Request& request) {
  const AxisValues values = parse(request.arm.strategy);
  const Loaded& loaded = load_library(request.arm);
  check_sharing(loaded.api, sharing_of(values));
  static const EngineFacts kFacts = facts_of(loaded, values);
  check_request(request, kFacts);
  const Wasm wasm = read_wasm(request);
  const Code code = kept_code(loaded.api, wasm, loaded.build.at("sha256"));
  const auto program = std::make_shared<const Program>(loaded.api, sharing_of(values), wasm.bytes, code.bytes);
  const bool refused = !code.bytes.empty() && !program->used_code();
  const Json facts = {{"codegen", "as the library does by itself"},
                      {"code_from", refused ? "compiled in each worker: the library refuses its own code" : code.from}};
  return std::make_unique<LibraryCell<Engine>>(request, facts, [&loaded, program, reach = reach_of(request)] {
    return std::make_unique<Engine>(loaded.api, kFacts, reach, program);
  });
}

}  // namespace instbench::bench::capi
