#include "runtime/os/mapping.hpp"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <utility>

#include "runtime/os/counters.hpp"
#include "runtime/os/error.hpp"
#include "runtime/os/features.hpp"
#include "runtime/os/kernel_abi.hpp"

namespace instbench::os {
namespace {

int protection(Access access) {
  switch (access) {
    case Access::none:
      return PROT_NONE;
    case Access::read:
      return PROT_READ;
    case Access::read_write:
      return PROT_READ | PROT_WRITE;
  }
  return PROT_NONE;
}

std::string describe(const std::string& call, Range range) {
  return std::string(call) + "(len=" + std::to_string(range.bytes) + ")";
}

std::byte* checked_mmap(void* hint, size_t bytes, int prot, int flags, int fd, uint64_t offset, const char* what) {
  void* address = MAP_FAILED;
  if (count(Call::mmap)) address = ::mmap(hint, bytes, prot, flags, fd, static_cast<off_t>(offset));
  if (address == MAP_FAILED) {
    throw_errno("mmap(len=" + std::to_string(bytes) + ", " + what + (fd >= 0 ? ", fd=" + std::to_string(fd) : "") +
                ")");
  }
  if (prot != PROT_NONE) counters().bytes_mapped += bytes;
  return static_cast<std::byte*>(address);
}

}  // namespace

uint64_t max_mappings() {
  uint64_t limit = 65530;
  std::ifstream("/proc/sys/vm/max_map_count") >> limit;
  return limit;
}

bool page_size_supported() { return ::sysconf(_SC_PAGESIZE) == static_cast<long>(kPageBytes); }

Mapping::Mapping(Mapping&& other) noexcept
    : base_(std::exchange(other.base_, nullptr)),
      mapped_bytes_(std::exchange(other.mapped_bytes_, 0)),
      aligned_(std::exchange(other.aligned_, nullptr)),
      bytes_(std::exchange(other.bytes_, 0)) {}

Mapping& Mapping::operator=(Mapping&& other) noexcept {
  Mapping old(std::move(*this));
  base_ = std::exchange(other.base_, nullptr);
  mapped_bytes_ = std::exchange(other.mapped_bytes_, 0);
  aligned_ = std::exchange(other.aligned_, nullptr);
  bytes_ = std::exchange(other.bytes_, 0);
  return *this;
}

Mapping::~Mapping() {
  if (base_ == nullptr) return;
  for (int attempt = 0; attempt < 2; ++attempt) {
    if (count(Call::munmap) && ::munmap(base_, mapped_bytes_) == 0) return;
  }
  std::perror("munmap refused twice");
  std::abort();
}

Mapping Mapping::reserve(size_t bytes, size_t alignment) {
  const size_t slack = alignment > kPageBytes ? alignment : 0;
  Mapping mapping;
  mapping.base_ =
      checked_mmap(nullptr, bytes + slack, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0, "reserve");
  mapping.mapped_bytes_ = bytes + slack;
  mapping.aligned_ = mapping.base_;
  if (slack != 0) {
    const auto address = reinterpret_cast<uintptr_t>(mapping.base_);
    mapping.aligned_ += round_up(address, alignment) - address;
  }
  mapping.bytes_ = bytes;
  return mapping;
}

Mapping Mapping::of_file(const Fd& file, size_t bytes) {
  Mapping mapping;
  mapping.base_ = checked_mmap(nullptr, bytes, PROT_READ, MAP_SHARED, file.get(), 0, "read file");
  mapping.mapped_bytes_ = mapping.bytes_ = bytes;
  mapping.aligned_ = mapping.base_;
  return mapping;
}

void Mapping::unmap() {
  if (base_ == nullptr) return;
  if (!count(Call::munmap) || ::munmap(base_, mapped_bytes_) != 0) throw_errno(describe("munmap", range()));
  base_ = nullptr;
}

void map_zero_at(Range range, Access access) {
  checked_mmap(range.base, range.bytes, protection(access), MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1,
               0, "zero pages");
}

void map_overlay_at(Range range, const Fd& file, uint64_t offset) {
  checked_mmap(range.base, range.bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE, file.get(),
               offset, "overlay");
}

void protect(Range range, Access access) {
  if (!count(Call::mprotect) || ::mprotect(range.base, range.bytes, protection(access)) != 0) {
    throw_errno(describe("mprotect", range));
  }
  if (access != Access::none) counters().bytes_mapped += range.bytes;
}

void discard(Range range) {
  if (!count(Call::madvise) || ::madvise(range.base, range.bytes, MADV_DONTNEED) != 0) {
    throw_errno(describe("madvise(MADV_DONTNEED)", range));
  }
}

namespace {

// One madvise advice for many ranges, in one call where a process may do that to itself.
void advise_all(std::span<const iovec> ranges, int advice, const char* name) {
  static const bool kInOneCall = feature("process_madvise").ok;
  if (!kInOneCall) {
    for (const iovec& range : ranges) {
      if (!count(Call::madvise) || ::madvise(range.iov_base, range.iov_len, advice) != 0)
        throw_errno(describe(std::string("madvise(") + name + ")", {static_cast<std::byte*>(range.iov_base), range.iov_len}));
    }
    return;
  }
  while (!ranges.empty()) {
    const std::span<const iovec> some = ranges.first(std::min<size_t>(ranges.size(), IOV_MAX));
    size_t bytes = 0;
    for (const iovec& range : some) bytes += range.iov_len;
    // Stops early, and says so by the number of bytes, when a later range is refused.
    const long done = count(Call::process_madvise)
                          ? ::syscall(SYS_process_madvise, kPidfdSelf, some.data(), some.size(), advice, 0)
                          : -1;
    if (done >= 0 && static_cast<size_t>(done) != bytes) errno = EINVAL;
    if (done < 0 || static_cast<size_t>(done) != bytes)
      throw_errno(std::string("process_madvise(") + name + ", " + std::to_string(some.size()) + " ranges)");
    ranges = ranges.subspan(some.size());
  }
}

}  // namespace

void discard_all(std::span<const iovec> ranges) { advise_all(ranges, MADV_DONTNEED, "MADV_DONTNEED"); }

void populate_all(std::span<const iovec> ranges) { advise_all(ranges, kPopulateWrite, "MADV_POPULATE_WRITE"); }

void populate_for_reading(Range range) noexcept {
  static_cast<void>(::madvise(range.base, range.bytes, MADV_POPULATE_READ));
}

void page_out(Range range) noexcept { static_cast<void>(::madvise(range.base, range.bytes, MADV_PAGEOUT)); }

void make_cold(Range range) noexcept { static_cast<void>(::madvise(range.base, range.bytes, MADV_COLD)); }

bool collapse(Range range) noexcept {
  constexpr int kCollapse = 25;  // MADV_COLLAPSE
  bool all = true;
  const uint64_t first = round_up(reinterpret_cast<uint64_t>(range.base), kHugePageBytes) - reinterpret_cast<uint64_t>(range.base);
  for (uint64_t at = first; at + kHugePageBytes <= range.bytes; at += kHugePageBytes)
    all = ::madvise(range.base + at, kHugePageBytes, kCollapse) == 0 && all;
  return all;
}

void avoid_huge_pages(Range range) {
  if (count(Call::madvise) && ::madvise(range.base, range.bytes, MADV_NOHUGEPAGE) == 0) return;
  if (errno != EINVAL) throw_errno(describe("madvise(MADV_NOHUGEPAGE)", range));
}

void prefer_huge_pages(Range range) {
  if (!count(Call::madvise) || ::madvise(range.base, range.bytes, MADV_HUGEPAGE) != 0) {
    throw_errno(describe("madvise(MADV_HUGEPAGE)", range));
  }
}

}  // namespace instbench::os
