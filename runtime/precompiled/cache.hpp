// Cache: a private folder of precompiled modules, shared by all processes of one user.
//
//   KEY.module          metadata and facts about the code (entry.hpp); names the shared object by its content hash
//   KEY-HASH.so         the code
//   IMAGEKEY.image      a memory image for backing=file (runtime/image/image_file.hpp)
//   KEY.lock, .NAME...  while somebody compiles or writes
//
// Never in the way: a folder that cannot be used is a Cache that finds nothing and says why. Every file is written
// beside and renamed, the entry after its shared object, so that two processes that race leave one whole pair, the
// last one's. A file that is damaged or not to be trusted is removed, and the caller is told.
// Thread-safe. What is loaded from here is one's own work or that of a process with the same user id, no more.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "runtime/codegen/code.hpp"
#include "runtime/os/private_dir.hpp"
#include "runtime/precompiled/entry.hpp"

namespace instbench {

// Everything on which the bytes of an entry and its code depend: the module, what was asked for, the tools, the
// sources of the code generator, the layout of generated code (kAbiVersion) and of the entry. 32 hex digits.
std::string cache_key(const std::string& module_sha256, const CodegenOptions& options);

inline constexpr uint64_t kCacheBytes = uint64_t{4} << 30;

class Cache {
 public:
  // In the user's cache folder (os::user_cache_dir), below "precompiled", of $INSTBENCH_CACHE_BYTES (a number with B,
  // KiB, MiB or GiB) or kCacheBytes. Throws std::invalid_argument for a size that is none.
  static Cache standard();
  static Cache at(const std::string& folder, uint64_t cap_bytes = kCacheBytes);
  static Cache none(const std::string& why);  // for callers who want none

  bool usable() const { return folder_ != nullptr; }
  const std::string& why_unusable() const { return why_unusable_; }  // one line, with what to do
  std::string folder() const { return folder_ ? folder_->path() : std::string(); }
  // Why no code can be loaded from here (noexec); nothing when it can.
  const std::optional<std::string>& why_no_code() const { return why_no_code_; }

  struct Found {
    Entry entry;
    std::string code_path;  // checked; empty when the entry has no code
  };
  struct Lookup {
    std::optional<Found> found;
    std::string damage;  // what was wrong with the entry that is gone now; else empty
  };
  // Marks the entry as used. COST: reads the metadata and hashes the shared object. Never throws for what lies there.
  Lookup find(const std::string& key);
  void remove(const std::string& key);

  // One process at a time compiles for a key: the others wait here, then find what it stored. Nothing when the folder
  // is unusable or cannot be written, when it takes longer than `timeout`, or on an interrupt.
  std::optional<os::FileLock> lock(const std::string& key, std::chrono::milliseconds timeout);

  // Where to have a shared object made for store_code(), on the cache's own file system. Throws std::system_error when
  // it cannot be written or has less than `bytes_needed` free.
  std::string place_for_code(const std::string& key, uint64_t bytes_needed) const;
  // Takes over the shared object at `place`. Throws std::system_error; the file is then still at `place`.
  CodeFacts take_code(const std::string& key, const std::string& place, const CodegenTimes& times);
  std::string path_of_code(const std::string& key, const CodeFacts& code) const;
  // Stores the entry, whose code was taken before, and brings the folder below its cap. Throws std::system_error.
  void store(const std::string& key, const Entry& entry);

 private:
  Cache() = default;
  Found read(const std::string& key, const os::PrivateFile& file) const;
  void remove_code(const std::string& key, const std::string& keep, std::chrono::seconds min_age) const;
  void evict() const;

  std::unique_ptr<os::PrivateDir> folder_;  // where locks find it, wherever the Cache is moved
  uint64_t cap_bytes_ = kCacheBytes;
  std::string why_unusable_;
  std::optional<std::string> why_no_code_;
};

}  // namespace instbench
