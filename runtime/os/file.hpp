// Files that are whole or absent, and journals that lose at most their last line.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/os/fd.hpp"

namespace instbench::os {

// The whole file. Throws std::system_error naming the path, also when it is no regular file: a device may have no end, and
// a pipe without a writer waits for one.
std::vector<std::byte> read_bytes(const std::string& path);
std::string read_text(const std::string& path);
// Of a regular file or a pipe, which may be waited for (process substitution). Throws likewise, also when there are more
// bytes than `most`.
std::string read_text_or_pipe(const std::string& path, size_t most);

// Writes beside `path` and renames: a reader sees the old file or the new one, and a full disk leaves
// the old one. Missing parent folders are made. Throws std::system_error.
void write_atomically(const std::string& path, std::string_view text);

// Throws what write_atomically() would for want of a folder or a right, and leaves no file behind.
void check_writable(const std::string& path);

// An append-only file of lines. append() writes one line with a single write(2) and throws when not all
// of it was taken, after cutting the file back to its last whole line.
class Journal {
 public:
  // Opens for appending; a last line without its newline (a writer was killed) is cut off first.
  // Takes an advisory lock (flock): a second writer gets a clear error. `truncate` starts anew.
  static Journal open(const std::string& path, bool truncate);
  // Opens what is there, locked likewise, and changes nothing: read it, judge it, then cut it.
  static Journal reopen(const std::string& path);
  std::string text() const;
  void cut_unfinished_line();
  void append(std::string_view line);  // without newline
  const std::string& path() const { return path_; }

 private:
  Journal(Fd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}
  static Journal open_locked(const std::string& path, int more_flags);
  Fd fd_;
  std::string path_;
};

}  // namespace instbench::os
