#include "runtime/wasi/guest_memory.hpp"

namespace instbench::wasi {

Errno GuestMemory::read_path(uint32_t at, uint32_t length, std::string& path) const {
  constexpr uint32_t kLongest = 4095;
  if (!holds(at, length)) return Errno::fault;
  if (length > kLongest) return Errno::nametoolong;
  path.assign(reinterpret_cast<const char*>(bytes_.data()) + at, length);
  return path.find('\0') == std::string::npos ? Errno::success : Errno::inval;
}

Errno GuestMemory::read_buffers(uint32_t at, uint32_t count, Buffers& buffers) const {
  if (!holds(at, uint64_t{count} * sizeof(Iovec))) return Errno::fault;
  uint64_t total = 0;
  for (uint32_t i = 0; i < count; ++i) {
    Iovec iovec;
    std::memcpy(&iovec, bytes_.data() + at + uint64_t{i} * sizeof iovec, sizeof iovec);
    if (!holds(iovec.buffer, iovec.bytes)) return Errno::fault;
    total += iovec.bytes;
    if (iovec.bytes != 0 && buffers.count < buffers.ranges.size()) {
      buffers.ranges[buffers.count++] = {bytes_.data() + iovec.buffer, iovec.bytes};
    }
  }
  return total <= UINT32_MAX ? Errno::success : Errno::inval;  // readv(2): EINVAL when the sum overflows
}

}  // namespace instbench::wasi
