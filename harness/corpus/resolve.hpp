// A module's name, or a path, to wasm bytes on disk that a worker can open.
//
// wat and shape modules are assembled or built into the cache folder under the SHA-256 of the result;
// files there are written beside and renamed, so any number of processes may resolve the same module at
// once. Real modules are looked up where corpus/fetch.py leaves them. Every source is hashed against the
// manifest first: a corpus file that was edited without its manifest is an error, not another benchmark.
// Cost: one read and one hash of the source, milliseconds to build (esbuild's shape the longest).
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "harness/corpus/manifest.hpp"

namespace instbench::bench {

// Where built and fetched modules live: $XDG_CACHE_HOME/instbench, else $HOME/.cache/instbench.
// Throws CorpusError when neither variable is set to an absolute path.
std::string default_cache_dir();

// The path of a real module in the cache: CACHE_DIR/real/NAME-FIRST16OFSHA.wasm (fetch.py agrees). A generated one has
// its own hash beside it, in PATH.sha256: the manifest knows that of its recipe only.
std::string real_module_path(const ModuleEntry& entry, const std::string& cache_dir);

struct Resolved {
  std::string path;    // absolute for corpus modules, as given for the user's own ("x.wasm#1" allowed)
  std::string sha256;  // of the wasm bytes (of the core module, for "x.wasm#1")
  uint64_t bytes = 0;
  std::string name;                  // the manifest's name, or the path as given
  std::optional<ModuleEntry> entry;  // absent for a path
};

// Not there, through nobody's fault: the cell is skipped with this reason.
struct Missing {
  std::string reason;  // "not fetched: run `instbench fetch real --only fastly`"
};

// now: a real module's bytes are read and hashed here. later: whoever reads them compares them with Resolved::sha256, so
// that a precompiled module is found without reading 10 MB of wasm.
enum class HashCheck : uint8_t { now, later };

// A name of the manifest wins over a file of the same name; a path contains '/' or '.', or exists. A user's .wat and
// .shape files are built into the cache like the corpus's own. Throws CorpusError for an unknown name
// (with the nearest one) and for a wrong hash, LoadError or ShapeError when it cannot be assembled.
std::variant<Resolved, Missing> resolve(const Manifest& manifest, const std::string& name_or_path,
                                        const std::string& cache_dir, HashCheck check = HashCheck::now);

}  // namespace instbench::bench
