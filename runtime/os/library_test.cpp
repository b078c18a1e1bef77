#include "runtime/os/library.hpp"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "runtime/os/fork.hpp"
#include "runtime/os/process.hpp"

namespace instbench::os {
namespace {

using std::chrono::seconds;

std::string message_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "";
}

// A folder of its own with answer.so in it, made by the system's C compiler.
class LibraryTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/instbench-library-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    folder_ = name;
    std::ofstream(folder_ + "/answer.c") << "int answer(void) { return 42; }\nint data = 7;\n";
    const ChildResult built = run_child({"/bin/sh", "-c",
                                         "command -v cc >/dev/null || exit 77; cd \"$0\" && cc -shared -fPIC -o "
                                         "answer.so answer.c",
                                         folder_},
                                        "", seconds(60));
    if (built.exit_code == 77) GTEST_SKIP() << "no C compiler here";
    ASSERT_EQ(built.exit_code, 0) << built.err;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string folder_;
};

TEST_F(LibraryTest, ItsFunctionsRunAndLieInItsText) {
  const Library library = Library::open(folder_ + "/answer.so");
  void* const answer = library.symbol("answer");
  EXPECT_EQ(reinterpret_cast<int (*)()>(answer)(), 42);
  EXPECT_TRUE(library.text().contains({static_cast<std::byte*>(answer), 1}));
  EXPECT_FALSE(library.text().contains({static_cast<std::byte*>(library.symbol("data")), 1}));
}

TEST_F(LibraryTest, ItIsUnmappedWithItsOwner) {
  const auto mapped = [&] {
    std::ifstream maps("/proc/self/maps");
    const std::string text(std::istreambuf_iterator<char>(maps), {});
    return text.find(folder_) != std::string::npos;
  };
  {
    Library first = Library::open(folder_ + "/answer.so");
    const Library second = std::move(first);
    EXPECT_FALSE(first);
    EXPECT_TRUE(first.text().empty());
    EXPECT_TRUE(second);
    EXPECT_TRUE(mapped());
  }
  EXPECT_FALSE(mapped());
}

TEST_F(LibraryTest, AMissingSymbolIsNamed) {
  const Library library = Library::open(folder_ + "/answer.so");
  EXPECT_NE(message_of([&] { library.symbol("question"); }).find("question"), std::string::npos);
}

TEST_F(LibraryTest, AMissingOrForeignFileIsNamedWithTheReason) {
  EXPECT_NE(message_of([&] { Library::open(folder_ + "/none.so"); }).find("none.so: cannot open"), std::string::npos);
  const std::string text = message_of([&] { Library::open(folder_ + "/answer.c"); });
  EXPECT_NE(text.find("answer.c: "), std::string::npos) << text;
  EXPECT_EQ(text.find("noexec"), std::string::npos) << text;
}

TEST_F(LibraryTest, ABareNameIsAFileAndNotSearchedFor) {
  const std::string text = message_of([] { Library::open("libm.so.6"); });
  EXPECT_NE(text.find("./libm.so.6"), std::string::npos) << text;
}

constexpr char kNotAllowed[] = "mounting is not allowed here";

// In a mount namespace of its own.
void open_on_noexec(const std::string& folder) {
  const std::string mounted = folder + "/mounted";
  std::filesystem::create_directory(mounted);
  if (::unshare(::geteuid() == 0 ? CLONE_NEWNS : CLONE_NEWNS | CLONE_NEWUSER) != 0 ||
      ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      ::mount("none", mounted.c_str(), "tmpfs", MS_NOEXEC, nullptr) != 0) {
    throw std::runtime_error(kNotAllowed);
  }
  std::filesystem::copy_file(folder + "/answer.so", mounted + "/answer.so");
  Library::open(mounted + "/answer.so");
}

TEST_F(LibraryTest, ANoexecFileSystemIsSaidToBeOne) {
  const ForkResult result = run_forked([&] { open_on_noexec(folder_); }, seconds(60));
  if (result.message == kNotAllowed) GTEST_SKIP() << kNotAllowed;
  EXPECT_FALSE(result.ok);
  EXPECT_NE(result.message.find("mounted noexec: use a directory on another one"), std::string::npos) << result.message;
}

}  // namespace
}  // namespace instbench::os
