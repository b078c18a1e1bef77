#include "runtime/os/file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
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

struct NewFile {
  std::string name;
  Fd fd;
};

// A new file in the folder of `path`, so that rename(2) stays within one file system. O_EXCL follows no symbolic
// link and takes over no file (open(2)): a name that is taken is passed over.
NewFile new_file_beside(const std::string& path) {
  const std::filesystem::path target(path);
  const std::string stem = "." + target.filename().string() + "." + std::to_string(::getpid()) + ".";
  for (unsigned n = 0;; ++n) {
    const std::string name = (target.parent_path() / (stem + std::to_string(n) + ".tmp")).string();
    Fd fd(::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
    if (fd) return {name, std::move(fd)};
    if (errno != EEXIST) throw_errno(quoted("open", path));
  }
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

enum class Readable : uint8_t { regular_file, or_pipe };

std::vector<std::byte> read_to_end(const std::string& path, Readable readable, size_t most) {
  // O_NONBLOCK: a pipe without a writer is opened at once, and refused.
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | (readable == Readable::regular_file ? O_NONBLOCK : 0)));
  if (!fd) throw_errno(quoted("open", path));
  struct stat info = {};
  if (::fstat(fd.get(), &info) != 0) throw_errno(quoted("fstat", path));
  if (S_ISDIR(info.st_mode)) throw_error(EISDIR, quoted("read", path));
  if (!S_ISREG(info.st_mode) && !(readable == Readable::or_pipe && S_ISFIFO(info.st_mode)))
    throw_error(EINVAL, quoted("read", path) + ": not a regular file" + (readable == Readable::or_pipe ? " or pipe" : ""));
  // st_size is 0 for pipes and /proc: read to the end whatever it says. Numbers in /proc/sys are told to the first
  // read(2) only (Linux: proc_dointvec() gives nothing after offset 0), so it must have room for all of them.
  constexpr size_t kLeast = 4096;
  std::vector<std::byte> bytes(std::max(kLeast, std::min(most, static_cast<size_t>(info.st_size)) + 1));
  size_t used = 0;
  for (;;) {
    if (used == bytes.size()) bytes.resize(bytes.size() * 2);
    const ssize_t n = ::read(fd.get(), bytes.data() + used, bytes.size() - used);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw_errno(quoted("read", path));
    if (n == 0) break;
    used += static_cast<size_t>(n);
    if (used > most) throw_error(EFBIG, quoted("read", path) + ": more than " + std::to_string(most) + " bytes");
  }
  bytes.resize(used);
  return bytes;
}

std::string as_text(const std::vector<std::byte>& bytes) {
  std::string text(bytes.size(), '\0');
  for (size_t i = 0; i < bytes.size(); ++i) text[i] = static_cast<char>(bytes[i]);
  return text;
}

constexpr size_t kAnySize = SIZE_MAX - 1;

}  // namespace

std::vector<std::byte> read_bytes(const std::string& path) {
  return read_to_end(path, Readable::regular_file, kAnySize);
}

std::string read_text(const std::string& path) { return as_text(read_bytes(path)); }

std::string read_text_or_pipe(const std::string& path, size_t most) {
  return as_text(read_to_end(path, Readable::or_pipe, most));
}

void write_atomically(const std::string& path, std::string_view text) {
  make_parent(path);
  auto [temporary, fd] = new_file_beside(path);
  try {
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

void check_writable(const std::string& path) {
  make_parent(path);
  const NewFile file = new_file_beside(path);
  if (::unlink(file.name.c_str()) != 0) throw_errno(quoted("unlink", file.name));
}

Journal Journal::open_locked(const std::string& path, int more_flags) {
  Fd fd(::open(path.c_str(), O_RDWR | O_APPEND | O_CLOEXEC | O_NOFOLLOW | more_flags, 0644));
  if (!fd) throw_errno(quoted("open", path));
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) throw_error(EBUSY, "journal '" + path + "' is being written by another process");
    throw_errno(quoted("flock", path));
  }
  return Journal(std::move(fd), path);
}

Journal Journal::open(const std::string& path, bool truncate) {
  make_parent(path);
  Journal journal = open_locked(path, O_CREAT);
  if (!truncate) {
    journal.cut_unfinished_line();
  } else if (::ftruncate(journal.fd_.get(), 0) != 0) {
    throw_errno(quoted("ftruncate", path));
  }
  return journal;
}

Journal Journal::reopen(const std::string& path) { return open_locked(path, 0); }

std::string Journal::text() const {
  std::string text;
  char buffer[65536];
  for (;;) {
    const ssize_t n = ::pread(fd_.get(), buffer, sizeof buffer, static_cast<off_t>(text.size()));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw_errno(quoted("pread", path_));
    if (n == 0) return text;
    text.append(buffer, static_cast<size_t>(n));
  }
}

void Journal::cut_unfinished_line() {
  struct stat info = {};
  if (::fstat(fd_.get(), &info) != 0) throw_errno(quoted("fstat", path_));
  const off_t keep = end_of_last_line(fd_.get(), info.st_size, path_);
  if (keep != info.st_size && ::ftruncate(fd_.get(), keep) != 0) throw_errno(quoted("ftruncate", path_));
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
