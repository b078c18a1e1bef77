// The functions of wasi_snapshot_preview1, in the order of its witx. For runtime/wasi only.
//
// A parameter of 64 bits is an i64 of the wasm type, any other an i32: bound.hpp makes the type from the
// declaration, so the two cannot differ. Guest addresses are u32. Each may throw std::bad_alloc and nothing else.
// Every address is checked before anything is changed.
#pragma once

#include <cstdint>

#include "runtime/codegen/abi.hpp"
#include "runtime/wasi/guest_memory.hpp"
#include "runtime/wasi/state.hpp"

namespace instbench::wasi {

// process_calls.cpp
Errno args_get(State&, GuestMemory, uint32_t argv, uint32_t buffer);
Errno args_sizes_get(State&, GuestMemory, uint32_t count, uint32_t bytes);
Errno environ_get(State&, GuestMemory, uint32_t environ, uint32_t buffer);
Errno environ_sizes_get(State&, GuestMemory, uint32_t count, uint32_t bytes);
Errno clock_res_get(State&, GuestMemory, uint32_t clock, uint32_t resolution);
Errno clock_time_get(State&, GuestMemory, uint32_t clock, uint64_t precision, uint32_t time);
Errno random_get(State&, GuestMemory, uint32_t buffer, uint32_t bytes);
Errno sched_yield(State&, GuestMemory);
Errno proc_raise(State&, GuestMemory, uint32_t signal);
Errno sock_accept(State&, GuestMemory, uint32_t fd, uint32_t flags, uint32_t accepted);
Errno sock_recv(State&, GuestMemory, uint32_t fd, uint32_t iovs, uint32_t count, uint32_t flags, uint32_t bytes,
                uint32_t flags_out);
Errno sock_send(State&, GuestMemory, uint32_t fd, uint32_t iovs, uint32_t count, uint32_t flags, uint32_t bytes);
Errno sock_shutdown(State&, GuestMemory, uint32_t fd, uint32_t how);

// poll.cpp
Errno poll_oneoff(State&, GuestMemory, uint32_t in, uint32_t out, uint32_t count, uint32_t events);

// file_calls.cpp
Errno fd_advise(State&, GuestMemory, uint32_t fd, uint64_t offset, uint64_t bytes, uint32_t advice);
Errno fd_allocate(State&, GuestMemory, uint32_t fd, uint64_t offset, uint64_t bytes);
Errno fd_datasync(State&, GuestMemory, uint32_t fd);
Errno fd_filestat_set_size(State&, GuestMemory, uint32_t fd, uint64_t bytes);
Errno fd_pread(State&, GuestMemory, uint32_t fd, uint32_t iovs, uint32_t count, uint64_t offset, uint32_t bytes);
Errno fd_pwrite(State&, GuestMemory, uint32_t fd, uint32_t iovs, uint32_t count, uint64_t offset, uint32_t bytes);
Errno fd_read(State&, GuestMemory, uint32_t fd, uint32_t iovs, uint32_t count, uint32_t bytes);
Errno fd_seek(State&, GuestMemory, uint32_t fd, uint64_t offset, uint32_t whence, uint32_t position);
Errno fd_sync(State&, GuestMemory, uint32_t fd);
Errno fd_tell(State&, GuestMemory, uint32_t fd, uint32_t position);
Errno fd_write(State&, GuestMemory, uint32_t fd, uint32_t iovs, uint32_t count, uint32_t bytes);

// descriptor_calls.cpp
Errno fd_close(State&, GuestMemory, uint32_t fd);
Errno fd_fdstat_get(State&, GuestMemory, uint32_t fd, uint32_t stat);
Errno fd_fdstat_set_flags(State&, GuestMemory, uint32_t fd, uint32_t flags);
Errno fd_fdstat_set_rights(State&, GuestMemory, uint32_t fd, uint64_t rights, uint64_t inheriting);
Errno fd_filestat_get(State&, GuestMemory, uint32_t fd, uint32_t stat);
Errno fd_filestat_set_times(State&, GuestMemory, uint32_t fd, uint64_t access_ns, uint64_t modification_ns,
                            uint32_t flags);
Errno fd_prestat_get(State&, GuestMemory, uint32_t fd, uint32_t prestat);
Errno fd_prestat_dir_name(State&, GuestMemory, uint32_t fd, uint32_t path, uint32_t bytes);
Errno fd_readdir(State&, GuestMemory, uint32_t fd, uint32_t buffer, uint32_t bytes, uint64_t cookie, uint32_t used);
Errno fd_renumber(State&, GuestMemory, uint32_t fd, uint32_t to);

// path_calls.cpp
Errno path_create_directory(State&, GuestMemory, uint32_t fd, uint32_t path, uint32_t bytes);
Errno path_filestat_get(State&, GuestMemory, uint32_t fd, uint32_t lookup, uint32_t path, uint32_t bytes,
                        uint32_t stat);
Errno path_filestat_set_times(State&, GuestMemory, uint32_t fd, uint32_t lookup, uint32_t path, uint32_t bytes,
                              uint64_t access_ns, uint64_t modification_ns, uint32_t flags);
Errno path_link(State&, GuestMemory, uint32_t fd, uint32_t lookup, uint32_t path, uint32_t bytes, uint32_t to_fd,
                uint32_t to, uint32_t to_bytes);
Errno path_open(State&, GuestMemory, uint32_t fd, uint32_t lookup, uint32_t path, uint32_t bytes, uint32_t flags,
                uint64_t rights, uint64_t inheriting, uint32_t fdflags, uint32_t opened);
Errno path_readlink(State&, GuestMemory, uint32_t fd, uint32_t path, uint32_t bytes, uint32_t buffer,
                    uint32_t buffer_bytes, uint32_t used);
Errno path_remove_directory(State&, GuestMemory, uint32_t fd, uint32_t path, uint32_t bytes);
Errno path_rename(State&, GuestMemory, uint32_t fd, uint32_t path, uint32_t bytes, uint32_t to_fd, uint32_t to,
                  uint32_t to_bytes);
Errno path_symlink(State&, GuestMemory, uint32_t target, uint32_t target_bytes, uint32_t fd, uint32_t path,
                   uint32_t bytes);
Errno path_unlink_file(State&, GuestMemory, uint32_t fd, uint32_t path, uint32_t bytes);

// What an $fstflags asks for; inval when it asks for a time and for now at once, or for what is not defined.
Errno time_changes(uint64_t access_ns, uint64_t modification_ns, uint32_t flags, os::TimeChange& access,
                   os::TimeChange& modification);
Filestat filestat_of(const os::FileInfo& info);
FileType file_type_of(os::FileKind kind);

}  // namespace instbench::wasi
