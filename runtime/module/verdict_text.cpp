#include "runtime/module/verdict_text.hpp"

namespace instbench {
namespace {

std::string hex(uint64_t value) {
  std::string digits;
  for (; value != 0 || digits.empty(); value >>= 4) digits.insert(digits.begin(), "0123456789abcdef"[value & 15]);
  return "0x" + digits;
}

std::string counted(uint64_t count, const char* one, const char* many) {
  return std::to_string(count) + " " + (count == 1 ? one : many);
}

std::string name(uint32_t index, const DataSegment&) { return "data segment " + std::to_string(index); }
std::string name(uint32_t index, const ElemSegment&) { return "element segment " + std::to_string(index); }

std::string target(const Module& module, const DataSegment& segment) {
  const Memory& memory = module.memories[segment.memory];
  return std::string(memory.imported ? "imported " : "") + "memory " + std::to_string(segment.memory) + " (" +
         counted(memory.limits.min, "page", "pages") + (memory.imported ? " at least)" : ")");
}

std::string target(const Module& module, const ElemSegment& segment) {
  const Table& table = module.tables[segment.table];
  return std::string(table.imported ? "imported " : "") + "table " + std::to_string(segment.table) + " (" +
         counted(table.limits.min, "entry", "entries") + (table.imported ? " at least)" : ")");
}

std::string past_the_end(const std::string& segment, uint64_t offset, uint64_t size, const std::string& target) {
  if (size == 0) return segment + " is empty, but starts at " + hex(offset) + ", past the end of " + target;
  if (offset > UINT64_MAX - size) {
    return segment + " writes " + std::to_string(size) + " from " + hex(offset) + " on, past the end of " + target;
  }
  return segment + " writes [" + hex(offset) + ", " + hex(offset + size) + ") past the end of " + target;
}

std::string unknown_offset(const std::string& segment, const ConstExpr& offset) {
  if (offset.kind == ConstExpr::Kind::global_get) {
    return segment + " starts where global " + std::to_string(offset.index) + " says, known only at instantiation";
  }
  return segment + " starts where an expression of several instructions says, computed at instantiation";
}

std::string expression_entry(const std::string& segment, const ElemSegment& element) {
  for (size_t i = 0; i < element.entries.size(); ++i) {
    const ElemEntry& entry = element.entries[i];
    if (entry.kind == ElemEntry::Kind::global_get) {
      return segment + ": its entry " + std::to_string(i) + " is the value of global " + std::to_string(entry.index);
    }
    if (entry.kind == ElemEntry::Kind::extended) {
      return segment + ": its entry " + std::to_string(i) + " is computed by an expression";
    }
  }
  return segment + " has no expression entries";
}

// What data and element segments have in common.
template <typename Segment>
std::string common_reason(const Module& module, uint32_t index, const Segment& segment, Obstacle obstacle,
                          const Circumstances& circumstances, bool imported) {
  if (circumstances.trap) return name(index, segment) + " is never applied: " + *circumstances.trap;
  if (obstacle == Obstacle::dynamic_offset) return unknown_offset(name(index, segment), segment.offset);
  if (obstacle == Obstacle::out_of_bounds) {
    return past_the_end(module, index, segment) + (imported ? "; the host's may be larger" : "");
  }
  if (obstacle == Obstacle::imported && circumstances.alias) {
    return name(index, segment) + " fills " + target(module, segment) + ", which is imported twice, also as number " +
           std::to_string(*circumstances.alias);
  }
  return name(index, segment) + " stays out of the image: " + std::string(name_of(obstacle));
}

template <typename Segment>
std::string condition(const Module& module, uint32_t index, const Segment& segment) {
  return name(index, segment) + " and those after it fill " + target(module, segment) +
         ": in the image only while the host makes a fresh one for each instance; bounds are those of the minimum, "
         "the host's may be larger";
}

}  // namespace

std::string past_the_end(const Module& module, uint32_t segment, const DataSegment& data) {
  return past_the_end(name(segment, data), data.offset.bits, data.size, target(module, data));
}

std::string past_the_end(const Module& module, uint32_t segment, const ElemSegment& element) {
  return past_the_end(name(segment, element), element.offset.bits, element.entries.size(), target(module, element));
}

std::string reason_for(const Module& module, uint32_t segment, const DataSegment& data, Obstacle obstacle,
                       const Circumstances& circumstances) {
  if (obstacle == Obstacle::passive) return name(segment, data) + " is passive: memory.init copies it, if ever";
  if (obstacle == Obstacle::shared_memory) {
    return name(segment, data) + " fills " + target(module, data) + ", which is shared: no private copies of its pages";
  }
  return common_reason(module, segment, data, obstacle, circumstances, module.memories[data.memory].imported);
}

std::string reason_for(const Module& module, uint32_t segment, const ElemSegment& element, Obstacle obstacle,
                       const Circumstances& circumstances) {
  switch (obstacle) {
    case Obstacle::passive:
      return name(segment, element) + " is passive: table.init copies it, if ever";
    case Obstacle::declared:
      return name(segment, element) + " is declared: it permits ref.func and writes nothing";
    case Obstacle::foreign_reference:
      return name(segment, element) + " fills " + target(module, element) + " of externref, the host's own references";
    case Obstacle::expression_entry:
      return expression_entry(name(segment, element), element);
    default:
      return common_reason(module, segment, element, obstacle, circumstances, module.tables[element.table].imported);
  }
}

std::string host_condition(const Module& module, uint32_t segment, const DataSegment& data) {
  return condition(module, segment, data);
}

std::string host_condition(const Module& module, uint32_t segment, const ElemSegment& element) {
  return condition(module, segment, element);
}

}  // namespace instbench
