#include "harness/worker/worker.hpp"

#include <algorithm>
#include <new>
#include <optional>
#include <system_error>

#include "harness/worker/batch.hpp"
#include "harness/worker/passes.hpp"
#include "harness/worker/program.hpp"
#include "runtime/os/build_info.hpp"
#include "runtime/os/environment.hpp"
#include "runtime/os/features.hpp"
#include "runtime/os/usage.hpp"

namespace instbench::bench {
namespace {

bool wants(const Request& request, std::string_view pass) {
  return std::find(request.passes.begin(), request.passes.end(), pass) != request.passes.end();
}

Strategy strategy_of(const Request& request) {
  if (request.arm.engine != "core")
    throw Unsupported("this worker has the engine 'core' only, not '" + request.arm.engine + "'");
  return parse_strategy(request.arm.strategy);
}

void set_huge_pages(const Strategy& strategy) {
  if (strategy.thp == Thp::off) {
    os::disable_huge_pages();
    return;
  }
  const auto mode = os::environment().thp;
  if (!mode || *mode == "never")
    throw Unsupported("thp=on: transparent huge pages are " + mode.value_or("not part of this kernel") + " here");
}

Json facts_of(const CoreCell& cell, const Program& program) {
  const Prepared& prepared = cell.prepared();
  uint64_t image_bytes = 0, image_file_bytes = 0, image_hole_bytes = 0;
  size_t extents = 0;
  for (size_t i = 0; i < prepared.needs().memory_pages.size(); ++i) {
    const ImagePlan& plan = prepared.image(i).plan();
    image_bytes += plan.content.size();
    image_file_bytes += plan.file_bytes();
    image_hole_bytes += plan.hole_bytes();
    extents += plan.extents.size();
  }
  const bool has_start = prepared.module().start.has_value(), runs = prepared.code() != nullptr;
  Json preinit;
  if (program.preinit) {
    const PreinitReport& report = *program.preinit;
    preinit = {{"memory_pages", {report.memory_pages_before, report.memory_pages_after}},
               {"content_pages", {report.content_pages_before, report.content_pages_after}},
               {"globals_changed", report.globals_changed},
               {"table_entries_changed", report.table_entries_changed},
               {"segments_dropped", report.segments_dropped},
               {"baked_in", report.baked_in}};
  }
  return {{"codegen", program.codegen},
          {"preinit", preinit},
          {"code_from", program.cache_note.empty() ? Json(nullptr) : Json(program.cache_note)},
          {"start_function", !has_start ? "none"
                             : runs     ? "run"
                                        : "not run (codegen=none)"},
          {"table_entry_bytes", sizeof(FuncRef)},
          {"vmctx_bytes", prepared.layout().total},
          {"image_bytes", image_bytes},
          {"image_extents", extents},
          {"image_file_bytes", image_file_bytes},
          {"image_hole_bytes", image_hole_bytes},
          {"leftover_segments", prepared.leftover_data().size() + prepared.leftover_elements().size()}};
}

Json features_now() {
  Json result = Json::object();
  for (const os::Feature& feature : os::features()) {
    result[std::string(feature.name)] = feature.support.ok ? Json(nullptr) : Json(feature.support.why_not);
  }
  return result;
}

void measure(const Request& request, Json& sample) {
  const Strategy strategy = strategy_of(request);
  set_huge_pages(strategy);
  const Program program = load_program(request, strategy);
  sample["features"] = features_now();
  CoreCell cell(program, request.cell, strategy, request.seed);
  sample["facts"] = facts_of(cell, program);
  if (wants(request, "first")) pass_first(cell, sample);  // before anything else has warmed this process
  std::optional<Oracle> oracle;
  if (wants(request, "verify") || wants(request, "verify_after"))
    oracle.emplace(program.module, program.code, program.host);
  PassContext context{request, cell, oracle, sample};
  if (request.inject) {
    cell.inject(*request.inject);
    sample["injected"] = {{"what", to_text(*request.inject)}};
  }
  if (wants(request, "trace")) pass_trace(context);
  if (wants(request, "verify")) pass_verify(context);
  cell.warm_up();
  if (wants(request, "batch")) pass_batch(context);
  if (wants(request, "phases")) pass_phases(context);
  if (wants(request, "counters")) pass_counters(context);
  if (wants(request, "memory")) pass_memory(context);
  if (wants(request, "batch")) pass_floor(context);
  if (wants(request, "verify_after")) pass_verify_after(context);
}

// For the parent to see that what it is about to compare is what was built for it.
Json tool() {
  const os::BuildInfo& build = os::build_info();
  return {{"version", build.version},
          {"git", build.commit},
          {"build_type", build.build_type},
          {"assertions", build.assertions},
          {"sanitizers", build.sanitizers}};
}

void give_reason(Json& sample, const char* status, const std::string& reason) {
  sample["status"] = status;
  sample["reason"] = reason;
}

}  // namespace

std::string run_request(const std::string& request_json) {
  Json sample = {
      {"protocol", kProtocolVersion}, {"status", "ok"}, {"reason", nullptr}, {"verified", nullptr}, {"tool", tool()}};
  try {
    measure(request_from_json(Json::parse(request_json)), sample);
  } catch (const Unsupported& error) {
    give_reason(sample, "skipped", error.what());
  } catch (const DoesNotFit& error) {
    give_reason(sample, "skipped", error.what());
  } catch (const Leak& error) {
    sample["verified"] = false;
    give_reason(sample, "failed", error.what());
  } catch (const std::bad_alloc&) {
    give_reason(sample, "failed", "out of memory");
  } catch (const std::exception& error) {
    give_reason(sample, "failed", error.what());
  }
  return sample.dump(-1, ' ', false, Json::error_handler_t::replace);
}

int run_by_hand(const std::string& request_json, const std::vector<std::string>& benchmark_flags) {
  const Request request = request_from_json(Json::parse(request_json));
  const Strategy strategy = strategy_of(request);
  set_huge_pages(strategy);
  CoreCell cell(load_program(request, strategy), request.cell, strategy, request.seed);
  cell.warm_up();
  return run_batch_by_hand(cell, id_of(request.cell) + "/" + request.arm.id, benchmark_flags);
}

}  // namespace instbench::bench
