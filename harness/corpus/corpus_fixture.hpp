// What the tests of this folder share: a folder of their own, the repository's corpus, a small manifest.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "harness/corpus/manifest.hpp"

namespace instbench::bench {

namespace fs = std::filesystem;

inline const std::string kCorpus = INSTBENCH_SOURCE_DIR "/corpus";

// A folder of this test's own, gone at its end.
class Scratch {
 public:
  Scratch() {
    std::string name = fs::temp_directory_path() / "instbench-corpus-XXXXXX";
    path_ = mkdtemp(name.data());
  }
  ~Scratch() { fs::remove_all(path_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  std::string operator/(const std::string& name) const { return (path_ / name).string(); }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

inline void write(const std::string& path, const std::string& text) {
  fs::create_directories(fs::path(path).parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

inline const Manifest& corpus() {
  static const Manifest manifest = Manifest::load(kCorpus);
  return manifest;
}

inline const std::string kEntry =
    R"({"name": "a", "tier": "wat", "file": "a.wat", "sha256": "e27fef3f1a4e7ba2ae1fb4a9d9af8b45de4f6ee6d4ec9a7e6d8fbf53ebc8b1f2",
        "bytes": 8, "origin": "here", "licence": "none", "why": "test"})";
inline const std::string kGood =
    R"({"manifest": 1, "modules": [)" + kEntry +
    R"(], "suites": [{"name": "s", "why": "test", "cases": [{"modules": ["a"], "workload": "write=1,2"}]}]})";

}  // namespace instbench::bench
