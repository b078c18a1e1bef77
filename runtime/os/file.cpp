#include "runtime/os/file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "runtime/os/error.hpp"

namespace instbench::os {
namespace {

std::string quoted(const char* call, const std::string& path) { return std::string(call) + "('" + path + "')"; }

// write(2) takes what it likes (and nothing when the disk is full); returns the bytes taken, errno set
// when that is not all.
size_t write_all(int fd, std::string_view text) {
  size_t written = 0;
  while (written < text.size()) {
    const ssize_t n = ::write(fd, text.data() + written, text.size() - written);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    written += static_cast<size_t>(n);
  }
  return written;
}

void make_parent(const std::string& path) {
  const auto parent = std::filesystem::path(path).parent_path();
  std::error_code error;
  if (!parent.empty()) std::filesystem::create_directories(parent, error);
  if (error) throw_error(error.value(), quoted("mkdir", parent.string()));
}

// A name no other process takes, in the same folder so that rename(2) stays within one file system.
std::string temporary_beside(const std::string& path) {
  const std::filesystem::path target(path);
  return (target.parent_path() / ("." + target.filename().string() + "." + std::to_string(::getpid()) + ".tmp"))
      .string();
}

// The end of the last whole line: everything after it was cut short by a kill.
off_t end_of_last_line(int fd, off_t size, const std::string& path) {
  char buffer[4096];
  off_t end = size;
  while (end > 0) {
    const off_t begin = end > static_cast<off_t>(sizeof buffer) ? end - static_cast<off_t>(sizeof buffer) : 0;
    const ssize_t n = ::pread(fd, buffer, static_cast<size_t>(end - begin), begin);
    if (n < 0) throw_errno(quoted("pread", path));
    const size_t newline = std::string_view(buffer, static_cast<size_t>(n)).rfind('\n');
    if (newline != std::string_view::npos) return begin + static_cast<off_t>(newline) + 1;
    end = begin;
  }
  return 0;
}

}  // namespace

std::vector<std::byte> read_bytes(const std::string& path) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) throw_errno(quoted("open", path));
  struct stat info = {};
  if (::fstat(fd.get(), &info) != 0) throw_errno(quoted("fstat", path));
  if (S_ISDIR(info.st_mode)) throw_error(EISDIR, quoted("read", path));
  // st_size is 0 for pipes and /proc: read to the end whatever it says.
  std::vector<std::byte> bytes(static_cast<size_t>(info.st_size) + 1);
  size_t used = 0;
  for (;;) {
    if (used == bytes.size()) bytes.resize(bytes.size() * 2);
    const ssize_t n = ::read(fd.get(), bytes.data() + used, bytes.size() - used);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw_errno(quoted("read", path));
    if (n == 0) break;
    used += static_cast<size_t>(n);
  }
  bytes.resize(used);
  return bytes;
}

std::string read_text(const std::string& path) {
  const std::vector<std::byte> bytes = read_bytes(path);
  std::string text(bytes.size(), '\0');
  for (size_t i = 0; i < bytes.size(); ++i) text[i] = static_cast<char>(bytes[i]);
  return text;
}

void write_atomically(const std::string& path, std::string_view text) {
  make_parent(path);
  const std::string temporary = temporary_beside(path);
  try {
    Fd fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    if (!fd) throw_errno(quoted("open", path));
    if (write_all(fd.get(), text) != text.size()) throw_errno(quoted("write", path));
    // Some file systems report a full disk only here (delayed allocation, quotas): fsync(2), ENOSPC.
    if (::fsync(fd.get()) != 0) throw_errno(quoted("fsync", path));
    fd.close();
    if (::rename(temporary.c_str(), path.c_str()) != 0) throw_errno(quoted("rename", path));
  } catch (...) {
    ::unlink(temporary.c_str());
    throw;
  }
}

Journal Journal::open(const std::string& path, bool truncate) {
  make_parent(path);
  Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  if (!fd) throw_errno(quoted("open", path));
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) throw_error(EBUSY, "journal '" + path + "' is being written by another process");
    throw_errno(quoted("flock", path));
  }
  struct stat info = {};
  if (::fstat(fd.get(), &info) != 0) throw_errno(quoted("fstat", path));
  const off_t keep = truncate ? 0 : end_of_last_line(fd.get(), info.st_size, path);
  if (keep != info.st_size && ::ftruncate(fd.get(), keep) != 0) throw_errno(quoted("ftruncate", path));
  return Journal(std::move(fd), path);
}

void Journal::append(std::string_view line) {
  struct stat before = {};
  if (::fstat(fd_.get(), &before) != 0) throw_errno(quoted("fstat", path_));
  std::string text(line);
  text += '\n';
  if (write_all(fd_.get(), text) == text.size()) return;
  const int error = errno;
  if (::ftruncate(fd_.get(), before.st_size) != 0) throw_errno(quoted("ftruncate", path_));
  throw_error(error, quoted("write", path_));
}

}  // namespace instbench::os
