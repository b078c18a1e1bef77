// Files reached by paths that cannot lead out of a directory.
//
// Every path is resolved by openat2(2) (Linux 5.6) with RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS: an absolute path, a
// ".." or a symbolic link that leads out of the directory is answered with kLeadsOut, a link of /proc with ELOOP,
// whoever races to move things meanwhile. What works on a name (make, remove, rename, link) opens the folder above it
// that way and then names the last component alone, which is never ".." and never followed.
//
// INVARIANT: no fallback. Where openat2 is missing, all of these answer ENOSYS.
// Errors are errno values (0: none) or kLeadsOut, never exceptions but std::bad_alloc: guest code waits below.
// COST: one to four system calls each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "runtime/os/fd.hpp"
#include "runtime/os/open_file.hpp"

namespace instbench::os {

// The path does not stay beneath the directory. No errno: EXDEV, which the kernel says, also means another file system.
inline constexpr int kLeadsOut = 1 << 16;

enum class FileAccess : uint8_t { read, write, read_write };
enum class Follow : uint8_t { no, yes };  // the last component, when it is a symbolic link

struct OpenHow {
  FileAccess access = FileAccess::read;
  Follow follow = Follow::yes;
  bool create = false, exclusive = false, truncate = false, directory = false;
  bool append = false, dsync = false, sync = false;
};

struct Opened {
  Fd fd;
  int error = 0;
};

// The directory itself: what the paths below are beneath. `path` is the host's. Throws std::system_error naming it.
Fd open_directory(const std::string& path);

// Opens a regular file or a directory; anything else (a pipe, a device, a socket) is ENOTSUP: its use could block or
// reach beyond the directory.
Opened open_beneath(const Fd& directory, const std::string& path, const OpenHow& how);

int info_beneath(const Fd& directory, const std::string& path, Follow follow, FileInfo& info);
int set_times_beneath(const Fd& directory, const std::string& path, Follow follow, TimeChange access,
                      TimeChange modification);
// The link's text, cut to the buffer as readlink(2) does.
Transfer read_link_beneath(const Fd& directory, const std::string& path, std::span<std::byte> into);

int make_directory_beneath(const Fd& directory, const std::string& path);
int remove_directory_beneath(const Fd& directory, const std::string& path);
int unlink_beneath(const Fd& directory, const std::string& path);
int rename_beneath(const Fd& from_directory, const std::string& from, const Fd& to_directory, const std::string& to);
// A hard link to a file or to a symbolic link, which is not followed.
int link_beneath(const Fd& from_directory, const std::string& from, const Fd& to_directory, const std::string& to);
// kLeadsOut unless `target` is relative and without "..": other programs follow what is left behind here.
int symlink_beneath(const std::string& target, const Fd& directory, const std::string& path);

}  // namespace instbench::os
