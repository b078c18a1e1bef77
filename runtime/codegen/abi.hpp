// What generated C code and the core agree on: the layout of every object that both touch, and the services
// that code asks the core for. prelude.c declares the same things in C; unit.cpp makes the two check each
// other when a module is compiled.
//
// Values cross between compilers through memory, as arrays of Value, never as C structs by value: TinyCC and
// GCC disagree on how to return those.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace instbench {

namespace os {
struct FaultClaims;
}
class Prepared;
class Slot;

// Why guest code stopped. The first group has the specification's wording (message_of).
enum class Trap : uint32_t {
  none,
  unreachable,
  out_of_bounds_memory,
  out_of_bounds_table,
  undefined_element,      // call_indirect beyond the table's size
  uninitialized_element,  // call_indirect of a null
  indirect_call_mismatch,
  divide_by_zero,
  integer_overflow,
  invalid_conversion,
  stack_exhausted,
  host,  // a host function refused: last_host_error() says why
  exit,  // a host function ended the program: WASI's proc_exit
};
std::string_view message_of(Trap trap);  // "out of bounds memory access"

using GuestCode = void (*)(void* environment);

// A function reference, as a table entry. All zero bits: not yet initialised. Null: `type` is
// &kNullTag, code and environment are nullptr (so a set null never reads as uninitialised).
// An externref in a table has type &kNullTag and its value in `code`.
struct FuncRef {
  const void* type = nullptr;  // interned: equal types, equal addresses (intern_type)
  GuestCode code = nullptr;
  void* environment = nullptr;  // the vmctx of the instance that defines it, or the HostBinding of an import

  bool initialised() const { return type != nullptr; }
  bool is_null() const { return code == nullptr; }
};
static_assert(sizeof(FuncRef) == 24);

inline constexpr char kNullTag = 0;  // only its address matters
inline FuncRef null_ref() { return {&kNullTag, nullptr, nullptr}; }

// One argument or result. The member is the type's; what lies above it is undefined.
union Value {
  uint32_t i32;
  uint64_t i64;
  float f32;
  double f64;
  void* externref;  // nullptr is null
  FuncRef funcref;

  Value() : funcref() {}
};
static_assert(sizeof(Value) == 24);

struct MemoryInstance {
  std::byte* base = nullptr;
  uint64_t pages = 0;  // of 64 KiB
  uint64_t max_pages = 0;
  std::byte* owner = nullptr;  // vmctx of the instance in whose slot it lies
  uint64_t index = 0;          // among its memories
};

struct TableInstance {
  FuncRef* entries = nullptr;
  uint64_t size = 0;
  uint64_t max = 0;            // within the slot's capacity
  std::byte* owner = nullptr;  // vmctx of the instance in whose slot it lies
  uint64_t index = 0;          // among its tables
};

struct HostFunction;

// Where an imported function leads: another instance's function (its code and vmctx), or the host's (the module's
// own host thunk of that type, with the HostBinding as its environment).
struct FuncBinding {
  GuestCode code = nullptr;
  void* environment = nullptr;
};

struct HostBinding {
  const HostFunction* function = nullptr;
  std::byte* vmctx = nullptr;  // of the importing instance: the caller whose memory the host may use
};

struct VmctxHeader {
  uint64_t magic = 0;
  const Prepared* prepared = nullptr;
  Slot* slot = nullptr;
  std::byte* stack_limit = nullptr;  // a frame that begins below it traps
  // What faults may be claimed on behalf of the other instances of its group; null when it is alone.
  const os::FaultClaims* group_claims = nullptr;
  uint64_t reserved[3] = {};
};
static_assert(sizeof(VmctxHeader) == 64);
inline constexpr uint64_t kVmctxMagic = 0x6e73'7462'766d'6378;

// Host to guest: calls `code` with `environment` and the arguments in `values`, where the results then lie.
using Trampoline = void (*)(void* code, void* environment, Value* values);

// What generated code asks the core for. `vmctx` is the calling instance's. Those that return a Trap leave it to the
// code to trap, so that no C++ frame is ever jumped over.
struct HostServices {
  void (*trap)(uint32_t trap);  // does not return
  // Initialises an entry that nobody has looked at.
  void (*materialise)(TableInstance* table, uint64_t entry);
  uint32_t (*grow_memory)(MemoryInstance* memory, uint32_t pages);                      // old size or UINT32_MAX
  uint32_t (*grow_table)(TableInstance* table, uint32_t entries, const FuncRef* fill);  // old size or UINT32_MAX
  // table.init within bounds that the code has checked; `length` entries from `from` of element segment `segment`.
  void (*init_table)(void* vmctx, TableInstance* table, uint32_t segment, uint32_t to, uint32_t from, uint32_t length);
  uint32_t (*call_host)(HostBinding* binding, Value* values);  // a Trap
  const void* null_tag;
};

// What one shared object says about itself, by its only exported symbol, `instbench_module`.
struct CodeDescriptor {
  uint64_t abi_version = 0;
  const char* module_sha256 = nullptr;  // of the wasm bytes
  const char* options = nullptr;        // "tcc 0.9.27 guard"
  uint64_t functions_count = 0;
  const GuestCode* functions = nullptr;  // by function index; nullptr for imported ones
  uint64_t types_count = 0;
  const Trampoline* trampolines = nullptr;  // by type index, host to guest
  const GuestCode* host_thunks = nullptr;   // by type index, guest to host; the environment is a HostBinding
  const void** type_slots = nullptr;        // by type index: the loader writes the interned types here
  const HostServices** services = nullptr;  // the loader writes the services here
  const std::byte** data = nullptr;         // the loader writes where the module's data bytes begin
};
inline constexpr uint64_t kAbiVersion = 1;

}  // namespace instbench
