// MemoryImage: the start state of one memory, shared by every instance that begins with it.
//
// Immutable. Content-addressed: intern() gives back the image that is already there when the content is
// the same, so a module loaded again finds its slots warm. Owns a sealed memfd, or a descriptor of a file in the
// image folder, when made for overlays.
// COST of intern for a new image: memfd_create, ftruncate, one pwrite a run, fcntl; for files see image_file.hpp.
#pragma once

#include <memory>
#include <string>

#include "runtime/image/image_plan.hpp"
#include "runtime/os/fd.hpp"

namespace instbench {

enum class Backing : uint8_t { none, memfd, file };  // none: only copied from, never mapped
inline bool is_mapped(Backing backing) { return backing != Backing::none; }

// Where backing=file keeps its images, for the whole process: a private folder (os::PrivateDir), made when first used.
// Until it is set, Backing::file is refused. Thread-safe.
void set_image_folder(const std::string& folder);

class MemoryImage {
 public:
  // Thread-safe. Throws std::system_error when the memfd or the file cannot be made.
  static std::shared_ptr<const MemoryImage> intern(ImagePlan plan, Backing backing);

  MemoryImage(ImagePlan plan, os::Fd file, Backing backing)
      : plan_(std::move(plan)), file_(std::move(file)), backing_(backing) {}

  const ImagePlan& plan() const { return plan_; }
  const std::string& key() const { return plan_.key; }
  const os::Fd& file() const { return file_; }
  Backing backing() const { return backing_; }

 private:
  ImagePlan plan_;
  os::Fd file_;
  Backing backing_;
};

}  // namespace instbench
