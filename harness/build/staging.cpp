#include "harness/build/staging.hpp"

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "harness/build/entries.hpp"
#include "runtime/os/copy.hpp"
#include "runtime/os/error.hpp"

namespace instbench::bench {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPrefix = "compare-";
constexpr const char* kUnlocked = ".compare-";
constexpr const char* kLock = "lock";
constexpr size_t kNameLength = 16;  // of a module's copy, extension included
constexpr unsigned kProgramMode = 0700, kFileMode = 0600;

void remove_unless_held(const std::string& path) {
  try {
    const auto folder = os::PrivateDir::open(path);
    const auto unused = os::FileLock::take(folder, kLock, std::chrono::milliseconds(0));
    if (unused) fs::remove_all(folder.path());
  } catch (const std::system_error&) {  // not ours, or another run removes it
  }
}

// What runs left that were killed. A folder that has its name is locked as long as its run lives; one that is still
// being made is not, and of those the age decides.
void remove_left(const std::string& cache_dir) {
  for (const Entry& entry : entries_of(cache_dir, kPrefix)) remove_unless_held(cache_dir + "/" + entry.name);
  for (const Entry& entry : entries_of(cache_dir, kUnlocked)) {
    if (entry.age > kStale) remove_unless_held(cache_dir + "/" + entry.name);
  }
}

os::FileLock lock_of(const os::PrivateDir& folder) {
  auto lock = os::FileLock::take(folder, kLock, std::chrono::milliseconds(0));
  if (!lock) os::throw_error(EBUSY, "lock '" + folder.path_of(kLock) + "'");
  return std::move(*lock);
}

os::PrivateDir new_folder(const std::string& cache_dir) {
  remove_left(cache_dir);
  return os::PrivateDir::make_new(cache_dir, kUnlocked);
}

struct ModuleName {
  std::string file;
  std::string core;  // "#1" of a component's core module
};

// A file whose name really ends in "#N" wins over the notation, as when it is loaded.
ModuleName split_name(const std::string& path) {
  const size_t hash = path.rfind('#');
  std::error_code absent;
  if (hash == path.npos || fs::exists(path, absent)) return {path, ""};
  return {path.substr(0, hash), path.substr(hash)};
}

// Of one length, whatever the extension; one that leaves no room for the number tells nobody anything.
std::string copy_name(size_t number, const std::string& file) {
  const std::string digits = std::to_string(number);
  std::string extension = fs::path(file).extension().string();
  if (digits.size() + extension.size() > kNameLength || extension.find('#') != extension.npos) extension.clear();
  return std::string(kNameLength - extension.size() - digits.size(), '0') + digits + extension;
}

}  // namespace

Staging::Staging(const std::string& cache_dir) : folder_(new_folder(cache_dir)), lock_(lock_of(folder_)) {
  try {
    folder_.require_execution();
    folder_.rename(fs::path(folder_.path()).filename().string().substr(1));  // now that it is locked
  } catch (...) {
    fs::remove_all(folder_.path());
    throw;
  }
}

Staging::~Staging() {
  std::error_code ignored;
  fs::remove_all(folder_.path(), ignored);
}

StagedArm Staging::stage(char place, const std::string& worker, const std::vector<std::string>& modules) {
  const std::string place_path = folder_.path_of(std::string(1, place));
  fs::remove_all(place_path);
  const os::PrivateDir arm = os::PrivateDir::open(place_path);
  StagedArm staged;
  staged.worker = arm.path_of("instbench");
  os::copy_file_bytes(worker, staged.worker, kProgramMode);
  for (const std::string& path : modules) {
    if (staged.modules.contains(path)) continue;
    const ModuleName name = split_name(path);
    const std::string copy = arm.path_of(copy_name(staged.modules.size(), name.file));
    os::copy_file_bytes(name.file, copy, kFileMode);
    staged.modules[path] = copy + name.core;
  }
  return staged;
}

}  // namespace instbench::bench
