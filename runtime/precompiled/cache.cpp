#include "runtime/precompiled/cache.hpp"

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <utility>

#include "runtime/module/sha256.hpp"
#include "runtime/os/error.hpp"
#include "runtime/os/file.hpp"
#include "runtime/precompiled/byte_stream.hpp"
#include "runtime/precompiled/content_hash.hpp"
#include "runtime/precompiled/eviction.hpp"
#include "runtime/precompiled/tools.hpp"

namespace instbench {
namespace {

constexpr unsigned kCodeMode = 0500, kEntryMode = 0400;
constexpr std::string_view kMachine =
#if defined(__x86_64__)
    "x86-64";
#elif defined(__aarch64__)
    "aarch64";
#else
    "another machine";
#endif

std::string entry_name(const std::string& key) { return key + ".module"; }
std::string code_name(const std::string& key, const std::string& hash) { return key + "-" + hash + ".so"; }

uint64_t cap_from_environment() {
  const char* text = std::getenv("INSTBENCH_CACHE_BYTES");
  if (text == nullptr || *text == '\0') return kCacheBytes;
  const std::string_view all(text);
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(all.data(), all.data() + all.size(), value);
  const std::string_view unit = all.substr(static_cast<size_t>(end - all.data()));
  constexpr std::pair<std::string_view, int> kUnits[] = {{"", 0}, {"B", 0}, {"KiB", 10}, {"MiB", 20}, {"GiB", 30}};
  for (const auto& [name, shift] : kUnits) {
    if (error == std::errc() && unit == name && value <= UINT64_MAX >> shift) return value << shift;
  }
  throw std::invalid_argument("INSTBENCH_CACHE_BYTES is '" + std::string(all) +
                              "': give a size such as 500MiB or 4GiB, or 0 to keep nothing");
}

std::string mib(uint64_t bytes) { return std::to_string(bytes >> 20) + " MiB"; }

std::vector<std::byte> read_whole(const os::PrivateFile& file) {
  std::vector<std::byte> bytes(file.bytes);
  if (os::read_at(file.fd, 0, bytes) != bytes.size()) throw CorruptBytes("it shrank while it was read");
  return bytes;
}

}  // namespace

std::string cache_key(const std::string& module_sha256, const CodegenOptions& options) {
  std::string text = "instbench precompiled module\nformat " + std::to_string(kEntryFormat) + "\nabi " +
                     std::to_string(kAbiVersion) + "\nmachine " + std::string(kMachine) + "\nmodule " + module_sha256 +
                     "\ncompiler " + std::string(name_of(options.compiler));
  if (options.compiler != Compiler::none) {
    text += "\ntools " + tools_for(options.compiler) + "\nbounds " + std::string(name_of(options.bounds)) +
            "\ngenerator " INSTBENCH_CODEGEN_SOURCES;
  }
  return sha256_hex(std::as_bytes(std::span(text))).substr(0, 32);
}

Cache Cache::standard() {
  const uint64_t cap = cap_from_environment();
  const auto root = os::user_cache_dir();
  if (!root) return none("no cache folder: set INSTBENCH_CACHE_DIR, XDG_CACHE_HOME or HOME to an absolute path");
  return at(*root + "/precompiled", cap);
}

Cache Cache::at(const std::string& folder, uint64_t cap_bytes) {
  Cache cache;
  cache.cap_bytes_ = cap_bytes;
  if (cap_bytes == 0) return none("the cache's size is set to 0 (INSTBENCH_CACHE_BYTES)");
  try {
    // Absolute, because dlopen(3) searches for a name without '/' elsewhere.
    auto opened = os::PrivateDir::open(std::filesystem::absolute(folder).lexically_normal().string());
    if (opened.forbids_execution()) {
      cache.why_no_code_ =
          "'" + folder + "' is on a file system mounted noexec: set INSTBENCH_CACHE_DIR to another place";
    }
    cache.folder_ = std::make_unique<os::PrivateDir>(std::move(opened));
  } catch (const std::system_error& error) {
    cache.why_unusable_ = error.what();
    cache.why_unusable_ += "; or set INSTBENCH_CACHE_DIR to another place";
  }
  return cache;
}

Cache Cache::none(const std::string& why) {
  Cache cache;
  cache.why_unusable_ = why;
  return cache;
}

Cache::Lookup Cache::find(const std::string& key) {
  Lookup lookup;
  if (!usable()) return lookup;
  // Twice: between reading an entry and its code, another process may have replaced both.
  for (int attempt = 0; attempt < 2; ++attempt) {
    lookup.damage.clear();
    try {
      const auto file = folder_->open_file(entry_name(key));
      if (!file) return lookup;
      lookup.found = read(key, *file);
      folder_->touch(entry_name(key));
      return lookup;
    } catch (const CorruptBytes& error) {
      lookup.damage = "'" + folder_->path_of(entry_name(key)) + "' is damaged (" + error.what() + ")";
    } catch (const std::system_error& error) {
      lookup.damage = error.what();
    }
  }
  remove(key);
  return lookup;
}

// Throws CorruptBytes or std::system_error.
Cache::Found Cache::read(const std::string& key, const os::PrivateFile& file) const {
  Found found{parse_entry(read_whole(file)), {}};
  if (!found.entry.code) return found;
  const CodeFacts& code = *found.entry.code;
  const std::string name = code_name(key, code.hash);
  const auto library = folder_->open_file(name);
  if (!library) throw CorruptBytes("its code, '" + name + "', is missing");
  if (library->bytes != code.bytes || content_hash(*library) != code.hash)
    throw CorruptBytes("its code, '" + name + "', is not what was written");
  found.code_path = folder_->path_of(name);
  return found;
}

void Cache::remove(const std::string& key) {
  if (!usable()) return;
  folder_->remove(entry_name(key));
  remove_code(key, {}, std::chrono::seconds(0));
}

// A hint: what stays goes with the entry's eviction.
void Cache::remove_code(const std::string& key, const std::string& keep, std::chrono::seconds min_age) const {
  try {
    for (const os::ListedFile& file : folder_->list()) {
      if (file.name.starts_with(key + "-") && file.name != keep && file.age >= min_age) folder_->remove(file.name);
    }
  } catch (const std::system_error&) {
  }
}

std::optional<os::FileLock> Cache::lock(const std::string& key, std::chrono::milliseconds timeout) {
  if (!usable()) return std::nullopt;
  try {
    return os::FileLock::take(*folder_, key + ".lock", timeout);
  } catch (const std::system_error&) {
    return std::nullopt;  // read-only or full: storing says so
  }
}

std::string Cache::place_for_code(const std::string& key, uint64_t bytes_needed) const {
  if (const uint64_t free = folder_->free_bytes(); free < bytes_needed) {
    os::throw_error(ENOSPC,
                    "'" + folder_->path() + "' has " + mib(free) + " free, " + mib(bytes_needed) +
                        " may be needed to compile there: free some, or set INSTBENCH_CACHE_DIR to another place");
  }
  std::string place = folder_->path_of(folder_->temporary_name(key + ".so"));
  os::check_writable(place);
  return place;
}

CodeFacts Cache::take_code(const std::string& key, const std::string& place, const CodegenTimes& times) {
  const std::string temporary = std::filesystem::path(place).filename().string();
  CodeFacts facts;
  facts.times = times;
  const std::vector<std::byte> bytes = os::read_bytes(place);
  facts.bytes = bytes.size();
  facts.hash = content_hash(bytes);
  if (facts.bytes > cap_bytes_) {
    os::throw_error(EFBIG, "the code takes " + mib(facts.bytes) + ", the whole cache may take " + mib(cap_bytes_) +
                               ": raise INSTBENCH_CACHE_BYTES");
  }
  folder_->adopt(temporary, code_name(key, facts.hash), kCodeMode);
  return facts;
}

std::string Cache::path_of_code(const std::string& key, const CodeFacts& code) const {
  return folder_->path_of(code_name(key, code.hash));
}

void Cache::store(const std::string& key, const Entry& entry) {
  const std::vector<std::byte> bytes = entry_bytes(entry);
  const os::FilePart whole{0, bytes};
  folder_->write(entry_name(key), bytes.size(), {&whole, 1}, kEntryMode);
  // Not one that a process which does not wait for locks has just put here for its own entry.
  remove_code(key, entry.code ? code_name(key, entry.code->hash) : std::string(), kInUse);
  evict();
}

void Cache::evict() const {
  const Eviction eviction = plan_eviction(folder_->list(), cap_bytes_);
  for (const std::string& name : eviction.abandoned) folder_->remove(name);
  for (const auto& names : eviction.entries) {
    for (const std::string& name : names) folder_->remove(name);
  }
}

}  // namespace instbench
