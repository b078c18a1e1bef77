#include "harness/wast/stage.hpp"

#include <algorithm>

#include "harness/wast/spectest.hpp"
#include "runtime/module/load.hpp"

namespace instbench::bench {
namespace {

Bounds bounds_for(const Strategy& strategy) {
  return strategy.reserve_bytes + strategy.guard_bytes >= kGuardedBytes ? Bounds::guard : Bounds::checked;
}

}  // namespace

bool makes_instance(const ScriptCommand& command) {
  using Kind = ScriptCommand::Kind;
  return command.kind == Kind::module || command.kind == Kind::assert_unlinkable ||
         command.kind == Kind::assert_uninstantiable;
}

Stage::Stage(const Script& script, Library& library, const Strategy& strategy)
    : strategy_(strategy), compiler_(library.compiler()), parts_(script.commands.size()) {
  spectest_ = add(library.entry(assemble_wat(kSpectestText, kSpectestName), kSpectestName), library);
  for (size_t i = 0; i < parts_.size(); ++i) {
    const ScriptCommand& command = script.commands[i];
    if (!makes_instance(command)) continue;
    const std::string place = script.file + ":" + std::to_string(command.line);
    parts_[i] = add(library.entry(command.module, place), library);
  }
  SlotGeometry geometry;
  for (const auto& [entry, kept] : kept_) {
    if (kept.prepared) geometry = SlotGeometry::covering(geometry, *kept.prepared);
  }
  const auto instances = std::count_if(parts_.begin(), parts_.end(), [](const Part* part) { return part != nullptr; });
  pool_ = std::make_unique<Pool>(strategy, geometry, static_cast<uint32_t>(instances) + 1);
  for (auto& [entry, kept] : kept_) {
    if (kept.prepared) kept.part.tenant = &pool_->admit(kept.prepared);
  }
}

const Part* Stage::add(const Library::Entry& entry, Library& library) {
  auto found = kept_.find(&entry);
  if (found == kept_.end()) found = kept_.emplace(&entry, prepare(entry, library)).first;
  return &found->second.part;
}

Stage::Kept Stage::prepare(const Library::Entry& entry, Library& library) const {
  Kept kept;
  kept.part.module = entry.module.get();
  if (!entry.module) {
    kept.part.failure = entry.unreadable;
    return kept;
  }
  const Library::Made& made = library.code(entry, bounds_for(strategy_));
  kept.part.no_code = made.why_not;
  // Beside instances with code, one without could be called by them.
  const bool could_be_called = compiler_ != Compiler::none && !entry.module->imports.empty();
  if (!made.code && (entry.module->start || could_be_called)) {
    kept.part.skip = made.why_not;
    return kept;
  }
  PrepareOptions options;
  options.code = made.code;
  options.linked.assign(entry.module->imports.size(), true);
  try {
    kept.prepared = Prepared::make(entry.module, strategy_, options);
  } catch (const Unsupported& error) {
    kept.part.skip = error.what();
  }
  return kept;
}

}  // namespace instbench::bench
