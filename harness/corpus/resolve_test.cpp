#include "harness/corpus/resolve.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "harness/corpus/corpus_fixture.hpp"
#include "harness/corpus/shape.hpp"
#include "runtime/module/load.hpp"
#include "runtime/module/sha256.hpp"
#include "runtime/os/file.hpp"
#include "runtime/os/process.hpp"

namespace instbench::bench {
namespace {

TEST(Resolve, BuildsOnceAndRepairsTheCache) {
  const Scratch cache;
  const std::string path = std::get<Resolved>(resolve(corpus(), "one-page", cache.path().string())).path;
  const auto first_write = fs::last_write_time(path);
  const auto bytes = os::read_bytes(path);
  resolve(corpus(), "one-page", cache.path().string());
  EXPECT_EQ(fs::last_write_time(path), first_write);
  write(path, "damaged");
  EXPECT_EQ(std::get<Resolved>(resolve(corpus(), "one-page", cache.path().string())).path, path);
  EXPECT_EQ(os::read_bytes(path), bytes);
}

// Run by the test below in processes of its own.
TEST(Resolve, DISABLED_InAProcess) {
  const auto found = std::get<Resolved>(resolve(corpus(), "many-segments", std::getenv("XDG_CACHE_HOME")));
  EXPECT_EQ(load_file(found.path, Bodies::skip)->sha256, found.sha256);
}

TEST(Resolve, ManyProcessesAtOnceMakeOneFile) {
  const Scratch cache;
  setenv("XDG_CACHE_HOME", cache.path().c_str(), 1);
  std::vector<std::thread> threads;
  std::vector<os::ChildResult> results(4);
  for (os::ChildResult& result : results) {
    threads.emplace_back([&] {
      result = os::run_child(
          {os::self_path(), "--gtest_also_run_disabled_tests", "--gtest_filter=Resolve.DISABLED_InAProcess"}, "",
          std::chrono::seconds(60));
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const os::ChildResult& result : results) EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
  EXPECT_EQ(std::distance(fs::directory_iterator(cache / "built"), fs::directory_iterator()), 1);
}

TEST(Resolve, AnEditedSourceIsAnError) {
  const Scratch copy;
  write(copy / "manifest.json", kGood);
  write(copy / "a.wat", "(module)");
  const Manifest manifest = Manifest::load(copy.path().string());
  EXPECT_THROW(resolve(manifest, "a", copy / "cache"), CorpusError);
  EXPECT_FALSE(fs::exists(copy / "cache"));
}

TEST(Resolve, RealModules) {
  const Scratch cache;
  const auto absent = resolve(corpus(), "llhttp", cache.path().string());
  EXPECT_EQ(std::get<Missing>(absent).reason, "not fetched: run `instbench fetch real --only llhttp`");
  write(real_module_path(*corpus().find_module("llhttp"), cache.path().string()), "not that module");
  EXPECT_THROW(resolve(corpus(), "llhttp", cache.path().string()), CorpusError);
}

TEST(Resolve, GeneratedModulesAreKnownByTheHashBesideThem) {
  const Scratch cache;
  const ModuleEntry& entry = *corpus().find_module("spidermonkey-snapshot");
  ASSERT_TRUE(entry.generate);
  const std::string path = real_module_path(entry, cache.path().string());
  const auto found = [&] { return resolve(corpus(), entry.name, cache.path().string()); };
  EXPECT_TRUE(std::holds_alternative<Missing>(found()));
  write(path, "some wasm");
  EXPECT_THROW(found(), CorpusError);  // made by no one
  const std::string hash = sha256_hex(os::read_bytes(path));
  write(path + ".sha256", hash);
  EXPECT_EQ(std::get<Resolved>(found()).sha256, hash);
  EXPECT_EQ(std::get<Resolved>(found()).path, path);
  write(path, "some wasn");
  EXPECT_THROW(found(), CorpusError);
}

TEST(Resolve, PathsAndUnknownNames) {
  const Scratch cache;
  const std::string wat = cache / "mine.wat";
  write(wat, "(module (memory 3))");
  const auto found = std::get<Resolved>(resolve(corpus(), wat, cache.path().string()));
  EXPECT_EQ(found.name, wat);
  EXPECT_FALSE(found.entry);
  EXPECT_EQ(load_file(found.path, Bodies::validate)->memories.at(0).limits.min, 3u);
  const auto wasm = std::get<Resolved>(resolve(corpus(), found.path, cache.path().string()));
  EXPECT_EQ(wasm.sha256, found.sha256);
  const std::string shape = cache / "mine.shape";
  write(shape, extract_shape(*load_file(found.path, Bodies::validate)));
  EXPECT_EQ(std::get<Resolved>(resolve(corpus(), shape, cache.path().string())).sha256, found.sha256);
  try {
    resolve(corpus(), "spidermonky", cache.path().string());
    FAIL();
  } catch (const CorpusError& error) {
    EXPECT_NE(std::string(error.what()).find("did you mean 'spidermonkey'"), std::string::npos) << error.what();
  }
  EXPECT_THROW(resolve(corpus(), cache / "absent.wasm", cache.path().string()), std::runtime_error);
}

TEST(Resolve, CacheFolderFollowsXdg) {
  const Scratch home;
  setenv("XDG_CACHE_HOME", home.path().c_str(), 1);
  EXPECT_EQ(default_cache_dir(), home / "instbench");
  setenv("XDG_CACHE_HOME", "relative", 1);
  setenv("HOME", home.path().c_str(), 1);
  EXPECT_EQ(default_cache_dir(), home / ".cache/instbench");
  unsetenv("HOME");
  EXPECT_THROW(default_cache_dir(), CorpusError);
}

}  // namespace
}  // namespace instbench::bench
