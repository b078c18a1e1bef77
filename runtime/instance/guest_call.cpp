#include "runtime/instance/guest_call.hpp"

#include <system_error>

#include "runtime/instance/instance.hpp"
#include "runtime/os/error.hpp"
#include "runtime/os/guest.hpp"

namespace instbench {
namespace {

thread_local std::string host_error;
thread_local uint32_t exit_code = 0;

// Everything below is called by generated code, on the guest's stack: nothing may be thrown, and only
// service_trap jumps.

void service_trap(uint32_t trap) { os::leave_guest(trap); }

void service_materialise(TableInstance* table, uint64_t entry) { Instance::initialise(*table, entry); }

uint32_t service_grow_memory(MemoryInstance* memory, uint32_t pages) {
  try {
    const auto old_pages = Instance::grow(*memory, pages);
    return old_pages ? static_cast<uint32_t>(*old_pages) : UINT32_MAX;
  } catch (const std::system_error&) {  // the kernel refused: as memory.grow may, at any time
    return UINT32_MAX;
  }
}

uint32_t service_grow_table(TableInstance* table, uint32_t entries, const FuncRef* fill) {
  const auto old_size = Instance::grow(*table, entries, *fill);
  return old_size ? static_cast<uint32_t>(*old_size) : UINT32_MAX;
}

void service_init_table(void* vmctx, TableInstance* table, uint32_t segment, uint32_t to, uint32_t from,
                        uint32_t length) {
  write_segment(static_cast<std::byte*>(vmctx), *table, segment, to, from, length);
}

uint32_t service_call_host(HostBinding* binding, Value* values) {
  const HostFunction& function = *binding->function;
  function.calls.fetch_add(1, std::memory_order_relaxed);
  if (function.definition.code == nullptr) {
    try {
      set_host_error("the host does not provide the imported function \"" + function.module + "\" \"" + function.name +
                     "\"");
    } catch (...) {
      host_error.clear();
    }
    return static_cast<uint32_t>(Trap::host);
  }
  const VmctxHeader& header = *reinterpret_cast<const VmctxHeader*>(binding->vmctx);
  const Instance caller(*header.slot, *header.prepared);
  return static_cast<uint32_t>(function.definition.code(function.definition.context, caller, values));
}

Trap trap_of(uint32_t code) {
  if (code == os::kFaultInMemory) return Trap::out_of_bounds_memory;
  if (code == os::kFaultInStackGuard) return Trap::stack_exhausted;
  return static_cast<Trap>(code);
}

[[maybe_unused]] bool lies_within(const os::FaultClaims& claims, const void* environment) {
  for (const os::FaultClaims* one = &claims; one != nullptr; one = one->next) {
    if (one->memory.contains({static_cast<std::byte*>(const_cast<void*>(environment)), 1})) return true;
  }
  return false;
}

// A call may go on in every instance of the group, wherever each of them was made or called last.
void set_stack_limit(const Slot& slot, VmctxHeader& header) {
  std::byte* const limit = os::guest_stack_limit();
  header.stack_limit = limit;
  const ptrdiff_t place = slot.vmctx() - slot.range().base;  // the same in all slots of a pool
  for (const os::FaultClaims* one = header.group_claims; one != nullptr; one = one->next)
    reinterpret_cast<VmctxHeader*>(one->memory.base + place)->stack_limit = limit;
}

}  // namespace

const std::string& last_host_error() { return host_error; }
void set_host_error(std::string reason) { host_error = std::move(reason); }
uint32_t last_exit_code() { return exit_code; }
void set_exit_code(uint32_t code) { exit_code = code; }

void provide_host_services() {
  static const bool once = [] {
    set_host_services({service_trap, service_materialise, service_grow_memory, service_grow_table, service_init_table,
                       service_call_host, &kNullTag});
    return true;
  }();
  static_cast<void>(once);
}

Trap Instance::call(const FuncRef& reference, uint32_t type, Value* values) const {
  const Code& code = *prepared_->code();
  VmctxHeader& header = vmctx().header();
  set_stack_limit(*slot_, header);
  slot_->touch();
  const os::FaultClaims claims{code.text(), slot_->range(), header.group_claims};
  INSTBENCH_ASSERT(lies_within(claims, reference.environment));
  const auto trampoline = reinterpret_cast<os::GuestEntry>(code.trampoline(type));
  return trap_of(
      os::enter_guest(trampoline, reinterpret_cast<void*>(reference.code), reference.environment, values, claims));
}

void Instance::start() const {
  const Module& module = prepared_->module();
  if (!module.start || prepared_->code() == nullptr) return;
  Value nothing;
  const Trap trap = call(*module.start, &nothing);
  if (trap == Trap::none) return;
  throw InstantiationError("the start function (function " + std::to_string(*module.start) + ") trapped: " +
                               std::string(message_of(trap)) + (trap == Trap::host ? ": " + last_host_error() : ""),
                           trap);
}

}  // namespace instbench
