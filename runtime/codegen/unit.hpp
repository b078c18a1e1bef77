// The translation unit of a module: the core's prelude, the vmctx as a C struct, wasm2c's function bodies, and the
// descriptor through which the core finds its way. Everything but the bodies is generated from Module.
//
// Trampolines (host to guest) and host thunks (guest to host) are made per function type: values cross as an
// array of Value, so no C struct passes between compilers. The struct's offsets are checked by
// the C compiler against lay_out_vmctx(): a unit whose layout differs does not compile.
// Private to the layer.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "runtime/codegen/code.hpp"

namespace instbench {

// `options` is what CodeDescriptor::options will say. Gives the text in pieces to `write`; calls `write_bodies` where
// the function bodies belong.
void write_unit(const Module& module, Bounds bounds, const std::string& options,
                const std::function<void(std::string_view)>& write, const std::function<void()>& write_bodies);

}  // namespace instbench
