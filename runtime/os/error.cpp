#include "runtime/os/error.hpp"

#include <cerrno>

namespace instbench::os {

void throw_error(int error, const std::string& call) { throw std::system_error(error, std::generic_category(), call); }

void throw_errno(const std::string& call) { throw_error(errno, call); }

}  // namespace instbench::os
