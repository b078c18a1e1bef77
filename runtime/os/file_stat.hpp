// The kernel's structures behind FileInfo and TimeChange. For runtime/os only.
#pragma once

#include <sys/stat.h>

#include "runtime/os/open_file.hpp"

namespace instbench::os {

FileInfo info_of(const struct stat& raw) noexcept;
timespec timespec_of(TimeChange change) noexcept;

}  // namespace instbench::os
