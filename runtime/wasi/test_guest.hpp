// What the tests of this layer share: a guest without code, whose imports the test calls as guest code would.
#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <iterator>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>

#include "runtime/instance/instance.hpp"
#include "runtime/module/load.hpp"
#include "runtime/wasi/abi.hpp"
#include "runtime/wasi/world.hpp"

namespace instbench::wasi {

// Parameters as wasi_snapshot_preview1.witx lowers them: i is i32, I is i64. The result is i32 but for proc_exit.
inline const std::map<std::string, std::string>& signatures() {
  static const std::map<std::string, std::string> kSignatures{{"args_get", "ii"},
                                                              {"args_sizes_get", "ii"},
                                                              {"environ_get", "ii"},
                                                              {"environ_sizes_get", "ii"},
                                                              {"clock_res_get", "ii"},
                                                              {"clock_time_get", "iIi"},
                                                              {"fd_advise", "iIIi"},
                                                              {"fd_allocate", "iII"},
                                                              {"fd_close", "i"},
                                                              {"fd_datasync", "i"},
                                                              {"fd_fdstat_get", "ii"},
                                                              {"fd_fdstat_set_flags", "ii"},
                                                              {"fd_fdstat_set_rights", "iII"},
                                                              {"fd_filestat_get", "ii"},
                                                              {"fd_filestat_set_size", "iI"},
                                                              {"fd_filestat_set_times", "iIIi"},
                                                              {"fd_pread", "iiiIi"},
                                                              {"fd_prestat_get", "ii"},
                                                              {"fd_prestat_dir_name", "iii"},
                                                              {"fd_pwrite", "iiiIi"},
                                                              {"fd_read", "iiii"},
                                                              {"fd_readdir", "iiiIi"},
                                                              {"fd_renumber", "ii"},
                                                              {"fd_seek", "iIii"},
                                                              {"fd_sync", "i"},
                                                              {"fd_tell", "ii"},
                                                              {"fd_write", "iiii"},
                                                              {"path_create_directory", "iii"},
                                                              {"path_filestat_get", "iiiii"},
                                                              {"path_filestat_set_times", "iiiiIIi"},
                                                              {"path_link", "iiiiiii"},
                                                              {"path_open", "iiiiiIIii"},
                                                              {"path_readlink", "iiiiii"},
                                                              {"path_remove_directory", "iii"},
                                                              {"path_rename", "iiiiii"},
                                                              {"path_symlink", "iiiii"},
                                                              {"path_unlink_file", "iii"},
                                                              {"poll_oneoff", "iiii"},
                                                              {"proc_exit", "i"},
                                                              {"proc_raise", "i"},
                                                              {"sched_yield", ""},
                                                              {"random_get", "ii"},
                                                              {"sock_accept", "iii"},
                                                              {"sock_recv", "iiiiii"},
                                                              {"sock_send", "iiiii"},
                                                              {"sock_shutdown", "ii"}};
  return kSignatures;
}

inline FuncType type_named(const std::string& name) {
  FuncType type;
  for (const char c : signatures().at(name)) type.params.push_back(c == 'i' ? ValType::i32 : ValType::i64);
  if (name != "proc_exit") type.results.push_back(ValType::i32);
  return type;
}

// An instance with one page of memory (or none) in a slot of its own.
class Guest {
 public:
  static constexpr uint32_t kEnd = 65536;  // of its memory

  explicit Guest(World& world, const char* wat = "(module (memory 1 2))")
      : world_(world), prepared_(prepare(wat)), slot_(SlotGeometry::covering({}, *prepared_)) {
    slot_.reserve();
    Path path;
    path.memory = slot_.adopt(*prepared_, {});
    slot_.begin();
    instance_ = instantiate(slot_, *prepared_, path);
  }

  Trap trap(const std::string& name, std::initializer_list<uint64_t> arguments, uint32_t& result) {
    const FuncType type = type_named(name);
    const auto definition = world_.find("wasi_snapshot_preview1", name, type);
    if (!definition || arguments.size() != type.params.size()) throw std::logic_error("no " + name + " of that type");
    Value values[16];
    size_t i = 0;
    for (const uint64_t argument : arguments) {
      values[i].i64 = 0xdead'beef'dead'beef;  // what lies above an i32 is undefined
      if (type.params[i] == ValType::i32) {
        values[i++].i32 = static_cast<uint32_t>(argument);
      } else {
        values[i++].i64 = argument;
      }
    }
    const Trap trap = definition->code(definition->context, instance_, values);
    result = values[0].i32;
    return trap;
  }
  // The errno of a function that must not trap.
  Errno call(const std::string& name, std::initializer_list<uint64_t> arguments) {
    uint32_t result = 0;
    EXPECT_EQ(trap(name, arguments, result), Trap::none) << name;
    return static_cast<Errno>(result);
  }

