// Files that are whole or absent, and journals that lose at most their last line.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/os/fd.hpp"

namespace instbench::os {

std::vector<std::byte> read_bytes(const std::string& path);  // throws std::system_error naming the path
std::string read_text(const std::string& path);

// Writes beside `path` and renames: a reader sees the old file or the new one, and a full disk leaves
// the old one. Missing parent folders are made. Throws std::system_error.
void write_atomically(const std::string& path, std::string_view text);

// An append-only file of lines. append() writes one line with a single write(2) and throws when not all
// of it was taken, after cutting the file back to its last whole line.
class Journal {
 public:
  // Opens for appending; a last line without its newline (a writer was killed) is cut off first.
  // Takes an advisory lock (flock): a second writer gets a clear error. `truncate` starts anew.
  static Journal open(const std::string& path, bool truncate);
  void append(std::string_view line);  // without newline
  const std::string& path() const { return path_; }

 private:
  Journal(Fd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}
  Fd fd_;
  std::string path_;
};

}  // namespace instbench::os
