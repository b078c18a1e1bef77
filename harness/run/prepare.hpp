// Modules made ready for a run: found, built or missing, loaded and validated once in this process, so
// that a bad module costs its own cells a clear reason instead of every worker a crash. Keeps facts
// only; the module itself is dropped again. Costs one full parse per module.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "harness/corpus/manifest.hpp"
#include "harness/run/experiment.hpp"
#include "runtime/module/module.hpp"

namespace instbench::bench {

// The result's entry for a loaded module.
Json module_facts(const std::string& label, const std::string& tier, const Module& module);

// What engines other than the core can see of its instances.
Reach reach_of(const Module& module);

// `label` names the module in cases and results; `name_or_path` is what resolve() takes. A module of the
// manifest that cannot be used comes back skipped (not fetched, wrong hash of a fetched file) or failed
// (does not build or load). A path's errors are the user's: LoadError, ShapeError, CorpusError.
PreparedModule prepare(const Manifest& manifest, const std::string& label, const std::string& name_or_path,
                       const std::string& cache_dir);

// What a run knows of a mix: ready when all of its modules are, else as the first that is not, whose name is in the reason.
PreparedModule mix_of(const std::vector<std::string>& names, const std::map<std::string, PreparedModule>& modules);

}  // namespace instbench::bench