  template <typename T>
  void put(uint32_t at, const T& value) {
    std::memcpy(instance_.memory(0).data() + at, &value, sizeof value);
  }
  void put_text(uint32_t at, const std::string& text) {
    std::memcpy(instance_.memory(0).data() + at, text.data(), text.size());
  }
  template <typename T>
  T get(uint32_t at) {
    T value;
    std::memcpy(&value, instance_.memory(0).data() + at, sizeof value);
    return value;
  }
  std::string text(uint32_t at, size_t length) {
    return std::string(reinterpret_cast<const char*>(instance_.memory(0).data()) + at, length);
  }
  void fill(uint8_t value) { std::memset(instance_.memory(0).data(), value, kEnd); }

  // Whole operations, with the guest's memory from 60000 on for their structures.
  Errno open(const std::string& path, uint32_t flags, uint64_t rights, uint32_t& fd, uint32_t fdflags = 0,
             uint32_t lookup = kSymlinkFollow, uint32_t directory = 3) {
    put_text(kPath, path);
    const Errno error =
        call("path_open", {directory, lookup, kPath, path.size(), flags, rights, rights, fdflags, kAnswer});
    fd = get<uint32_t>(kAnswer);
    return error;
  }
  Errno open(const std::string& path, uint64_t rights = kEvery) {
    uint32_t fd = 0;
    return open(path, 0, rights, fd);
  }
  Errno write(uint32_t fd, const std::string& text) {
    put_text(kPath, text);
    put(kIovec, Iovec{kPath, static_cast<uint32_t>(text.size())});
    return call("fd_write", {fd, kIovec, 1, kAnswer});
  }
  std::string read(uint32_t fd, uint32_t most = 1000) {
    put(kIovec, Iovec{kPath, most});
    const Errno error = call("fd_read", {fd, kIovec, 1, kAnswer});
    return error == Errno::success ? text(kPath, get<uint32_t>(kAnswer)) : "errno " + std::to_string(int(error));
  }
  // A function of (directory 3, path).
  Errno on_path(const std::string& name, const std::string& path) {
    put_text(kPath, path);
    return call(name, {3, kPath, path.size()});
  }
  // path_rename and path_link.
  Errno rename(const std::string& from, const std::string& to) {
    put_text(kPath, from);
    put_text(kPath2, to);
    return call("path_rename", {3, kPath, from.size(), 3, kPath2, to.size()});
  }
  Errno link(const std::string& from, const std::string& to, uint32_t lookup = 0) {
    put_text(kPath, from);
    put_text(kPath2, to);
    return call("path_link", {3, lookup, kPath, from.size(), 3, kPath2, to.size()});
  }
  Errno symlink(const std::string& target, const std::string& path) {
    put_text(kPath, target);
    put_text(kPath2, path);
    return call("path_symlink", {kPath, target.size(), 3, kPath2, path.size()});
  }
  Errno stat(const std::string& path, Filestat& stat, uint32_t lookup = 0) {
    put_text(kPath, path);
    const Errno error = call("path_filestat_get", {3, lookup, kPath, path.size(), kAnswer});
    stat = get<Filestat>(kAnswer);
    return error;
  }

  static constexpr uint32_t kPath = 50000, kPath2 = 56000, kIovec = 60000, kAnswer = 61000;
  static constexpr uint64_t kEvery = (uint64_t{1} << 28) - 1;
  static constexpr uint64_t kRead = kEvery & ~right::fd_write;

 private:
  static std::shared_ptr<const Prepared> prepare(const char* wat) {
    Strategy strategy = parse_strategy("eager");
    strategy.reserve_bytes = uint64_t{16} << 20;  // sanitizers have less address space
    strategy.guard_bytes = 65536;
    return Prepared::make(load(assemble_wat(wat, "test.wat"), "test.wat", Bodies::validate), strategy);
  }

  World& world_;
  std::shared_ptr<const Prepared> prepared_;
  Slot slot_;
  Instance instance_;
};

// A directory to be preopened, `inside`, and one that must stay out of reach, `outside`, side by side.
class WithFolder : public testing::Test {
 protected:
  WithFolder() : top_(std::filesystem::path(testing::TempDir()) / unique_name()) {
    std::filesystem::remove_all(top_);
    std::filesystem::create_directories(top_ / "inside");
    std::filesystem::create_directories(top_ / "outside");
    write(top_ / "outside/secret", "secret");
  }
  ~WithFolder() override { std::filesystem::remove_all(top_); }

  Options options() const {
    Options options;
    options.preopen_dir = inside().string();
    return options;
  }
  std::filesystem::path inside() const { return top_ / "inside"; }
  std::filesystem::path outside() const { return top_ / "outside"; }
  static void write(const std::filesystem::path& path, const std::string& text) { std::ofstream(path) << text; }
  static std::string read(const std::filesystem::path& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }

 private:
  static std::string unique_name() {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    return std::string("instbench_wasi_") + test->test_suite_name() + test->name();
  }
  std::filesystem::path top_;
};

inline size_t open_descriptors() {
  return static_cast<size_t>(std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {}));
}

}  // namespace instbench::wasi
