// A sealed memfd: bytes that many private mappings may share and nobody can change any more.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "runtime/os/fd.hpp"

namespace instbench::os {

struct FilePart {
  uint64_t offset = 0;  // in the file; what no part covers stays a hole
  std::span<const std::byte> bytes;
};

// Writes every part where it belongs. `what` names the file in messages. COST: one pwrite(2) a part.
void write_parts(const Fd& file, std::span<const FilePart> parts, const std::string& what);

// memfd_create(2), Linux 3.17. Sealed against growing, shrinking and writing (fcntl(2), F_ADD_SEALS), so
// a mapping of it cannot change under an instance. Throws std::system_error.
Fd sealed_memfd(const std::string& name, uint64_t file_bytes, std::span<const FilePart> parts);

// Bytes of memory that the file's own pages take now (fstat st_blocks): holes take none until they are
// read through a mapping, which allocates a shared zeroed page.
uint64_t allocated_bytes(const Fd& file);

}  // namespace instbench::os
