// Module files by name: PATH, PATH#N for a core module of a component, PATH.wat for text.
#include <algorithm>
#include <cctype>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "runtime/module/load.hpp"
#include "runtime/os/file.hpp"

namespace instbench {
namespace {

struct FileName {
  std::string path;
  std::optional<size_t> index;
};

// A file whose name really ends in "#N" wins over the notation.
FileName split(const std::string& name) {
  const size_t hash = name.rfind('#');
  std::error_code ignored;
  if (hash == std::string::npos || std::filesystem::exists(name, ignored)) return {name, std::nullopt};
  const std::string digits = name.substr(hash + 1);
  const bool number = !digits.empty() && digits.size() <= 6 &&
                      std::all_of(digits.begin(), digits.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
  if (!number) {
    throw LoadError(name, std::nullopt, "no such file; after '#' stands the number of a core module, as in FILE#0");
  }
  return {name.substr(0, hash), std::stoul(digits)};
}

std::vector<std::byte> read_all(const std::string& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status)) throw LoadError(path, std::nullopt, "no such file");
  if (std::filesystem::is_directory(status)) throw LoadError(path, std::nullopt, "is a directory, not a module file");
  if (!std::filesystem::is_regular_file(status)) throw LoadError(path, std::nullopt, "is not a regular file");
  try {
    return os::read_bytes(path);
  } catch (const std::system_error& failure) {
    throw LoadError(path, std::nullopt, failure.what());
  }
}

bool is_text(const std::string& path) { return std::string_view(path).ends_with(".wat"); }

std::vector<std::byte> core_module(const std::vector<std::byte>& bytes, const std::string& path, size_t index) {
  const std::vector<CoreModule> modules = core_modules(bytes, path);
  if (index >= modules.size()) {
    throw LoadError(path, std::nullopt,
                    "there is no core module #" + std::to_string(index) + ": the file has " +
                        std::to_string(modules.size()) + ", counted from #0");
  }
  const auto begin = bytes.begin() + static_cast<std::ptrdiff_t>(modules[index].begin);
  return {begin, begin + static_cast<std::ptrdiff_t>(modules[index].size)};
}

}  // namespace

std::vector<std::byte> read_module_file(const std::string& path_and_index) {
  const FileName name = split(path_and_index);
  std::vector<std::byte> bytes = read_all(name.path);
  if (is_text(name.path)) {
    bytes = assemble_wat(std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()), name.path);
  }
  return name.index ? core_module(bytes, name.path, *name.index) : bytes;
}

std::shared_ptr<const Module> load_file(const std::string& path_and_index, Bodies bodies) {
  return load(read_module_file(path_and_index), path_and_index, bodies);
}

}  // namespace instbench
