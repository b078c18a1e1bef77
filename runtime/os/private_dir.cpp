#include "runtime/os/private_dir.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <thread>

#include "runtime/os/counters.hpp"
#include "runtime/os/error.hpp"
#include "runtime/os/process.hpp"

namespace instbench::os {
namespace {

std::string quoted(const std::string& text) { return "'" + text + "'"; }

std::string octal(unsigned mode) {
  std::string digits;
  for (int shift = 9; shift >= 0; shift -= 3) digits += static_cast<char>('0' + ((mode >> shift) & 7));
  return digits;
}

struct stat status_of(const Fd& fd, const std::string& path) {
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) throw_errno("fstat(" + quoted(path) + ")");
  return status;
}

void require_owner(const struct stat& status, const std::string& path) {
  if (status.st_uid == ::geteuid()) return;
  throw_error(EPERM, quoted(path) + " belongs to user " + std::to_string(status.st_uid) + ", not to user " +
                         std::to_string(::geteuid()) + " who runs this: code is loaded only from one's own files");
}

void make_folder(const std::string& path) {
  const auto parent = std::filesystem::path(path).parent_path();
  std::error_code error;
  if (!parent.empty()) std::filesystem::create_directories(parent, error);
  if (error) throw_error(error.value(), "mkdir(" + quoted(parent.string()) + ")");
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) throw_errno("mkdir(" + quoted(path) + ")");
}

std::chrono::seconds age_of(const struct stat& status) {
  return std::chrono::seconds(std::max<time_t>(0, ::time(nullptr) - status.st_mtime));
}

std::optional<std::string> absolute_in(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && *value == '/' ? std::optional<std::string>(value) : std::nullopt;
}

}  // namespace

std::optional<std::string> user_cache_dir() {
  const char* own_text = std::getenv("INSTBENCH_CACHE_DIR");
  if (own_text != nullptr && *own_text != '\0' && *own_text != '/')
    throw_error(EINVAL, "INSTBENCH_CACHE_DIR=" + quoted(own_text) + " is not an absolute path");
  if (auto own = absolute_in("INSTBENCH_CACHE_DIR")) return own;
  if (auto cache = absolute_in("XDG_CACHE_HOME")) return *cache + "/instbench";
  if (auto home = absolute_in("HOME")) return *home + "/.cache/instbench";
  return std::nullopt;
}

PrivateDir PrivateDir::open(const std::string& path) {
  constexpr int kFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  Fd fd(::open(path.c_str(), kFlags));
  if (!fd && errno == ENOENT) {
    make_folder(path);
    fd = Fd(::open(path.c_str(), kFlags));
  }
  if (!fd) throw_errno("open(" + quoted(path) + ") as a folder, following no symbolic link");
  const struct stat status = status_of(fd, path);
  require_owner(status, path);
  if ((status.st_mode & 077) != 0) {
    throw_error(EPERM, quoted(path) + " is open to others (mode " + octal(status.st_mode & 07777) +
                           "), who could put code there: chmod 700 it or delete it");
  }
  return PrivateDir(std::move(fd), path);
}

PrivateDir PrivateDir::make_new(const std::string& parent, const std::string& prefix) {
  std::error_code error;
  std::filesystem::create_directories(parent, error);
  if (error) throw_error(error.value(), "mkdir(" + quoted(parent) + ")");
  std::string path = parent + "/" + prefix + "XXXXXX";
  if (::mkdtemp(path.data()) == nullptr) throw_errno("mkdtemp(" + quoted(parent + "/" + prefix + "XXXXXX") + ")");
  return open(path);
}

void PrivateDir::rename(const std::string& name) {
  const std::string renamed = (std::filesystem::path(path_).parent_path() / name).string();
  if (::rename(path_.c_str(), renamed.c_str()) != 0) throw_errno("rename('" + path_ + "' to '" + renamed + "')");
  path_ = renamed;
}

