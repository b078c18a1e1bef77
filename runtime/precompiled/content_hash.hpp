// Detects damage: a file cut short, half written before a crash, mixed up or rotten on disk. 128-bit XXH3, several
// times as fast as SHA-256. It is NOT protection against somebody who means harm: anyone can make bytes with a given
// XXH3. Against that stand the owner and the mode of the folder and of each file (runtime/os/private_dir.hpp).
// content_hash.cpp is the only file that knows xxhash.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "runtime/os/private_dir.hpp"

namespace instbench {

// As 32 lower-case hex digits.
std::string content_hash(std::span<const std::byte> bytes);
// Of a whole file, through a mapping (half the time of reading it). As with the code that is mapped from it afterwards,
// whoever shortens the file meanwhile kills this process (SIGBUS, mmap(2)); nobody but its owner can.
// Throws std::system_error. COST: mmap, madvise, munmap.
std::string content_hash(const os::PrivateFile& file);

}  // namespace instbench
