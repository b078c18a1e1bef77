// Calls into guest code and the services that it asks for. Private to the layer.
#pragma once

#include <cstddef>
#include <cstdint>

#include "runtime/codegen/abi.hpp"

namespace instbench {

// table.init: entries [from, from + length) of the element segment of the instance at `vmctx`, to [to, …) of `table`.
// REQUIRES: within bounds.
void write_segment(std::byte* vmctx, TableInstance& table, uint32_t segment, uint64_t to, uint64_t from,
                   uint64_t length);

// Gives generated code its services, once per process. REQUIRES: called before code is loaded.
void provide_host_services();

}  // namespace instbench
