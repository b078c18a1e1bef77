#include "runtime/precompiled/precompiled.hpp"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include "runtime/module/load.hpp"
#include "runtime/module/sha256.hpp"
#include "runtime/os/counters.hpp"
#include "runtime/os/file.hpp"
#include "runtime/precompiled/content_hash.hpp"

namespace instbench {
namespace {

namespace fs = std::filesystem;

constexpr const char* kAnswer = R"((module (func (export "answer") (result i32) i32.const 42) (memory 1)))";
constexpr const char* kVectors = R"((module (func (result v128) v128.const i64x2 1 2)))";

class PrecompiledTest : public testing::Test {
 protected:
  PrecompiledTest()
      : folder_(
            (fs::path(testing::TempDir()) /
             ("instbench_precompiled_" + std::string(testing::UnitTest::GetInstance()->current_test_info()->name())))
                .string()) {
    fs::remove_all(folder_);
    tcc_.compiler = Compiler::tcc;
    none_.compiler = Compiler::none;
  }
  ~PrecompiledTest() override { fs::remove_all(folder_); }

  Source source(const std::string& wat) {
    const auto bytes = assemble_wat(wat, "test.wat");
    return {sha256_hex(bytes), "test.wasm", [this, bytes] {
              ++reads_;
              return bytes;
            }};
  }
  Cache cache(uint64_t cap = kCacheBytes) const { return Cache::at(folder_, cap); }
  std::string only(const std::string& ending) const {
    std::string found;
    for (const auto& entry : fs::directory_iterator(folder_)) {
      if (!entry.path().string().ends_with(ending)) continue;
      EXPECT_EQ(found, "") << "two files end with " << ending;
      found = entry.path().string();
    }
    EXPECT_NE(found, "") << "no file ends with " << ending;
    return found;
  }
  size_t files() const { return static_cast<size_t>(std::distance(fs::directory_iterator(folder_), {})); }
  static void change_byte(const std::string& path, std::streamoff from_end) {
    fs::permissions(path, fs::perms::owner_all);
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(-from_end, std::ios::end);
    const int old = file.get();
    file.seekp(-from_end, std::ios::end);
    file.put(static_cast<char>(old ^ 1));
  }

