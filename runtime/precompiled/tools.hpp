// Which compilers this machine has, for cache keys: where each program lies, how long it is and when it was written.
//
// Asking a compiler for its version starts a process, which takes longer than loading a whole precompiled module; a
// few stats say as surely that it is not the one that made an entry. COST: some stat(2) a program, no process.
#pragma once

#include <string>

#include "runtime/codegen/code.hpp"

namespace instbench {

// One line. Different programs, different lines; a program that is missing says so.
std::string tools_for(Compiler compiler);

}  // namespace instbench
