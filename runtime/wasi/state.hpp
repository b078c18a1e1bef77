// State: what the functions of one World read and change. For runtime/wasi only.
//
//   descriptor   0      1       2       3           4 …
//                stdin  stdout  stderr  preopen     opened by the guest, lowest free number first
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "runtime/os/fd.hpp"
#include "runtime/os/open_file.hpp"
#include "runtime/wasi/abi.hpp"
#include "runtime/wasi/world.hpp"

namespace instbench::wasi {

struct Descriptor {
  enum class Kind : uint8_t { closed, standard_in, standard_out, standard_error, preopen, file, directory };
  Kind kind = Kind::closed;
  uint32_t flags = 0;  // fdflag
  uint64_t rights = 0;
  uint64_t inheriting = 0;
  os::Fd own;  // file and directory: the preopen's is the world's

  bool is_stream() const {
    return kind == Kind::standard_in || kind == Kind::standard_out || kind == Kind::standard_error;
  }
  bool is_directory() const { return kind == Kind::preopen || kind == Kind::directory; }
};

// A captured stream.
struct Capture {
  std::string text;
  uint64_t dropped = 0;
  void append(os::Range bytes, uint64_t cap);
};

struct State {
  explicit State(Options given);
  void reset() noexcept;

  // The descriptor of that number, with what it must be able to do. badf, notcapable; isdir or notdir when it is of the
  // other kind; spipe for a stream where only a file will do.
  Errno get(uint32_t fd, Descriptor*& found);
  Errno get_file(uint32_t fd, uint64_t rights, Descriptor*& found);
  Errno get_directory(uint32_t fd, uint64_t rights, Descriptor*& found);
  const os::Fd& handle(const Descriptor& descriptor) const {
    return descriptor.kind == Descriptor::Kind::preopen ? root : descriptor.own;
  }
  // Puts it at the lowest free number; mfile when there are kMostDescriptors.
  Errno add(Descriptor descriptor, uint32_t& fd);
  // An answer of a path function (beneath.hpp). Notes why, when the kernel cannot confine paths.
  Errno path_errno(int error);

  uint64_t now_ns(uint32_t clock);  // REQUIRES: clock <= kMostClock
  uint64_t next_random();

  static constexpr size_t kMostDescriptors = 1024;
  static constexpr uint64_t kFixedStepNs = 1000;

  const Options options;
  const os::Fd root;  // the directory, if there is one
  std::vector<Descriptor> descriptors;
  size_t stdin_position = 0;
  Capture out, err;
  uint64_t random = 0;
  uint64_t elapsed_ns = 0;  // of the fixed clock
  std::optional<std::string> path_refusal;
};

// The name that WASI has for a Linux errno; io for one it has none for.
Errno errno_of(int error);

}  // namespace instbench::wasi
