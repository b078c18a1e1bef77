#include "harness/build/git_build.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <thread>

#include "harness/build/arm_text.hpp"
#include "harness/build/binary.hpp"
#include "harness/build/git_tree.hpp"
#include "harness/build/scratch.hpp"
#include "runtime/os/file.hpp"
#include "runtime/os/private_dir.hpp"
#include "runtime/os/process.hpp"

namespace instbench::bench {
namespace {

constexpr const char* kPresets = R"({"version": 6, "configurePresets": [
  {"name": "release", "generator": "Ninja", "binaryDir": "${sourceDir}/build/release",
   "cacheVariables": {"CMAKE_BUILD_TYPE": "Release"}}]})";
constexpr const char* kProject = R"(cmake_minimum_required(VERSION 3.25)
project(instbench LANGUAGES CXX)
execute_process(COMMAND git -C "${PROJECT_SOURCE_DIR}" rev-parse --short=12 HEAD OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE)
add_executable(instbench main.cpp)
target_compile_definitions(instbench PRIVATE COMMIT="${commit}")
)";
constexpr const char* kProgram = R"program(#include <cstdio>
int main() { std::puts("instbench 1 (" COMMIT ", Release, GNU 12.2.0)"); }
)program";

// A repository whose project, in the folder `project`, builds in a second and says of itself what instbench says.
class FakeTree {
 public:
  explicit FakeTree(const Scratch& scratch, const std::string& project = ".")
      : repository_(scratch / "repository"), project_(repository_ + "/" + project) {
    git({"init", "--quiet", "--initial-branch=main", repository_});
    commit({{"CMakePresets.json", kPresets}, {"CMakeLists.txt", kProject}, {"main.cpp", kProgram}});
  }

  void commit(const std::vector<std::pair<std::string, std::string>>& files) const {
    for (const auto& [name, text] : files) os::write_atomically(project_ + "/" + name, text);
    git({"-C", repository_, "add", "--all"});
    git({"-C", repository_, "commit", "--quiet", "--message=a change"});
  }
  std::string sha(const std::string& rev) const { return git({"-C", repository_, "rev-parse", rev}).substr(0, 40); }
  const std::string& path() const { return project_; }

  static std::string git(const std::vector<std::string>& words) {
    std::vector<std::string> argv = {"git", "-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"};
    argv.insert(argv.end(), words.begin(), words.end());
    const os::ChildResult child = os::run_child(argv, "", std::chrono::minutes(1));
    EXPECT_EQ(child.exit_code, 0) << child.err;
    return child.out;
  }

 private:
  std::string repository_, project_;
};

std::vector<std::string> left_in(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.push_back(entry.path().filename().string());
  return names;
}

