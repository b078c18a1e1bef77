#include "harness/build/git_build.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <ostream>
#include <stdexcept>
#include <thread>
#include <vector>

#include "harness/build/arm_text.hpp"
#include "harness/build/binary.hpp"
#include "harness/build/entries.hpp"
#include "harness/build/git_tree.hpp"
#include "harness/protocol/text.hpp"
#include "runtime/os/file.hpp"
#include "runtime/os/private_dir.hpp"
#include "runtime/os/process.hpp"

namespace instbench::bench {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::hours kLongest{1};
constexpr size_t kShownLines = 20;
constexpr const char* kWork = ".work-";

// FNV-1a: a name for a folder, no defence against anybody.
std::string hash_of(const std::string& text) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const unsigned char c : text) hash = (hash ^ c) * 0x100000001b3;
  char digits[17];
  std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(hash));
  return digits;
}

// What makes another binary of the same revision. cmake takes c++ first when CXX names none.
std::string compiler_key() {
  const std::string ask = "for q in --version -dumpmachine; do ${CXX:-c++} $q; done";
  std::string text = os::run_child({"/bin/sh", "-c", ask}, "", std::chrono::minutes(1)).out;
  for (const char* name : {"CXX", "CXXFLAGS", "LDFLAGS", "CMAKE_TOOLCHAIN_FILE", "CMAKE_PREFIX_PATH"}) {
    const char* value = std::getenv(name);
    text += std::string(name) + "=" + (value == nullptr ? "" : value) + "\n";
  }
  return hash_of(text);
}

std::string end_of(const std::string& log) {
  std::vector<std::string> lines = split(os::read_text(log), '\n');
  if (!lines.empty() && lines.back().empty()) lines.pop_back();
  if (lines.size() > kShownLines) lines.erase(lines.begin(), lines.end() - kShownLines);
  return join(lines, "\n");
}

// One build: from a revision to a folder in `builds`. REQUIRES: the lock of `name` is held.
class Build {
 public:
  Build(const os::PrivateDir& builds, std::string name, std::string arm)
      : arm_(std::move(arm)),
        kept_(builds.path_of(name)),
        log_(kept_ + ".log"),
        work_(os::PrivateDir::make_new(builds.path(), kWork + name + "-").path()) {
    std::ofstream(log_, std::ios::trunc) << arm_ << "\n";
  }
  Build(const Build&) = delete;
  Build& operator=(const Build&) = delete;
  ~Build() {
    std::error_code ignored;
    fs::remove_all(work_, ignored);
  }

  // False when an interrupt came.
  bool make(const Revision& revision) {
    const bool made = checked_out(revision) && built(revision) && kept(revision);
    if (!made) fs::remove(log_);
    return made;
  }

 private:
  bool checked_out(const Revision& revision) {
    return lay_out(revision, work_ + "/src", [this](const auto& argv) { return run(argv); });
  }

  bool built(const Revision& revision) {
    const std::string source = work_ + "/src/" + revision.prefix, folder = work_ + "/bin";
    if (!run(cmake({"-S", source, "-B", folder, "--preset", "release", "-DINSTBENCH_TESTS=OFF"}))) return false;
    std::vector<std::string> build = {"--build", folder, "--target", "instbench"};
    if (std::getenv("CMAKE_BUILD_PARALLEL_LEVEL") == nullptr)
      build.push_back("-j" + std::to_string(std::max(1U, std::thread::hardware_concurrency())));
    return run(cmake(build));
  }

  bool kept(const Revision& revision) {
    const std::string folder = work_ + "/keep", binary = folder + "/instbench";
    fs::create_directory(folder);
    if (!fs::exists(work_ + "/bin/instbench")) fail("left no instbench in its build folder");
    fs::rename(work_ + "/bin/instbench", binary);
    const auto checked = tried(binary);
    if (!checked) return false;
    const BinaryFacts& facts = checked->facts;
    if (facts.commit.size() < 7 || !revision.sha.starts_with(facts.commit) || facts.modified)
      fail("made a binary that says it is " + facts.commit + (facts.modified ? ", modified" : ""));
    fs::rename(log_, folder + "/build.log");
    fs::remove_all(kept_);  // a damaged one
    fs::rename(folder, kept_);
    return true;
  }

