// wasm2c's share of code generation: function bodies as C text, from wabt's C writer.
//
// Only the bodies are taken; everything around them (structs, imports, tables, traps) is the core's (unit.hpp,
// prelude.c). Bodies are written in groups of functions, each from a module that holds that group and the
// signatures of what it calls: the C writer copies its table of global names once a function, which
// is quadratic in their number (12 of 13 seconds for 14,000 functions).
// Private to the layer. Runs where an abort of wabt does no harm: in a child.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "runtime/module/module.hpp"

namespace instbench {

// Names in the text, by index: functions w2c_F3, memories w2c_M0, tables w2c_T0, globals w2c_G7, data segments w2c_D2,
// element segments w2c_E1; import i (of all) Z_i4Z_f, its instance Z_i4_instance; the instance type Z_self_instance_t.
inline constexpr std::string_view kInstanceType = "Z_self_instance_t";

// Gives the C text of all function bodies, in order, to `write`. Throws CodegenError when wabt refuses a feature, a
// frame could be larger than the stack's guard, or the text is not what wabt 1.0.32 writes.
void translate_functions(const Module& module, std::span<const std::byte> bytes,
                         const std::function<void(std::string_view)>& write);

}  // namespace instbench
