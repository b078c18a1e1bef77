// What a descriptor is: its kind, rights and times, its name when it is the preopen, its entries when it is a
// directory.
#include <algorithm>

#include "runtime/wasi/calls.hpp"

namespace instbench::wasi {
namespace {

// A stream is of no file type, as a pipe is: a program that finds a character device takes it for a terminal and
// writes line by line.
FileType type_of(const Descriptor& descriptor) {
  if (descriptor.is_stream()) return FileType::unknown;
  return descriptor.is_directory() ? FileType::directory : FileType::regular_file;
}

Errno preopen(State& state, uint32_t fd) {
  Descriptor* found = nullptr;
  if (const Errno error = state.get(fd, found); error != Errno::success) return error;
  return found->kind == Descriptor::Kind::preopen ? Errno::success : Errno::badf;
}

// Puts as much of a text as there is room for, for fd_readdir.
void put_clipped(std::span<std::byte>& room, const void* text, size_t bytes) {
  const size_t taken = std::min(room.size(), bytes);
  if (taken != 0) std::memcpy(room.data(), text, taken);
  room = room.subspan(taken);
}

}  // namespace

FileType file_type_of(os::FileKind kind) {
  switch (kind) {
    case os::FileKind::unknown:
      return FileType::unknown;
    case os::FileKind::block_device:
      return FileType::block_device;
    case os::FileKind::character_device:
      return FileType::character_device;
    case os::FileKind::directory:
      return FileType::directory;
    case os::FileKind::regular:
      return FileType::regular_file;
    case os::FileKind::socket:
      return FileType::socket_stream;
    case os::FileKind::symlink:
      return FileType::symbolic_link;
  }
  return FileType::unknown;
}

Filestat filestat_of(const os::FileInfo& info) {
  Filestat stat;
  stat.device = info.device;
  stat.inode = info.inode;
  stat.type = file_type_of(info.kind);
  stat.links = info.links;
  stat.size = info.size;
  stat.access_ns = info.access_ns;
  stat.modification_ns = info.modification_ns;
  stat.change_ns = info.change_ns;
  return stat;
}

Errno time_changes(uint64_t access_ns, uint64_t modification_ns, uint32_t flags, os::TimeChange& access,
                   os::TimeChange& modification) {
  using To = os::TimeChange::To;
  const auto change = [&](uint32_t at, uint32_t now, uint64_t ns) -> os::TimeChange {
    if ((flags & now) != 0) return {To::now, 0};
    return {(flags & at) != 0 ? To::at : To::same, ns};
  };
  constexpr uint32_t kBothAccess = fstflag::atim | fstflag::atim_now;
  constexpr uint32_t kBothModification = fstflag::mtim | fstflag::mtim_now;
  if ((flags & ~fstflag::all) != 0 || (flags & kBothAccess) == kBothAccess ||
      (flags & kBothModification) == kBothModification) {
    return Errno::inval;
  }
  access = change(fstflag::atim, fstflag::atim_now, access_ns);
  modification = change(fstflag::mtim, fstflag::mtim_now, modification_ns);
  return Errno::success;
}

Errno fd_close(State& state, GuestMemory, uint32_t fd) {
  Descriptor* found = nullptr;
  if (const Errno error = state.get(fd, found); error != Errno::success) return error;
  *found = Descriptor{};
  return Errno::success;
}

Errno fd_renumber(State& state, GuestMemory, uint32_t fd, uint32_t to) {
  Descriptor *from = nullptr, *over = nullptr;
  if (const Errno error = state.get(fd, from); error != Errno::success) return error;
  if (const Errno error = state.get(to, over); error != Errno::success) return error;
  if (fd == to) return Errno::success;
  *over = std::move(*from);
  *from = Descriptor{};
  return Errno::success;
}

Errno fd_fdstat_get(State& state, GuestMemory memory, uint32_t fd, uint32_t stat) {
  Descriptor* found = nullptr;
  if (const Errno error = state.get(fd, found); error != Errno::success) return error;
  Fdstat answer;
  answer.type = type_of(*found);
  answer.flags = static_cast<uint16_t>(found->flags);
  answer.rights = found->rights;
  answer.inheriting = found->inheriting;
  return memory.write(stat, answer) ? Errno::success : Errno::fault;
}

// Linux changes O_APPEND and O_NONBLOCK of an open file and ignores the others silently (fcntl(2), F_SETFL): we say so.
Errno fd_fdstat_set_flags(State& state, GuestMemory, uint32_t fd, uint32_t flags) {
  Descriptor* found = nullptr;
  if (const Errno error = state.get(fd, found); error != Errno::success) return error;
  if ((flags & ~fdflag::all) != 0) return Errno::inval;
  if ((found->rights & right::fd_fdstat_set_flags) == 0) return Errno::notcapable;
  const uint32_t changed = flags ^ found->flags;
  if ((changed & ~(fdflag::append | fdflag::nonblock)) != 0) return Errno::notsup;
  if ((changed & fdflag::append) != 0 && found->kind == Descriptor::Kind::file) {
    const auto append = (flags & fdflag::append) != 0 ? os::Append::on : os::Append::off;
    if (const int error = os::set_append(found->own, append); error != 0) return errno_of(error);
  }
  found->flags = flags;
  return Errno::success;
}

// Rights can be given up, not gained.
Errno fd_fdstat_set_rights(State& state, GuestMemory, uint32_t fd, uint64_t rights, uint64_t inheriting) {
  Descriptor* found = nullptr;
  if (const Errno error = state.get(fd, found); error != Errno::success) return error;
  if ((rights & ~found->rights) != 0 || (inheriting & ~found->inheriting) != 0) return Errno::notcapable;
  found->rights = rights;
  found->inheriting = inheriting;
  return Errno::success;
}

Errno fd_filestat_get(State& state, GuestMemory memory, uint32_t fd, uint32_t stat) {
  Descriptor* found = nullptr;
  if (const Errno error = state.get(fd, found); error != Errno::success) return error;
  if ((found->rights & right::fd_filestat_get) == 0) return Errno::notcapable;
  Filestat answer;
  if (!found->is_stream()) {
    os::FileInfo info;
    if (const int error = os::file_info(state.handle(*found), info); error != 0) return errno_of(error);
    answer = filestat_of(info);
  }
  return memory.write(stat, answer) ? Errno::success : Errno::fault;
}

Errno fd_filestat_set_times(State& state, GuestMemory, uint32_t fd, uint64_t access_ns, uint64_t modification_ns,
                            uint32_t flags) {
  Descriptor* found = nullptr;
  if (const Errno error = state.get(fd, found); error != Errno::success) return error;
  if ((found->rights & right::fd_filestat_set_times) == 0) return Errno::notcapable;
  os::TimeChange access, modification;
  const Errno error = time_changes(access_ns, modification_ns, flags, access, modification);
  return error != Errno::success ? error : errno_of(os::set_times(state.handle(*found), access, modification));
}

// A libc asks for 3, 4, 5, … until the answer is badf.
Errno fd_prestat_get(State& state, GuestMemory memory, uint32_t fd, uint32_t prestat) {
  if (const Errno error = preopen(state, fd); error != Errno::success) return error;
  const Prestat answer{0, static_cast<uint32_t>(state.options.preopen_name.size())};
  return memory.write(prestat, answer) ? Errno::success : Errno::fault;
}

Errno fd_prestat_dir_name(State& state, GuestMemory memory, uint32_t fd, uint32_t path, uint32_t bytes) {
  if (const Errno error = preopen(state, fd); error != Errno::success) return error;
  if (!memory.holds(path, bytes)) return Errno::fault;
  const std::string& name = state.options.preopen_name;
  if (bytes < name.size()) return Errno::nametoolong;
  return memory.write_bytes(path, name) ? Errno::success : Errno::fault;
}

// Fills the buffer; the last entry may be cut, which tells the guest to come back with a larger one.
Errno fd_readdir(State& state, GuestMemory memory, uint32_t fd, uint32_t buffer, uint32_t bytes, uint64_t cookie,
                 uint32_t used) {
  Descriptor* found = nullptr;
  const Errno error = state.get_directory(fd, right::fd_readdir, found);
  if (error != Errno::success) return error;
  if (!memory.holds(buffer, bytes) || !memory.holds(used, 4)) return Errno::fault;
  std::span<std::byte> room = memory.span(buffer, bytes);
  os::DirectoryReader reader(state.handle(*found), cookie);
  os::DirectoryEntry entry;
  while (!room.empty() && reader.next(entry)) {
    Dirent dirent;
    dirent.next = entry.next;
    dirent.inode = entry.name == ".." ? 0 : entry.inode;  // that of the folder above is none of the guest's business
    dirent.name_bytes = static_cast<uint32_t>(entry.name.size());
    dirent.type = file_type_of(entry.kind);
    put_clipped(room, &dirent, sizeof dirent);
    put_clipped(room, entry.name.data(), entry.name.size());
  }
  if (reader.error() != 0) return errno_of(reader.error());
  return memory.write(used, static_cast<uint32_t>(bytes - room.size())) ? Errno::success : Errno::fault;
}

}  // namespace instbench::wasi
