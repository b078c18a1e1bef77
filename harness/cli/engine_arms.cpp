#include "harness/cli/engine_arms.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <optional>

#include "harness/cli/cli.hpp"
#include "harness/cli/home.hpp"
#include "harness/corpus/resolve.hpp"
#include "harness/engines/engines.hpp"
#include "harness/protocol/text.hpp"
#include "harness/run/provenance.hpp"
#include "harness/run/sample.hpp"
#include "runtime/module/sha256.hpp"
#include "runtime/os/file.hpp"
#include "runtime/os/process.hpp"

namespace instbench::bench {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kDescribeTime{30};

// Programs of the source tree that speak the worker protocol.
const std::vector<std::string> kPrograms{"v8", "wasmtime-rs"};

const std::vector<std::string> kCapiLibraries{"wasmtime", "wasmi"};

bool is_there(const std::string& path) {
  std::error_code absent;
  return fs::exists(path, absent);
}

// What `instbench fetch` takes when no version is named, and where it puts a version.
Json pins() { return Json::parse(os::read_text(home() + "/harness/engines/pins.json")); }

std::string pinned_version(const std::string& engine) { return pins().at(engine).at("default"); }
std::string fetched(const std::string& engine, const std::string& version, const std::string& file) {
  return default_cache_dir() + "/engines/" + engine + "-" + version + "/" + file;
}

bool is_own_file(const std::string& build) { return build.find('/') != build.npos || is_there(build); }

// A library or program of the user's own, or else `file` as `instbench fetch FROM[@VERSION]` brings it (no version: the
// pinned one). Sets `unavailable` when it is not there.
std::string own_file(Arm& arm, const std::string& build) {
  const std::string path = fs::absolute(build).lexically_normal().string();
  if (!is_there(path)) arm.unavailable = "no such file: " + without_folders(path);
  return path;
}
std::string not_fetched(const std::string& name, const std::string& wanted, const std::string& named_version) {
  return name + " " + wanted + " is not in the cache: run `instbench fetch " + name +
         (named_version.empty() ? "" : "@" + named_version) + "`";
}
std::string fetched_file(Arm& arm, const std::string& from, const std::string& version, const std::string& file) {
  const std::string wanted = version.empty() ? pinned_version(from) : version;
  const std::string path = fetched(from, wanted, file);
  if (!is_there(path)) arm.unavailable = not_fetched(from, wanted, version);
  return path;
}
std::string find_file(Arm& arm, const std::string& build, const std::string& file) {
  return is_own_file(build) ? own_file(arm, build) : fetched_file(arm, arm.engine, build, file);
}

// Any library will do that the user names; capi also knows those with wasm.h that `instbench fetch` brings, by their
// names: "wasmi", "wasmi-2.0.0". Nothing named: the engine itself says what to do.
std::string find_named_library(Arm& arm, const std::string& build) {
  if (arm.engine == "capi" && !is_own_file(build)) {
    for (const std::string& name : kCapiLibraries) {
      if (build != name && !build.starts_with(name + "-")) continue;
      return fetched_file(arm, name, build.substr(std::min(build.size(), name.size() + 1)), "lib" + name + ".so");
    }
  }
  return build.empty() ? "" : own_file(arm, build);
}

bool is_in_this_binary(const std::string& engine) {
  const std::vector<std::string> names = engine_names();
  return std::find(names.begin(), names.end(), engine) != names.end();
}

void set_program(Arm& arm, const std::string& build) {
  if (arm.engine == "wasmtime") {
    arm.library = find_file(arm, build, "libwasmtime.so");
  } else if (arm.engine == "capi" || arm.engine == "sightglass") {
    arm.library = find_named_library(arm, build);
  } else if (arm.engine == "wasmtime-rs") {
    arm.worker = {find_file(arm, build, "worker")};
  } else if (arm.engine == "v8") {
    const std::string script = home() + "/harness/engines/v8/worker.mjs";
    arm.worker = {build.empty() ? "node" : fs::absolute(build).lexically_normal().string(), script};
  } else if (is_in_this_binary(arm.engine)) {
    arm.library = build.empty() ? "" : own_file(arm, build);
  } else {
    arm.worker = {fs::absolute(build).lexically_normal().string()};
    std::error_code ignored;
    if (!is_there(arm.worker.front())) throw UsageError("no such worker program: " + build);
    if (!fs::is_regular_file(arm.worker.front(), ignored)) throw UsageError("not a file: worker program " + build);
  }
}

bool is_texts(const Json& value) {
  return value.is_array() && std::all_of(value.begin(), value.end(), [](const Json& text) { return text.is_string(); });
}

// What a description must have for tables, charts and gates to rely on it; empty: nothing is amiss.
std::string problem_with_facts(const Json& facts) {
  const auto value = [&](const char* key) { return facts.is_object() ? facts.value(key, Json()) : Json(); };
  for (const char* key : {"name", "version", "strategy"}) {
    if (!value(key).is_string()) return std::string("its worker's description has no text \"") + key + "\"";
  }
  for (const char* key : {"phases", "workloads", "counters", "notes"}) {
    if (!is_texts(value(key))) return std::string("its worker's description has no list of texts \"") + key + "\"";
  }
  return "";
}

std::string text_of(const Json& object, const char* key) {
  const Json value = object.is_object() ? object.value(key, Json()) : Json();
  return value.is_string() ? value.get<std::string>() : "";
}

// What the engine's worker answers to "describe"; nothing, and `unavailable` is set, when it cannot be started.
std::optional<os::ChildResult> description(Arm& arm, const std::string& strategy) {
  const Json request = {
      {"protocol", kProtocolVersion},
      {"describe", true},
      {"arm", {{"id", arm.id}, {"engine", arm.engine}, {"strategy", strategy}, {"library", arm.library}}}};
  const std::vector<std::string> argv =
      arm.worker.empty() ? std::vector<std::string>{os::self_path(), "worker", "--json"} : arm.worker;
  try {
    return os::run_child(argv, request.dump() + "\n", kDescribeTime);
  } catch (const std::system_error& error) {
    arm.unavailable = "its worker cannot be started: " + without_folders(argv.front()) + ": " + error.code().message();
    return std::nullopt;
  }
}

void ask_engine(Arm& arm, const std::string& strategy) {
  const std::optional<os::ChildResult> child = description(arm, strategy);
  if (!child) return;
  const Json answer = Json::parse(child->out, nullptr, false);
  if (text_of(answer, "status") == "refused") throw UsageError("--arm " + arm.id + ": " + text_of(answer, "reason"));
  const Json sample = sample_from(*child, kDescribeTime);
  if (sample.at("status") != "ok") {
    const std::string reason = text_of(sample, "reason");
    std::string& why = sample.at("status") == "skipped" ? arm.unavailable : arm.broken;
    if (why.empty()) why = reason.empty() ? "its worker gave no reason" : reason;
    return;
  }
  arm.facts = sample.value("engine", Json());
  arm.broken = problem_with_facts(arm.facts);
  if (!arm.broken.empty()) {
    arm.facts = nullptr;
    return;
  }
  arm.strategy = text_of(arm.facts, "strategy");
  if (!arm.library.empty()) arm.library_sha256 = text_of(arm.facts.value("build", Json()), "sha256");
}

}  // namespace

