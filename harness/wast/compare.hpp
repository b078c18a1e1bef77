// What a script expects against what the core did. Pure.
//
// Numbers are compared bit by bit, NaNs by their class where the script asks for a class (WebAssembly 2.0,
// section 4.3.3 on NaN propagation). A host reference N of a script is the address N + 1, so that number 0 is not null.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "runtime/codegen/abi.hpp"
#include "runtime/module/wast.hpp"

namespace instbench::bench {

// An argument as guest code takes it.
Value value_of(const ScriptValue& argument);

bool matches(const ScriptValue& expected, ValType type, const Value& got);

// "i32:5", "f32:0x7fc00000 (nan)", "nan:canonical", "ref.null", "ref.extern 3", "ref.func".
std::string text_of(const ScriptValue& expected);
std::string text_of(ValType type, const Value& got);

// A script's message and ours say the same when one begins the other: "uninitialized element 2" in a script is our
// "uninitialized element".
bool same_message(std::string_view ours, std::string_view expected);

}  // namespace instbench::bench
