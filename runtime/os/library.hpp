// Library: a shared object in this process, closed by its owner.
//
// Its symbols are seen by nobody else (RTLD_LOCAL) and all resolved at once (RTLD_NOW), so a missing one is an error
// here and not a crash later. The system knows libraries by path: while one is open, opening its path again gives the
// same code, even if another file lies there by now. So name files by their content.
#pragma once

#include <string>

#include "runtime/os/mapping.hpp"

namespace instbench::os {

class Library {
 public:
  Library() = default;
  // Runs the library's constructors: open only what is trusted. Throws std::runtime_error with the loader's reason.
  static Library open(const std::string& path);
  Library(Library&& other) noexcept;
  Library& operator=(Library&& other) noexcept;
  ~Library();

  explicit operator bool() const { return handle_ != nullptr; }
  // Throws std::runtime_error when there is none.
  void* symbol(const std::string& name) const;
  Range text() const { return text_; }  // its executable segment, as mapped

 private:
  void* handle_ = nullptr;
  std::string path_;
  Range text_;
};

}  // namespace instbench::os
