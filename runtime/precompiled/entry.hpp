// What one cache entry says, as bytes: the module's metadata and what is known about its code.
//
//   "instbpre" · format · length · content hash of what follows · facts about the code · the module
//
// The code lies in a file of its own, whose hash and length are among the facts and in its name: an entry and a
// shared object of different origin cannot be taken for a pair.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "runtime/codegen/code.hpp"
#include "runtime/module/module.hpp"

namespace instbench {

// Of the bytes of an entry and of a module in it. Part of every key.
inline constexpr uint32_t kEntryFormat = 3;

struct CodeFacts {
  std::string hash;  // content_hash of the shared object
  uint64_t bytes = 0;
  CodegenTimes times;  // of the process that compiled it
};

struct Refusal {
  std::string why;
  int64_t when = 0;  // seconds since 1970
};

struct Entry {
  std::shared_ptr<const Module> module;
  // At most one of the two; neither when no code was asked for.
  std::optional<CodeFacts> code;
  std::optional<Refusal> refusal;
};

std::vector<std::byte> entry_bytes(const Entry& entry);
Entry parse_entry(std::span<const std::byte> bytes);  // throws CorruptBytes

}  // namespace instbench
