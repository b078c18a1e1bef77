#include "runtime/os/beneath.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>

#include "runtime/os/error.hpp"
#include "runtime/os/file_stat.hpp"

namespace instbench::os {
namespace {

// openat2(2): EAGAIN when ".." met a rename or mount elsewhere on the system. Only a storm of those reaches the end.
constexpr int kMostAttempts = 100;

// SAFETY: the only call here that resolves a path of more than one component.
Opened resolve(const Fd& directory, const std::string& path, int flags, uint64_t mode) {
  open_how how{};
  how.flags = static_cast<uint64_t>(flags | O_CLOEXEC);
  how.mode = mode;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  int error = 0;
  for (int attempt = 0; attempt < kMostAttempts; ++attempt) {
    Fd fd(static_cast<int>(::syscall(SYS_openat2, directory.get(), path.c_str(), &how, sizeof how)));
    if (fd) return {std::move(fd), 0};
    error = errno;
    if (error != EAGAIN && error != EINTR) break;
  }
  return {Fd(), error == EXDEV ? kLeadsOut : error};
}

int flags_of(const OpenHow& how) {
  constexpr int kAccess[] = {O_RDONLY, O_WRONLY, O_RDWR};
  // O_NONBLOCK: opening a pipe that nobody writes would wait for ever (fifo(7)).
  int flags = kAccess[static_cast<size_t>(how.access)] | O_NOCTTY | O_NONBLOCK;
  if (how.follow == Follow::no) flags |= O_NOFOLLOW;
  if (how.create) flags |= O_CREAT;
  if (how.exclusive) flags |= O_EXCL;
  if (how.truncate) flags |= O_TRUNC;
  if (how.directory) flags |= O_DIRECTORY;
  if (how.append) flags |= O_APPEND;
  if (how.dsync) flags |= O_DSYNC;
  if (how.sync) flags |= O_SYNC;
  return flags;
}

// A path cut in the folder above and the last component.
struct Place {
  Fd folder;
  std::string leaf;
  bool folder_meant = false;  // "name/": only a directory may be meant
  int error = 0;
};

// SAFETY: the leaf is one component and neither "." nor "..": an *at() call on it cannot leave the folder, as
// long as it does not follow links (a trailing slash would make it, so it is taken off).
Place place_of(const Fd& directory, const std::string& path) {
  Place place;
  const size_t last = path.find_last_not_of('/');
  if (path.empty()) {
    place.error = ENOENT;
  } else if (path.front() == '/') {
    place.error = kLeadsOut;
  } else {
    const size_t slash = path.find_last_of('/', last);
    const size_t begin = slash == std::string::npos ? 0 : slash + 1;
    place.leaf = path.substr(begin, last + 1 - begin);
    place.folder_meant = last + 1 != path.size();
    if (place.leaf == "." || place.leaf == "..") {
      place.error = EINVAL;
      return place;
    }
    Opened opened = resolve(directory, begin == 0 ? "." : path.substr(0, begin), O_PATH | O_DIRECTORY, 0);
    place.folder = std::move(opened.fd);
    place.error = opened.error;
  }
  return place;
}

// ENOTDIR when the place holds something else than a directory.
int check_directory(const Place& place) {
  struct stat raw {};
  if (::fstatat(place.folder.get(), place.leaf.c_str(), &raw, AT_SYMLINK_NOFOLLOW) != 0) return errno;
  return S_ISDIR(raw.st_mode) ? 0 : ENOTDIR;
}

int error_if(int result) { return result == 0 ? 0 : errno; }

int remove(const Fd& directory, const std::string& path, int flags) {
  const Place place = place_of(directory, path);
  if (place.error != 0) return place.error;
  if (place.folder_meant) {
    if (const int error = check_directory(place); error != 0) return error;
  }
  return error_if(::unlinkat(place.folder.get(), place.leaf.c_str(), flags));
}

bool leads_up(std::string_view path) {
  while (!path.empty()) {
    const size_t slash = path.find('/');
    if (path.substr(0, slash) == "..") return true;
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
  }
  return false;
}

}  // namespace

Fd open_directory(const std::string& path) {
  Fd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) throw_errno("open('" + path + "', O_DIRECTORY)");
  return fd;
}

