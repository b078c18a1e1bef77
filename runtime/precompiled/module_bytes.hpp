// A Module as flat bytes and back, so that a process that has seen the module before need not parse it.
//
// Reading checks every length, kind and index, so that damaged or hostile bytes give CorruptBytes and never a Module
// that would be read out of its bounds. It does not prove that the module is valid: the content hash around it does.
// COST: one pass; the data bytes are copied once. The layout has no version of its own: the cache entry's covers it.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "runtime/module/module.hpp"
#include "runtime/precompiled/byte_stream.hpp"

namespace instbench {

void write_module(ByteWriter& writer, const Module& module);
std::shared_ptr<const Module> read_module(ByteReader& reader);  // throws CorruptBytes

}  // namespace instbench
