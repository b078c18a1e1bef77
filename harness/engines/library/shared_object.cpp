#include "harness/engines/library/shared_object.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <vector>

#include "runtime/module/sha256.hpp"
#include "runtime/os/file.hpp"
#include "runtime/os/process.hpp"

namespace instbench::bench {
namespace {

namespace fs = std::filesystem;

// The beginning of an ELF file (elf(5)): magic, class, byte order; then, at 18, the machine.
constexpr size_t kHeaderBytes = 20, kClass = 4, kOrder = 5, kMachine = 18;

std::vector<std::byte> header_of(const std::string& path) {
  std::vector<std::byte> header(kHeaderBytes);
  std::ifstream file(path, std::ios::binary);
  file.read(reinterpret_cast<char*>(header.data()), kHeaderBytes);
  header.resize(static_cast<size_t>(file.gcount()));
  return header;
}

bool is_elf(std::span<const std::byte> header) {
  constexpr std::array kMagic{std::byte{0x7f}, std::byte{'E'}, std::byte{'L'}, std::byte{'F'}};
  return header.size() >= kHeaderBytes && std::equal(kMagic.begin(), kMagic.end(), header.begin());
}

std::string machine_of(std::span<const std::byte> header) {
  const bool is_little = header[kOrder] == std::byte{1}, is_64_bit = header[kClass] == std::byte{2};
  const auto low = std::to_integer<unsigned>(header[kMachine + (is_little ? 0 : 1)]);
  const auto high = std::to_integer<unsigned>(header[kMachine + (is_little ? 1 : 0)]);
  const unsigned machine = high << 8 | low;
  constexpr std::pair<unsigned, const char*> kNames[] = {{3, "x86"},     {21, "powerpc64"}, {22, "s390x"},
                                                         {40, "arm"},    {62, "x86_64"},    {183, "aarch64"},
                                                         {243, "riscv"}, {258, "loongarch"}};
  const auto* const name =
      std::find_if(std::begin(kNames), std::end(kNames), [&](const auto& n) { return n.first == machine; });
  return (name == std::end(kNames) ? "machine " + std::to_string(machine) : name->second) +
         (is_64_bit ? " (64 bit)" : " (32 bit)");
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (size_t at = text.find(from); at != text.npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  return text;
}

// The loader says "No such file" of a library for another machine (it goes on searching), so it is asked last.
os::Library load(const std::string& engine, const std::string& path, const std::string& file) {
  const auto skip = [&](const std::string& why) { return Skip(engine + ": " + file + ": " + why); };
  std::error_code ignored;
  if (!fs::exists(path, ignored)) throw skip("no such file");
  if (!fs::is_regular_file(path, ignored)) throw skip("not a shared library");
  const std::string mismatch = elf_mismatch(header_of(path), header_of(os::self_path()));
  if (!mismatch.empty()) throw skip(mismatch);
  try {
    return os::Library::open(path);
  } catch (const std::runtime_error& error) {
    throw skip(replaced(error.what(), path, file));
  }
}

}  // namespace

std::string elf_mismatch(std::span<const std::byte> library, std::span<const std::byte> program) {
  if (!is_elf(library)) return "not a shared library";
  const std::string machine = machine_of(library), own = machine_of(program);
  return machine == own ? "" : "it is for " + machine + ", and this program for " + own;
}

SharedObject::SharedObject(std::string engine, const std::string& path)
    : engine_(std::move(engine)), file_(fs::path(path).filename().string()), library_(load(engine_, path, file_)) {}

bool SharedObject::has(const std::string& symbol) const {
  try {
    library_.symbol(symbol);
    return true;
  } catch (const std::runtime_error&) {
    return false;
  }
}

void* SharedObject::address_of(const std::string& symbol) const {
  if (!has(symbol)) throw Skip(engine_ + ": " + file_ + " has no symbol " + symbol);
  return library_.symbol(symbol);
}

Json build_of_library(const Arm& arm) {
  // Read by every process: a library that is replaced during a run would otherwise be measured under the old one's name,
  // and its compiled code be kept under the old one's key.
  const std::string sha256 = sha256_hex(os::read_bytes(arm.library)), file = fs::path(arm.library).filename().string();
  if (!arm.library_sha256.empty() && arm.library_sha256 != sha256)
    throw std::runtime_error(arm.engine + ": " + file + ": its bytes changed since the run began");
  return {{"file", file}, {"sha256", sha256}};
}

}  // namespace instbench::bench
