// Whether anything could ever write a table after its start state: the proof that tables=retained rests on. Pure.
//
// A table's entries can stay in a slot from one instance to the next when they cannot differ between them. Who could
// make them differ: the host or another instance, through an import or an export; code, by one of five instructions
// (WebAssembly 2.0, section 4.4.6; whether it is ever reached is not asked); an element segment that is applied to each
// instance, because its place or its entries are only known then. Making an entry of a lazy table when it is first seen
// is no such write: it gives the same entry in every instance of the module in one slot.
// One thing is known only when the module is linked: an entry that names a function imported from another instance
// (Prepared judges it).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/module/eligibility.hpp"
#include "runtime/module/module.hpp"

namespace instbench {

// What stands against it, a sentence each that names the import, the export, the function and its instruction, or the
// element segment (of each kind the first); empty: it is proven. `eligibility` is the module's.
std::vector<std::string> who_writes(const Module& module, const Eligibility& eligibility, uint32_t table);

}  // namespace instbench
