// The sentences of eligibility: which segment, what stops it. Made only for verdicts that are listed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "runtime/module/eligibility.hpp"

namespace instbench {

// "data segment 7 writes [0x10000, 0x10004) past the end of memory 0 (1 page)". The segment's offset is
// a constant.
std::string past_the_end(const Module& module, uint32_t segment, const DataSegment& data);
std::string past_the_end(const Module& module, uint32_t segment, const ElemSegment& element);

// Why this obstacle keeps a segment out of the image. `trap` is Eligibility::always_traps, given only for
// a segment that is never applied because of it; `alias` the other number of an import given twice.
struct Circumstances {
  std::optional<std::string> trap;
  std::optional<uint32_t> alias;
};
std::string reason_for(const Module& module, uint32_t segment, const DataSegment& data, Obstacle obstacle,
                       const Circumstances& circumstances);
std::string reason_for(const Module& module, uint32_t segment, const ElemSegment& element, Obstacle obstacle,
                       const Circumstances& circumstances);

// Why segments in the image of an imported memory or table are so only on a condition.
std::string host_condition(const Module& module, uint32_t segment, const DataSegment& data);
std::string host_condition(const Module& module, uint32_t segment, const ElemSegment& element);

}  // namespace instbench