std::optional<PrivateFile> PrivateDir::open_file(const std::string& name) const {
  // O_NONBLOCK: a fifo that somebody put there must not stop us before fstat refuses it.
  Fd fd(::openat(fd_.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
  if (!fd && errno == ENOENT) return std::nullopt;
  if (!fd) throw_errno("open(" + quoted(path_of(name)) + ")");
  const struct stat status = status_of(fd, path_of(name));
  if (!S_ISREG(status.st_mode)) throw_error(EINVAL, quoted(path_of(name)) + " is no regular file");
  require_owner(status, path_of(name));
  if ((status.st_mode & 022) != 0) {
    throw_error(EPERM,
                quoted(path_of(name)) + " may be written by others (mode " + octal(status.st_mode & 07777) + ")");
  }
  return PrivateFile{std::move(fd), static_cast<uint64_t>(status.st_size)};
}

std::optional<PrivateFile> PrivateDir::open_file_if_sound(const std::string& name) const noexcept {
  try {
    return open_file(name);
  } catch (const std::system_error&) {
    return std::nullopt;
  }
}

std::string PrivateDir::temporary_name(const std::string& name) const {
  static std::atomic<unsigned> kNext{0};
  return "." + name + "." + std::to_string(::getpid()) + "." + std::to_string(kNext++);
}

void PrivateDir::write(const std::string& name, uint64_t file_bytes, std::span<const FilePart> parts,
                       unsigned mode) const {
  const std::string temporary = temporary_name(name);
  // A leftover of a killed process that had our pid: nobody else makes names with it.
  ::unlinkat(fd_.get(), temporary.c_str(), 0);
  Fd fd(::openat(fd_.get(), temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd) throw_errno("open(" + quoted(path_of(temporary)) + ") for writing");
  try {
    if (!count(Call::ftruncate) || ::ftruncate(fd.get(), static_cast<off_t>(file_bytes)) != 0)
      throw_errno("ftruncate(" + quoted(path_of(name)) + ", " + std::to_string(file_bytes) + ")");
    write_parts(fd, parts, quoted(path_of(name)));
    fd.close();
    adopt(temporary, name, mode);
  } catch (...) {
    ::unlinkat(fd_.get(), temporary.c_str(), 0);
    throw;
  }
}

void PrivateDir::adopt(const std::string& temporary, const std::string& name, unsigned mode) const {
  if (::fchmodat(fd_.get(), temporary.c_str(), mode, 0) != 0) throw_errno("chmod(" + quoted(path_of(temporary)) + ")");
  if (::renameat(fd_.get(), temporary.c_str(), fd_.get(), name.c_str()) != 0)
    throw_errno("rename(to " + quoted(path_of(name)) + ")");
}

void PrivateDir::touch(const std::string& name) const noexcept {
  ::utimensat(fd_.get(), name.c_str(), nullptr, AT_SYMLINK_NOFOLLOW);
}

bool PrivateDir::remove(const std::string& name) const noexcept {
  return ::unlinkat(fd_.get(), name.c_str(), 0) == 0 || errno == ENOENT;
}

std::vector<ListedFile> PrivateDir::list() const {
  std::vector<ListedFile> files;
  std::error_code error;
  for (std::filesystem::directory_iterator at(path_, error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename().string();
    struct stat status {};
    // A file that another process removed meanwhile is not there.
    if (::fstatat(fd_.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(status.st_mode)) continue;
    files.push_back({name, static_cast<uint64_t>(status.st_blocks) * 512, age_of(status)});
  }
  if (error) throw_error(error.value(), "readdir(" + quoted(path_) + ")");
  std::sort(files.begin(), files.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return files;
}

bool PrivateDir::forbids_execution() const {
  struct statvfs status {};
  if (::fstatvfs(fd_.get(), &status) != 0) throw_errno("fstatvfs(" + quoted(path_) + ")");
  return (status.f_flag & ST_NOEXEC) != 0;
}

void PrivateDir::require_execution() const {
  if (!forbids_execution()) return;
  throw_error(EACCES, quoted(path_) + " is on a file system mounted noexec: set INSTBENCH_CACHE_DIR to another place");
}

uint64_t PrivateDir::free_bytes() const {
  struct statvfs status {};
  if (::fstatvfs(fd_.get(), &status) != 0) throw_errno("fstatvfs(" + quoted(path_) + ")");
  return static_cast<uint64_t>(status.f_bavail) * status.f_frsize;
}

std::optional<FileLock> FileLock::take(const PrivateDir& folder, const std::string& name,
                                       std::chrono::milliseconds timeout) {
  using Clock = std::chrono::steady_clock;
  const auto deadline = Clock::now() + timeout;
  const int dir = folder.fd_.get();
  for (;;) {
    Fd fd(::openat(dir, name.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!fd) throw_errno("open(" + quoted(folder.path_of(name)) + ")");
    bool held = false;
    while (!(held = ::flock(fd.get(), LOCK_EX | LOCK_NB) == 0)) {
      if (errno != EWOULDBLOCK && errno != EINTR) throw_errno("flock(" + quoted(folder.path_of(name)) + ")");
      if (Clock::now() >= deadline || interrupted() != 0) return std::nullopt;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    const struct stat mine = status_of(fd, name);
    struct stat there {};
    if (::fstatat(dir, name.c_str(), &there, AT_SYMLINK_NOFOLLOW) == 0 && there.st_ino == mine.st_ino)
      return FileLock(folder, name, std::move(fd));
  }
}

FileLock::~FileLock() {
  if (fd_) folder_->remove(name_);  // still locked: nobody else can be between opening and checking this file unseen
}

size_t read_at(const Fd& file, uint64_t offset, std::span<std::byte> into) {
  size_t done = 0;
  while (done < into.size()) {
    const ssize_t n = ::pread(file.get(), into.data() + done, into.size() - done, static_cast<off_t>(offset + done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw_errno("pread(len=" + std::to_string(into.size()) + ", offset=" + std::to_string(offset) + ")");
    if (n == 0) break;
    done += static_cast<size_t>(n);
  }
  return done;
}

}  // namespace instbench::os
