// What the host gives to a module's imported functions.
//
// A definition is found by the import's names and type when a module is prepared, and bound to every
// instance. It runs on the guest's stack, below a guest frame: it must not throw, must check every guest address
// itself, and says with a Trap whether the guest goes on.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>

#include "runtime/codegen/abi.hpp"
#include "runtime/module/module.hpp"

namespace instbench {

class Instance;

// Arguments in `values`, results out of `values`, as Trampoline has them.
using HostCode = Trap (*)(void* context, const Instance& caller, Value* values) noexcept;

struct HostDefinition {
  HostCode code = nullptr;
  void* context = nullptr;  // must outlive every instance
};

class HostImports {
 public:
  virtual ~HostImports() = default;
  // Nothing: the import is not known here (it then traps and names itself when called).
  virtual std::optional<HostDefinition> find(const std::string& module, const std::string& name,
                                             const FuncType& type) const = 0;
};

// One imported function of one prepared module.
struct HostFunction {
  std::string module;
  std::string name;
  HostDefinition definition;  // code == nullptr: calling it traps
  mutable std::atomic<uint64_t> calls{0};
};

// Why the last host function on this thread returned Trap::host; set by it, read by whoever called the guest.
const std::string& last_host_error();
void set_host_error(std::string reason);
// With Trap::exit: the program's exit code.
uint32_t last_exit_code();
void set_exit_code(uint32_t code);

}  // namespace instbench
