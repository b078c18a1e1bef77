// Revisions of a git checkout, looked up and laid out elsewhere without changing anything in the checkout: no worktree
// is registered, no ref written, no hook run.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace instbench::bench {

struct Revision {
  std::string tree;     // the checkout it was looked up in
  std::string sha;      // of the commit, whole
  std::string prefix;   // where `tree` lies in its repository: "" or "sub/folder/"
  std::string objects;  // the repository's object store
};

std::string short_sha(const Revision& revision);  // twelve digits: a binary's own name for its commit

// What git calls its local variables would lead it, and the commit that a build reads, to another repository: a hook or
// `git rebase --exec` sets them. A command with these words in front is free of them.
const std::vector<std::string>& without_git_variables();

// `rev` is what git takes for a commit. Throws ArmError that says what is wrong with it or with the checkout; returns
// nothing when an interrupt came meanwhile.
std::optional<Revision> find_revision(const std::string& tree, const std::string& rev);

// Lays the revision out in the new folder `into`, a repository of its own that borrows the checkout's objects: so
// commits that no branch holds and shallow checkouts do, which `git clone` leaves out. Runs each command through `run`,
// which says whether to go on; returns whether all of them were run.
bool lay_out(const Revision& revision, const std::string& into,
             const std::function<bool(const std::vector<std::string>&)>& run);

}  // namespace instbench::bench
