#include "runtime/module/table_proof.hpp"

#include <algorithm>

namespace instbench {
namespace {

std::string quoted(const std::string& name) { return "\"" + name + "\""; }

// As examine() says it, where it is listed.
std::string reason_of(const TableEligibility& table, uint32_t segment) {
  for (const SegmentVerdict& verdict : table.obstacles) {
    if (verdict.segment == segment) return verdict.reason;
  }
  return "element segment " + std::to_string(segment) + " is applied by every instantiation";
}

}  // namespace

std::vector<std::string> who_writes(const Module& module, const Eligibility& eligibility, uint32_t table) {
  std::vector<std::string> reasons;
  for (const Import& import : module.imports) {
    if (import.kind != ExternKind::table || import.index != table) continue;
    reasons.push_back("it is imported (" + quoted(import.module) + " " + quoted(import.name) +
                      "): others can write it");
  }
  const auto exported = std::find_if(module.exports.begin(), module.exports.end(), [table](const Export& one) {
    return one.kind == ExternKind::table && one.index == table;
  });
  if (exported != module.exports.end())
    reasons.push_back("it is exported as " + quoted(exported->name) + ": others can write it");
  if (!module.table_writes) {
    reasons.push_back("the module's function bodies were not read: its code may write it");
  } else {
    for (const TableWrite& write : *module.table_writes) {
      if (write.table != table) continue;
      reasons.push_back("function " + std::to_string(write.function) + " writes it (" +
                        std::string(name_of(write.instruction)) + ")");
    }
  }
  for (uint32_t i = 0; i < module.elem_segments.size(); ++i) {
    const ElemSegment& segment = module.elem_segments[i];
    if (segment.mode != SegmentMode::active || segment.table != table || eligibility.elem_in_image[i]) continue;
    reasons.push_back(reason_of(eligibility.tables[table], i));
    break;
  }
  return reasons;
}

}  // namespace instbench
