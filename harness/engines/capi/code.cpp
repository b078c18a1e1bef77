#include "harness/engines/capi/code.hpp"

#include <array>
#include <chrono>

#include "harness/engines/capi/program.hpp"
#include "runtime/os/file.hpp"
#include "runtime/os/fork.hpp"

namespace instbench::bench::capi {
namespace {

constexpr std::chrono::seconds kProbeTime{20};
constexpr std::array<std::byte, 8> kEmptyModule{std::byte{0}, std::byte{'a'}, std::byte{'s'}, std::byte{'m'},
                                                std::byte{1}};

// A module's way into bytes and back, in a process that may die of it.
std::vector<std::byte> serialized(const Api& api, std::span<const std::byte> wasm) {
  WasmEngine* engine = api.engine_new();
  Store* store = engine == nullptr ? nullptr : api.store_new(engine);
  if (store == nullptr) throw std::runtime_error("no store");
  const auto binary = ByteVec::of(const_cast<char*>(reinterpret_cast<const char*>(wasm.data())), wasm.size());
  Module* module = api.module_new(store, &binary);
  if (module == nullptr) throw std::runtime_error("no module");
  ByteVec code;
  api.module_serialize(module, &code);
  if (code.size == 0 || api.module_deserialize(store, &code) == nullptr) throw std::runtime_error("no code");
  const auto* const bytes = reinterpret_cast<const std::byte*>(code.data);
  return {bytes, bytes + code.size};
}

bool can_serialize(const Api& api) {
  return api.serializes_modules() && os::run_forked([&] { serialized(api, kEmptyModule); }, kProbeTime).ok;
}

}  // namespace

Code kept_code(const Api& api, const Wasm& wasm, const std::string& library_sha256) {
  const auto cache = os::user_cache_dir();
  if (!cache) return {{}, "compiled in each worker: there is no cache folder; set INSTBENCH_CACHE_DIR"};
  const KeptCode kept(*cache + "/capi");
  const std::string key = wasm.sha256 + " " + library_sha256;
  if (const auto path = kept.find(key)) return {os::read_bytes(*path), "hit"};
  if (!can_serialize(api)) return {{}, "compiled in each worker: the library does not serialize modules"};
  const KeptCode::Made made = kept.make(key, [&] { return serialized(api, wasm.bytes); });
  if (made.path.empty()) return {{}, "compiled in each worker: the library does not serialize this module"};
  return {os::read_bytes(made.path), "compiled"};
}

}  // namespace instbench::bench::capi
