// Bytes -> Module, through libwabt. The only header through which wabt's work is reached.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "runtime/module/module.hpp"

namespace instbench {

// A module that cannot be loaded. what() is one line: "FILE: offset 0x1f3: reason", or, when no
// offset applies, "FILE: reason".
class LoadError : public std::runtime_error {
 public:
  LoadError(const std::string& file, std::optional<uint64_t> offset, const std::string& reason);
  std::optional<uint64_t> offset() const { return offset_; }

 private:
  std::optional<uint64_t> offset_;
};

// validate: bodies are read and validated, as an engine would. skip: bodies are stepped over by their
// size, some 10 to 40 times faster on a 10 MB module; everything that instantiation depends on is still
// read and validated, and the Module is the same but for `table_writes`. Only for bytes that were validated before.
enum class Bodies { validate, skip };

// One core module inside a file: a plain module has exactly one, spanning the whole file.
struct CoreModule {
  uint64_t begin = 0;  // bytes from the start of the file
  uint64_t size = 0;
};

// True when the bytes are a component (layer 1 of the binary format's preamble).
bool is_component(std::span<const std::byte> bytes);

// The core modules of a component, nested components included, in file order. Throws LoadError.
std::vector<CoreModule> core_modules(std::span<const std::byte> bytes, const std::string& file);

// Loads one core module in one pass. `file` is used in messages only. Besides what the specification
// demands, it refuses function types with more than 1,000 parameters or results, blocks nested more than
// 50,000 deep and operand stacks beyond 2^24 values, which no compiler produces. A component is refused with a message
// that lists its core modules and how to name one ("FILE#0"). Throws LoadError; nothing escapes half-made.
std::shared_ptr<const Module> load(std::span<const std::byte> bytes, const std::string& file, Bodies bodies);

// Reads "PATH", "PATH#N" (N-th core module of a component), or a WAT text file (*.wat).
std::vector<std::byte> read_module_file(const std::string& path_and_index);
std::shared_ptr<const Module> load_file(const std::string& path_and_index, Bodies bodies);

// WAT text -> binary. Throws LoadError with line and column in the reason.
std::vector<std::byte> assemble_wat(const std::string& text, const std::string& file);

}  // namespace instbench
