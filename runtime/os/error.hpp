// The one place where errno becomes an exception. The message always carries the call, the arguments
// that mattered and the errno: "mmap(len=4294967296, fd=7): Cannot allocate memory".
#pragma once

#include <string>
#include <system_error>

namespace instbench::os {

// Throws std::system_error from the current errno. `call` is the call with its arguments.
[[noreturn]] void throw_errno(const std::string& call);

// As above from an errno value.
[[noreturn]] void throw_error(int error, const std::string& call);

}  // namespace instbench::os

// A broken contract is our bug: with INSTBENCH_ASSERTIONS it names the invariant and aborts.
#ifdef INSTBENCH_ASSERTIONS
#include <cstdio>
#include <cstdlib>
#define INSTBENCH_ASSERT(condition)                                                          \
  do {                                                                                       \
    if (!(condition)) {                                                                      \
      std::fprintf(stderr, "%s:%d: invariant broken: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                          \
    }                                                                                        \
  } while (false)
#else
#define INSTBENCH_ASSERT(condition) static_cast<void>(0)
#endif
