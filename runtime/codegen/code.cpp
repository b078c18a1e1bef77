#include "runtime/codegen/code.hpp"

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <set>
#include <tuple>

namespace instbench {
namespace {

// What the loader writes into every library. Constant after set_host_services().
HostServices services_given;

uint64_t next_load() {
  static std::atomic<uint64_t> last{0};
  return ++last;
}

void refuse(const CodeDescriptor& descriptor, const Module& module, const std::string& path) {
  if (descriptor.abi_version != kAbiVersion) throw CodegenError(path + " was made for another version of the core");
  if (descriptor.module_sha256 != module.sha256) throw CodegenError(path + " was made from another module");
  if (descriptor.functions_count != module.functions.size() || descriptor.types_count != module.types.size())
    throw CodegenError(path + " does not have the module's functions");
}

struct ByContent {
  bool operator()(const FuncType& a, const FuncType& b) const {
    return std::tie(a.params, a.results) < std::tie(b.params, b.results);
  }
};

// What is loaded now, by path: the system would hand out the same library again, and with it one place for
// the address of the module's data.
std::shared_ptr<const Code> loaded_before(const std::string& path, const std::shared_ptr<const Code>& now) {
  static std::mutex mutex;
  static std::map<std::string, std::weak_ptr<const Code>> all;
  const std::lock_guard lock(mutex);
  std::weak_ptr<const Code>& known = all[path];
  if (now) known = now;
  return known.lock();
}

}  // namespace

void set_host_services(const HostServices& services) { services_given = services; }

std::shared_ptr<const Code> Code::load(const std::string& path, std::shared_ptr<const Module> module) {
  if (auto known = loaded_before(path, nullptr)) {
    refuse(*known->descriptor_, *module, path);
    return known;
  }
  std::shared_ptr<Code> code(new Code);
  try {
    code->library_ = os::Library::open(path);
    code->descriptor_ = static_cast<const CodeDescriptor*>(code->library_.symbol("instbench_module"));
  } catch (const std::runtime_error& error) {
    throw CodegenError(error.what());
  }
  const CodeDescriptor& descriptor = *code->descriptor_;
  refuse(descriptor, *module, path);
  for (size_t i = 0; i < module->types.size(); ++i) descriptor.type_slots[i] = intern_type(module->types[i]);
  *descriptor.services = &services_given;
  *descriptor.data = module->data_bytes.data();
  code->module_ = std::move(module);
  code->id_ = next_load();
  return loaded_before(path, code);
}

Bounds Code::bounds() const { return options().ends_with(name_of(Bounds::guard)) ? Bounds::guard : Bounds::checked; }

Compiler Code::compiler() const { return options().starts_with(name_of(Compiler::tcc)) ? Compiler::tcc : Compiler::cc; }

const FuncType* intern_type(const FuncType& type) {
  static std::mutex mutex;
  static std::set<FuncType, ByContent> types;  // never shrinks: addresses are identities
  const std::lock_guard lock(mutex);
  return &*types.insert(type).first;
}

std::string_view message_of(Trap trap) {
  switch (trap) {
    case Trap::none:
      return "no trap";
    case Trap::unreachable:
      return "unreachable";
    case Trap::out_of_bounds_memory:
      return "out of bounds memory access";
    case Trap::out_of_bounds_table:
      return "out of bounds table access";
    case Trap::undefined_element:
      return "undefined element";
    case Trap::uninitialized_element:
      return "uninitialized element";
    case Trap::indirect_call_mismatch:
      return "indirect call type mismatch";
    case Trap::divide_by_zero:
      return "integer divide by zero";
    case Trap::integer_overflow:
      return "integer overflow";
    case Trap::invalid_conversion:
      return "invalid conversion to integer";
    case Trap::stack_exhausted:
      return "call stack exhausted";
    case Trap::host:
      return "a host function refused";
    case Trap::exit:
      return "the program ended itself";
  }
  return "unknown trap";
}

}  // namespace instbench
