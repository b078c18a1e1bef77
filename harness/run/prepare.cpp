#include "harness/run/prepare.hpp"

#include <system_error>
#include <variant>

#include "harness/corpus/resolve.hpp"
#include "runtime/module/load.hpp"

namespace instbench::bench {
namespace {

PreparedModule unusable(PreparedModule::State state, const std::string& label, const ModuleEntry* entry,
                        const std::string& reason) {
  PreparedModule module;
  module.state = state;
  module.reason = reason;
  module.facts = {{"name", label},
                  {"tier", entry == nullptr ? "file" : std::string(name_of(entry->tier))},
                  {"sha256", nullptr},
                  {"bytes", nullptr}};
  return module;
}

PreparedModule ready(const std::string& label, const Resolved& resolved) {
  const std::string tier = resolved.entry ? std::string(name_of(resolved.entry->tier)) : "file";
  PreparedModule module;
  module.path = resolved.path;
  module.sha256 = resolved.sha256;
  module.facts = module_facts(label, tier, *load_file(resolved.path, Bodies::validate));
  if (resolved.entry) module.expect = resolved.entry->expect.value_or("");
  return module;
}

}  // namespace

Json module_facts(const std::string& label, const std::string& tier, const Module& module) {
  uint64_t table_entries = 0, memory_pages = 0;
  for (const Table& table : module.tables) table_entries += table.limits.min;
  for (const Memory& memory : module.memories) memory_pages += memory.limits.min;
  return {{"name", label},
          {"tier", tier},
          {"sha256", module.sha256},
          {"bytes", module.byte_size},
          {"functions", module.functions.size()},
          {"table_entries", table_entries},
          {"data_segments", module.data_segments.size()},
          {"elem_segments", module.elem_segments.size()},
          {"data_bytes", module.data_bytes.size()},
          {"memory_pages", memory_pages},
          {"globals", module.globals.size()},
          {"imports", module.imports.size()},
          {"exports", module.exports.size()}};
}

PreparedModule prepare(const Manifest& manifest, const std::string& label, const std::string& name_or_path,
                       const std::string& cache_dir) {
  using State = PreparedModule::State;
  const ModuleEntry* entry = manifest.find_module(name_or_path);
  if (entry == nullptr) {
    const auto found = resolve(manifest, name_or_path, cache_dir);
    if (const auto* missing = std::get_if<Missing>(&found)) {
      return unusable(State::skipped, label, nullptr, missing->reason);
    }
    return ready(label, std::get<Resolved>(found));
  }
  try {
    const auto found = resolve(manifest, name_or_path, cache_dir);
    if (const auto* missing = std::get_if<Missing>(&found)) {
      return unusable(State::skipped, label, entry, missing->reason);
    }
    return ready(label, std::get<Resolved>(found));
  } catch (const CorpusError& error) {
    return unusable(entry->tier == Tier::real ? State::skipped : State::failed, label, entry, error.what());
  } catch (const std::runtime_error& error) {  // LoadError, ShapeError, system_error
    return unusable(State::failed, label, entry, error.what());
  }
}

}  // namespace instbench::bench