  std::optional<Binary> tried(const std::string& binary) const {
    try {
      return check_binary(binary);
    } catch (const ArmError& error) {  // not the user's mistake
      fail(std::string("made what cannot be used: ") + error.what());
    }
  }

  static std::vector<std::string> cmake(const std::vector<std::string>& words) {
    std::vector<std::string> argv = without_git_variables();
    argv.emplace_back("cmake");
    argv.insert(argv.end(), words.begin(), words.end());
    return argv;
  }

  // False when an interrupt came. The shell only sends the output to the log, as it comes.
  bool run(const std::vector<std::string>& argv) {
    std::vector<std::string> logged = {"/bin/sh", "-c", R"(exec >>"$0" 2>&1; printf '$ %s\n' "$*"; exec "$@")", log_};
    logged.insert(logged.end(), argv.begin(), argv.end());
    const os::ChildResult child = os::run_child(logged, "", kLongest, {.stop = os::Stop::gently});
    if (child.interrupted) return false;
    if (child.timed_out) fail("took longer than an hour");
    if (child.signal) fail("was ended by signal " + std::to_string(*child.signal));
    if (child.exit_code != 0) fail("failed with exit code " + std::to_string(child.exit_code));
    return true;
  }

  [[noreturn]] void fail(const std::string& how) const {
    throw std::runtime_error("building " + arm_ + " " + how + ": see " + log_ + ", which ends with\n" + end_of(log_));
  }

  std::string arm_, kept_, log_, work_;
};

// Being used keeps a build: its folder's time is that of its last use.
std::optional<std::string> find_built(const os::PrivateDir& builds, const std::string& name) {
  const std::string binary = builds.path_of(name) + "/instbench";
  std::error_code absent;
  if (!fs::is_regular_file(binary, absent)) return std::nullopt;
  builds.touch(name);
  return binary;
}

void remove(const os::PrivateDir& builds, const std::string& name) {
  std::error_code ignored;
  fs::remove_all(builds.path_of(name), ignored);
}

bool is_build(const Entry& entry) {
  constexpr size_t kShaDigits = 40, kKeyDigits = 16;
  return entry.name.size() == kShaDigits + 1 + kKeyDigits && entry.name[kShaDigits] == '-';
}

// Whoever uses a build has just touched it and goes on to copy it, so the oldest are in nobody's hands.
void tidy_up(const os::PrivateDir& builds) {
  size_t kept = 0, logs = 0;
  for (const Entry& entry : entries_of(builds.path(), "")) {
    if (is_build(entry) && ++kept > kBuildsKept) remove(builds, entry.name);
    if (entry.name.ends_with(".log") && ++logs > kBuildsKept) remove(builds, entry.name);
    if (entry.name.starts_with(kWork) && entry.age > kStale) remove(builds, entry.name);
  }
}

// Nothing when an interrupt came.
std::optional<os::FileLock> wait_for(const os::PrivateDir& builds, const std::string& name, std::ostream& progress) {
  const std::string file = name + ".lock";
  if (auto lock = os::FileLock::take(builds, file, std::chrono::milliseconds(0))) return lock;
  progress << "waiting for another run that builds the same" << std::endl;
  auto lock = os::FileLock::take(builds, file, kLongest);
  if (!lock && os::interrupted() == 0)
    throw std::runtime_error("another run has been building for an hour and holds " + builds.path_of(file));
  return lock;
}

}  // namespace

std::optional<std::string> git_worker(const std::string& source_tree, const std::string& rev,
                                      const std::string& cache_dir, std::ostream& progress) {
  const auto revision = find_revision(source_tree, rev);
  if (!revision) return std::nullopt;
  const os::PrivateDir builds = os::PrivateDir::open(cache_dir + "/builds");
  builds.require_execution();
  const std::string name = revision->sha + "-" + compiler_key();
  if (auto found = find_built(builds, name)) return found;
  const auto lock = wait_for(builds, name, progress);
  if (!lock) return std::nullopt;
  if (auto found = find_built(builds, name)) return found;  // whoever held the lock has built it
  const std::string arm = "core@git+" + rev + " (" + short_sha(*revision) + ")";
  progress << "building " << arm << ": about two minutes" << std::endl;
  if (!Build(builds, name, arm).make(*revision)) return std::nullopt;
  tidy_up(builds);
  return find_built(builds, name);
}

}  // namespace instbench::bench
