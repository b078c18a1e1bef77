// Linking: which object of which instance an import gets (WebAssembly 2.0, sections 3.2 import matching and 4.5.4).
//
// Instances that share an object form a group: they live and die together (pool.hpp). An import that is
// not linked is the host's: a function by HostImports, a memory, table or global made fresh in the instance's own slot.
#pragma once

#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "runtime/instance/instance.hpp"

namespace instbench {

// An object that an instance can give away: the index-th of its kind.
struct Extern {
  Instance instance;
  ExternKind kind = ExternKind::function;
  uint32_t index = 0;
};

// The export of that name, or nothing.
std::optional<Extern> find_export(const Instance& instance, const std::string& name);

// Links (instance.hpp): one entry per import of the module, in file order; nothing where the host provides.

// An import is missing or its type does not match. what(): `unknown import "m" "n"` or
// `incompatible import type "m" "n": …`.
struct LinkError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Throws LinkError unless there is a link for each import that the module was prepared to have linked and for no other,
// and each matches the type that the module asks for. Sizes are those of now.
void check_links(const Prepared& importer, const Links& links);

}  // namespace instbench
