#include "harness/cli/home.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "runtime/os/process.hpp"

namespace instbench::bench {
namespace {

namespace fs = std::filesystem;

std::optional<std::string> variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr || *value == '\0' ? std::nullopt : std::optional<std::string>(value);
}

bool is_home(const fs::path& folder) {
  std::error_code absent;
  return fs::is_regular_file(folder / "corpus" / "manifest.json", absent);
}

// CMake writes the source tree of a build folder there (CMAKE_HOME_DIRECTORY, in every version).
std::optional<fs::path> source_of_build(const fs::path& folder) {
  constexpr std::string_view kKey = "CMAKE_HOME_DIRECTORY:INTERNAL=";
  std::ifstream cache(folder / "CMakeCache.txt");
  for (std::string line; std::getline(cache, line);) {
    if (line.starts_with(kKey)) return line.substr(kKey.size());
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> find_home() {
  if (auto given = variable("INSTBENCH_HOME")) return given;
  for (fs::path folder = fs::path(os::self_path()).parent_path(); !folder.empty(); folder = folder.parent_path()) {
    if (is_home(folder)) return folder.string();
    const auto source = source_of_build(folder);
    if (source && is_home(*source)) return source->string();
    if (folder == folder.root_path()) break;
  }
  return std::nullopt;
}

std::string home() {
  if (auto found = find_home()) return *found;
  throw std::runtime_error("cannot find the source tree with corpus/manifest.json: set INSTBENCH_HOME to it");
}

Manifest load_manifest() {
  const auto found = find_home();
  return found ? Manifest::load((fs::path(*found) / "corpus").string()) : Manifest();
}

std::string python() { return variable("INSTBENCH_PYTHON").value_or("/usr/bin/python3"); }

}  // namespace instbench::bench
