// Which newer WebAssembly feature a libwabt error comes from, so that a valid but too modern module is
// not called malformed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace instbench {

// Null when the error looks like a plain mistake in the module. `offset` is where wabt stopped.
std::optional<std::string> unsupported_feature(const std::string& wabt_message, std::optional<uint64_t> offset,
                                               std::span<const std::byte> bytes);

}  // namespace instbench
