#include "harness/engines/core/call_host.hpp"

#include <algorithm>
#include <cstring>

#include "runtime/instance/instance.hpp"
#include "runtime/instance/link.hpp"

namespace instbench::bench {
namespace {

using Import = CallHost::Import;

const Import& import_of(void* context) { return *static_cast<const Import*>(context); }

Trap refuse(const char* why) noexcept {
  set_host_error(why);
  return Trap::host;
}

Trap constant(void* context, const Instance&, Value* values) noexcept {
  const Import& import = import_of(context);
  for (size_t i = 0; i < import.constants.size(); ++i) {
    if (import.type.results[i] == ValType::funcref)
      values[i].funcref = null_ref();
    else
      values[i].i64 = import.constants[i];
  }
  return Trap::none;
}

// memcpy(to, from, n) -> to, or nothing
Trap copy(void* context, const Instance& caller, Value* values) noexcept {
  const uint64_t to = values[0].i32, from = values[1].i32, length = values[2].i32;
  const std::span<std::byte> memory = caller.memory(0);
  if (to + length > memory.size() || from + length > memory.size()) return refuse("memcpy beyond the end of memory");
  std::memmove(memory.data() + to, memory.data() + from, length);
  if (!import_of(context).type.results.empty()) values[0].i32 = static_cast<uint32_t>(to);
  return Trap::none;
}

// resize_heap(bytes) -> 1 or 0
Trap resize_heap(void*, const Instance& caller, Value* values) noexcept {
  const uint64_t wanted = (values[0].i32 + kWasmPageBytes - 1) / kWasmPageBytes;
  const uint64_t now = caller.memory(0).size() / kWasmPageBytes;
  bool grown = wanted <= now;
  try {
    grown = grown || caller.grow_memory(0, wanted - now).has_value();
  } catch (const std::exception&) {  // the kernel refused
  }
  values[0].i32 = grown ? 1 : 0;
  return Trap::none;
}

Trap longjmp(void* context, const Instance&, Value*) noexcept {
  import_of(context).host->jumping = true;
  return refuse("longjmp without an invoke around it");
}

Trap exit_program(void* context, const Instance&, Value* values) noexcept {
  set_exit_code(import_of(context).type.params.empty() ? 0 : values[0].i32);
  return Trap::exit;
}

Trap call_export(const Instance& instance, const char* name, Value* values) noexcept {
  const auto found = find_export(instance, name);
  if (!found || found->kind != ExternKind::function)
    return refuse("invoke needs the exports stackSave, stackRestore and setThrew");
  return instance.call(found->index, values);
}

// invoke(entry, args...): calls an entry of the first table; a longjmp within ends it.
Trap invoke(void* context, const Instance& caller, Value* values) noexcept {
  constexpr size_t kMostValues = 24;
  const Import& import = import_of(context);
  const uint32_t entry = values[0].i32;
  const size_t params = import.type.params.size() - 1, results = import.type.results.size();
  if (params > kMostValues || results > kMostValues) return refuse("invoke of a function with too many parameters");
  if (entry >= caller.table_size(0)) return Trap::undefined_element;
  const FuncRef callee = caller.take(0, entry);
  if (callee.is_null()) return Trap::uninitialized_element;
  const FuncType& type = *static_cast<const FuncType*>(callee.type);
  if (!std::equal(type.params.begin(), type.params.end(), import.type.params.begin() + 1, import.type.params.end()) ||
      type.results != import.type.results)
    return Trap::indirect_call_mismatch;
  const std::vector<FuncType>& types = caller.prepared().module().types;
  const auto known = std::find(types.begin(), types.end(), type);
  if (known == types.end()) return Trap::indirect_call_mismatch;
  Value stack, given[kMostValues];
  if (const Trap trap = call_export(caller, "stackSave", &stack); trap != Trap::none) return trap;
  std::copy_n(values + 1, params, given);
  const Trap trap = caller.call(callee, static_cast<uint32_t>(known - types.begin()), given);
  if (trap == Trap::none) {
    std::copy_n(given, results, values);
    return Trap::none;
  }
  if (trap != Trap::host || !import.host->jumping) return trap;
  import.host->jumping = false;
  if (const Trap again = call_export(caller, "stackRestore", &stack); again != Trap::none) return again;
  given[0].i32 = 1;
  given[1].i32 = 0;
  if (const Trap again = call_export(caller, "setThrew", given); again != Trap::none) return again;
  if (results != 0) values[0].i64 = 0;
  return Trap::none;
}

bool takes_words(const FuncType& type, size_t count) {
  return type.params.size() >= count &&
         std::all_of(type.params.begin(), type.params.begin() + static_cast<ptrdiff_t>(count),
                     [](ValType param) { return param == ValType::i32; });
}

HostCode code_of(Builtin builtin, const FuncType& type) {
  switch (builtin) {
    case Builtin::memcpy:
      return takes_words(type, 3) ? copy : nullptr;
    case Builtin::resize_heap:
      return takes_words(type, 1) && type.results.size() == 1 ? resize_heap : nullptr;
    case Builtin::invoke:
      return takes_words(type, 1) ? invoke : nullptr;
    case Builtin::longjmp:
      return longjmp;
    case Builtin::exit:
      return exit_program;
    case Builtin::trap:
    case Builtin::wasi:
      return nullptr;
  }
  return nullptr;
}

wasi::Options wasi_options(const WasiSettings& settings, wasi::Clock clock) {
  wasi::Options options;
  options.args = settings.args;
  for (const auto& [name, value] : settings.env) options.environ.push_back(name + "=" + value);
  options.stdin_bytes = settings.input;
  options.random_seed = settings.seed;
  options.preopen_dir = settings.dir;
  options.clock = clock;
  return options;
}

}  // namespace

CallHost::CallHost(const CallScript& script, wasi::Clock clock)
    : answers_(script.imports), world_(wasi_options(script.wasi, clock)) {}

std::optional<HostDefinition> CallHost::find(const std::string& module, const std::string& name,
                                             const FuncType& type) const {
  const Answer answer = answer_for(answers_, module, name);
  if (const auto* builtin = std::get_if<Builtin>(&answer)) {
    if (*builtin == Builtin::wasi) return world_.find(module, name, type);
    const HostCode code = code_of(*builtin, type);
    if (code == nullptr) return std::nullopt;
    imports_.push_back({this, type, {}});
    return HostDefinition{code, &imports_.back()};
  }
  imports_.push_back({this, type, {}});
  for (const ValType result : type.results) {
    const auto number = [&](NumberType as) { return bits_of(std::get<Literal>(answer), as); };
    imports_.back().constants.push_back(result == ValType::i32   ? number(NumberType::i32)
                                        : result == ValType::i64 ? number(NumberType::i64)
                                        : result == ValType::f32 ? number(NumberType::f32)
                                        : result == ValType::f64 ? number(NumberType::f64)
                                                                 : 0);
  }
  return HostDefinition{constant, &imports_.back()};
}

void CallHost::reset() noexcept {
  jumping = false;
  world_.reset();
}

}  // namespace instbench::bench
