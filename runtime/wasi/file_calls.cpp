// Reading, writing and placing: what moves a file's bytes.
#include <algorithm>
#include <cstring>

#include "runtime/wasi/calls.hpp"

namespace instbench::wasi {
namespace {

// Standard input is bytes in memory.
uint64_t read_stdin(State& state, const Buffers& buffers) {
  uint64_t moved = 0;
  for (const os::Range& range : buffers.span()) {
    const size_t taken = std::min(range.bytes, state.options.stdin_bytes.size() - state.stdin_position);
    std::memcpy(range.base, state.options.stdin_bytes.data() + state.stdin_position, taken);
    state.stdin_position += taken;
    moved += taken;
  }
  return moved;
}

uint64_t capture(State& state, Capture& into, const Buffers& buffers) {
  uint64_t moved = 0;
  for (const os::Range& range : buffers.span()) {
    into.append(range, state.options.output_cap_bytes);
    moved += range.bytes;
  }
  return moved;
}

// The buffers of a transfer whose count goes to `bytes`.
Errno buffers_of(GuestMemory memory, uint32_t iovs, uint32_t count, uint32_t bytes, Buffers& buffers) {
  return memory.holds(bytes, 4) ? memory.read_buffers(iovs, count, buffers) : Errno::fault;
}

Errno finish(GuestMemory memory, os::Transfer transfer, uint32_t bytes) {
  if (transfer.error != 0) return errno_of(transfer.error);
  return memory.write(bytes, static_cast<uint32_t>(transfer.count)) ? Errno::success : Errno::fault;
}

}  // namespace

Errno fd_read(State& state, GuestMemory memory, uint32_t fd, uint32_t iovs, uint32_t count, uint32_t bytes) {
  Buffers buffers;
  Descriptor* from = nullptr;
  if (const Errno error = state.get(fd, from); error != Errno::success) return error;
  if (from->is_directory()) return Errno::isdir;
  if ((from->rights & right::fd_read) == 0) return Errno::notcapable;
  if (const Errno error = buffers_of(memory, iovs, count, bytes, buffers); error != Errno::success) return error;
  if (from->is_stream()) return finish(memory, {read_stdin(state, buffers), 0}, bytes);
  return finish(memory, os::read_file(from->own, buffers.span(), std::nullopt), bytes);
}

Errno fd_write(State& state, GuestMemory memory, uint32_t fd, uint32_t iovs, uint32_t count, uint32_t bytes) {
  Buffers buffers;
  Descriptor* to = nullptr;
  if (const Errno error = state.get(fd, to); error != Errno::success) return error;
  if (to->is_directory()) return Errno::isdir;
  if ((to->rights & right::fd_write) == 0) return Errno::notcapable;
  if (const Errno error = buffers_of(memory, iovs, count, bytes, buffers); error != Errno::success) return error;
  if (to->is_stream()) {
    Capture& into = to->kind == Descriptor::Kind::standard_out ? state.out : state.err;
    return finish(memory, {capture(state, into, buffers), 0}, bytes);
  }
  return finish(memory, os::write_file(to->own, buffers.span(), std::nullopt), bytes);
}

Errno fd_pread(State& state, GuestMemory memory, uint32_t fd, uint32_t iovs, uint32_t count, uint64_t offset,
               uint32_t bytes) {
  Buffers buffers;
  Descriptor* file = nullptr;
  Errno error = state.get_file(fd, right::fd_read | right::fd_seek, file);
  if (error == Errno::success) error = buffers_of(memory, iovs, count, bytes, buffers);
  if (error != Errno::success) return error;
  return finish(memory, os::read_file(file->own, buffers.span(), offset), bytes);
}

// With fdflag::append Linux appends whatever the offset (pwrite(2), BUGS), and so do we.
Errno fd_pwrite(State& state, GuestMemory memory, uint32_t fd, uint32_t iovs, uint32_t count, uint64_t offset,
                uint32_t bytes) {
  Buffers buffers;
  Descriptor* file = nullptr;
  Errno error = state.get_file(fd, right::fd_write | right::fd_seek, file);
  if (error == Errno::success) error = buffers_of(memory, iovs, count, bytes, buffers);
  if (error != Errno::success) return error;
  return finish(memory, os::write_file(file->own, buffers.span(), offset), bytes);
}

Errno fd_seek(State& state, GuestMemory memory, uint32_t fd, uint64_t offset, uint32_t whence, uint32_t position) {
  if (whence > kMostWhence) return Errno::inval;
  if (!memory.holds(position, 8)) return Errno::fault;
  const auto from = static_cast<os::Whence>(whence);
  const bool asks_only = offset == 0 && from == os::Whence::current;
  Descriptor* file = nullptr;
  const Errno error = state.get_file(fd, asks_only ? right::fd_tell : right::fd_seek, file);
  if (error != Errno::success) return error;
  const os::Transfer place = os::seek(file->own, static_cast<int64_t>(offset), from);
  if (place.error != 0) return errno_of(place.error);
  return memory.write(position, place.count) ? Errno::success : Errno::fault;
}

Errno fd_tell(State& state, GuestMemory memory, uint32_t fd, uint32_t position) {
  return fd_seek(state, memory, fd, 0, static_cast<uint32_t>(os::Whence::current), position);
}

Errno fd_advise(State& state, GuestMemory, uint32_t fd, uint64_t offset, uint64_t bytes, uint32_t advice) {
  if (advice > kMostAdvice) return Errno::inval;
  Descriptor* file = nullptr;
  const Errno error = state.get_file(fd, right::fd_advise, file);
  if (error != Errno::success) return error;
  return errno_of(os::advise(file->own, offset, bytes, static_cast<os::Advice>(advice)));
}

Errno fd_allocate(State& state, GuestMemory, uint32_t fd, uint64_t offset, uint64_t bytes) {
  Descriptor* file = nullptr;
  const Errno error = state.get_file(fd, right::fd_allocate, file);
  return error != Errno::success ? error : errno_of(os::allocate(file->own, offset, bytes));
}

Errno fd_filestat_set_size(State& state, GuestMemory, uint32_t fd, uint64_t bytes) {
  Descriptor* file = nullptr;
  const Errno error = state.get_file(fd, right::fd_filestat_set_size, file);
  return error != Errno::success ? error : errno_of(os::set_size(file->own, bytes));
}

// A directory can be synchronised as well: its entries are (fsync(2)). A captured stream has nowhere to go.
Errno fd_sync(State& state, GuestMemory, uint32_t fd) {
  Descriptor* found = nullptr;
  if (const Errno error = state.get(fd, found); error != Errno::success) return error;
  if (found->is_stream()) return Errno::inval;  // what fsync(2) says of a pipe
  if ((found->rights & right::fd_sync) == 0) return Errno::notcapable;
  return errno_of(os::sync_all(state.handle(*found)));
}

Errno fd_datasync(State& state, GuestMemory, uint32_t fd) {
  Descriptor* found = nullptr;
  if (const Errno error = state.get(fd, found); error != Errno::success) return error;
  if (found->is_stream()) return Errno::inval;
  if ((found->rights & right::fd_datasync) == 0) return Errno::notcapable;
  return errno_of(os::sync_data(state.handle(*found)));
}

}  // namespace instbench::wasi
