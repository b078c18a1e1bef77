// The instbench of another revision, built once and kept.
//
//   CACHE/builds/                 private (0700)
//     SHA-KEY/instbench           all that a worker needs: our libraries are linked in, the rest is the system's
//     SHA-KEY/build.log
//     SHA-KEY.log                 of a build that goes on or failed
//     SHA-KEY.lock                while somebody builds
//     .work-SHA-KEY-XXXXXX/       checkout and build folder, gone afterwards
//
// KEY stands for the compiler and the variables that cmake reads its flags from. The build is that revision's own
// preset `release` without tests, from a checkout of its own, so its binary names the revision and is clean. ccache has
// a part in it only if the environment says so (CMAKE_CXX_COMPILER_LAUNCHER). The eight builds used last are kept.
#pragma once

#include <iosfwd>
#include <optional>
#include <string>

namespace instbench::bench {

inline constexpr size_t kBuildsKept = 8;

// The path of the binary of `rev`, looked up in the checkout `source_tree`; made if missing, which takes minutes and is
// said on `progress`. Returns nothing when an interrupt came: the build is stopped and nothing of it left. Throws
// ArmError for a revision that is none; std::runtime_error, with the end of the log, when it does not build.
std::optional<std::string> git_worker(const std::string& source_tree, const std::string& rev,
                                      const std::string& cache_dir, std::ostream& progress);

}  // namespace instbench::bench
