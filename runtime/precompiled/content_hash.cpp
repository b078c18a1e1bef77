#include "runtime/precompiled/content_hash.hpp"

#include <xxhash.h>

#include "runtime/os/mapping.hpp"

namespace instbench {
namespace {

std::string hex_of(XXH128_hash_t hash) {
  XXH128_canonical_t canonical;  // big-endian on every machine
  XXH128_canonicalFromHash(&canonical, hash);
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (const unsigned char byte : canonical.digest) {
    hex += kDigits[byte >> 4];
    hex += kDigits[byte & 15];
  }
  return hex;
}

}  // namespace

std::string content_hash(std::span<const std::byte> bytes) { return hex_of(XXH3_128bits(bytes.data(), bytes.size())); }

std::string content_hash(const os::PrivateFile& file) {
  if (file.bytes == 0) return content_hash(std::span<const std::byte>());
  const os::Mapping mapping = os::Mapping::of_file(file.fd, file.bytes);
  os::populate_for_reading(mapping.range());
  return content_hash({mapping.range().base, file.bytes});
}

}  // namespace instbench
