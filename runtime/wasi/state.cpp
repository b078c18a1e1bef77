#include "runtime/wasi/state.hpp"

#include <algorithm>
#include <cerrno>
#include <stdexcept>

#include "runtime/os/beneath.hpp"
#include "runtime/os/clock.hpp"

namespace instbench::wasi {
namespace {

constexpr uint64_t kStreamRights = right::fd_filestat_get | right::fd_fdstat_set_flags | right::poll_fd_readwrite;
constexpr uint64_t kDirectoryRights =
    right::fd_datasync | right::fd_fdstat_set_flags | right::fd_sync | right::path_create_directory |
    right::path_create_file | right::path_link_source | right::path_link_target | right::path_open | right::fd_readdir |
    right::path_readlink | right::path_rename_source | right::path_rename_target | right::path_filestat_get |
    right::path_filestat_set_size | right::path_filestat_set_times | right::fd_filestat_get |
    right::fd_filestat_set_times | right::path_symlink | right::path_remove_directory | right::path_unlink_file;
constexpr uint64_t kAllRights = (uint64_t{1} << 28) - 1;  // but those of sockets

void check_text(const std::string& text, const char* what) {
  if (text.find('\0') != std::string::npos) {
    throw std::invalid_argument(std::string("wasi: ") + what + " '" + text.c_str() + "…' contains a NUL character");
  }
}

Options checked(Options options) {
  for (const std::string& arg : options.args) check_text(arg, "argument");
  for (const std::string& variable : options.environ) {
    check_text(variable, "variable");
    if (variable.find('=') == std::string::npos) {
      throw std::invalid_argument("wasi: variable '" + variable + "' has no '=': write NAME=value");
    }
  }
  check_text(options.preopen_name, "directory name");
  return options;
}

Descriptor stream(Descriptor::Kind kind, uint64_t rights) {
  Descriptor descriptor;
  descriptor.kind = kind;
  descriptor.rights = rights | kStreamRights;
  return descriptor;
}

}  // namespace

void Capture::append(os::Range bytes, uint64_t cap) {
  const uint64_t room = cap - std::min<uint64_t>(cap, text.size());
  const size_t taken = std::min<uint64_t>(room, bytes.bytes);
  text.append(reinterpret_cast<const char*>(bytes.base), taken);
  dropped += bytes.bytes - taken;
}

State::State(Options given)
    : options(checked(std::move(given))),
      root(options.preopen_dir ? os::open_directory(*options.preopen_dir) : os::Fd()) {
  descriptors.reserve(16);
  reset();
}

void State::reset() noexcept {
  const size_t first = root ? 4 : 3;
  descriptors.resize(first);
  descriptors[0] = stream(Descriptor::Kind::standard_in, right::fd_read);
  descriptors[1] = stream(Descriptor::Kind::standard_out, right::fd_write);
  descriptors[2] = stream(Descriptor::Kind::standard_error, right::fd_write);
  if (root) {
    descriptors[3] = Descriptor{Descriptor::Kind::preopen, 0, kDirectoryRights, kAllRights, os::Fd()};
  }
  stdin_position = 0;
  for (Capture* capture : {&out, &err}) {
    capture->text.clear();
    capture->dropped = 0;
  }
  random = options.random_seed;
  elapsed_ns = 0;
  path_refusal.reset();
}

Errno State::get(uint32_t fd, Descriptor*& found) {
  if (fd >= descriptors.size() || descriptors[fd].kind == Descriptor::Kind::closed) return Errno::badf;
  found = &descriptors[fd];
  return Errno::success;
}

Errno State::get_file(uint32_t fd, uint64_t rights, Descriptor*& found) {
  if (const Errno error = get(fd, found); error != Errno::success) return error;
  if (found->is_stream()) return Errno::spipe;
  if (found->is_directory()) return Errno::isdir;
  return (found->rights & rights) == rights ? Errno::success : Errno::notcapable;
}

Errno State::get_directory(uint32_t fd, uint64_t rights, Descriptor*& found) {
  if (const Errno error = get(fd, found); error != Errno::success) return error;
  if (!found->is_directory()) return Errno::notdir;
  return (found->rights & rights) == rights ? Errno::success : Errno::notcapable;
}

Errno State::add(Descriptor descriptor, uint32_t& fd) {
  const bool directory = descriptor.is_directory();
  descriptor.rights &= directory ? kDirectoryRights : kAllRights;
  const auto closed = [](const Descriptor& d) { return d.kind == Descriptor::Kind::closed; };
  const auto free = std::find_if(descriptors.begin(), descriptors.end(), closed);
  fd = static_cast<uint32_t>(free - descriptors.begin());
  if (free != descriptors.end()) {
    *free = std::move(descriptor);
  } else if (descriptors.size() < kMostDescriptors) {
    descriptors.push_back(std::move(descriptor));
  } else {
    return Errno::mfile;
  }
  return Errno::success;
}

Errno State::path_errno(int error) {
  if (error == ENOSYS) {
    path_refusal = "openat2: " + std::generic_category().message(error) +
                   ": paths cannot be kept beneath a directory without it; use Linux 5.6 or later";
    return Errno::notcapable;
  }
  return error == os::kLeadsOut ? Errno::notcapable : errno_of(error);
}

uint64_t State::now_ns(uint32_t clock) {
  if (options.clock == Clock::real) return os::clock_now_ns(static_cast<os::ClockKind>(clock));
  elapsed_ns += kFixedStepNs;
  return elapsed_ns + (clock == 0 ? options.clock_start_ns : 0);
}

// splitmix64 (Steele, Lea and Flood 2014): any seed will do, zero included.
uint64_t State::next_random() {
  random += 0x9e37'79b9'7f4a'7c15;
  uint64_t z = random;
  z = (z ^ (z >> 30)) * 0xbf58'476d'1ce4'e5b9;
  z = (z ^ (z >> 27)) * 0x94d0'49bb'1331'11eb;
  return z ^ (z >> 31);
}

Errno errno_of(int error) {
  switch (error) {
    case 0:
      return Errno::success;
    case E2BIG:
      return Errno::toobig;
    case EACCES:
      return Errno::acces;
    case EAGAIN:
      return Errno::again;
    case EBADF:
      return Errno::badf;
    case EBUSY:
      return Errno::busy;
    case EDQUOT:
      return Errno::dquot;
    case EEXIST:
      return Errno::exist;
    case EFAULT:
      return Errno::fault;
    case EFBIG:
      return Errno::fbig;
    case EILSEQ:
      return Errno::ilseq;
    case EINTR:
      return Errno::intr;
    case EINVAL:
      return Errno::inval;
    case EISDIR:
      return Errno::isdir;
    case ELOOP:
      return Errno::loop;
    case EMFILE:
      return Errno::mfile;
    case EMLINK:
      return Errno::mlink;
    case ENAMETOOLONG:
      return Errno::nametoolong;
    case ENFILE:
      return Errno::nfile;
    case ENODEV:
      return Errno::nodev;
    case ENOENT:
      return Errno::noent;
    case ENOMEM:
      return Errno::nomem;
    case ENOSPC:
      return Errno::nospc;
    case ENOSYS:
      return Errno::nosys;
    case ENOTDIR:
      return Errno::notdir;
    case ENOTEMPTY:
      return Errno::notempty;
    case ENOTSUP:
      return Errno::notsup;
    case ENXIO:
      return Errno::nxio;
    case EOVERFLOW:
      return Errno::overflow;
    case EPERM:
      return Errno::perm;
    case EPIPE:
      return Errno::pipe;
    case EROFS:
      return Errno::rofs;
    case ESPIPE:
      return Errno::spipe;
    case ESTALE:
      return Errno::stale;
    case ETXTBSY:
      return Errno::txtbsy;
    case EXDEV:
      return Errno::xdev;
    default:
      return Errno::io;
  }
}

}  // namespace instbench::wasi
