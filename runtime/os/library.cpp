#include "runtime/os/library.hpp"

#include <dlfcn.h>
#include <link.h>
#include <sys/statvfs.h>

#include <stdexcept>
#include <string_view>
#include <utility>

namespace instbench::os {
namespace {

std::string loader_error() {
  const char* text = ::dlerror();
  return text != nullptr ? text : "no reason given";
}

bool lies_on_noexec(const std::string& path) {
  struct statvfs file {};
  return ::statvfs(path.c_str(), &file) == 0 && (file.f_flag & ST_NOEXEC) != 0;
}

struct TextSearch {
  const link_map* library;
  Range found;
};

int look_at(dl_phdr_info* object, size_t, void* data) {
  auto& search = *static_cast<TextSearch*>(data);
  // Both: a load address of 0 is possible, and a name may be loaded again in another namespace.
  if (object->dlpi_addr != search.library->l_addr) return 0;
  if (std::string_view(object->dlpi_name) != search.library->l_name) return 0;
  for (size_t i = 0; i < object->dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = object->dlpi_phdr[i];
    if (segment.p_type != PT_LOAD || (segment.p_flags & PF_X) == 0) continue;
    search.found = {reinterpret_cast<std::byte*>(object->dlpi_addr + segment.p_vaddr), segment.p_memsz};
    return 1;
  }
  return 1;
}

Range text_of(void* handle, const std::string& path) {
  TextSearch search{};
  if (::dlinfo(handle, RTLD_DI_LINKMAP, &search.library) != 0) throw std::runtime_error(loader_error());
  ::dl_iterate_phdr(look_at, &search);
  if (search.found.empty()) throw std::runtime_error("shared object '" + path + "' has no executable segment");
  return search.found;
}

}  // namespace

Library Library::open(const std::string& path) {
  // A bare name would be searched for in the system's folders (dlopen(3)).
  const std::string file = path.find('/') == std::string::npos ? "./" + path : path;
  Library library;
  library.path_ = path;
  library.handle_ = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library.handle_ == nullptr) {
    const std::string reason = loader_error();
    throw std::runtime_error("cannot load shared object: " + reason +
                             (lies_on_noexec(file) ? " (its file system is mounted noexec: use a directory on another "
                                                     "one, or remount it with exec)"
                                                   : ""));
  }
  library.text_ = text_of(library.handle_, path);
  return library;
}

Library::Library(Library&& other) noexcept
    : handle_(std::exchange(other.handle_, nullptr)),
      path_(std::move(other.path_)),
      text_(std::exchange(other.text_, {})) {}

Library& Library::operator=(Library&& other) noexcept {
  const Library old(std::move(*this));
  handle_ = std::exchange(other.handle_, nullptr);
  path_ = std::move(other.path_);
  text_ = std::exchange(other.text_, {});
  return *this;
}

Library::~Library() {
  if (handle_ != nullptr) ::dlclose(handle_);
}

void* Library::symbol(const std::string& name) const {
  ::dlerror();  // forgets an older error: a symbol's value may be 0, so only dlerror(3) tells
  void* const address = ::dlsym(handle_, name.c_str());
  if (const char* error = ::dlerror(); error != nullptr) throw std::runtime_error(error);
  if (address == nullptr) throw std::runtime_error("symbol '" + name + "' of '" + path_ + "' is null");
  return address;
}

}  // namespace instbench::os
