// From a request to a cell of Wasmtime: the version, the compiled module, the settings.
#include <algorithm>
#include <cctype>
#include <filesystem>

#include "harness/engines/library/kept_code.hpp"
#include "harness/engines/library/library_cell.hpp"
#include "harness/engines/wasmtime/engine.hpp"

namespace instbench::bench::wasmtime {
namespace {

constexpr int kOldest = 36, kNewest = 50;
constexpr std::array<uint8_t, 8> kEmptyModule{0, 'a', 's', 'm', 1, 0, 0, 0};

// The library does not say which version it is, but what it compiles begins with it: digits, and dots where a build
// says more than its major version, behind a byte that is their length and before the target
// ("x86_64-unknown-linux-gnu") likewise.
std::string version_in(std::string_view compiled) {
  const auto is_version = [](char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0 || c == '.'; };
  const auto text_at = [&](size_t at) {
    const size_t length = at < compiled.size() ? static_cast<unsigned char>(compiled[at]) : 0;
    return at + 1 + length <= compiled.size() ? compiled.substr(at + 1, length) : std::string_view();
  };
  for (size_t at = 0; at < compiled.size(); ++at) {
    const std::string_view version = text_at(at);
    if (version.empty() || version.size() > 16 || !std::all_of(version.begin(), version.end(), is_version)) continue;
    if (text_at(at + 1 + version.size()).find("-unknown-linux") != std::string_view::npos) return std::string(version);
  }
  return "";
}

// "50.0.1" where a fetched library's folder says so, else what the library says: its major version.
std::string version_from(const std::string& path, const std::string& own) {
  const std::string folder = std::filesystem::path(path).parent_path().filename().string();
  const std::string prefix = "wasmtime-";
  const std::string named = folder.starts_with(prefix) ? folder.substr(prefix.size()) : "";
  return named.starts_with(own + ".") ? named : own;
}

std::string version_of(const Api& api) {
  WasmEngine* engine = make_engine(api, grammar().parse("on-demand"), 0, false);
  CompiledModule* module = nullptr;
  ByteVec bytes;
  std::string version;
  Error* error = api.module_new(engine, kEmptyModule.data(), kEmptyModule.size(), &module);
  if (error == nullptr) error = api.module_serialize(module, &bytes);
  if (error == nullptr) version = version_in({bytes.data, bytes.size});
  if (module != nullptr) api.module_delete(module);
  if (bytes.data != nullptr) api.byte_vec_delete(&bytes);
  const std::string reason = error == nullptr ? "" : api.take(error);
  api.engine_delete(engine);
  if (version.empty()) throw Skip("wasmtime: its version cannot be told" + (reason.empty() ? "" : ": " + reason));
  return version;
}

void check_version(const std::string& version) {
  const int major = std::stoi(version);
  if (major < kOldest)
    throw Skip("wasmtime " + version + " is too old: this adapter knows the C API of versions " +
               std::to_string(kOldest) + " to " + std::to_string(kNewest));
}

EngineFacts facts_of(const std::string& version, const AxisValues& values) {
  EngineFacts facts;
  facts.name = "wasmtime";
  facts.version = version;
  facts.strategy = grammar().canonical(values);
  facts.phases = {Phase::release, Phase::acquire, Phase::init, Phase::work};
  facts.workloads = {"none", "touch"};
  facts.counters = {"faults"};
  facts.threads = kMostThreads;
  facts.notes = {"acquire is a new store; init holds the start function; release ends the store"};
  if (std::stoi(version) > kNewest)
    facts.notes.push_back("version " + version + " is newer than those the adapter was tested with (" +
                          std::to_string(kOldest) + " to " + std::to_string(kNewest) + ")");
  if (values.word("allocator") == "pooling")
    facts.notes.push_back(values.number("batch") > 1
                              ? "a dropped slot is reset later, with others: compare cycles only"
                              : "a dropped slot is reset at release, except what keep= leaves resident");
  return facts;
}

void check_axes(const AxisValues& values) {
  constexpr uint64_t kMost = 1000000;
  for (const char* axis : {"pool", "warm-slots", "batch", "table-elements"}) {
    if (values.number(axis) > kMost)
      throw Refused(std::string("wasmtime: axis '") + axis + "' may be 1000000 at most, not " + values.word(axis));
  }
  if (values.word("allocator") == "pooling") {
    if (values.number("pool") == 0) throw Refused("wasmtime: axis 'pool' must be at least 1");
    if (values.number("max-memory") > values.number("reserve"))
      throw Refused("wasmtime: max-memory=" + values.word("max-memory") +
                    " does not fit reserve=" + values.word("reserve"));
    return;
  }
  for (const char* axis : {"pool", "keep", "table-keep", "warm-slots", "batch", "max-memory", "table-elements"}) {
    if (values.was_given(axis) && values.word(axis) != grammar().parse("").word(axis))
      throw Refused(std::string("wasmtime: axis '") + axis + "' is for allocator=pooling");
  }
}

// One library and what is known of it, for as long as the process lives: its code may have left threads and signal
// handlers.
struct Loaded {
  Api api;
  std::string version;

