// The verdicts of a comparison for programs: schema "instbench-verdicts/1", a small part of the result, without
// blocks and cells. Its fields are those of the comparison (README.md), with counts and provenance. Pure.
#pragma once

#include "harness/protocol/cell.hpp"

namespace instbench::bench {

Json verdicts_json(const Json& result);

}  // namespace instbench::bench
