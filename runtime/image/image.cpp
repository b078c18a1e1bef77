#include "runtime/image/image.hpp"

#include <cerrno>
#include <map>
#include <mutex>

#include "runtime/image/image_file.hpp"
#include "runtime/os/error.hpp"
#include "runtime/os/memfd.hpp"

namespace instbench {
namespace {

struct Registry {
  std::mutex mutex;
  std::map<std::pair<std::string, Backing>, std::weak_ptr<const MemoryImage>> images;
  std::string folder;  // of Backing::file
};

Registry& registry() {
  static Registry kRegistry;
  return kRegistry;
}

os::Fd make_file(const ImagePlan& plan, Backing backing, const std::string& folder) {
  if (backing == Backing::none || plan.empty()) return os::Fd();
  if (backing == Backing::memfd) return os::sealed_memfd("instbench-image", plan.file_bytes(), file_parts(plan));
  if (folder.empty()) os::throw_error(ENOENT, "backing=file: no folder for image files is set");
  return image_file(plan, folder);
}

}  // namespace

void set_image_folder(const std::string& folder) {
  Registry& all = registry();
  const std::lock_guard lock(all.mutex);
  all.folder = folder;
}

std::shared_ptr<const MemoryImage> MemoryImage::intern(ImagePlan plan, Backing backing) {
  Registry& all = registry();
  const std::lock_guard lock(all.mutex);
  auto& known = all.images[{plan.key, backing}];
  if (auto image = known.lock()) return image;
  os::Fd file = make_file(plan, backing, all.folder);
  auto image = std::make_shared<const MemoryImage>(std::move(plan), std::move(file), backing);
  known = image;
  return image;
}

}  // namespace instbench
