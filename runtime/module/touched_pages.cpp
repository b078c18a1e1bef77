#include "runtime/module/touched_pages.hpp"

#include <algorithm>
#include <cstring>

namespace instbench {
namespace {

bool any_non_zero(std::span<const std::byte> bytes) {
  size_t at = 0;
  for (; at + sizeof(uint64_t) <= bytes.size(); at += sizeof(uint64_t)) {
    uint64_t word = 0;
    std::memcpy(&word, bytes.data() + at, sizeof word);
    if (word != 0) return true;
  }
  return std::any_of(bytes.begin() + static_cast<std::ptrdiff_t>(at), bytes.end(),
                     [](std::byte b) { return b != std::byte{0}; });
}

}  // namespace

void TouchedPages::write(uint64_t offset, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const uint64_t page = offset / kHostPageBytes;
    const uint64_t in_page = std::min<uint64_t>(bytes.size(), kHostPageBytes - offset % kHostPageBytes);
    const bool known = !pages_.empty() && pages_.back() == page;
    if (!known && any_non_zero(bytes.first(in_page))) pages_.push_back(page);
    offset += in_page;
    bytes = bytes.subspan(in_page);
  }
}

uint64_t TouchedPages::count() {
  if (!std::is_sorted(pages_.begin(), pages_.end())) std::sort(pages_.begin(), pages_.end());
  pages_.erase(std::unique(pages_.begin(), pages_.end()), pages_.end());
  return pages_.size();
}

}  // namespace instbench
