// instbench call: one instance of one module, called once: the answer, and what each step to it took.
#include <iostream>
#include <memory>
#include <variant>

#include "harness/cli/cli.hpp"
#include "harness/cli/commands.hpp"
#include "harness/cli/home.hpp"
#include "harness/cli/program_options.hpp"
#include "harness/cli/selection.hpp"
#include "harness/corpus/resolve.hpp"
#include "harness/protocol/text.hpp"
#include "harness/report/format.hpp"
#include "harness/engines/core/call_once.hpp"

namespace instbench::bench {
namespace {

struct CallOptions {
  std::string module;
  Wanted wanted;
  std::string arm = "core:pool-lazy";
  std::string codegen = "auto";
};

Request request_of(const CallOptions& options) {
  const Manifest manifest = load_manifest();
  Wanted wanted = options.wanted;
  wanted.names = {options.module};
  wanted.arms = {options.arm};
  wanted.call = wanted.invoked.empty();
  const Selection selection = select(manifest, wanted);
  for (const Case& c : selection.cases) {
    if (c.workload.label != selection.cases.front().workload.label)
      throw UsageError("call makes one list of calls; a sweep (braces in --invoke) is for `instbench run`");
  }
  const auto found = resolve(manifest, selection.modules.begin()->second, default_cache_dir(), HashCheck::later);
  if (const auto* missing = std::get_if<Missing>(&found))
    throw std::runtime_error(options.module + ": " + missing->reason);
  Request request;
  request.module_path = std::get<Resolved>(found).path;
  request.module_sha256 = std::get<Resolved>(found).sha256;
  request.cell = selection.cases.front();
  request.arm = selection.arms.front();
  request.codegen = options.codegen;
  return request;
}

int call(const CallOptions& options) {
  const OneCall once = call_once(request_of(options));
  if (!once.output.empty()) std::cout << once.output << (once.output.ends_with('\n') ? "" : "\n");
  if (!once.results.empty()) std::cout << join(once.results, " ") << "\n";
  std::cerr << "code: " << once.codegen << ", " << once.code_from << "\n"
            << "load " << time_text(static_cast<double>(once.load_ns)) << " · prepare "
            << time_text(static_cast<double>(once.prepare_ns)) << " · instantiate "
            << time_text(static_cast<double>(once.instantiate_ns)) << " · call "
            << time_text(static_cast<double>(once.call_ns))
            << "   (each once, cold; `instbench run --call` measures)\n";
  return kExitOk;
}

}  // namespace

void add_call(CLI::App& app, Action& action) {
  auto options = std::make_shared<CallOptions>();
  CLI::App* verb = app.add_subcommand("call", "Make one instance, call it, print the answer and what each step took");
  verb->add_option("MODULE", options->module, "A module of the corpus or a path")->required();
  add_program_options(*verb, options->wanted);
  verb->add_option("--arm", options->arm, "core:PRESET[,AXIS=VALUE…]")->capture_default_str();
  verb->add_option("--codegen", options->codegen, "auto, tcc, cc")
      ->capture_default_str()
      ->check(CLI::IsMember({"auto", "tcc", "cc"}));
  verb->callback([options, &action] { action = [options] { return call(*options); }; });
}

}  // namespace instbench::bench
