#include "harness/engines/capi/code.hpp"

#include <array>
#include <chrono>
#include <filesystem>
#include <fstream>

#include "harness/engines/capi/program.hpp"
#include "runtime/module/sha256.hpp"
#include "runtime/os/file.hpp"
#include "runtime/os/fork.hpp"
#include "runtime/os/private_dir.hpp"

namespace instbench::bench::capi {
namespace {

constexpr std::chrono::minutes kCompileTime{10};
constexpr std::chrono::seconds kProbeTime{20};
constexpr size_t kHashDigits = 64;
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

// The code behind its own hash: a file may have been cut short (PrivateDir), and few libraries look at what they are
// given.
void write_code(const std::string& place, std::span<const std::byte> code) {
  std::ofstream file(place, std::ios::binary);
  file << sha256_hex(code);
  file.write(reinterpret_cast<const char*>(code.data()), static_cast<std::streamsize>(code.size()));
  file.close();
  if (!file) throw std::runtime_error("cannot write compiled code");
}

std::vector<std::byte> read_code(const os::PrivateDir& folder, const std::string& name) {
  if (!folder.open_file_if_sound(name)) return {};
  std::vector<std::byte> bytes = os::read_bytes(folder.path_of(name));
  if (bytes.size() <= kHashDigits) return {};
  const std::string hash(reinterpret_cast<const char*>(bytes.data()), kHashDigits);
  bytes.erase(bytes.begin(), bytes.begin() + kHashDigits);
  if (sha256_hex(bytes) != hash) return {};
  folder.touch(name);
  return bytes;
}

}  // namespace

Code kept_code(const Api& api, std::span<const std::byte> wasm, const std::string& module_sha256,
               const std::string& library_sha256) {
  const auto cache = os::user_cache_dir();
  if (!cache) return {{}, "compiled in each worker: there is no cache folder; set INSTBENCH_CACHE_DIR"};
  const os::PrivateDir folder = os::PrivateDir::open(*cache + "/capi");
  const std::string key = module_sha256 + " " + library_sha256;
  const std::string name = sha256_hex(std::as_bytes(std::span(key))).substr(0, 32) + ".code";
  std::vector<std::byte> code = read_code(folder, name);
  if (!code.empty()) return {std::move(code), "hit"};
  if (!can_serialize(api)) return {{}, "compiled in each worker: the library does not serialize modules"};
  const std::string temporary = folder.temporary_name(name), place = folder.path_of(temporary);
  const os::ForkResult result = os::run_forked([&] { write_code(place, serialized(api, wasm)); }, kCompileTime);
  if (!result.ok) {
    std::error_code ignored;
    std::filesystem::remove(place, ignored);
    return {{}, "compiled in each worker: the library does not serialize this module"};
  }
  folder.adopt(temporary, name, 0600);
  return {read_code(folder, name), "compiled"};
}

}  // namespace instbench::bench::capi
