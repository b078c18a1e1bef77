#include "runtime/wasi/world.hpp"

#include <gtest/gtest.h>

#include <system_error>

#include "runtime/wasi/test_guest.hpp"

namespace instbench::wasi {
namespace {

TEST(WasiWorld, KnowsEveryFunctionOfPreview1WithItsTypeOnly) {
  World world({});
  EXPECT_EQ(signatures().size(), 46u);
  for (const auto& [name, parameters] : signatures()) {
    FuncType type = type_named(name);
    EXPECT_TRUE(world.find("wasi_snapshot_preview1", name, type)) << name << parameters;
    EXPECT_FALSE(world.find("wasi_unstable", name, type)) << name;
    type.params.push_back(ValType::i32);
    EXPECT_FALSE(world.find("wasi_snapshot_preview1", name, type)) << name;
    type = type_named(name);
    type.results.push_back(ValType::i32);
    EXPECT_FALSE(world.find("wasi_snapshot_preview1", name, type)) << name;
    type = type_named(name);
    if (type.params.empty()) continue;
    type.params.back() = ValType::f32;
    EXPECT_FALSE(world.find("wasi_snapshot_preview1", name, type)) << name;
  }
  EXPECT_FALSE(world.find("wasi_snapshot_preview1", "fd_reed", {}));
}

TEST(WasiWorld, ArgumentsAreLaidOutWithTheirAddresses) {
  Options options;
  options.args = {"prog", "", "two words"};
  options.environ = {"A=1", "EMPTY="};
  World world(options);
  Guest guest(world);
  EXPECT_EQ(guest.call("args_sizes_get", {0, 4}), Errno::success);
  EXPECT_EQ(guest.get<uint32_t>(0), 3u);
  EXPECT_EQ(guest.get<uint32_t>(4), 16u);
  EXPECT_EQ(guest.call("args_get", {100, 200}), Errno::success);
  EXPECT_EQ(guest.get<uint32_t>(100), 200u);
  EXPECT_EQ(guest.get<uint32_t>(104), 205u);
  EXPECT_EQ(guest.get<uint32_t>(108), 206u);
  EXPECT_EQ(guest.text(200, 16), std::string("prog\0\0two words\0", 16));

  EXPECT_EQ(guest.call("environ_sizes_get", {0, 4}), Errno::success);
  EXPECT_EQ(guest.get<uint32_t>(0), 2u);
  EXPECT_EQ(guest.get<uint32_t>(4), 11u);
  EXPECT_EQ(guest.call("environ_get", {100, 200}), Errno::success);
  EXPECT_EQ(guest.get<uint32_t>(104), 204u);
  EXPECT_EQ(guest.text(200, 11), std::string("A=1\0EMPTY=\0", 11));
}

TEST(WasiWorld, ArgumentsOutOfBoundsAreAFaultAndTouchNothing) {
  Options options;
  options.args = {"prog", "x"};
  World world(options);
  Guest guest(world);
  guest.fill(0x55);
  EXPECT_EQ(guest.call("args_get", {Guest::kEnd - 7, 0}), Errno::fault);
  EXPECT_EQ(guest.call("args_get", {0, Guest::kEnd - 6}), Errno::fault);
  EXPECT_EQ(guest.call("args_get", {0, UINT32_MAX}), Errno::fault);
  EXPECT_EQ(guest.call("args_sizes_get", {0, Guest::kEnd - 3}), Errno::fault);
  EXPECT_EQ(guest.call("args_sizes_get", {UINT32_MAX, 0}), Errno::fault);
  EXPECT_EQ(guest.text(0, Guest::kEnd), std::string(Guest::kEnd, '\x55'));
  EXPECT_EQ(guest.call("args_get", {Guest::kEnd - 8, 0}), Errno::success);
  EXPECT_EQ(guest.call("args_get", {0, Guest::kEnd - 7}), Errno::success);
}

TEST(WasiWorld, RefusesTextsThatCannotBePassed) {
  Options options;
  options.args = {std::string("a\0b", 3)};
  EXPECT_THROW(World{options}, std::invalid_argument);
  options = {};
  options.environ = {"NOVALUE"};
  EXPECT_THROW(World{options}, std::invalid_argument);
  options = {};
  options.preopen_dir = "/does/not/exist";
  try {
    World world(options);
    FAIL() << "opened";
  } catch (const std::system_error& error) {
    EXPECT_NE(std::string(error.what()).find("/does/not/exist"), std::string::npos);
  }
}

TEST(WasiWorld, AModuleWithoutMemoryHasNoAddress) {
  World world({});
  Guest guest(world, "(module)");
  EXPECT_EQ(guest.call("args_sizes_get", {0, 4}), Errno::fault);
  EXPECT_EQ(guest.call("random_get", {0, 1}), Errno::fault);
  EXPECT_EQ(guest.call("sched_yield", {}), Errno::success);
}

TEST(WasiWorld, ExitEndsTheProgramWithItsCode) {
  World world({});
  Guest guest(world);
  uint32_t result = 0;
  EXPECT_EQ(guest.trap("proc_exit", {42}, result), Trap::exit);
  EXPECT_EQ(last_exit_code(), 42u);
  EXPECT_EQ(guest.trap("proc_exit", {UINT32_MAX}, result), Trap::exit);
  EXPECT_EQ(last_exit_code(), UINT32_MAX);
}

TEST(WasiWorld, SignalsAndSocketsAreNotThere) {
  World world({});
  Guest guest(world);
  EXPECT_EQ(guest.call("proc_raise", {6}), Errno::nosys);
  EXPECT_EQ(guest.call("sock_accept", {0, 0, 0}), Errno::notsock);
  EXPECT_EQ(guest.call("sock_recv", {1, 0, 0, 0, 0, 0}), Errno::notsock);
  EXPECT_EQ(guest.call("sock_send", {2, 0, 0, 0, 0}), Errno::notsock);
  EXPECT_EQ(guest.call("sock_shutdown", {0, 0}), Errno::notsock);
  EXPECT_EQ(guest.call("sock_shutdown", {77, 0}), Errno::badf);
}

TEST(WasiWorld, RandomNumbersFollowTheSeed) {
  Options options;
  options.random_seed = 7;
  World seven(options), seven_too(options);
  options.random_seed = 8;
  World eight(options);
  const auto draw = [](World& world) {
    Guest guest(world);
    EXPECT_EQ(guest.call("random_get", {10, 1001}), Errno::success);
    EXPECT_EQ(guest.text(0, 10) + guest.text(1011, 10), std::string(20, '\0'));
    return guest.text(10, 1001);
  };
  const std::string first = draw(seven);
  EXPECT_EQ(first, draw(seven_too));
  EXPECT_NE(first, draw(eight));
  EXPECT_NE(first, draw(seven));  // it goes on
  seven.reset();
  EXPECT_EQ(first, draw(seven));

  Guest guest(seven);
  EXPECT_EQ(guest.call("random_get", {Guest::kEnd - 4, 5}), Errno::fault);
  EXPECT_EQ(guest.call("random_get", {1, UINT32_MAX}), Errno::fault);
  EXPECT_EQ(guest.call("random_get", {Guest::kEnd, 0}), Errno::success);
}

}  // namespace
}  // namespace instbench::wasi
