// Copies of files that share nothing with their originals: neither an inode nor blocks on disk.
#pragma once

#include <string>

namespace instbench::os {

// Makes `to`, which must not exist, with exactly this mode. Reads and writes bytes: copy_file_range(2) and FICLONE may
// share the blocks, and a hard link the page cache, so that two "copies" would be one file. The bytes are on disk
// (fsync(2)), so no write-back comes later, and were read once, so the page cache holds them. Throws std::system_error,
// naming the file, and leaves none behind. A file system that shares equal blocks by itself cannot be helped.
void copy_file_bytes(const std::string& from, const std::string& to, unsigned mode);

}  // namespace instbench::os
