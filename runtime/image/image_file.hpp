// Memory images as files, for backing=file: one file a content, in a private folder, shared by all processes.
//
// A mapping of a file shows what happens to the file: writing it in place changes instances that are running, and
// shortening it makes them fault (SIGBUS). So an image is written beside and renamed, has mode 0400, is opened
// read-only, and is never written again; each time it is opened, its owner, mode, length and every byte are compared
// with the plan, and one that differs is replaced by a new file while those who mapped the old one keep it. Removing
// the file harms nobody. What remains: its owner (and root) can change the mode and write into the very file that
// others have mapped; a sealed memfd (backing=memfd) cannot be changed by anybody.
#pragma once

#include <string>

#include "runtime/image/image_plan.hpp"
#include "runtime/os/fd.hpp"
#include "runtime/os/memfd.hpp"

namespace instbench {

// Where each run of content lies in an image's file, for files and memfds alike.
std::vector<os::FilePart> file_parts(const ImagePlan& plan);

// The file that holds this content, open for reading; made in `folder` (private, see os::PrivateDir) if it is not
// there. Throws std::system_error when the folder cannot be used: there is no other backing to fall back to.
// COST: reads the whole file and compares it; when it is new, also one pwrite a run.
os::Fd image_file(const ImagePlan& plan, const std::string& folder);

}  // namespace instbench
