#include "harness/corpus/resolve.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "harness/corpus/shape.hpp"
#include "harness/protocol/text.hpp"
#include "runtime/module/load.hpp"
#include "runtime/module/sha256.hpp"
#include "runtime/os/file.hpp"
#include "runtime/os/private_dir.hpp"

namespace instbench::bench {
namespace {

namespace fs = std::filesystem;

// as_module: what instbench can open as it is. A component's "x.wasm#N" is one.
enum class SourceKind { wat, shape, as_module };

SourceKind kind_of(const std::string& path) {
  if (path.ends_with(".wat")) return SourceKind::wat;
  if (path.ends_with(".shape")) return SourceKind::shape;
  return SourceKind::as_module;
}

std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::vector<std::byte> build(std::span<const std::byte> source, SourceKind kind, const std::string& file) {
  const std::string_view text = as_text(source);
  return kind == SourceKind::wat ? assemble_wat(std::string(text), file) : build_shape(text, file);
}

bool holds(const std::string& path, std::span<const std::byte> bytes) {
  if (!fs::exists(path)) return false;
  const std::vector<std::byte> found = os::read_bytes(path);
  return std::equal(found.begin(), found.end(), bytes.begin(), bytes.end());
}

// The built module of `source`, in the cache under its own hash. It is built anew each time (milliseconds) and the
// file only rewritten when it differs, so neither a damaged cache nor an older builder's file is ever measured.
Resolved built(std::span<const std::byte> source, SourceKind kind, const std::string& file,
               const std::string& cache_dir) {
  const std::vector<std::byte> wasm = build(source, kind, file);
  Resolved resolved;
  resolved.sha256 = sha256_hex(wasm);
  resolved.bytes = wasm.size();
  resolved.path = fs::absolute(cache_dir + "/built/" + resolved.sha256 + ".wasm").lexically_normal().string();
  if (!holds(resolved.path, wasm)) os::write_atomically(resolved.path, as_text(wasm));
  return resolved;
}

std::vector<std::byte> read_checked(const std::string& path, const ModuleEntry& entry, const std::string& advice) {
  std::vector<std::byte> bytes = os::read_bytes(path);
  if (const std::string found = sha256_hex(bytes); found != entry.sha256) {
    throw CorpusError(path + ": SHA-256 is " + found.substr(0, 16) + "…, the manifest's entry '" + entry.name +
                      "' says " + entry.sha256.substr(0, 16) + "…; " + advice);
  }
  return bytes;
}

// A generated module must be what its maker wrote. REQUIRES: path exists.
Resolved read_generated(const std::string& path, const std::string& advice, HashCheck check) {
  const std::string beside = path + ".sha256";
  if (check == HashCheck::later && fs::exists(beside)) {
    Resolved unread;
    unread.sha256 = os::read_text(beside);
    unread.bytes = fs::file_size(path);
    return unread;
  }
  const std::vector<std::byte> bytes = os::read_bytes(path);
  Resolved resolved;
  resolved.sha256 = sha256_hex(bytes);
  resolved.bytes = bytes.size();
  if (!fs::exists(beside) || os::read_text(beside) != resolved.sha256) {
    throw CorpusError(path + ": SHA-256 is " + resolved.sha256.substr(0, 16) + "…, which is not what " + beside +
                      " says; " + advice);
  }
  return resolved;
}

std::variant<Resolved, Missing> resolve_entry(const Manifest& manifest, const ModuleEntry& entry,
                                              const std::string& cache_dir, HashCheck check) {
  Resolved resolved;
  if (entry.tier == Tier::real) {
    const std::string path = real_module_path(entry, cache_dir);
    const std::string fetch = "instbench fetch real --only " + entry.name;
    const std::string advice = "the cached file is damaged: delete it and run `" + fetch + "`";
    if (!fs::exists(path)) return Missing{"not fetched: run `" + fetch + "`"};
    if (entry.generate) {
      resolved = read_generated(path, advice, check);
    } else {
      resolved.bytes = check == HashCheck::later ? entry.bytes : read_checked(path, entry, advice).size();
      resolved.sha256 = entry.sha256;
    }
    resolved.path = fs::absolute(path).lexically_normal().string();
  } else {
    const std::string path = manifest.corpus_dir() + "/" + entry.file;
    const auto source = read_checked(path, entry, "the file was edited: run `python3 corpus/rehash.py`");
    resolved = built(source, kind_of(entry.file), path, cache_dir);
  }
  resolved.name = entry.name;
  resolved.entry = entry;
  return resolved;
}

Resolved resolve_path(const std::string& path, const std::string& cache_dir) {
  Resolved resolved;
  if (const SourceKind kind = kind_of(path); kind != SourceKind::as_module) {
    resolved = built(os::read_bytes(path), kind, path, cache_dir);
  } else {
    const std::vector<std::byte> bytes = read_module_file(path);
    resolved.path = path;
    resolved.sha256 = sha256_hex(bytes);
    resolved.bytes = bytes.size();
  }
  resolved.name = path;
  return resolved;
}

bool looks_like_path(const std::string& text) { return text.find_first_of("/.#") != text.npos || fs::exists(text); }

}  // namespace

std::string default_cache_dir() {
  if (const auto folder = os::user_cache_dir()) return *folder;
  throw CorpusError("no cache folder: set INSTBENCH_CACHE_DIR, XDG_CACHE_HOME or HOME to an absolute path");
}

std::string real_module_path(const ModuleEntry& entry, const std::string& cache_dir) {
  return cache_dir + "/real/" + entry.name + "-" + entry.sha256.substr(0, 16) + ".wasm";
}

std::variant<Resolved, Missing> resolve(const Manifest& manifest, const std::string& name_or_path,
                                        const std::string& cache_dir, HashCheck check) {
  try {
    if (const ModuleEntry* entry = manifest.find_module(name_or_path))
      return resolve_entry(manifest, *entry, cache_dir, check);
    if (looks_like_path(name_or_path)) return resolve_path(name_or_path, cache_dir);
  } catch (const std::system_error& error) {
    throw CorpusError(name_or_path + ": " + error.what());
  }
  throw CorpusError(unknown_name("module", name_or_path, manifest.module_names()) + ", or a path");
}

}  // namespace instbench::bench
