// Code: a module's functions as machine code, loaded into this process.
//
//   bytes --translate (wasm2c, in a child)--> C --compile (cc or tcc, in a child)--> shared object --load--> Code
//
// Made once per module, shared by all its instances, unloaded when the last of them is gone.
#pragma once

#include <chrono>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/codegen/abi.hpp"
#include "runtime/module/module.hpp"
#include "runtime/os/guest.hpp"
#include "runtime/os/library.hpp"

namespace instbench {

// automatic: cc -O2 for modules whose code it compiles within a few seconds, TinyCC for larger ones.
enum class Compiler : uint8_t { automatic, tcc, cc, none };
// guard: addresses are not checked, every memory is followed by enough inaccessible address space
// (kGuardedBytes). explicit: each access is compared with the memory's size.
enum class Bounds : uint8_t { guard, checked };
inline constexpr uint64_t kGuardedBytes =
    (uint64_t{8} << 30) + 65536;  // from a memory's base: u32 index + u32 offset + access

std::string_view name_of(Compiler compiler);     // "auto", "tcc", "cc", "none"
Compiler parse_compiler(std::string_view text);  // throws std::invalid_argument naming what is accepted
std::string_view name_of(Bounds bounds);         // "guard", "checked"

struct CodegenOptions {
  Compiler compiler = Compiler::automatic;
  Bounds bounds = Bounds::guard;
  std::chrono::milliseconds timeout = std::chrono::minutes(10);  // of each child
};

// The module cannot be translated or compiled: what() is one line that says why (a feature wasm2c lacks, no compiler,
// the compiler's first error). Its call workloads are skipped with that reason.
struct CodegenError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// What `automatic` means for this module here: cc or tcc; or throws CodegenError when there is no compiler for it.
// Depends on the module's size and on what is installed, never on a clock.
Compiler choose_compiler(const Module& module, Compiler wanted);
// Says which compiler, version and flags: part of every cache key. "tcc 0.9.27", "cc 12.2.0 -O2".
std::string compiler_id(Compiler compiler);

// Where time went, for reports.
struct CodegenTimes {
  double translate_s = 0, compile_s = 0, link_s = 0;
  uint64_t c_bytes = 0, object_bytes = 0;
};

// Writes the shared object for `module` (loaded from `bytes`) to `path`; temporary files lie beside it and are gone
// afterwards, whatever happens. Throws CodegenError, or std::system_error for the file system.
CodegenTimes compile_module(const Module& module, std::span<const std::byte> bytes, const CodegenOptions& options,
                            const std::string& path);

class Code {
 public:
  // dlopen. REQUIRES: the caller trusts the file's owner and content. Throws CodegenError when it is not one of ours,
  // was made for another module or another version of the interface. Holds on to `module`, whose data bytes
  // memory.init reads.
  static std::shared_ptr<const Code> load(const std::string& path, std::shared_ptr<const Module> module);
  Code(const Code&) = delete;
  Code& operator=(const Code&) = delete;

  GuestCode function(uint32_t index) const { return descriptor_->functions[index]; }
  GuestCode host_thunk(uint32_t type) const { return descriptor_->host_thunks[type]; }
  Trampoline trampoline(uint32_t type) const { return descriptor_->trampolines[type]; }
  os::Range text() const { return library_.text(); }                 // the mapped executable part
  std::string_view options() const { return descriptor_->options; }  // "tcc 0.9.27 guard"
  Bounds bounds() const;
  Compiler compiler() const;
  uint64_t id() const { return id_; }  // of this load; never reused within a process

 private:
  Code() = default;
  std::shared_ptr<const Module> module_;
  os::Library library_;
  const CodeDescriptor* descriptor_ = nullptr;
  uint64_t id_ = 0;
};

// Compiles into a temporary file and loads it. For tests and for callers without a cache.
std::shared_ptr<const Code> make_code(std::shared_ptr<const Module> module, std::span<const std::byte> bytes,
                                      const CodegenOptions& options);

// The services that loaded code asks for; set once by the instance layer, before any code is loaded.
void set_host_services(const HostServices& services);

// The one address that stands for this function type in this process: equal types, equal addresses. Thread-safe.
const FuncType* intern_type(const FuncType& type);

}  // namespace instbench
