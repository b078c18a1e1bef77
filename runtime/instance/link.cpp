#include "runtime/instance/link.hpp"

namespace instbench {
namespace {

std::string quoted(const Import& import) { return "\"" + import.module + "\" \"" + import.name + "\""; }

[[noreturn]] void incompatible(const Import& import, const std::string& why) {
  throw LinkError("incompatible import type " + quoted(import) + ": " + why);
}

const Prepared& owner_of(const std::byte* vmctx) { return *reinterpret_cast<const VmctxHeader*>(vmctx)->prepared; }

// The module that defines the object, for what the object itself does not carry.
const Module& definer(const std::byte* owner) { return owner_of(owner).module(); }

std::string to_text(const Limits& limits) {
  return std::to_string(limits.min) + ".." + (limits.max ? std::to_string(*limits.max) : "");
}

// WebAssembly 2.0, section 3.2.6 (limits): what there is must lie within what is asked for.
void match_limits(const Import& import, const Limits& there, const Limits& asked) {
  if (there.min < asked.min || (asked.max && (!there.max || *there.max > *asked.max)))
    incompatible(import, "it has the size " + to_text(there) + ", asked for is " + to_text(asked));
}

void match_function(const Import& import, const Module& module, const Extern& object) {
  const Module& from = object.instance.prepared().module();
  if (module.types[module.functions[import.index].type] != from.types[from.functions[object.index].type])
    incompatible(import, "the function has another type");
  if (object.instance.prepared().code() == nullptr) throw LinkError(quoted(import) + ": its instance has no code");
}

void match_memory(const Import& import, const Module& module, const Extern& object) {
  const MemoryInstance& there = object.instance.vmctx().memory(object.index);
  const Memory& defined = definer(there.owner).memories[there.index];
  const Memory& asked = module.memories[import.index];
  if (defined.is_64 != asked.is_64) incompatible(import, "one of the memories has 64-bit addresses");
  match_limits(import, {there.pages, defined.limits.max}, asked.limits);
}

void match_table(const Import& import, const Module& module, const Extern& object) {
  const TableInstance& there = object.instance.vmctx().table(object.index);
  const Table& defined = definer(there.owner).tables[there.index];
  const Table& asked = module.tables[import.index];
  if (defined.element != asked.element) incompatible(import, "the table holds another type");
  // Not by find_export: what is retained is not exported.
  if (owner_of(there.owner).table(there.index).retained)
    incompatible(import, "the table is retained: nothing else may write it");
  match_limits(import, {there.size, defined.limits.max}, asked.limits);
}

void match_global(const Import& import, const Module& module, const Extern& object) {
  const Global& there = object.instance.prepared().module().globals[object.index];
  const Global& asked = module.globals[import.index];
  if (there.type != asked.type || there.is_mutable != asked.is_mutable)
    incompatible(import, "the global has another type or mutability");
}

}  // namespace

std::optional<Extern> find_export(const Instance& instance, const std::string& name) {
  for (const Export& one : instance.prepared().module().exports) {
    if (one.name == name) return Extern{instance, one.kind, one.index};
  }
  return std::nullopt;
}

void check_links(const Prepared& importer, const Links& links) {
  const Module& module = importer.module();
  for (size_t i = 0; i < module.imports.size(); ++i) {
    const Import& import = module.imports[i];
    const bool given = i < links.size() && links[i];
    // Otherwise the slot's last tenant would still be bound here.
    if (importer.linked(i) && !given) throw LinkError("unknown import " + quoted(import));
    if (!importer.linked(i) && given)
      throw LinkError(quoted(import) + " was prepared as the host's and cannot be linked");
    if (!given) continue;
    const Extern& object = *links[i];
    if (object.kind != import.kind) {
      incompatible(import, "it is a " + std::string(name_of(object.kind)) + ", asked for is a " +
                               std::string(name_of(import.kind)));
    }
    if (import.kind == ExternKind::function) match_function(import, module, object);
    if (import.kind == ExternKind::memory) match_memory(import, module, object);
    if (import.kind == ExternKind::table) match_table(import, module, object);
    if (import.kind == ExternKind::global) match_global(import, module, object);
  }
}

}  // namespace instbench
