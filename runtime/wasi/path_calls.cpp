// Everything that takes a path. No path leaves the directory that its descriptor stands for: beneath.hpp.
#include "runtime/os/beneath.hpp"
#include "runtime/wasi/calls.hpp"

namespace instbench::wasi {
namespace {

// A directory of the guest's and a path beneath it.
struct Place {
  const os::Fd* directory = nullptr;
  std::string path;
};

Errno place_of(State& state, GuestMemory memory, uint32_t fd, uint64_t rights, uint32_t path, uint32_t bytes,
               Place& place) {
  Descriptor* found = nullptr;
  if (const Errno error = state.get_directory(fd, rights, found); error != Errno::success) return error;
  place.directory = &state.handle(*found);
  return memory.read_path(path, bytes, place.path);
}

os::Follow follow_of(uint32_t lookup) { return (lookup & kSymlinkFollow) != 0 ? os::Follow::yes : os::Follow::no; }

// Calls operation(directory, path) of beneath.hpp.
template <typename Operation>
Errno on_path(State& state, GuestMemory memory, uint32_t fd, uint64_t rights, uint32_t path, uint32_t bytes,
              Operation&& operation) {
  Place place;
  if (const Errno error = place_of(state, memory, fd, rights, path, bytes, place); error != Errno::success)
    return error;
  return state.path_errno(operation(*place.directory, place.path));
}

// In preview 1 the rights asked for say whether a file is opened for reading, writing or both. Only fd_write counts as
// writing: toolchains ask for the right to set sizes and the like of everything. A directory is read.
os::FileAccess access_of(uint64_t rights, uint32_t flags) {
  if ((rights & right::fd_write) == 0 || (flags & oflag::directory) != 0) return os::FileAccess::read;
  return (rights & (right::fd_read | right::fd_readdir)) != 0 ? os::FileAccess::read_write : os::FileAccess::write;
}

os::OpenHow how_of(uint32_t lookup, uint32_t flags, uint64_t rights, uint32_t fdflags) {
  os::OpenHow how;
  how.access = access_of(rights, flags);
  how.follow = follow_of(lookup);
  how.create = (flags & oflag::create) != 0;
  how.exclusive = (flags & oflag::exclusive) != 0;
  how.truncate = (flags & oflag::truncate) != 0;
  how.directory = (flags & oflag::directory) != 0;
  how.append = (fdflags & fdflag::append) != 0;
  how.dsync = (fdflags & fdflag::dsync) != 0;
  how.sync = (fdflags & (fdflag::sync | fdflag::rsync)) != 0;  // Linux has O_RSYNC as O_SYNC (open(2))
  return how;
}

}  // namespace

Errno path_open(State& state, GuestMemory memory, uint32_t fd, uint32_t lookup, uint32_t path, uint32_t bytes,
                uint32_t flags, uint64_t rights, uint64_t inheriting, uint32_t fdflags, uint32_t opened) {
  if ((flags & ~oflag::all) != 0 || (fdflags & ~fdflag::all) != 0) return Errno::inval;
  if ((flags & oflag::create) != 0 && (flags & oflag::directory) != 0) return Errno::inval;
  if (!memory.holds(opened, 4)) return Errno::fault;
  uint64_t needed = right::path_open;
  if ((flags & oflag::create) != 0) needed |= right::path_create_file;
  if ((flags & oflag::truncate) != 0) needed |= right::path_filestat_set_size;
  Place place;
  if (const Errno error = place_of(state, memory, fd, needed, path, bytes, place); error != Errno::success)
    return error;

  const uint64_t heritage = state.descriptors[fd].inheriting;
  rights &= heritage;
  os::Opened file = os::open_beneath(*place.directory, place.path, how_of(lookup, flags, rights, fdflags));
  if (file.error != 0) return state.path_errno(file.error);
  os::FileInfo info;
  if (const int error = os::file_info(file.fd, info); error != 0) return errno_of(error);
  Descriptor descriptor;
  descriptor.kind = info.kind == os::FileKind::directory ? Descriptor::Kind::directory : Descriptor::Kind::file;
  descriptor.flags = fdflags;
  descriptor.rights = rights;
  descriptor.inheriting = inheriting & heritage;
  descriptor.own = std::move(file.fd);
  uint32_t number = 0;
  if (const Errno error = state.add(std::move(descriptor), number); error != Errno::success) return error;
  return memory.write(opened, number) ? Errno::success : Errno::fault;
}

Errno path_filestat_get(State& state, GuestMemory memory, uint32_t fd, uint32_t lookup, uint32_t path, uint32_t bytes,
                        uint32_t stat) {
  if (!memory.holds(stat, sizeof(Filestat))) return Errno::fault;
  os::FileInfo info;
  const Errno error = on_path(state, memory, fd, right::path_filestat_get, path, bytes,
                              [&](const os::Fd& directory, const std::string& name) {
                                return os::info_beneath(directory, name, follow_of(lookup), info);
                              });
  if (error != Errno::success) return error;
  return memory.write(stat, filestat_of(info)) ? Errno::success : Errno::fault;
}

Errno path_filestat_set_times(State& state, GuestMemory memory, uint32_t fd, uint32_t lookup, uint32_t path,
                              uint32_t bytes, uint64_t access_ns, uint64_t modification_ns, uint32_t flags) {
  os::TimeChange access, modification;
  const Errno error = time_changes(access_ns, modification_ns, flags, access, modification);
  if (error != Errno::success) return error;
  return on_path(state, memory, fd, right::path_filestat_set_times, path, bytes,
                 [&](const os::Fd& directory, const std::string& name) {
                   return os::set_times_beneath(directory, name, follow_of(lookup), access, modification);
                 });
}

Errno path_readlink(State& state, GuestMemory memory, uint32_t fd, uint32_t path, uint32_t bytes, uint32_t buffer,
                    uint32_t buffer_bytes, uint32_t used) {
  if (!memory.holds(buffer, buffer_bytes) || !memory.holds(used, 4)) return Errno::fault;
  os::Transfer got;
  const Errno error = on_path(state, memory, fd, right::path_readlink, path, bytes,
                              [&](const os::Fd& directory, const std::string& name) {
                                got = os::read_link_beneath(directory, name, memory.span(buffer, buffer_bytes));
                                return got.error;
                              });
  if (error != Errno::success) return error;
  return memory.write(used, static_cast<uint32_t>(got.count)) ? Errno::success : Errno::fault;
}

Errno path_create_directory(State& state, GuestMemory memory, uint32_t fd, uint32_t path, uint32_t bytes) {
  return on_path(state, memory, fd, right::path_create_directory, path, bytes, os::make_directory_beneath);
}

Errno path_remove_directory(State& state, GuestMemory memory, uint32_t fd, uint32_t path, uint32_t bytes) {
  return on_path(state, memory, fd, right::path_remove_directory, path, bytes, os::remove_directory_beneath);
}

Errno path_unlink_file(State& state, GuestMemory memory, uint32_t fd, uint32_t path, uint32_t bytes) {
  return on_path(state, memory, fd, right::path_unlink_file, path, bytes, os::unlink_beneath);
}

Errno path_rename(State& state, GuestMemory memory, uint32_t fd, uint32_t path, uint32_t bytes, uint32_t to_fd,
                  uint32_t to, uint32_t to_bytes) {
  Place target;
  const Errno error = place_of(state, memory, to_fd, right::path_rename_target, to, to_bytes, target);
  if (error != Errno::success) return error;
  return on_path(state, memory, fd, right::path_rename_source, path, bytes,
                 [&](const os::Fd& directory, const std::string& name) {
                   return os::rename_beneath(directory, name, *target.directory, target.path);
                 });
}

// link(2) on Linux does not follow the source either; asking for it is inval.
Errno path_link(State& state, GuestMemory memory, uint32_t fd, uint32_t lookup, uint32_t path, uint32_t bytes,
                uint32_t to_fd, uint32_t to, uint32_t to_bytes) {
  if (lookup != 0) return Errno::inval;
  Place target;
  const Errno error = place_of(state, memory, to_fd, right::path_link_target, to, to_bytes, target);
  if (error != Errno::success) return error;
  return on_path(state, memory, fd, right::path_link_source, path, bytes,
                 [&](const os::Fd& directory, const std::string& name) {
                   return os::link_beneath(directory, name, *target.directory, target.path);
                 });
}

Errno path_symlink(State& state, GuestMemory memory, uint32_t target, uint32_t target_bytes, uint32_t fd, uint32_t path,
                   uint32_t bytes) {
  std::string text;
  if (const Errno error = memory.read_path(target, target_bytes, text); error != Errno::success) return error;
  return on_path(
      state, memory, fd, right::path_symlink, path, bytes,
      [&](const os::Fd& directory, const std::string& name) { return os::symlink_beneath(text, directory, name); });
}

}  // namespace instbench::wasi
