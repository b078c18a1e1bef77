// Address space: one owner, and views that cannot free.
//
// A Mapping owns a reservation from its making to its unmapping; it never moves or resizes. A Range is
// a view of part of one. The functions on ranges change what lies behind addresses that a Mapping owns:
// the caller vouches for that with a SAFETY comment. All throw std::system_error naming the call and
// its arguments. COST: each function is exactly one system call.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <sys/uio.h>

#include "runtime/os/fd.hpp"

namespace instbench::os {

inline constexpr size_t kPageBytes = 4096;  // checked at start-up by page_size_supported()
inline constexpr size_t kHugePageBytes = size_t{2} << 20;

// Half of what x86-64 and AArch64 give a process (47 or 48 bits): the rest is libraries, heap and luck.
inline constexpr double kUsableAddressSpace = double{uint64_t{1} << 46};
uint64_t max_mappings();  // vm.max_map_count; its default, 65,530, where it cannot be read

bool page_size_supported();  // the kernel's page size is kPageBytes

constexpr uint64_t round_up(uint64_t value, uint64_t multiple) { return (value + multiple - 1) / multiple * multiple; }
constexpr uint64_t round_down(uint64_t value, uint64_t multiple) { return value / multiple * multiple; }

struct Range {
  std::byte* base = nullptr;
  size_t bytes = 0;

  std::byte* end() const { return base + bytes; }
  bool empty() const { return bytes == 0; }
  bool contains(Range inner) const { return inner.base >= base && inner.end() <= end(); }
  Range from(size_t offset) const { return {base + offset, bytes - offset}; }
  Range sub(size_t offset, size_t length) const { return {base + offset, length}; }
};

enum class Access : uint8_t { none, read, read_write };

class Mapping {
 public:
  Mapping() = default;
  Mapping(Mapping&& other) noexcept;
  Mapping& operator=(Mapping&& other) noexcept;
  ~Mapping();  // unmaps; aborts when the kernel refuses twice: a process that leaks address space measures something
               // else

  // Reserves `bytes` of inaccessible address space that starts on a multiple of `alignment`. The kernel
  // is asked for `alignment` more than that, in one mmap, so that no trimming is needed.
  static Mapping reserve(size_t bytes, size_t alignment);
  // The whole of a file, read-only and shared.
  static Mapping of_file(const Fd& file, size_t bytes);

  Range range() const { return {aligned_, bytes_}; }
  explicit operator bool() const { return base_ != nullptr; }
  // Throws and keeps owning when the kernel refuses.
  void unmap();

 private:
  std::byte* base_ = nullptr;  // as mapped
  size_t mapped_bytes_ = 0;
  std::byte* aligned_ = nullptr;
  size_t bytes_ = 0;
};

// Fresh zero pages, private; whatever was there is gone (mmap MAP_FIXED).
void map_zero_at(Range range, Access access);
// A private copy-on-write view of the file from `offset` on, readable and writable (mmap MAP_FIXED).
void map_overlay_at(Range range, const Fd& file, uint64_t offset);
void protect(Range range, Access access);
// Private pages are dropped: anonymous ones read as zero again, file ones as the file (MADV_DONTNEED).
void discard(Range range);
// The same for many ranges. COST: one process_madvise per IOV_MAX (1,024) ranges where the kernel lets a process do that
// to itself (PIDFD_SELF, Linux 6.14), else one madvise a range.
void discard_all(std::span<const iovec> ranges);
// Makes every page private and writable, as it reads (MADV_POPULATE_WRITE, Linux 5.14): cheaper than a fault a page. COST: as
// discard_all.
void populate_all(std::span<const iovec> ranges);
// Maps every page for reading in one call where the kernel can (MADV_POPULATE_READ, Linux 5.14): cheaper than a
// fault a page for whoever reads all of it. A hint: where it fails, reading faults as always. Not counted.
void populate_for_reading(Range range) noexcept;
// Asks the kernel to move these pages out to swap (MADV_PAGEOUT, Linux 5.4): what a page scan must see through. A hint, for
// tests: without swap it does nothing. Not counted.
void page_out(Range range) noexcept;
// Marks these pages as the next to go (MADV_COLD, Linux 5.4). A hint, for tests. Not counted.
void make_cold(Range range) noexcept;
// Makes huge pages of the small ones in the 2 MiB-aligned parts of the range now (MADV_COLLAPSE, Linux 6.1), as khugepaged
// would in its time. False when the kernel refused some: no memory there, huge pages off. For tests. Not counted.
bool collapse(Range range) noexcept;
// Never huge pages here, nor khugepaged's collapsing, which gives pages to a process without a fault of it
// (MADV_NOHUGEPAGE). A kernel without huge pages has nothing to be told.
void avoid_huge_pages(Range range);
// Asks for huge pages here (MADV_HUGEPAGE).
void prefer_huge_pages(Range range);

}  // namespace instbench::os