template <typename Error, typename Call>
std::string refusal(const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

TEST(GitTree, FindsWhatGitCallsACommit) {
  const Scratch scratch;
  const FakeTree tree(scratch, "sub/folder");
  tree.commit({{"main.cpp", "second"}});
  FakeTree::git({"-C", tree.path(), "tag", "--annotate", "--message=x", "v1", "HEAD~1"});
  for (const auto& [rev, same] : {std::pair("HEAD~1", "HEAD~1"), std::pair("v1", "HEAD~1"), std::pair("main", "HEAD"),
                                  std::pair("HEAD^{/change}", "HEAD"), std::pair("main@{0}", "HEAD")}) {
    const auto found = find_revision(tree.path(), rev);
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(found->sha, tree.sha(same)) << rev;
    EXPECT_EQ(found->prefix, "sub/folder/");
    EXPECT_EQ(short_sha(*found), tree.sha(same).substr(0, 12));
  }
}

TEST(GitTree, ARefusalSaysWhatIsWrong) {
  const Scratch scratch;
  const FakeTree tree(scratch);
  const auto said = [&](const std::string& folder, const std::string& rev) {
    return refusal<ArmError>([&] { find_revision(folder, rev); });
  };
  EXPECT_NE(said(tree.path(), "mian").find("unknown revision 'mian'"), std::string::npos);
  EXPECT_NE(said(tree.path(), "mian").find("did you mean 'main'?"), std::string::npos) << said(tree.path(), "mian");
  EXPECT_NE(said(tree.path(), "HEAD~5").find("give a commit, branch or tag"), std::string::npos);
  EXPECT_NE(said(tree.path(), "--all").find("unknown revision '--all'"), std::string::npos);
  EXPECT_NE(said(tree.path(), "HEAD:main.cpp").find("unknown revision"), std::string::npos);
  const std::string outside = scratch / "outside";
  fs::create_directory(outside);
  ::setenv("GIT_CEILING_DIRECTORIES", scratch.path().c_str(), 1);
  EXPECT_NE(said(outside, "HEAD").find("not a git repository"), std::string::npos) << said(outside, "HEAD");
  EXPECT_NE(said(outside, "HEAD").find("core@PATH"), std::string::npos);
  ::unsetenv("GIT_CEILING_DIRECTORIES");
}

TEST(GitBuild, BuildsARevisionOnceWhateverTheCheckoutHolds) {
  const Scratch scratch;
  const FakeTree tree(scratch, "sub");
  tree.commit({{"main.cpp", "int main() {}"}});
  os::write_atomically(tree.path() + "/main.cpp", "not committed");
  const std::string cache = scratch / "cache";
  ::setenv("GIT_DIR", scratch.path().c_str(), 1);  // as in a hook
  std::ostringstream first, again;
  const auto binary = git_worker(tree.path(), "HEAD~1", cache, first);
  EXPECT_EQ(git_worker(tree.path(), "HEAD~1", cache, again), binary);
  ::unsetenv("GIT_DIR");
  ASSERT_TRUE(binary.has_value());
  const std::string sha = tree.sha("HEAD~1");
  EXPECT_EQ(check_binary(*binary)->facts.commit, sha.substr(0, 12));
  EXPECT_EQ(first.str(), "building core@git+HEAD~1 (" + sha.substr(0, 12) + "): about two minutes\n");
  EXPECT_EQ(again.str(), "");
  const std::string folder = fs::path(*binary).parent_path().string();
  EXPECT_TRUE(folder.starts_with(cache + "/builds/" + sha + "-")) << folder;
  EXPECT_NE(os::read_text(folder + "/build.log").find("cmake --build"), std::string::npos);
  EXPECT_EQ(left_in(folder).size(), 2u);
  EXPECT_EQ(left_in(cache + "/builds"), std::vector<std::string>{fs::path(folder).filename().string()});
  EXPECT_EQ(FakeTree::git({"-C", tree.path(), "worktree", "list", "--porcelain"}).find("detached"), std::string::npos);
}

TEST(GitBuild, TwoAtOnceBuildOnce) {
  const Scratch scratch;
  const FakeTree tree(scratch);
  std::ostringstream said[2];
  std::optional<std::string> built[2];
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 2; ++i)
      threads.emplace_back([&, i] { built[i] = git_worker(tree.path(), "main", scratch / "cache", said[i]); });
  }
  EXPECT_TRUE(built[0].has_value());
  EXPECT_EQ(built[0], built[1]);
  const std::string all = said[0].str() + said[1].str();
  EXPECT_NE(all.find("building"), std::string::npos);
  EXPECT_EQ(all.find("building core"), all.rfind("building core")) << all;
}