Opened open_beneath(const Fd& directory, const std::string& path, const OpenHow& how) {
  Opened opened = resolve(directory, path, flags_of(how), how.create ? 0666 : 0);
  if (opened.error != 0) return opened;
  FileInfo info;
  if (const int error = file_info(opened.fd, info); error != 0) return {Fd(), error};
  if (info.kind != FileKind::regular && info.kind != FileKind::directory) return {Fd(), ENOTSUP};
  return opened;
}

int info_beneath(const Fd& directory, const std::string& path, Follow follow, FileInfo& info) {
  const Opened opened = resolve(directory, path, O_PATH | (follow == Follow::no ? O_NOFOLLOW : 0), 0);
  return opened.error != 0 ? opened.error : file_info(opened.fd, info);
}

int set_times_beneath(const Fd& directory, const std::string& path, Follow follow, TimeChange access,
                      TimeChange modification) {
  const Opened opened = resolve(directory, path, O_PATH | (follow == Follow::no ? O_NOFOLLOW : 0), 0);
  if (opened.error != 0) return opened.error;
  const timespec times[] = {timespec_of(access), timespec_of(modification)};
  // AT_EMPTY_PATH: Linux 5.8; EINVAL before that.
  return error_if(::utimensat(opened.fd.get(), "", times, AT_EMPTY_PATH));
}

Transfer read_link_beneath(const Fd& directory, const std::string& path, std::span<std::byte> into) {
  const Opened opened = resolve(directory, path, O_PATH | O_NOFOLLOW, 0);
  if (opened.error != 0) return {0, opened.error};
  FileInfo info;
  if (const int error = file_info(opened.fd, info); error != 0) return {0, error};
  if (info.kind != FileKind::symlink) return {0, EINVAL};
  if (into.empty()) return {};  // readlink(2) would refuse an empty buffer
  const ssize_t got = ::readlinkat(opened.fd.get(), "", reinterpret_cast<char*>(into.data()), into.size());
  return got < 0 ? Transfer{0, errno} : Transfer{static_cast<uint64_t>(got), 0};
}

int make_directory_beneath(const Fd& directory, const std::string& path) {
  const Place place = place_of(directory, path);
  if (place.error != 0) return place.error == EINVAL ? EEXIST : place.error;  // "." and ".." are there
  return error_if(::mkdirat(place.folder.get(), place.leaf.c_str(), 0777));
}

int remove_directory_beneath(const Fd& directory, const std::string& path) {
  return remove(directory, path, AT_REMOVEDIR);
}

int unlink_beneath(const Fd& directory, const std::string& path) { return remove(directory, path, 0); }

int rename_beneath(const Fd& from_directory, const std::string& from, const Fd& to_directory, const std::string& to) {
  const Place source = place_of(from_directory, from);
  if (source.error != 0) return source.error;
  const Place target = place_of(to_directory, to);
  if (target.error != 0) return target.error;
  if (source.folder_meant || target.folder_meant) {
    // A slash behind either name asks for a directory to be renamed (rename(2)).
    if (const int error = check_directory(source); error != 0) return error;
  }
  return error_if(::renameat(source.folder.get(), source.leaf.c_str(), target.folder.get(), target.leaf.c_str()));
}

int link_beneath(const Fd& from_directory, const std::string& from, const Fd& to_directory, const std::string& to) {
  const Place source = place_of(from_directory, from);
  if (source.error != 0) return source.error;
  const Place target = place_of(to_directory, to);
  if (target.error != 0) return target.error;
  if (source.folder_meant || target.folder_meant) return ENOTDIR;  // directories have no hard links
  return error_if(::linkat(source.folder.get(), source.leaf.c_str(), target.folder.get(), target.leaf.c_str(), 0));
}

int symlink_beneath(const std::string& target, const Fd& directory, const std::string& path) {
  if (target.empty()) return ENOENT;
  if (target.front() == '/' || leads_up(target)) return kLeadsOut;
  const Place place = place_of(directory, path);
  if (place.error != 0) return place.error;
  if (place.folder_meant) return ENOENT;  // what symlink(2) says of "name/"
  return error_if(::symlinkat(target.c_str(), place.folder.get(), place.leaf.c_str()));
}

}  // namespace instbench::os
