// WASI preview 1 as numbers and structures: what lies in a guest's memory.
//
// Source: typenames.witx and wasi_snapshot_preview1.witx in WebAssembly/WASI, legacy/preview1/witx. Sizes and offsets
// are those that its documentation gives (legacy/preview1/docs.md); all is little-endian, padding is written as zeros.
#pragma once

#include <cstddef>
#include <cstdint>

namespace instbench::wasi {

// $errno
enum class Errno : uint16_t {
  success = 0,
  toobig = 1,
  acces = 2,
  again = 6,
  badf = 8,
  busy = 10,
  dquot = 19,
  exist = 20,
  fault = 21,
  fbig = 22,
  ilseq = 25,
  intr = 27,
  inval = 28,
  io = 29,
  isdir = 31,
  loop = 32,
  mfile = 33,
  mlink = 34,
  nametoolong = 37,
  nfile = 41,
  nodev = 43,
  noent = 44,
  nomem = 48,
  nospc = 51,
  nosys = 52,
  notdir = 54,
  notempty = 55,
  notsock = 57,
  notsup = 58,
  nxio = 60,
  overflow = 61,
  perm = 63,
  pipe = 64,
  rofs = 69,
  spipe = 70,
  stale = 72,
  txtbsy = 74,
  xdev = 75,
  notcapable = 76,
};
static_assert(sizeof(Errno) == 2);

// $filetype
enum class FileType : uint8_t {
  unknown = 0,
  block_device = 1,
  character_device = 2,
  directory = 3,
  regular_file = 4,
  socket_dgram = 5,
  socket_stream = 6,
  symbolic_link = 7,
};

// $rights: a bit each.
namespace right {
inline constexpr uint64_t fd_datasync = uint64_t{1} << 0;
inline constexpr uint64_t fd_read = uint64_t{1} << 1;
inline constexpr uint64_t fd_seek = uint64_t{1} << 2;
inline constexpr uint64_t fd_fdstat_set_flags = uint64_t{1} << 3;
inline constexpr uint64_t fd_sync = uint64_t{1} << 4;
inline constexpr uint64_t fd_tell = uint64_t{1} << 5;
inline constexpr uint64_t fd_write = uint64_t{1} << 6;
inline constexpr uint64_t fd_advise = uint64_t{1} << 7;
inline constexpr uint64_t fd_allocate = uint64_t{1} << 8;
inline constexpr uint64_t path_create_directory = uint64_t{1} << 9;
inline constexpr uint64_t path_create_file = uint64_t{1} << 10;
inline constexpr uint64_t path_link_source = uint64_t{1} << 11;
inline constexpr uint64_t path_link_target = uint64_t{1} << 12;
inline constexpr uint64_t path_open = uint64_t{1} << 13;
inline constexpr uint64_t fd_readdir = uint64_t{1} << 14;
inline constexpr uint64_t path_readlink = uint64_t{1} << 15;
inline constexpr uint64_t path_rename_source = uint64_t{1} << 16;
inline constexpr uint64_t path_rename_target = uint64_t{1} << 17;
inline constexpr uint64_t path_filestat_get = uint64_t{1} << 18;
inline constexpr uint64_t path_filestat_set_size = uint64_t{1} << 19;
inline constexpr uint64_t path_filestat_set_times = uint64_t{1} << 20;
inline constexpr uint64_t fd_filestat_get = uint64_t{1} << 21;
inline constexpr uint64_t fd_filestat_set_size = uint64_t{1} << 22;
inline constexpr uint64_t fd_filestat_set_times = uint64_t{1} << 23;
inline constexpr uint64_t path_symlink = uint64_t{1} << 24;
inline constexpr uint64_t path_remove_directory = uint64_t{1} << 25;
inline constexpr uint64_t path_unlink_file = uint64_t{1} << 26;
inline constexpr uint64_t poll_fd_readwrite = uint64_t{1} << 27;
}  // namespace right

// $fdflags
namespace fdflag {
inline constexpr uint32_t append = 1, dsync = 2, nonblock = 4, rsync = 8, sync = 16, all = 31;
}
// $oflags
namespace oflag {
inline constexpr uint32_t create = 1, directory = 2, exclusive = 4, truncate = 8, all = 15;
}
// $fstflags
namespace fstflag {
inline constexpr uint32_t atim = 1, atim_now = 2, mtim = 4, mtim_now = 8, all = 15;
}
inline constexpr uint32_t kSymlinkFollow = 1;    // $lookupflags
inline constexpr uint32_t kMostAdvice = 5;       // $advice: normal to noreuse
inline constexpr uint32_t kMostWhence = 2;       // $whence: set, cur, end
inline constexpr uint32_t kMostClock = 3;        // $clockid: realtime, monotonic, process and thread CPU time
inline constexpr uint16_t kClockAbsolute = 1;    // $subclockflags
inline constexpr uint16_t kReadWriteHangup = 1;  // $eventrwflags

struct Iovec {  // $iovec and $ciovec
  uint32_t buffer = 0;
  uint32_t bytes = 0;
};
static_assert(sizeof(Iovec) == 8);

struct Prestat {  // $prestat; tag 0 is a directory, and there is no other
  uint32_t tag = 0;
  uint32_t name_bytes = 0;
};
static_assert(sizeof(Prestat) == 8 && offsetof(Prestat, name_bytes) == 4);

struct Fdstat {  // $fdstat
  FileType type = FileType::unknown;
  uint8_t padding_1 = 0;
  uint16_t flags = 0;
  uint32_t padding_2 = 0;
  uint64_t rights = 0;
  uint64_t inheriting = 0;
};
static_assert(sizeof(Fdstat) == 24 && offsetof(Fdstat, flags) == 2 && offsetof(Fdstat, rights) == 8);

struct Filestat {  // $filestat
  uint64_t device = 0;
  uint64_t inode = 0;
  FileType type = FileType::unknown;
  uint8_t padding[7] = {};
  uint64_t links = 0;
  uint64_t size = 0;
  uint64_t access_ns = 0;
  uint64_t modification_ns = 0;
  uint64_t change_ns = 0;
};
static_assert(sizeof(Filestat) == 64 && offsetof(Filestat, links) == 24 && offsetof(Filestat, change_ns) == 56);

struct Dirent {  // $dirent; the name follows without a terminator
  uint64_t next = 0;
  uint64_t inode = 0;
  uint32_t name_bytes = 0;
  FileType type = FileType::unknown;
  uint8_t padding[3] = {};
};
static_assert(sizeof(Dirent) == 24 && offsetof(Dirent, name_bytes) == 16 && offsetof(Dirent, type) == 20);

enum class EventType : uint8_t { clock = 0, fd_read = 1, fd_write = 2 };  // $eventtype

struct Subscription {  // $subscription, with the members of $subscription_clock; of an fd's, `clock_or_fd` alone
  uint64_t userdata = 0;
  EventType type = EventType::clock;
  uint8_t padding_1[7] = {};
  uint32_t clock_or_fd = 0;
  uint32_t padding_2 = 0;
  uint64_t timeout_ns = 0;
  uint64_t precision_ns = 0;
  uint16_t flags = 0;
  uint8_t padding_3[6] = {};
};
static_assert(sizeof(Subscription) == 48 && offsetof(Subscription, type) == 8);
static_assert(offsetof(Subscription, clock_or_fd) == 16 && offsetof(Subscription, timeout_ns) == 24);
static_assert(offsetof(Subscription, flags) == 40);

struct Event {  // $event
  uint64_t userdata = 0;
  Errno error = Errno::success;
  EventType type = EventType::clock;
  uint8_t padding_1[5] = {};
  uint64_t bytes = 0;
  uint16_t flags = 0;
  uint8_t padding_2[6] = {};
};
static_assert(sizeof(Event) == 32 && offsetof(Event, type) == 10 && offsetof(Event, bytes) == 16);

}  // namespace instbench::wasi
