// Memory compaction kept running beside a test: it migrates pages, whose entries in the meantime are neither present nor
// gone, which is what a page scan must see through.
#pragma once

#include <memory>

namespace instbench::os {

class Child;

// From construction to destruction a child process asks for compaction again and again (/proc/sys/vm/compact_memory,
// Documentation/admin-guide/sysctl/vm.rst). It dies with its parent.
class Compaction {
 public:
  // Throws std::system_error where it is not allowed (not root, read-only /proc) or the kernel has none.
  Compaction();
  ~Compaction();
  Compaction(const Compaction&) = delete;
  Compaction& operator=(const Compaction&) = delete;

 private:
  std::unique_ptr<Child> child_;
};

}  // namespace instbench::os