TEST(GitBuild, AFailureShowsTheEndOfItsLogAndLeavesThatOnly) {
  const Scratch scratch;
  const FakeTree tree(scratch);
  const std::string cache = scratch / "cache";
  const auto fails = [&](const std::string& file, const std::string& text) {
    tree.commit({{file, text}});
    std::ostringstream progress;
    return refusal<std::runtime_error>([&] { git_worker(tree.path(), "HEAD", cache, progress); });
  };
  const std::string compiler = fails("main.cpp", "this is no program");
  EXPECT_NE(compiler.find("building core@git+HEAD ("), std::string::npos) << compiler;
  EXPECT_NE(compiler.find("failed with exit code 1: see " + cache + "/builds/"), std::string::npos) << compiler;
  EXPECT_NE(compiler.find("error: "), std::string::npos) << compiler;
  ASSERT_EQ(left_in(cache + "/builds").size(), 1u);
  EXPECT_TRUE(left_in(cache + "/builds")[0].ends_with(".log"));
  const std::string liar = fails("main.cpp", R"program(#include <cstdio>
int main() { std::puts("instbench 1 (0123456789ab, modified, Release, GNU 12.2.0)"); }
)program");
  EXPECT_NE(liar.find("says it is 0123456789ab, modified"), std::string::npos) << liar;
  const std::string mute = fails("main.cpp", "int main() { return 3; }");
  EXPECT_NE(mute.find("made what cannot be used: '"), std::string::npos) << mute;
  EXPECT_NE(mute.find("ends with exit code 3"), std::string::npos) << mute;
  const std::string stranger = fails("CMakePresets.json", R"({"version": 6})");
  EXPECT_NE(stranger.find("No such preset"), std::string::npos) << stranger;
}

TEST(GitBuild, KeepsTheEightUsedLast) {
  const Scratch scratch;
  const FakeTree tree(scratch);
  const std::string builds = scratch / "cache/builds";
  os::PrivateDir::open(builds);
  const auto leave = [&](const std::string& name, int hours) {
    os::write_atomically(builds + "/" + name + "/instbench", "x");
    fs::last_write_time(builds + "/" + name, fs::file_time_type::clock::now() - std::chrono::hours(hours));
  };
  for (int i = 1; i <= 9; ++i) leave(std::string(40, static_cast<char>('0' + i)) + "-0123456789abcdef", i);
  leave(".work-of-a-killed-run", 25);
  leave("something else", 99);
  std::ostringstream progress;
  ASSERT_TRUE(git_worker(tree.path(), "HEAD", scratch / "cache", progress).has_value());
  EXPECT_EQ(left_in(builds).size(), kBuildsKept + 1);
  EXPECT_FALSE(fs::exists(builds + "/" + std::string(40, '8') + "-0123456789abcdef"));
  EXPECT_TRUE(fs::exists(builds + "/" + std::string(40, '7') + "-0123456789abcdef"));
  EXPECT_FALSE(fs::exists(builds + "/.work-of-a-killed-run"));
  EXPECT_TRUE(fs::exists(builds + "/something else"));
}

// In a child process of the test, since the flag stays up.
TEST(GitBuildDeathTest, AnInterruptStopsTheBuildAndLeavesNothing) {
  const Scratch scratch;
  const FakeTree tree(scratch);
  const std::string pid = scratch / "pid";
  tree.commit({{"CMakeLists.txt",
                std::string(kProject) + "add_custom_command(TARGET instbench PRE_BUILD COMMAND sh -c \"echo $$$$ > " +
                    pid + ".new && mv " + pid + ".new " + pid + " && exec sleep 1000\" VERBATIM)\n"}});
  EXPECT_EXIT(
      {
        os::catch_interrupts();
        const std::jthread user([&] {
          while (!fs::exists(pid)) std::this_thread::sleep_for(std::chrono::milliseconds(10));
          std::raise(SIGINT);
        });
        std::ostringstream progress;
        std::exit(git_worker(tree.path(), "HEAD", scratch / "cache", progress).has_value() ? 1 : 42);
      },
      testing::ExitedWithCode(42), "");
  EXPECT_TRUE(left_in(scratch / "cache/builds").empty());
  EXPECT_FALSE(fs::exists("/proc/" + os::read_text(pid).substr(0, os::read_text(pid).find('\n'))));
}

}  // namespace
}  // namespace instbench::bench
