// What can be done with an open file or directory, for callers that hand errors on as numbers.
//
// Errors are errno values (0: none), not exceptions: guest code waits below these frames. Interrupted calls (EINTR)
// are made again. COST: one system call each; reading a directory one a 4 KiB of entries and one to find the place.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "runtime/os/fd.hpp"
#include "runtime/os/mapping.hpp"

namespace instbench::os {

enum class FileKind : uint8_t { unknown, block_device, character_device, directory, regular, socket, symlink };

struct FileInfo {
  uint64_t device = 0, inode = 0, links = 0, size = 0;
  uint64_t access_ns = 0, modification_ns = 0, change_ns = 0;  // since 1970
  FileKind kind = FileKind::unknown;
};

struct Transfer {
  uint64_t count = 0;  // bytes moved, or a position
  int error = 0;
};

struct TimeChange {
  enum class To : uint8_t { same, now, at } to = To::same;
  uint64_t ns = 0;
};

inline constexpr size_t kMostBuffers = 64;  // of one call; more are left for the next, as a short transfer

// At the file's own position, or at `offset`. A short count is no error.
Transfer read_file(const Fd& file, std::span<const Range> into, std::optional<uint64_t> offset) noexcept;
Transfer write_file(const Fd& file, std::span<const Range> from, std::optional<uint64_t> offset) noexcept;

enum class Whence : uint8_t { start, current, end };
Transfer seek(const Fd& file, int64_t offset, Whence whence) noexcept;

int file_info(const Fd& file, FileInfo& info) noexcept;
int set_size(const Fd& file, uint64_t bytes) noexcept;
int set_times(const Fd& file, TimeChange access, TimeChange modification) noexcept;
int allocate(const Fd& file, uint64_t offset, uint64_t bytes) noexcept;
enum class Advice : uint8_t { normal, sequential, random, will_need, dont_need, no_reuse };
int advise(const Fd& file, uint64_t offset, uint64_t bytes, Advice advice) noexcept;
int sync_all(const Fd& file) noexcept;
int sync_data(const Fd& file) noexcept;
enum class Append : uint8_t { off, on };
int set_append(const Fd& file, Append append) noexcept;

struct DirectoryEntry {
  uint64_t next = 0;  // the place after it: where a later reader goes on
  uint64_t inode = 0;
  FileKind kind = FileKind::unknown;
  std::string_view name;  // until the next call
};

// Entries of a directory from a place on (0: the first), "." and ".." among them. Keeps no state between readers.
class DirectoryReader {
 public:
  DirectoryReader(const Fd& directory, uint64_t place) noexcept;
  bool next(DirectoryEntry& entry) noexcept;  // false at the end and on an error
  int error() const { return error_; }

 private:
  int fd_;
  int error_ = 0;
  size_t at_ = 0, end_ = 0;
  alignas(8) std::byte buffer_[4096];
};

}  // namespace instbench::os
