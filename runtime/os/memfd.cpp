#include "runtime/os/memfd.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/os/counters.hpp"
#include "runtime/os/error.hpp"

namespace instbench::os {
namespace {

void write_part(const Fd& file, const FilePart& part, const std::string& what) {
  uint64_t done = 0;
  while (done < part.bytes.size()) {
    ssize_t written = -1;
    if (count(Call::pwrite)) {
      written = ::pwrite(file.get(), part.bytes.data() + done, part.bytes.size() - done,
                         static_cast<off_t>(part.offset + done));
    }
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) throw_errno("pwrite(" + what + ", len=" + std::to_string(part.bytes.size() - done) + ")");
    done += static_cast<uint64_t>(written);
  }
}

}  // namespace

void write_parts(const Fd& file, std::span<const FilePart> parts, const std::string& what) {
  for (const FilePart& part : parts) write_part(file, part, what);
}

Fd sealed_memfd(const std::string& name, uint64_t file_bytes, std::span<const FilePart> parts) {
  Fd file{count(Call::memfd_create) ? ::memfd_create(name.c_str(), MFD_CLOEXEC | MFD_ALLOW_SEALING) : -1};
  if (!file) throw_errno("memfd_create('" + name + "')");
  if (!count(Call::ftruncate) || ::ftruncate(file.get(), static_cast<off_t>(file_bytes)) != 0) {
    throw_errno("ftruncate(memfd '" + name + "', " + std::to_string(file_bytes) + ")");
  }
  write_parts(file, parts, "memfd '" + name + "'");
  if (!count(Call::fcntl) ||
      ::fcntl(file.get(), F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_WRITE | F_SEAL_SEAL) != 0) {
    throw_errno("fcntl(memfd '" + name + "', F_ADD_SEALS)");
  }
  return file;
}

uint64_t allocated_bytes(const Fd& file) {
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) throw_errno("fstat(memfd)");
  return static_cast<uint64_t>(status.st_blocks) * 512;
}

}  // namespace instbench::os
