#include "runtime/image/image_file.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "runtime/os/error.hpp"
#include "runtime/os/mapping.hpp"
#include "runtime/os/private_dir.hpp"

namespace instbench {
namespace {

constexpr unsigned kMode = 0400;
constexpr size_t kPieceBytes = 256 * 1024;

bool all_zero(std::span<const std::byte> bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::byte b) { return b == std::byte{0}; });
}

// Calls check(offset in the file, bytes) for pieces of [begin, end) until one fails.
template <typename Check>
bool every_piece(const os::Fd& file, uint64_t begin, uint64_t end, std::vector<std::byte>& buffer, const Check& check) {
  while (begin < end) {
    const auto piece = std::span(buffer).first(std::min<uint64_t>(buffer.size(), end - begin));
    if (os::read_at(file, begin, piece) != piece.size() || !check(begin, piece)) return false;
    begin += piece.size();
  }
  return true;
}

// The parts hold their bytes, and between them there are only zeros.
bool holds(const os::Fd& file, const std::vector<os::FilePart>& parts, uint64_t file_bytes) {
  std::vector<std::byte> buffer(kPieceBytes);
  const auto zero = [](uint64_t, std::span<const std::byte> piece) { return all_zero(piece); };
  uint64_t at = 0;
  for (const os::FilePart& part : parts) {
    const auto equal = [&](uint64_t offset, std::span<const std::byte> piece) {
      return std::memcmp(piece.data(), part.bytes.data() + (offset - part.offset), piece.size()) == 0;
    };
    const uint64_t end = part.offset + part.bytes.size();
    if (!every_piece(file, at, part.offset, buffer, zero) || !every_piece(file, part.offset, end, buffer, equal))
      return false;
    at = end;
  }
  return every_piece(file, at, file_bytes, buffer, zero);
}

}  // namespace

std::vector<os::FilePart> file_parts(const ImagePlan& plan) {
  std::vector<os::FilePart> parts;
  size_t extent = 0;
  for (const PageRun& run : plan.runs) {
    while (run.first_page >= plan.extents[extent].first_page + plan.extents[extent].pages) ++extent;
    const Extent& home = plan.extents[extent];
    parts.push_back({home.file_offset + (run.first_page - home.first_page) * os::kPageBytes, plan.bytes_of(run)});
  }
  return parts;
}

os::Fd image_file(const ImagePlan& plan, const std::string& folder) {
  const os::PrivateDir directory = os::PrivateDir::open(folder);
  const std::string name = plan.key + ".image";
  const std::vector<os::FilePart> parts = file_parts(plan);
  if (auto found = directory.open_file_if_sound(name)) {
    if (found->bytes == plan.file_bytes() && holds(found->fd, parts, plan.file_bytes())) {
      directory.touch(name);
      return std::move(found->fd);
    }
  }
  directory.write(name, plan.file_bytes(), parts, kMode);
  auto written = directory.open_file(name);
  // What was just renamed may have been replaced by another process's file of the same content, which is as good.
  if (!written || !holds(written->fd, parts, plan.file_bytes()))
    os::throw_error(EIO, "image file '" + directory.path_of(name) + "' does not hold what was written");
  return std::move(written->fd);
}

}  // namespace instbench
