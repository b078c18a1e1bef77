#include "runtime/precompiled/tools.hpp"

#include <cstdlib>
#include <filesystem>
#include <string_view>

namespace instbench {
namespace {

namespace fs = std::filesystem;

// The program that `name` starts, found as execvp(3) finds it, by the file that it is in the end.
std::string identity_of(const std::string& name) {
  const char* variable = std::getenv("PATH");
  std::string_view path = variable != nullptr ? variable : "/bin:/usr/bin";
  while (!path.empty()) {
    const size_t colon = path.find(':');
    const fs::path candidate = fs::path(path.substr(0, colon)) / name;
    path = colon == path.npos ? std::string_view() : path.substr(colon + 1);
    std::error_code error;
    const fs::path file = fs::canonical(candidate, error);
    if (error || !fs::is_regular_file(file, error)) continue;
    const auto bytes = fs::file_size(file, error);
    const auto written = fs::last_write_time(file, error).time_since_epoch().count();
    if (!error) return file.string() + " " + std::to_string(bytes) + " " + std::to_string(written);
  }
  return name + " missing";
}

}  // namespace

std::string tools_for(Compiler compiler) {
  switch (compiler) {
    case Compiler::none:
      return "none";
    case Compiler::cc:
      return identity_of("cc") + ", " + identity_of("as") + ", " + identity_of("ld");
    case Compiler::tcc:
      return identity_of("tcc") + ", " + identity_of("ld");
    case Compiler::automatic:
      return tools_for(Compiler::cc) + ", " + identity_of("tcc");
  }
  return "?";
}

}  // namespace instbench
