// Compiled code of a module, kept in the user's cache, and the module's own bytes.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "harness/protocol/cell.hpp"
#include "runtime/os/private_dir.hpp"

namespace instbench::bench {

// The bytes at the request's path and their SHA-256. Throws when they are not those that the run began with.
struct Wasm {
  std::vector<std::byte> bytes;
  std::string sha256;
};
Wasm read_wasm(const Request& request);

// A folder of code, one file for each key: whatever the code depends on, by its hash. Beside each file lies the SHA-256
// of its bytes, since a file may have been cut short (PrivateDir) and few libraries look at what they are given.
class KeptCode {
 public:
  explicit KeptCode(const std::string& folder) : folder_(os::PrivateDir::open(folder)) {}

  // The path of code that is whole; nothing when there is none. COST: reads and hashes all of it.
  std::optional<std::string> find(const std::string& key) const;
  struct Made {
    std::string path;     // empty: none
    std::string why_not;  // then
  };
  // Makes it where there is none: `compile` returns the code, in a forked child, so that this process has none of the
  // threads that compiling starts and survives what a library does that cannot.
  // REQUIRES: the library was not used in this process before.
  Made make(const std::string& key, const std::function<std::vector<std::byte>()>& compile) const;

 private:
  os::PrivateDir folder_;
};

}  // namespace instbench::bench
