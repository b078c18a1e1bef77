// The corpus: which modules there are, where each comes from, and the suites made of them.
//
// A Manifest is corpus/manifest.json, read and checked whole: a manifest that is wrong anywhere is an
// error that names the entry, never a shorter corpus. It is immutable and only describes; the bytes on
// disk are the business of resolve.hpp. Costs one file read.
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "harness/protocol/call_script.hpp"
#include "harness/protocol/cell.hpp"

namespace instbench::bench {

// What is wrong with the corpus, in one line: the file, the entry, the reason.
struct CorpusError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// wat: text in the repository. shape: facts in the repository, built into a module. real: fetched.
enum class Tier : uint8_t { wat, shape, real };
std::string_view name_of(Tier tier);

// Where a real module comes from: `member` of PACKAGE@VERSION's tarball, whose sha512 is `integrity`.
// `extract` says how the wasm lies in it: "file", or "base64[N]", the N-th base64 wasm literal of a
// JavaScript file.
struct NpmSource {
  std::string package;
  std::string version;
  std::string integrity;
  std::string member;
  std::string extract = "file";
};

// A real module that is made on the user's machine, because no one publishes it and two makings differ in bytes: by
// RECIPE/make.mjs with the npm packages that RECIPE/package-lock.json pins by integrity. Its counts must be these
// within 1 %, and so must its size.
struct GeneratedSource {
  std::string recipe;  // folder below the corpus directory
  uint64_t functions = 0;
  uint64_t data_segments = 0;
  uint64_t table_entries = 0;
};

// The script of a module's `call` workload.
struct CallSource {
  std::string file;  // path below the corpus directory
  std::string sha256;
};

struct ModuleEntry {
  std::string name;
  Tier tier = Tier::wat;
  std::string file;              // wat and shape: path below the corpus directory
  std::optional<NpmSource> npm;  // real, unless generated
  std::optional<GeneratedSource> generate;
  std::string sha256;  // of `file` (wat, shape), of the wasm (npm) or of the recipe (generate)
  uint64_t bytes = 0;  // of `file` or of the wasm
  std::string origin;
  std::string licence;
  std::string why;                      // the trait, and why it matters
  std::optional<std::string> shape_of;  // the module that this shape was extracted from, where it is in the corpus
  std::optional<std::string> expect;    // "instantiation fails: …" when the specification makes it trap
  std::optional<CallSource> call;       // absent: nothing is known that could be called with a checked answer
};

struct Suite {
  std::string name;
  std::string why;
  std::vector<Case> cases;  // expanded, in the order of the manifest; every module exists, no case is there twice
};

class Manifest {
 public:
  // Reads CORPUS_DIR/manifest.json. Throws CorpusError.
  static Manifest load(const std::string& corpus_dir);

  const std::string& corpus_dir() const { return corpus_dir_; }
  const std::vector<ModuleEntry>& modules() const { return modules_; }
  const std::vector<Suite>& suites() const { return suites_; }

  const ModuleEntry* find_module(std::string_view name) const;  // nullptr: no such name
  const Suite* find_suite(std::string_view name) const;
  std::vector<std::string> module_names() const;  // for messages: see unknown_name() in text.hpp
  std::vector<std::string> suite_names() const;

  // The entry's call script. REQUIRES: entry.call. Throws CorpusError when the file is absent, wrong or not the one
  // that the manifest's hash means.
  CallScript call_script(const ModuleEntry& entry) const;

 private:
  std::string corpus_dir_;
  std::vector<ModuleEntry> modules_;
  std::vector<Suite> suites_;
};

}  // namespace instbench::bench
