#include "runtime/image/image.hpp"

#include <map>
#include <mutex>

#include "runtime/os/mapping.hpp"
#include "runtime/os/memfd.hpp"

namespace instbench {
namespace {

os::Fd make_file(const ImagePlan& plan) {
  std::vector<os::FilePart> parts;
  size_t extent = 0;
  for (const PageRun& run : plan.runs) {
    while (run.first_page >= plan.extents[extent].first_page + plan.extents[extent].pages) ++extent;
    const Extent& home = plan.extents[extent];
    parts.push_back({home.file_offset + (run.first_page - home.first_page) * os::kPageBytes, plan.bytes_of(run)});
  }
  return os::sealed_memfd("instbench-image", plan.file_bytes(), parts);
}

struct Registry {
  std::mutex mutex;
  std::map<std::pair<std::string, Backing>, std::weak_ptr<const MemoryImage>> images;
};

Registry& registry() {
  static Registry kRegistry;
  return kRegistry;
}

}  // namespace

std::shared_ptr<const MemoryImage> MemoryImage::intern(ImagePlan plan, Backing backing) {
  Registry& all = registry();
  const std::lock_guard lock(all.mutex);
  auto& known = all.images[{plan.key, backing}];
  if (auto image = known.lock()) return image;
  os::Fd file;
  if (backing == Backing::memfd && !plan.empty()) file = make_file(plan);
  auto image = std::make_shared<const MemoryImage>(std::move(plan), std::move(file), backing);
  known = image;
  return image;
}

}  // namespace instbench
