#include "harness/worker/worker.hpp"

#include <algorithm>
#include <chrono>
#include <new>
#include <optional>
#include <system_error>

#include "harness/protocol/touch_plan.hpp"
#include "harness/worker/batch.hpp"
#include "harness/worker/passes.hpp"
#include "runtime/os/build_info.hpp"
#include "runtime/os/process.hpp"
#include "runtime/os/features.hpp"
#include "runtime/os/turns.hpp"

namespace instbench::bench {
namespace {

bool wants(const Request& request, std::string_view pass) {
  return std::find(request.passes.begin(), request.passes.end(), pass) != request.passes.end();
}

Json features_now() {
  Json result = Json::object();
  for (const os::Feature& feature : os::features()) {
    result[std::string(feature.name)] = feature.support.ok ? Json(nullptr) : Json(feature.support.why_not);
  }
  return result;
}

// Engines that do not count their own system calls have them counted by ptrace, in every process that counts.
bool counts_calls(const Cell& cell) {
  const std::vector<std::string>& counters = cell.engine().counters;
  return std::find(counters.begin(), counters.end(), "syscalls") != counters.end();
}

// An instance that cannot be made fails in the passes that follow, with its own reason.
void trace_if_it_runs(PassContext& context) {
  try {
    pass_trace(context);
  } catch (const std::runtime_error& error) {
    context.sample["trace"] = {{"unsupported", error.what()}};
  }
}

os::Turns turns_of(const Request& request) {
  if (!request.turns) return {};
  const auto patience = std::chrono::milliseconds(static_cast<int64_t>(request.turns->patience_s * 1000));
  return {{os::Fd(request.turns->take), os::Fd(request.turns->give)},
          patience,
          request.turns->share_cpu ? os::Share::cpu : os::Share::nothing};
}

// Until every slot is in its steady state.
std::unique_ptr<Cell> make_ready(const Request& request, const Open& open, Json& sample, os::Turns& turns) {
  std::unique_ptr<Cell> cell = open(request);
  sample["engine"] = to_json(cell->engine());
  sample["features"] = features_now();
  sample["facts"] = cell->facts();
  if (wants(request, "first")) pass_first(*cell, sample);  // before anything else has warmed this process
  PassContext context{request, *cell, sample, turns};
  if (request.inject) {
    cell->inject(*request.inject);
    sample["injected"] = {{"what", to_text(*request.inject)}};
  }
  if (wants(request, "counters") && !counts_calls(*cell))
    trace_if_it_runs(context);
  else if (wants(request, "trace"))
    pass_trace(context);
  if (wants(request, "verify")) pass_verify(context);
  cell->warm_up();
  sample["facts"] = cell->facts();  // what a strategy chose while it warmed up is among them
  return cell;
}

void count_and_verify(PassContext& context) {
  const Request& request = context.request;
  if (wants(request, "counters")) {
    pass_counters(context);
    if (!counts_calls(context.cell)) add_traced_calls(context.sample);
  }
  if (wants(request, "memory")) pass_memory(context);
  if (wants(request, "batch")) pass_floor(context);
  if (wants(request, "verify_after") || !request.mixed.empty()) pass_paths(context);
  if (wants(request, "memory")) pass_idle_memory(context);
  if (wants(request, "verify_after")) pass_verify_after(context);
}

// Processes that take turns do so from the first to the last thing they do: one turn to get ready, one for each part of
// what is timed, one for the rest.
void measure(const Request& request, const Open& open, Json& sample) {
  os::Turns turns = turns_of(request);
  const os::InTurns in_turns(turns);
  const std::unique_ptr<Cell> cell = make_ready(request, open, sample, turns);
  PassContext context{request, *cell, sample, turns};
  if (wants(request, "batch")) pass_batch(context);
  if (wants(request, "phases")) pass_phases(context);
  turns.next();
  if (wants(request, "counters")) pass_kernel_events(context);
  count_and_verify(context);
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

namespace {

// {"protocol": 1, "describe": true, "arm": {…}}
void describe(const Json& request, const Describe& ask, Json& answer) {
  answer["engine"] = to_json(ask(arm_from_json(request.at("arm"))));
}

template <typename Body>
void with_reasons(Json& answer, Body body) {
  try {
    body();
  } catch (const Skip& error) {
    give_reason(answer, "skipped", error.what());
  } catch (const DoesNotFit& error) {
    give_reason(answer, "skipped", error.what());
  } catch (const Refused& error) {
    give_reason(answer, "refused", error.what());
  } catch (const Leak& error) {
    answer["verified"] = false;
    give_reason(answer, "failed", error.what());
  } catch (const std::bad_alloc&) {
    give_reason(answer, "failed", "out of memory");
  } catch (const std::exception& error) {
    give_reason(answer, "failed", error.what());
  }
}

}  // namespace

std::string run_request(const std::string& request_json, const Engines& engines) {
  Json answer = {{"protocol", kProtocolVersion}, {"status", "ok"}, {"reason", nullptr}, {"tool", tool()}};
  with_reasons(answer, [&] {
    const Json request = Json::parse(request_json);
    if (request.is_object() && request.value("describe", Json()) == true) {
      describe(request, engines.describe, answer);
      return;
    }
    answer["verified"] = nullptr;
    answer["takes_turns"] = true;
    measure(request_from_json(request), engines.open, answer);
  });
  // A sample is ok, skipped or failed; a strategy is refused when it is described.
  if (answer["status"] == "refused" && answer.contains("verified")) answer["status"] = "failed";
  return answer.dump(-1, ' ', false, Json::error_handler_t::replace);
}

ProfiledCycles run_profiled(const std::string& request_json, double seconds, const Itt* itt,
                            const std::function<void(bool has_probes)>& warm, const Engines& engines) {
  constexpr uint64_t kBetweenLooks = 64;
  const Request request = request_from_json(Json::parse(request_json));
  const std::unique_ptr<Cell> cell = engines.open(request);
  cell->warm_up();
  warm(cell->has_probes());
  ProfiledCycles profiled;
  const uint64_t begin = os::now_ns();
  uint64_t now = begin;
  while (static_cast<double>(now - begin) < seconds * 1e9 && os::interrupted() == 0) {
    cell->run_probed(kBetweenLooks, itt);
    profiled.cycles += kBetweenLooks;
    now = os::now_ns();
  }
  profiled.ns_per_cycle = static_cast<double>(now - begin) / static_cast<double>(profiled.cycles);
  return profiled;
}

int run_by_hand(const std::string& request_json, const std::vector<std::string>& benchmark_flags,
                const Engines& engines) {
  const Request request = request_from_json(Json::parse(request_json));
  const std::unique_ptr<Cell> cell = engines.open(request);
  cell->warm_up();
  return run_batch_by_hand(*cell, request.cell, id_of(request.cell) + "/" + request.arm.id, benchmark_flags);
}

}  // namespace instbench::bench
