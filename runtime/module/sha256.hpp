// SHA-256 of bytes, as 64 lower-case hex digits: the name of a module, an image, a piece of compiled code.
// Reads every byte once and allocates nothing but the result. sha256.cpp is the only file that knows
// OpenSSL.
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace instbench {

std::string sha256_hex(std::span<const std::byte> bytes);

}  // namespace instbench
