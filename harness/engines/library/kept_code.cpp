#include "harness/engines/library/kept_code.hpp"

#include <chrono>
#include <filesystem>
#include <fstream>

#include "runtime/module/load.hpp"
#include "runtime/module/sha256.hpp"
#include "runtime/os/file.hpp"
#include "runtime/os/fork.hpp"

namespace instbench::bench {
namespace {

constexpr std::chrono::minutes kCompileTime{10};

std::string name_of(const std::string& key) {
  return sha256_hex(std::as_bytes(std::span(key))).substr(0, 32) + ".code";
}
std::string hash_name_of(const std::string& name) { return name + ".sha256"; }

void write(const std::string& path, std::span<const std::byte> bytes) {
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  file.close();
  if (!file) throw std::runtime_error("its code cannot be written to the cache: is the disk full?");
}

}  // namespace

Wasm read_wasm(const Request& request) {
  Wasm wasm{read_module_file(request.module_path), ""};
  wasm.sha256 = sha256_hex(wasm.bytes);
  if (!request.module_sha256.empty() && request.module_sha256 != wasm.sha256)
    throw std::runtime_error(request.cell.module + ": its bytes changed since the run began");
  return wasm;
}

std::optional<std::string> KeptCode::find(const std::string& key) const {
  const std::string name = name_of(key), hash = hash_name_of(name);
  if (!folder_.open_file_if_sound(name) || !folder_.open_file_if_sound(hash)) return std::nullopt;
  if (os::read_text(folder_.path_of(hash)) != sha256_hex(os::read_bytes(folder_.path_of(name)))) return std::nullopt;
  folder_.touch(name);
  folder_.touch(hash);
  return folder_.path_of(name);
}

KeptCode::Made KeptCode::make(const std::string& key, const std::function<std::vector<std::byte>()>& compile) const {
  const std::string name = name_of(key), hash = hash_name_of(name);
  const std::string code_made = folder_.temporary_name(name), hash_made = folder_.temporary_name(hash);
  const os::ForkResult result = os::run_forked(
      [&] {
        const std::vector<std::byte> code = compile();
        const std::string digits = sha256_hex(code);
        write(folder_.path_of(code_made), code);
        write(folder_.path_of(hash_made), std::as_bytes(std::span(digits)));
      },
      kCompileTime);
  if (!result.ok) {
    std::error_code ignored;
    for (const std::string& made : {code_made, hash_made}) std::filesystem::remove(folder_.path_of(made), ignored);
    return {"", result.message};
  }
  folder_.adopt(code_made, name, 0600);
  folder_.adopt(hash_made, hash, 0600);
  if (const auto path = find(key)) return {*path, ""};
  return {"", "another process wrote other code for it at the same moment; try again"};
}

}  // namespace instbench::bench