  const std::string folder_;
  CodegenOptions tcc_, none_;
  std::atomic<int> reads_{0};
};

TEST_F(PrecompiledTest, TheSecondTimeTheBytesAreNotRead) {
  for (const CodegenOptions& options : {tcc_, none_}) {
    reads_ = 0;
    const Source s = source(kAnswer);
    Cache c = cache();
    const Precompiled first = precompile(s, options, c);
    EXPECT_EQ(first.use, CacheUse::stored) << first.note;
    EXPECT_EQ(first.note, "");
    const Precompiled second = precompile(s, options, c);
    EXPECT_EQ(second.use, CacheUse::hit) << second.note;
    EXPECT_EQ(reads_, 1);
    EXPECT_EQ(second.module->sha256, s.sha256);
    EXPECT_EQ(second.module->exports.at(0).name, "answer");
    EXPECT_FALSE(second.times.parse_s.has_value());
    for (const Precompiled& p : {first, second}) {
      EXPECT_EQ(p.code != nullptr, options.compiler == Compiler::tcc) << p.why_no_code;
      EXPECT_EQ(p.times.codegen.has_value(), options.compiler == Compiler::tcc);
      EXPECT_TRUE(p.code == nullptr || p.code->function(0) != nullptr);
    }
  }
  EXPECT_EQ(files(), 3u);  // two entries, one shared object; no lock, nothing temporary
}

TEST_F(PrecompiledTest, OptionsAndModulesHaveKeysOfTheirOwn) {
  CodegenOptions checked = tcc_;
  checked.bounds = Bounds::checked;
  const std::string sha = source(kAnswer).sha256;
  const std::vector<std::string> keys = {cache_key(sha, tcc_), cache_key(sha, checked), cache_key(sha, none_),
                                         cache_key(sha, CodegenOptions{}), cache_key(source(kVectors).sha256, tcc_)};
  EXPECT_EQ(std::set(keys.begin(), keys.end()).size(), keys.size());
  for (const std::string& key : keys) EXPECT_EQ(key.size(), 32u);
  EXPECT_EQ(cache_key(sha, tcc_), keys[0]);
}

TEST_F(PrecompiledTest, ADamagedEntryIsSaidAndMadeAnew) {
  const Source s = source(kAnswer);
  for (const std::string damage :
       {"metadata", "header", "short", "empty", "code", "code short", "code gone", "code open"}) {
    SCOPED_TRACE(damage);
    Cache c = cache();
    precompile(s, tcc_, c);
    const std::string entry = only(".module"), code = only(".so");
    if (damage == "metadata") change_byte(entry, 1);
    if (damage == "header") change_byte(entry, static_cast<std::streamoff>(fs::file_size(entry)));
    if (damage == "short") fs::resize_file(entry, fs::file_size(entry) - 1);
    if (damage == "empty") fs::resize_file(entry, 0);
    if (damage == "code") change_byte(code, 100);
    if (damage == "code short") fs::resize_file(code, 100);
    if (damage == "code gone") fs::remove(code);
    if (damage == "code open") fs::permissions(code, fs::perms::all);
    const Precompiled again = precompile(s, tcc_, c);
    EXPECT_EQ(again.use, CacheUse::stored);
    EXPECT_NE(again.note.find("made again"), std::string::npos) << again.note;
    EXPECT_NE(again.note.find(folder_), std::string::npos) << again.note;
    ASSERT_NE(again.code, nullptr) << again.why_no_code;
    EXPECT_EQ(precompile(s, tcc_, c).use, CacheUse::hit);
    EXPECT_EQ(files(), 2u);
  }
}

TEST_F(PrecompiledTest, PartsOfDifferentModulesAreNoPair) {
  const Source a = source(kAnswer), b = source(R"((module (func (export "b"))))");
  Cache c = cache();
  precompile(a, tcc_, c);
  const std::string entry_a = only(".module");
  precompile(b, tcc_, c);
  const std::string entry_b = folder_ + "/" + cache_key(b.sha256, tcc_) + ".module";
  fs::copy_file(entry_b, entry_a, fs::copy_options::overwrite_existing);
  const Precompiled again = precompile(a, tcc_, c);
  EXPECT_EQ(again.use, CacheUse::stored);
  EXPECT_NE(again.note.find("made again"), std::string::npos) << again.note;
  EXPECT_EQ(again.module->sha256, a.sha256);
}

TEST_F(PrecompiledTest, ARefusalIsKeptForAnHour) {
  const Source s = source(kVectors);
  Cache c = cache();
  const Precompiled first = precompile(s, tcc_, c);
  EXPECT_EQ(first.use, CacheUse::stored) << first.note;
  EXPECT_EQ(first.code, nullptr);
  EXPECT_NE(first.why_no_code, "");
  const Precompiled second = precompile(s, tcc_, c);
  EXPECT_EQ(second.use, CacheUse::hit);
  EXPECT_EQ(second.why_no_code.find(first.why_no_code), 0u) << second.why_no_code;
  EXPECT_NE(second.why_no_code.find("to try again"), std::string::npos);
  EXPECT_EQ(reads_, 1);

  const std::string key = cache_key(s.sha256, tcc_);
  Entry old = c.find(key).found->entry;
  old.refusal->when -= 3601;
  c.store(key, old);
  EXPECT_EQ(precompile(s, tcc_, c).use, CacheUse::stored);
  EXPECT_EQ(reads_, 2);
}

TEST_F(PrecompiledTest, AFullDiskIsSaidAndTheModuleMadeAllTheSame) {
  const Source s = source(kAnswer);
  Cache c = cache();
  for (const CodegenOptions& options : {tcc_, none_}) {
    os::inject_fault(os::Call::pwrite, 1, ENOSPC);
    const Precompiled made = precompile(s, options, c);
    EXPECT_FALSE(os::clear_fault());
    EXPECT_EQ(made.use, CacheUse::not_stored);
    EXPECT_NE(made.note.find("No space left"), std::string::npos) << made.note;
    EXPECT_EQ(made.code != nullptr, options.compiler == Compiler::tcc) << made.why_no_code;
    EXPECT_EQ(files(), 0u);
  }
  EXPECT_EQ(precompile(s, tcc_, c).use, CacheUse::stored);
}

TEST_F(PrecompiledTest, AnUnusableFolderIsSaidAndTheModuleMadeAllTheSame) {
  const Source s = source(kAnswer);
  fs::create_directories(folder_);
  std::ofstream(folder_ + "/file") << "x";
  fs::create_directory(folder_ + "/open");
  fs::permissions(folder_ + "/open", fs::perms::all);
  Cache below_a_file = Cache::at(folder_ + "/file/below"), open_to_others = Cache::at(folder_ + "/open"),
        empty = Cache::at(folder_ + "/none", 0), none = Cache::none("--no-cache");
  for (Cache* c : {&below_a_file, &open_to_others, &empty, &none}) {
    EXPECT_FALSE(c->usable());
    const Precompiled made = precompile(s, tcc_, *c);
    EXPECT_EQ(made.use, CacheUse::not_stored);
    EXPECT_EQ(made.note, c->why_unusable());
    EXPECT_NE(made.code, nullptr) << made.why_no_code;
    EXPECT_EQ(precompile(s, none_, *c).why_no_code, "codegen=none");
  }
  EXPECT_NE(below_a_file.why_unusable().find("INSTBENCH_CACHE_DIR"), std::string::npos);
  EXPECT_NE(open_to_others.why_unusable().find("chmod 700"), std::string::npos);
}

TEST_F(PrecompiledTest, CodeLargerThanTheCacheIsNotStored) {
  const Source s = source(kAnswer);
  Cache c = cache(100);
  const Precompiled made = precompile(s, tcc_, c);
  EXPECT_EQ(made.use, CacheUse::not_stored);
  EXPECT_NE(made.note.find("INSTBENCH_CACHE_BYTES"), std::string::npos) << made.note;
  EXPECT_NE(made.code, nullptr);
  EXPECT_EQ(files(), 0u);
}

TEST_F(PrecompiledTest, TheCapEvictsWhatWasUnusedForLongest) {
  const Source a = source(kAnswer), b = source(R"((module (func (export "b"))))"), d = source("(module)");
  Cache c = cache(20000);
  precompile(a, none_, c);
  precompile(b, none_, c);
  const auto path = [&](const Source& s) { return folder_ + "/" + cache_key(s.sha256, none_) + ".module"; };
  // A large old file of another kind, and `a` unused for longer than `b`.
  std::ofstream(folder_ + "/old.image") << std::string(100000, 'x');
  const auto now = fs::file_time_type::clock::now();
  fs::last_write_time(folder_ + "/old.image", now - std::chrono::hours(1));
  fs::last_write_time(path(a), now - std::chrono::hours(3));
  fs::last_write_time(path(b), now - std::chrono::hours(2));
  EXPECT_EQ(precompile(a, none_, c).use, CacheUse::hit);  // using it makes it new
  precompile(d, none_, c);
  EXPECT_TRUE(fs::exists(path(a)));
  EXPECT_FALSE(fs::exists(path(b)));
  EXPECT_FALSE(fs::exists(folder_ + "/old.image"));
  EXPECT_TRUE(fs::exists(path(d)));
}

TEST_F(PrecompiledTest, OfManyAtOnceOneCompiles) {
  const Source s = source(kAnswer);
  std::vector<Precompiled> made(4);
  std::vector<std::thread> threads;
  for (Precompiled& p : made) {
    threads.emplace_back([&] {
      Cache c = cache();
      p = precompile(s, tcc_, c);
    });
  }
  for (std::thread& thread : threads) thread.join();
  size_t stored = 0;
  for (const Precompiled& p : made) {
    EXPECT_NE(p.code, nullptr) << p.why_no_code;
    EXPECT_NE(p.use, CacheUse::not_stored) << p.note;
    stored += p.use == CacheUse::stored;
  }
  EXPECT_EQ(stored, 1u);
  EXPECT_EQ(reads_, 1);
  EXPECT_EQ(files(), 2u);
}

TEST_F(PrecompiledTest, ALoadedSharedObjectOutlivesItsFile) {
  const Source s = source(kAnswer);
  Cache c = cache();
  const Precompiled made = precompile(s, tcc_, c);
  c.remove(cache_key(s.sha256, tcc_));
  EXPECT_EQ(files(), 0u);
  ASSERT_NE(made.code, nullptr);
  EXPECT_NE(made.code->function(0), nullptr);
}

TEST_F(PrecompiledTest, BytesOfAnotherHashAreRefused) {
  Source s = source(kAnswer);
  s.sha256 = std::string(64, '0');
  Cache c = cache();
  try {
    precompile(s, none_, c);
    FAIL() << "taken";
  } catch (const LoadError& error) {
    EXPECT_NE(std::string(error.what()).find("test.wasm: its SHA-256 is"), std::string::npos) << error.what();
  }
  EXPECT_EQ(files(), 0u);
}

TEST_F(PrecompiledTest, TheSizeInTheEnvironmentIsChecked) {
  for (const char* text : {"lots", "4TiB", "-1", "99999999999GiB"}) {
    ::setenv("INSTBENCH_CACHE_BYTES", text, 1);
    EXPECT_THROW(Cache::standard(), std::invalid_argument) << text;
  }
  ::setenv("INSTBENCH_CACHE_DIR", folder_.c_str(), 1);
  ::setenv("INSTBENCH_CACHE_BYTES", "500MiB", 1);
  EXPECT_EQ(Cache::standard().folder(), folder_ + "/precompiled");
  ::setenv("INSTBENCH_CACHE_BYTES", "0", 1);
  EXPECT_FALSE(Cache::standard().usable());
  ::unsetenv("INSTBENCH_CACHE_BYTES");
  ::unsetenv("INSTBENCH_CACHE_DIR");
}

// Runs `check` in a child that has mounted a small file system of its own on `folder`; its result, or nothing where
// mounting is not allowed.
template <typename Check>
std::optional<std::string> on_own_mount(const std::string& folder, unsigned long flags, const char* options,
                                        const Check& check) {
  fs::create_directories(folder);
  int pipe_ends[2];
  if (::pipe(pipe_ends) != 0) return std::nullopt;
  const pid_t child = ::fork();
  if (child == 0) {
    const int spaces = ::geteuid() == 0 ? CLONE_NEWNS : CLONE_NEWNS | CLONE_NEWUSER;
    if (::unshare(spaces) != 0 || ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mount("none", folder.c_str(), "tmpfs", flags, options) != 0)
      ::_exit(77);
    const std::string text = check();
    const ssize_t written = ::write(pipe_ends[1], text.data(), text.size());
    ::_exit(written == static_cast<ssize_t>(text.size()) ? 0 : 1);
  }
  ::close(pipe_ends[1]);
  std::string text;
  char buffer[512];
  for (ssize_t n; (n = ::read(pipe_ends[0], buffer, sizeof buffer)) > 0;) text.append(buffer, static_cast<size_t>(n));
  ::close(pipe_ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 77) return std::nullopt;
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  return text;
}

std::string told(const Precompiled& p) {
  return std::string(name_of(p.use)) + (p.code ? " | code | " : " | no code | ") + p.note;
}

TEST_F(PrecompiledTest, ANoexecFolderKeepsModulesButNoCode) {
  const Source s = source(kAnswer);
  const auto text = on_own_mount(folder_, MS_NOEXEC, "mode=0700", [&] {
    Cache c = Cache::at(folder_ + "/precompiled");
    std::string all;
    for (const CodegenOptions& options : {tcc_, none_, none_}) all += told(precompile(s, options, c)) + "\n";
    return all;
  });
  if (!text) GTEST_SKIP() << "mounting is not allowed here";
  EXPECT_NE(text->find("compiled, not stored | code | '"), std::string::npos) << *text;
  EXPECT_NE(text->find("mounted noexec: set INSTBENCH_CACHE_DIR to another place"), std::string::npos) << *text;
  EXPECT_NE(text->find("compiled and stored | no code | \nhit | no code | "), std::string::npos) << *text;
}

TEST_F(PrecompiledTest, AnAlmostFullFolderIsSaidBeforeCompiling) {
  const Source s = source(kAnswer);
  const auto text = on_own_mount(folder_, 0, "mode=0700,size=1m", [&] {
    Cache c = Cache::at(folder_ + "/precompiled");
    const std::string said = told(precompile(s, tcc_, c));
    return said + "\n" + std::to_string(std::distance(fs::directory_iterator(folder_ + "/precompiled"), {})) + " files";
  });
  if (!text) GTEST_SKIP() << "mounting is not allowed here";
  EXPECT_EQ(text->find("compiled, not stored | code | '"), 0u) << *text;
  EXPECT_NE(text->find("free some"), std::string::npos) << *text;
  EXPECT_NE(text->find("\n0 files"), std::string::npos) << *text;
}

TEST_F(PrecompiledTest, AReadOnlyFolderIsStillReadFrom) {
  const Source s = source(kAnswer), other = source("(module)");
  const auto text = on_own_mount(folder_, 0, "mode=0700", [&] {
    Cache c = Cache::at(folder_ + "/precompiled");
    precompile(s, tcc_, c);
    if (::mount("none", folder_.c_str(), "tmpfs", MS_REMOUNT | MS_RDONLY, "mode=0700") != 0)
      return std::string("cannot remount");
    const std::string known = told(precompile(s, tcc_, c));
    return known + "\n" + told(precompile(other, tcc_, c));
  });
  if (!text) GTEST_SKIP() << "mounting is not allowed here";
  EXPECT_EQ(text->find("hit | code | \ncompiled, not stored | code | "), 0u) << *text;
  EXPECT_NE(text->find("Read-only file system"), std::string::npos) << *text;
}

TEST(ContentHash, OfAFileIsThatOfItsBytes) {
  const std::string path = testing::TempDir() + "/instbench_content_hash";
  const std::string text(700'001, 'q');
  os::write_atomically(path, text);
  const os::PrivateDir folder = [&] {
    fs::remove_all(path + ".d");
    return os::PrivateDir::open(path + ".d");
  }();
  fs::rename(path, path + ".d/f");
  const auto file = folder.open_file("f");
  ASSERT_TRUE(file.has_value());
  EXPECT_EQ(content_hash(*file), content_hash(std::as_bytes(std::span(text))));
  EXPECT_NE(content_hash(*file), content_hash(std::as_bytes(std::span(text)).subspan(1)));
  // The published vector of XXH3-128 for no bytes at all.
  EXPECT_EQ(content_hash(std::span<const std::byte>()), "99aa06d3014798d86001c324468d497f");
  fs::remove_all(path + ".d");
}

}  // namespace
}  // namespace instbench