  explicit Loaded(const std::string& path) : api(path), version(version_from(path, version_of(api))) {
    check_version(version);
  }
};

Loaded& load_library(const std::string& path) {
  if (path.empty())
    throw Skip(
        "wasmtime: no library; fetch it with `instbench fetch wasmtime`, or name one: wasmtime@/path/libwasmtime.so");
  static auto* const kLoaded = new Loaded(path);
  return *kLoaded;
}

// What the code depends on: the module, the library, and what Cranelift is told.
std::string key_of(const std::string& sha256, const Arm& arm, const AxisValues& values) {
  const std::string library = build_of_library(arm).at("sha256");
  return sha256 + " " + library + " " + values.word("reserve") + " " + values.word("guard") + " " +
                           values.word("opt") + " " + values.word("cow");
}

std::vector<std::byte> serialized(const Api& api, WasmEngine* engine, std::span<const std::byte> wasm) {
  CompiledModule* module = nullptr;
  if (Error* error = api.module_new(engine, reinterpret_cast<const uint8_t*>(wasm.data()), wasm.size(), &module))
    throw std::runtime_error(api.take(error));
  ByteVec bytes;
  if (Error* error = api.module_serialize(module, &bytes)) throw std::runtime_error(api.take(error));
  const auto* const first = reinterpret_cast<const std::byte*>(bytes.data);
  return {first, first + bytes.size};
}

}  // namespace

Code compiled(const Api& api, const Request& request, const AxisValues& values) {
  const auto cache = os::user_cache_dir();
  if (!cache) throw Skip("wasmtime: there is no cache folder for compiled modules: set INSTBENCH_CACHE_DIR");
  const KeptCode kept(*cache + "/wasmtime");
  // A worker that is told the module's hash reads the module only to compile it.
  Wasm wasm{{}, request.module_sha256};
  if (wasm.sha256.empty()) wasm = read_wasm(request);
  const std::string key = key_of(wasm.sha256, request.arm, values);
  if (const auto path = kept.find(key)) return {*path, "hit"};
  if (wasm.bytes.empty()) wasm = read_wasm(request);
  const KeptCode::Made made =
      kept.make(key, [&] { return serialized(api, make_engine(api, values, 0, true), wasm.bytes); });
  if (made.path.empty()) throw Skip("wasmtime cannot compile it: " + made.why_not);
  return {made.path, "compiled"};
}

EngineFacts describe(const Arm& arm) {
  const AxisValues values = grammar().parse(arm.strategy);
  check_axes(values);
  const Loaded& loaded = load_library(arm.library);
  EngineFacts facts = facts_of(loaded.version, values);
  facts.build = {{"sha256", build_of_library(arm).at("sha256")}};
  return facts;
}

std::unique_ptr<Cell> open(const Request& request) {
  const AxisValues values = grammar().parse(request.arm.strategy);
  check_axes(values);
  const Loaded& loaded = load_library(request.arm.library);
  static const EngineFacts kFacts = facts_of(loaded.version, values);
  check_request(request, kFacts);
  const Code code = compiled(loaded.api, request, values);
  const bool pooling = values.word("allocator") == "pooling";
  const uint64_t pool = values.number("pool");
  const uint64_t slots = request.cell.slots * request.cell.threads;
  if (pooling && pool < slots)
    throw Skip("wasmtime: pool=" + std::to_string(pool) + " has no room for slots=" + std::to_string(slots) +
               (request.cell.threads == 1 ? "" : " of all threads"));
  const Reach reach = reach_of(request);
  const Json facts = {{"codegen", "cranelift opt=" + values.word("opt")}, {"code_from", code.from}};
  return std::make_unique<LibraryCell<Engine>>(request, facts, [&loaded, values, reach, path = code.path, pool] {
    return std::make_unique<Engine>(loaded.api, values, kFacts, reach, path, pool);
  });
}

}  // namespace instbench::bench::wasmtime
