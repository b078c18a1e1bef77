#include "harness/build/git_tree.hpp"

#include "harness/build/arm_text.hpp"
#include "harness/protocol/text.hpp"
#include "runtime/os/file.hpp"
#include "runtime/os/process.hpp"

namespace instbench::bench {
namespace {

constexpr std::chrono::minutes kLongest{2};

std::string trimmed(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

std::vector<std::string> git_in(const std::string& tree, const std::vector<std::string>& words) {
  std::vector<std::string> argv = without_git_variables();
  for (const std::string& word : {std::string("git"), std::string("-C"), tree}) argv.push_back(word);
  argv.insert(argv.end(), words.begin(), words.end());
  return argv;
}

os::ChildResult ask(const std::string& tree, const std::vector<std::string>& words) {
  return os::run_child(git_in(tree, words), "", kLongest);
}

bool succeeded(const os::ChildResult& child) { return !child.signal && child.exit_code == 0; }

[[noreturn]] void refuse_tree(const std::string& tree, const std::string& said) {
  throw ArmError("no revisions in '" + tree + "': " + said.substr(0, said.find('\n')) +
                 "; core@git+REV needs the git checkout of instbench (INSTBENCH_HOME); or build the other one yourself "
                 "and give its folder, core@PATH");
}

[[noreturn]] void refuse_revision(const std::string& tree, const std::string& rev, const std::string& said) {
  std::string message = "unknown revision '" + rev + "' in '" + tree + "'";
  if (said.find("ambiguous") != said.npos) message += ": several objects begin with it";
  const auto refs = split(trimmed(ask(tree, {"for-each-ref", "--format=%(refname:short)"}).out), '\n');
  if (const auto close = nearest(rev, refs)) message += " (did you mean '" + *close + "'?)";
  message += "; give a commit, branch or tag, as in core@git+HEAD~3";
  if (trimmed(ask(tree, {"rev-parse", "--is-shallow-repository"}).out) == "true")
    message += "; the checkout is shallow, git fetch --unshallow brings the rest";
  throw ArmError(message);
}

}  // namespace

const std::vector<std::string>& without_git_variables() {
  static const std::vector<std::string> kWords = [] {
    std::vector<std::string> words = {"env"};
    for (const char* name :
         {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR"}) {
      words.emplace_back("-u");
      words.emplace_back(name);
    }
    return words;
  }();
  return kWords;
}

std::string short_sha(const Revision& revision) {
  constexpr size_t kDigits = 12;
  return revision.sha.substr(0, kDigits);
}

std::optional<Revision> find_revision(const std::string& tree, const std::string& rev) {
  const os::ChildResult place = ask(tree, {"rev-parse", "--show-prefix"});
  if (place.interrupted) return std::nullopt;
  if (!succeeded(place)) refuse_tree(tree, place.err);
  // --end-of-options: a name that begins with '-' is one too.
  const os::ChildResult commit = ask(tree, {"rev-parse", "--verify", "--end-of-options", rev + "^{commit}"});
  if (commit.interrupted) return std::nullopt;
  if (!succeeded(commit)) refuse_revision(tree, rev, commit.err);
  const os::ChildResult objects = ask(tree, {"rev-parse", "--path-format=absolute", "--git-path", "objects"});
  if (objects.interrupted) return std::nullopt;
  if (!succeeded(objects)) refuse_tree(tree, objects.err);
  return Revision{tree, trimmed(commit.out), trimmed(place.out), trimmed(objects.out)};
}

bool lay_out(const Revision& revision, const std::string& into,
             const std::function<bool(const std::vector<std::string>&)>& run) {
  std::vector<std::string> init = without_git_variables();
  for (const char* word : {"git", "init", "--quiet", "--template="}) init.emplace_back(word);
  init.push_back(into);
  if (!run(init)) return false;
  os::write_atomically(into + "/.git/objects/info/alternates", revision.objects + "\n");
  return run(git_in(into, {"-c", "core.hooksPath=/dev/null", "checkout", "--quiet", "--detach", revision.sha}));
}

}  // namespace instbench::bench