std::vector<std::string> known_engines() {
  std::vector<std::string> names = engine_names();
  names.insert(names.end(), kPrograms.begin(), kPrograms.end());
  return names;
}

namespace {

// The arm of an engine of a known name or of a program of the user's own, not asked yet. Throws UsageError.
Arm named_arm(const ArmText& text) {
  const auto* path = std::get_if<PathBuild>(&text.build);
  if (std::holds_alternative<GitBuild>(text.build))
    throw UsageError("--arm " + text.text + ": git+REV builds instbench itself, so it is for the engine 'core'");
  const std::vector<std::string> known = known_engines();
  const std::string build = path == nullptr ? "" : path->path;
  if (std::find(known.begin(), known.end(), text.engine) == known.end() && build.empty())
    throw UsageError(unknown_name("engine", text.engine, known) + " (in --arm " + text.text +
                     "); or a worker program of your own, as in mine@./worker.py:fast");
  Arm arm;
  arm.engine = text.engine;
  arm.build = without_folders(build);
  arm.strategy = text.strategy.value_or("");
  arm.id = arm.engine + (arm.build.empty() ? "" : "@" + arm.build) + (arm.strategy.empty() ? "" : ":" + arm.strategy);
  set_program(arm, build);
  return arm;
}

}  // namespace

Json engine_settings(const ArmText& text) {
  Arm arm = named_arm(text);
  if (is_in_this_binary(arm.engine)) return settings_of_engine(arm.engine);
  const auto child = arm.unavailable.empty() ? description(arm, kAnySettings) : std::nullopt;
  if (!child) throw std::runtime_error("--arm " + text.text + ": " + arm.unavailable);
  const Json answer = Json::parse(child->out, nullptr, false);
  if (answer.is_object() && answer.contains("settings")) return answer.at("settings");
  const std::string reason = text_of(answer, "reason");
  if (text_of(answer, "status") == "refused" && !reason.empty()) return reason;
  throw std::runtime_error("--arm " + text.text + ": this engine does not say what it accepts");
}

Arm engine_arm(const ArmText& text) {
  Arm arm = named_arm(text);
  // Engines of this binary know their strategies without their library.
  if (arm.unavailable.empty() || is_in_this_binary(arm.engine)) ask_engine(arm, arm.strategy);
  if (!arm.worker.empty() && is_there(arm.worker.back()))
    arm.worker_sha256 = sha256_hex(os::read_bytes(arm.worker.back()));
  return arm;
}

bool is_fetched(const std::string& name) { return pins().contains(name); }

std::string fetched_file(const std::string& name, const std::string& file) {
  const std::string version = pinned_version(name), path = fetched(name, version, file);
  if (!is_there(path)) throw std::runtime_error(not_fetched(name, version, ""));
  return path;
}

Json engine_list() {
  return {
      {{"name", "core"}, {"what", "the in-tree runtime core"}},
      {{"name", "wasmtime[@VERSION|@LIBRARY]"},
       {"what", "Wasmtime through its C API: on-demand, pooling, pooling-keep; `instbench fetch wasmtime`"}},
      {{"name", "wasmtime-rs"}, {"what", "Wasmtime as a Rust crate, and pooling-scan; `instbench fetch wasmtime-rs`"}},
      {{"name", "capi@LIBRARY"},
       {"what", "any library with the standard wasm-c-api (wasm.h); after `instbench fetch wasmi`: capi@wasmi"}},
      {{"name", "sightglass@LIBRARY"},
       {"what", "any library with the interface of Sightglass (wasm_bench_*); workload none"}},
      {{"name", "v8[@NODE]"}, {"what", "Node's V8"}},
      {{"name", "NAME@WORKER"}, {"what", "a worker program of your own (harness/engines/README.md)"}}};
}

}  // namespace instbench::bench
