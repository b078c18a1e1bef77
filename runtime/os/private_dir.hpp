// A folder that only this user can change, and files in it that are whole or absent.
//
// What lies in it may be dlopen'ed, so trust rests on ownership and mode: the folder belongs to the effective user and
// is closed to everybody else (0700), each file is a regular file of the same owner that nobody else may write, and no
// symbolic link is followed (open(2), O_NOFOLLOW). Checked on the open descriptor, so what was checked is what is read.
// Files are written beside, under a name that begins with '.', and renamed: a reader sees all or nothing. Nothing is
// fsynced: after a crash a file may be short or full of zeros, which the reader's content hash must find.
// Thread-safe: holds one descriptor of the folder and no other state.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "runtime/os/fd.hpp"
#include "runtime/os/memfd.hpp"

namespace instbench::os {

// Where this user's cached files go: $INSTBENCH_CACHE_DIR, else $XDG_CACHE_HOME/instbench, else ~/.cache/instbench.
// Nothing when none of the three is an absolute path (the XDG specification: relative ones are ignored). Throws
// std::system_error when INSTBENCH_CACHE_DIR is a relative one: it was given to this program, and meant.
std::optional<std::string> user_cache_dir();

struct PrivateFile {
  Fd fd;
  uint64_t bytes = 0;
};

struct ListedFile {
  std::string name;
  uint64_t bytes = 0;          // as allocated on disk
  std::chrono::seconds age{};  // since it was written or touched; 0 when that lies in the future
};

class PrivateDir {
 public:
  // Makes the folder (0700) and its parents where they are missing. Throws std::system_error when that fails or when
  // the folder is not private; the message says what to do.
  static PrivateDir open(const std::string& path);
  // A new folder PARENT/PREFIX and six random characters (mkdtemp(3)), of a name that nothing had.
  static PrivateDir make_new(const std::string& parent, const std::string& prefix);

  // Gives the folder this name beside its old one (rename(2)); what is open or locked in it stays so.
  void rename(const std::string& name);

  const std::string& path() const { return path_; }
  std::string path_of(const std::string& name) const { return path_ + "/" + name; }
  // Nothing when there is no such file. Throws when it is there and not to be trusted.
  std::optional<PrivateFile> open_file(const std::string& name) const;
  // Likewise, but a file that is not to be trusted is none: for callers who then write it anew.
  std::optional<PrivateFile> open_file_if_sound(const std::string& name) const noexcept;
  // The new file, `file_bytes` long, holes where no part lies, with these permissions. Throws, and leaves no file, when
  // the disk is full. COST: ftruncate, one pwrite a part.
  void write(const std::string& name, uint64_t file_bytes, std::span<const FilePart> parts, unsigned mode) const;
  // A name for a file that somebody else is to write here, for adopt() to take.
  std::string temporary_name(const std::string& name) const;
  // Renames the file that was made under a temporary name, after giving it these permissions.
  void adopt(const std::string& temporary, const std::string& name, unsigned mode) const;
  // Sets the file's times to now (utimensat(2)). A hint for eviction: a read-only file system is no error.
  void touch(const std::string& name) const noexcept;
  bool remove(const std::string& name) const noexcept;  // false when it is still there
  std::vector<ListedFile> list() const;                 // regular files, sorted by name
  bool forbids_execution() const;                       // mounted noexec: dlopen(3) and execve(2) of its files fail
  void require_execution() const;                       // throws then, saying what to do
  uint64_t free_bytes() const;                          // for this user

 private:
  friend class FileLock;
  PrivateDir(Fd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}
  Fd fd_;
  std::string path_;
};

// An exclusive advisory lock (flock(2)) on a file of the folder, which exists only while somebody holds or waits. Its
// holder unlinks it; a waiter that then finds itself on an unlinked file begins anew. A lock file left by a killed
// process locks nothing.
class FileLock {
 public:
  // Nothing when another process held it for `timeout`, or an interrupt came. REQUIRES: `folder` outlives the lock.
  static std::optional<FileLock> take(const PrivateDir& folder, const std::string& name,
                                      std::chrono::milliseconds timeout);
  FileLock(FileLock&&) = default;
  FileLock& operator=(FileLock&&) = delete;
  ~FileLock();

 private:
  FileLock(const PrivateDir& folder, std::string name, Fd fd)
      : folder_(&folder), name_(std::move(name)), fd_(std::move(fd)) {}
  const PrivateDir* folder_;
  std::string name_;
  Fd fd_;
};

// Fills `into` from `offset`; returns how many bytes there were. Throws std::system_error.
size_t read_at(const Fd& file, uint64_t offset, std::span<std::byte> into);

}  // namespace instbench::os
