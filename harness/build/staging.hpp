// Fresh copies of everything that two arms run, so that neither has an advantage of its place on disk or in the page
// cache.
//
//   CACHE/compare-XXXXXX/       private (0700), gone with the object
//     lock                      held meanwhile (flock(2)): a folder whose lock nobody holds was left by a killed run
//     A/instbench               the arm's worker
//     A/00000000000.wasm        its modules, numbered in the order given, the extension kept
//     B/ C/                     likewise: all paths of arms are equally long, as a path on the stack or in argv shifts
//                               what follows it
//
// Until it is locked the folder is called .compare-XXXXXX, so that no other run takes it for one that was left.
//
// Copies share neither inode nor blocks, are on disk and have been read once (runtime/os/copy.hpp). COST: one write,
// one fsync and one read of every file and arm.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "runtime/os/private_dir.hpp"

namespace instbench::bench {

struct StagedArm {
  std::string worker;                          // path of the copy
  std::map<std::string, std::string> modules;  // path as given -> path of the copy; both with "#N" where that was given
};

class Staging {
 public:
  // Makes the folder, after removing those that no living run holds. Throws std::system_error, also where
  // the file system forbids programs.
  explicit Staging(const std::string& cache_dir);
  ~Staging();
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;

  // `place` is 'A', 'B' or 'C'. Staged again, an arm gets new copies in place of the old ones: a stage of a comparison
  // that is to confirm another does so with files of its own. Throws std::system_error.
  StagedArm stage(char place, const std::string& worker, const std::vector<std::string>& modules);

  const std::string& path() const { return folder_.path(); }

 private:
  os::PrivateDir folder_;
  os::FileLock lock_;
};

}  // namespace instbench::bench
