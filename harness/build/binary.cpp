#include "harness/build/binary.hpp"

#include <elf.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <vector>

#include "harness/build/arm_text.hpp"
#include "runtime/os/process.hpp"

namespace instbench::bench {
namespace {

namespace fs = std::filesystem;

constexpr const char* kName = "instbench";
constexpr std::chrono::seconds kLongest{60};  // a sanitizer build on a busy machine takes seconds

// The part of an ELF header before e_version, which is the same for 32 and 64 bits and says for which machine the file
// is (elf(5)): class, byte order, e_machine.
constexpr size_t kHeaderBytes = EI_NIDENT + 4;
using Header = std::array<char, kHeaderBytes>;

std::optional<Header> header_of(const std::string& path) {
  Header header{};
  std::ifstream file(path, std::ios::binary);
  if (!file) throw ArmError("cannot open '" + path + "': is it readable?");
  file.read(header.data(), header.size());
  if (!file || std::memcmp(header.data(), ELFMAG, SELFMAG) != 0) return std::nullopt;
  return header;
}

bool same_machine(const Header& a, const Header& b) {
  return a[EI_CLASS] == b[EI_CLASS] && a[EI_DATA] == b[EI_DATA] &&
         std::equal(a.begin() + EI_NIDENT + 2, a.end(), b.begin() + EI_NIDENT + 2);
}

// Looked at before it is run: execvp(3) gives what the kernel refuses (ENOEXEC) to a shell.
void check_machine(const std::string& path) {
  const auto header = header_of(path), own = header_of(os::self_path());
  if (!header) throw ArmError("'" + path + "' is no program (no ELF file): give an instbench binary, or its folder");
  if (own && !same_machine(*header, *own))
    throw ArmError("'" + path + "' is a program for another kind of machine: build it on this one");
}

std::string binary_in(const std::string& path) {
  std::error_code absent;
  const fs::path given = fs::absolute(path).lexically_normal();
  if (!fs::exists(given, absent))
    throw ArmError("no such build: '" + path + "'; give an instbench binary, or a folder that holds one");
  if (!fs::is_directory(given, absent)) return given.string();
  if (fs::is_regular_file(given / kName, absent)) return (given / kName).string();
  throw ArmError("'" + path + "' holds no instbench: build there (cmake --build " + path + " --target instbench)");
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

std::string last_line(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text.substr(text.rfind('\n') + 1);
}

std::optional<std::string> version_of(const std::string& path) {
  os::ChildResult child;
  try {
    child = os::run_child({path, "--version"}, "", kLongest);
  } catch (const std::system_error& error) {
    throw ArmError(std::string("cannot run it: ") + error.what());
  }
  if (child.interrupted) return std::nullopt;
  if (!child.signal && child.exit_code == 0) return first_line(child.out);
  const std::string how = child.timed_out ? "does not end"
                          : child.signal  ? "ends with signal " + std::to_string(*child.signal)
                                          : "ends with exit code " + std::to_string(child.exit_code);
  const std::string said = last_line(child.err);
  throw ArmError("'" + path + " --version' " + how + (said.empty() ? "" : ": " + said));
}

}  // namespace

std::optional<BinaryFacts> parse_version(const std::string& line) {
  const std::string begin = std::string(kName) + " ";
  const size_t open = line.find(" (", begin.size());
  if (!line.starts_with(begin) || open == line.npos || !line.ends_with(")")) return std::nullopt;
  std::vector<std::string> parts;
  for (size_t at = open + 2, end; at < line.size(); at = end + 2) {
    end = std::min(line.find(", ", at), line.size() - 1);
    parts.push_back(line.substr(at, end - at));
  }
  BinaryFacts facts;
  facts.version = line.substr(begin.size(), open - begin.size());
  facts.modified = parts.size() > 1 && parts[1] == "modified";
  if (facts.modified) parts.erase(parts.begin() + 1);
  if (parts.size() < 3) return std::nullopt;
  facts.commit = parts[0];
  facts.build_type = parts[1];
  facts.compiler = parts[2];
  constexpr std::string_view kSanitizers = "sanitizers ";
  for (size_t i = 3; i < parts.size(); ++i) {
    if (parts[i].starts_with(kSanitizers)) facts.sanitizers = parts[i].substr(kSanitizers.size());
    if (parts[i] == "assertions") facts.assertions = true;
  }
  return facts;
}

std::optional<Binary> check_binary(const std::string& path) {
  Binary binary;
  binary.path = binary_in(path);
  check_machine(binary.path);
  const auto line = version_of(binary.path);
  if (!line) return std::nullopt;
  const auto facts = parse_version(*line);
  if (!facts) throw ArmError("'" + binary.path + "' is not instbench: its --version says '" + *line + "'");
  binary.facts = *facts;
  return binary;
}

}  // namespace instbench::bench
