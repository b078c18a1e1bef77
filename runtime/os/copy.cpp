#include "runtime/os/copy.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <vector>

#include "runtime/os/error.hpp"
#include "runtime/os/fd.hpp"

namespace instbench::os {
namespace {

constexpr size_t kChunkBytes = size_t{1} << 20;

std::string call_on(const char* call, const std::string& path) { return std::string(call) + "('" + path + "')"; }

Fd open_to_read(const std::string& path) {
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) throw_errno(call_on("open", path));
  return fd;
}

// The next bytes, as many as fit or are there; 0 at the end.
size_t read_some(const Fd& fd, std::vector<std::byte>& into, const std::string& path) {
  for (;;) {
    const ssize_t n = ::read(fd.get(), into.data(), into.size());
    if (n >= 0) return static_cast<size_t>(n);
    if (errno != EINTR) throw_errno(call_on("read", path));
  }
}

void write_some(const Fd& fd, const std::byte* bytes, size_t size, const std::string& path) {
  while (size > 0) {
    const ssize_t n = ::write(fd.get(), bytes, size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw_errno(call_on("write", path));
    bytes += n;
    size -= static_cast<size_t>(n);
  }
}

}  // namespace

void copy_file_bytes(const std::string& from, const std::string& to, unsigned mode) {
  const Fd source = open_to_read(from);
  Fd copy(::open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!copy) throw_errno(call_on("open", to));
  try {
    std::vector<std::byte> chunk(kChunkBytes);
    while (const size_t size = read_some(source, chunk, from)) write_some(copy, chunk.data(), size, to);
    if (::fchmod(copy.get(), mode) != 0) throw_errno(call_on("fchmod", to));
    if (::fsync(copy.get()) != 0) throw_errno(call_on("fsync", to));
    copy.close();  // before it may be run: execve(2) refuses a file that is open for writing
    const Fd again = open_to_read(to);
    while (read_some(again, chunk, to) != 0) {
    }
  } catch (...) {
    ::unlink(to.c_str());
    throw;
  }
}

}  // namespace instbench::os
