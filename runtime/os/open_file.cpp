#include "runtime/os/open_file.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "runtime/os/file_stat.hpp"

namespace instbench::os {
namespace {

// Makes a call that returns -1 and errno until no signal cuts it short.
template <typename Call>
Transfer retried(Call&& call) noexcept {
  for (;;) {
    const auto got = call();
    if (got >= 0) return {static_cast<uint64_t>(got), 0};
    if (errno != EINTR) return {0, errno};
  }
}

// For calls whose only answer is whether they failed.
template <typename Call>
int error_of(Call&& call) noexcept {
  return retried(call).error;
}

struct Vectors {
  std::array<iovec, kMostBuffers> entries;
  int count = 0;

  explicit Vectors(std::span<const Range> ranges) {
    count = static_cast<int>(std::min(ranges.size(), kMostBuffers));
    for (int i = 0; i < count; ++i) {
      entries[static_cast<size_t>(i)] = {ranges[static_cast<size_t>(i)].base, ranges[static_cast<size_t>(i)].bytes};
    }
  }
};

// From getdents64(2): glibc declares it only since 2.30, and calls it dirent64.
struct RawEntry {
  uint64_t inode;
  int64_t next;
  uint16_t bytes;
  uint8_t type;
};
constexpr size_t kRawName = 19;  // the name follows the type without padding

FileKind kind_of_entry(uint8_t type) {
  switch (type) {
    case DT_BLK:
      return FileKind::block_device;
    case DT_CHR:
      return FileKind::character_device;
    case DT_DIR:
      return FileKind::directory;
    case DT_REG:
      return FileKind::regular;
    case DT_SOCK:
      return FileKind::socket;
    case DT_LNK:
      return FileKind::symlink;
    default:
      return FileKind::unknown;
  }
}

FileKind kind_of_mode(mode_t mode) {
  if (S_ISBLK(mode)) return FileKind::block_device;
  if (S_ISCHR(mode)) return FileKind::character_device;
  if (S_ISDIR(mode)) return FileKind::directory;
  if (S_ISREG(mode)) return FileKind::regular;
  if (S_ISSOCK(mode)) return FileKind::socket;
  if (S_ISLNK(mode)) return FileKind::symlink;
  return FileKind::unknown;
}

uint64_t ns_of(const timespec& time) {
  return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(time.tv_nsec);
}

}  // namespace

FileInfo info_of(const struct stat& raw) noexcept {
  FileInfo info;
  info.device = raw.st_dev;
  info.inode = raw.st_ino;
  info.links = raw.st_nlink;
  info.size = static_cast<uint64_t>(raw.st_size);
  info.access_ns = ns_of(raw.st_atim);
  info.modification_ns = ns_of(raw.st_mtim);
  info.change_ns = ns_of(raw.st_ctim);
  info.kind = kind_of_mode(raw.st_mode);
  return info;
}

timespec timespec_of(TimeChange change) noexcept {
  if (change.to == TimeChange::To::same) return {0, UTIME_OMIT};
  if (change.to == TimeChange::To::now) return {0, UTIME_NOW};
  return {static_cast<time_t>(change.ns / 1'000'000'000), static_cast<long>(change.ns % 1'000'000'000)};
}

// An offset beyond INT64_MAX turns negative here, which the kernel refuses with EINVAL (pread(2)).
Transfer read_file(const Fd& file, std::span<const Range> into, std::optional<uint64_t> offset) noexcept {
  const Vectors v(into);
  return retried([&] {
    return offset ? ::preadv(file.get(), v.entries.data(), v.count, static_cast<off_t>(*offset))
                  : ::readv(file.get(), v.entries.data(), v.count);
  });
}

Transfer write_file(const Fd& file, std::span<const Range> from, std::optional<uint64_t> offset) noexcept {
  const Vectors v(from);
  return retried([&] {
    return offset ? ::pwritev(file.get(), v.entries.data(), v.count, static_cast<off_t>(*offset))
                  : ::writev(file.get(), v.entries.data(), v.count);
  });
}

Transfer seek(const Fd& file, int64_t offset, Whence whence) noexcept {
  constexpr int kWhence[] = {SEEK_SET, SEEK_CUR, SEEK_END};
  return retried([&] { return ::lseek(file.get(), offset, kWhence[static_cast<size_t>(whence)]); });
}

int file_info(const Fd& file, FileInfo& info) noexcept {
  struct stat raw {};
  if (::fstat(file.get(), &raw) != 0) return errno;
  info = info_of(raw);
  return 0;
}

int set_size(const Fd& file, uint64_t bytes) noexcept {
  return error_of([&] { return ::ftruncate(file.get(), static_cast<off_t>(bytes)); });
}

int set_times(const Fd& file, TimeChange access, TimeChange modification) noexcept {
  const timespec times[] = {timespec_of(access), timespec_of(modification)};
  return error_of([&] { return ::futimens(file.get(), times); });
}

// fallocate(2), not posix_fallocate(3): glibc emulates the latter by writing, which races with other writers.
int allocate(const Fd& file, uint64_t offset, uint64_t bytes) noexcept {
  return error_of([&] { return ::fallocate(file.get(), 0, static_cast<off_t>(offset), static_cast<off_t>(bytes)); });
}

int advise(const Fd& file, uint64_t offset, uint64_t bytes, Advice advice) noexcept {
  constexpr int kAdvice[] = {POSIX_FADV_NORMAL,   POSIX_FADV_SEQUENTIAL, POSIX_FADV_RANDOM,
                             POSIX_FADV_WILLNEED, POSIX_FADV_DONTNEED,   POSIX_FADV_NOREUSE};
  return ::posix_fadvise(file.get(), static_cast<off_t>(offset), static_cast<off_t>(bytes),
                         kAdvice[static_cast<size_t>(advice)]);
}

int sync_all(const Fd& file) noexcept {
  return error_of([&] { return ::fsync(file.get()); });
}

int sync_data(const Fd& file) noexcept {
  return error_of([&] { return ::fdatasync(file.get()); });
}

int set_append(const Fd& file, Append append) noexcept {
  const int flags = ::fcntl(file.get(), F_GETFL);
  if (flags < 0) return errno;
  const int wanted = append == Append::on ? flags | O_APPEND : flags & ~O_APPEND;
  return error_of([&] { return ::fcntl(file.get(), F_SETFL, wanted); });
}

DirectoryReader::DirectoryReader(const Fd& directory, uint64_t place) noexcept : fd_(directory.get()) {
  error_ = seek(directory, static_cast<int64_t>(place), Whence::start).error;
}

bool DirectoryReader::next(DirectoryEntry& entry) noexcept {
  if (error_ == 0 && at_ == end_) {
    const Transfer got = retried([&] { return ::syscall(SYS_getdents64, fd_, buffer_, sizeof buffer_); });
    error_ = got.error;
    at_ = 0;
    end_ = got.count;
  }
  if (error_ != 0 || end_ == 0) return false;
  RawEntry raw;
  std::memcpy(&raw, buffer_ + at_, kRawName);
  entry = {static_cast<uint64_t>(raw.next), raw.inode, kind_of_entry(raw.type),
           reinterpret_cast<const char*>(buffer_ + at_ + kRawName)};
  at_ += raw.bytes;
  return true;
}

}  // namespace instbench::os
