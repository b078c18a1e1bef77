#include "runtime/image/image_plan.hpp"

#include <algorithm>
#include <cstring>
#include <unordered_map>

#include "runtime/module/sha256.hpp"
#include "runtime/os/mapping.hpp"

namespace instbench {
namespace {

using os::kPageBytes;

// Pages written by any segment, made on first write.
class FlatPages {
 public:
  void write(uint64_t address, std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
      const uint64_t in_page = address % kPageBytes;
      const size_t take = std::min<size_t>(bytes.size(), kPageBytes - in_page);
      std::memcpy(page(address / kPageBytes) + in_page, bytes.data(), take);
      address += take;
      bytes = bytes.subspan(take);
    }
  }

  // Page numbers that hold a non-zero byte, ascending.
  std::vector<uint64_t> with_content() const {
    std::vector<uint64_t> pages;
    for (const auto& [number, index] : index_of_) {
      const std::byte* begin = bytes_.data() + index * kPageBytes;
      if (std::any_of(begin, begin + kPageBytes, [](std::byte b) { return b != std::byte{0}; }))
        pages.push_back(number);
    }
    std::sort(pages.begin(), pages.end());
    return pages;
  }

  std::span<const std::byte> bytes(uint64_t page_number) const {
    return std::span(bytes_).subspan(index_of_.at(page_number) * kPageBytes, kPageBytes);
  }

 private:
  std::byte* page(uint64_t number) {
    const auto [found, added] = index_of_.try_emplace(number, index_of_.size());
    if (added) bytes_.resize(bytes_.size() + kPageBytes);
    return bytes_.data() + found->second * kPageBytes;
  }

  std::unordered_map<uint64_t, size_t> index_of_;
  std::vector<std::byte> bytes_;
};

std::vector<PageRun> runs_of(const std::vector<uint64_t>& pages) {
  std::vector<PageRun> runs;
  for (const uint64_t page : pages) {
    if (!runs.empty() && runs.back().first_page + runs.back().pages == page) {
      ++runs.back().pages;
    } else {
      runs.push_back({page, 1, 0});
    }
  }
  uint64_t content = 0;
  for (PageRun& run : runs) {
    run.content = content;
    content += run.pages * kPageBytes;
  }
  return runs;
}

uint64_t hole_before(const std::vector<PageRun>& runs, size_t i) {
  return runs[i].first_page - (runs[i - 1].first_page + runs[i - 1].pages);
}

// The longest hole that an extent may span so that at most kMostExtents are needed.
uint64_t longest_hole_allowed(const std::vector<PageRun>& runs) {
  std::vector<uint64_t> holes;
  for (size_t i = 1; i < runs.size(); ++i) holes.push_back(hole_before(runs, i));
  std::sort(holes.rbegin(), holes.rend());
  const size_t borders = ImagePlan::kMostExtents - 1;  // the longest holes become borders
  return holes.size() > borders ? std::max(ImagePlan::kLongestHolePages, holes[borders]) : ImagePlan::kLongestHolePages;
}

std::vector<Extent> extents_of(const std::vector<PageRun>& runs) {
  std::vector<Extent> extents;
  const uint64_t longest = longest_hole_allowed(runs);
  for (size_t i = 0; i < runs.size(); ++i) {
    if (i > 0 && hole_before(runs, i) <= longest) {
      extents.back().pages = runs[i].first_page + runs[i].pages - extents.back().first_page;
    } else {
      extents.push_back({runs[i].first_page, runs[i].pages, 0});
    }
  }
  uint64_t offset = 0;
  for (Extent& extent : extents) {
    extent.file_offset = offset;
    offset += extent.pages * kPageBytes;
  }
  return extents;
}

std::string key_of(const ImagePlan& plan) {
  const std::span<const std::byte> places = std::as_bytes(std::span(plan.runs));
  std::vector<std::byte> described(places.begin(), places.end());
  const std::string content = sha256_hex(plan.content);
  const auto* text = reinterpret_cast<const std::byte*>(content.data());
  described.insert(described.end(), text, text + content.size());
  return sha256_hex(described);
}

}  // namespace

uint64_t ImagePlan::file_bytes() const {
  return extents.empty() ? 0 : extents.back().file_offset + extents.back().pages * kPageBytes;
}

std::span<const std::byte> ImagePlan::bytes_of(const PageRun& run) const {
  return std::span(content).subspan(run.content, run.pages * kPageBytes);
}

ImagePlan plan_image(const Module& module, const Eligibility& eligibility, uint32_t memory) {
  FlatPages pages;
  for (size_t i = 0; i < module.data_segments.size(); ++i) {
    const DataSegment& segment = module.data_segments[i];
    if (segment.memory == memory && eligibility.data_in_image[i])
      pages.write(segment.offset.bits, module.data(segment));
  }
  ImagePlan plan;
  const std::vector<uint64_t> content_pages = pages.with_content();
  plan.runs = runs_of(content_pages);
  plan.content.reserve(content_pages.size() * kPageBytes);
  for (const uint64_t page : content_pages) {
    const auto bytes = pages.bytes(page);
    plan.content.insert(plan.content.end(), bytes.begin(), bytes.end());
  }
  if (!content_pages.empty()) plan.content_page.assign(content_pages.back() + 1, ImagePlan::kNoContent);
  for (uint32_t i = 0; i < content_pages.size(); ++i) plan.content_page[content_pages[i]] = i;
  plan.extents = extents_of(plan.runs);
  plan.key = key_of(plan);
  return plan;
}

TableImage plan_table(const Module& module, const Eligibility& eligibility, uint32_t table) {
  TableImage image;
  for (size_t i = 0; i < module.elem_segments.size(); ++i) {
    const ElemSegment& segment = module.elem_segments[i];
    if (segment.table != table || !eligibility.elem_in_image[i]) continue;
    const uint64_t begin = segment.offset.bits;
    if (image.size() < begin + segment.entries.size()) image.resize(begin + segment.entries.size(), kNoFunction);
    for (size_t k = 0; k < segment.entries.size(); ++k) {
      const ElemEntry& entry = segment.entries[k];
      image[begin + k] = entry.kind == ElemEntry::Kind::function ? entry.index : kNoFunction;
    }
  }
  return image;
}

}  // namespace instbench
