#include "harness/engines/library/start_state.hpp"

#include <algorithm>
#include <memory>
#include <vector>

#include "harness/engines/library/snapshot.hpp"
#include "runtime/image/image_plan.hpp"
#include "runtime/module/load.hpp"

namespace instbench::bench {
namespace {

bool is_told_by_segments(const Module& module, const Eligibility& eligibility) {
  if (module.start || module.memories.empty() || module.memories[0].imported) return false;
  for (size_t i = 0; i < module.data_segments.size(); ++i) {
    const DataSegment& segment = module.data_segments[i];
    if (segment.mode == SegmentMode::active && segment.memory == 0 && !eligibility.data_in_image[i]) return false;
  }
  return true;
}

}  // namespace

std::optional<std::string> start_difference(const std::string& module_path, std::span<const std::byte> memory) {
  std::shared_ptr<const Module> module;
  try {
    module = load_file(module_path, Bodies::skip);
  } catch (const std::exception&) {
    return std::nullopt;
  }
  const Eligibility eligibility = examine(*module);
  if (!is_told_by_segments(*module, eligibility)) return std::nullopt;
  const uint64_t bytes = module->memories[0].limits.min * kWasmPageBytes;
  if (memory.size() != bytes)
    return "memory 0 has " + std::to_string(memory.size()) + " bytes, expected " + std::to_string(bytes);
  const ImagePlan plan = plan_image(*module, eligibility, 0);
  std::vector<std::byte> expected(bytes);
  for (const PageRun& run : plan.runs) {
    const std::span<const std::byte> content = plan.bytes_of(run);
    std::copy(content.begin(), content.end(), expected.begin() + static_cast<std::ptrdiff_t>(run.first_page * os::kPageBytes));
  }
  return memory_difference(memory, expected);
}

}  // namespace instbench::bench
