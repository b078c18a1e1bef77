#include <gtest/gtest.h>

#include <chrono>

#include "runtime/wasi/test_guest.hpp"

namespace instbench::wasi {
namespace {

constexpr uint32_t kIn = 0, kOut = 1000, kCount = 2000;

World fixed_world() {
  Options options;
  options.clock = Clock::fixed;
  options.clock_start_ns = 1'000'000'000'000;
  options.stdin_bytes = "some input";
  return World(options);
}

uint64_t time_of(Guest& guest, uint32_t clock) {
  EXPECT_EQ(guest.call("clock_time_get", {clock, 0, 8}), Errno::success);
  return guest.get<uint64_t>(8);
}

Subscription clock(uint64_t userdata, uint32_t id, uint64_t timeout_ns, uint16_t flags = 0) {
  Subscription subscription;
  subscription.userdata = userdata;
  subscription.clock_or_fd = id;
  subscription.timeout_ns = timeout_ns;
  subscription.flags = flags;
  return subscription;
}

Subscription descriptor(uint64_t userdata, EventType type, uint32_t fd) {
  Subscription subscription;
  subscription.userdata = userdata;
  subscription.type = type;
  subscription.clock_or_fd = fd;
  return subscription;
}

// The events of one poll.
std::vector<Event> poll(Guest& guest, const std::vector<Subscription>& subscriptions) {
  for (size_t i = 0; i < subscriptions.size(); ++i) {
    guest.put(kIn + static_cast<uint32_t>(i * sizeof(Subscription)), subscriptions[i]);
  }
  EXPECT_EQ(guest.call("poll_oneoff", {kIn, kOut, subscriptions.size(), kCount}), Errno::success);
  std::vector<Event> events;
  for (uint32_t i = 0; i < guest.get<uint32_t>(kCount); ++i) events.push_back(guest.get<Event>(kOut + 32 * i));
  return events;
}

TEST(WasiClock, TheFixedOneStartsWhereToldAndStepsAMicrosecond) {
  World world = fixed_world();
  Guest guest(world);
  EXPECT_EQ(time_of(guest, 0), 1'000'000'001'000u);
  EXPECT_EQ(time_of(guest, 1), 2'000u);
  EXPECT_EQ(time_of(guest, 2), 3'000u);
  EXPECT_EQ(time_of(guest, 3), 4'000u);
  EXPECT_EQ(guest.call("clock_res_get", {1, 16}), Errno::success);
  EXPECT_EQ(guest.get<uint64_t>(16), 1000u);
  world.reset();
  EXPECT_EQ(time_of(guest, 0), 1'000'000'001'000u);
}

TEST(WasiClock, TheRealOneIsTheHosts) {
  World world({});
  Guest guest(world);
  const auto now_ns = [] {
    return static_cast<uint64_t>(std::chrono::nanoseconds(std::chrono::system_clock::now().time_since_epoch()).count());
  };
  const uint64_t before = now_ns();
  const uint64_t guests = time_of(guest, 0);
  EXPECT_LE(before, guests);
  EXPECT_LE(guests, now_ns());
  const uint64_t monotonic = time_of(guest, 1);
  EXPECT_LE(monotonic, time_of(guest, 1));
  EXPECT_GT(time_of(guest, 2), 0u);
  EXPECT_EQ(guest.call("clock_res_get", {0, 16}), Errno::success);
  EXPECT_GT(guest.get<uint64_t>(16), 0u);
}

TEST(WasiClock, UnknownClocksAndAddresses) {
  World world = fixed_world();
  Guest guest(world);
  EXPECT_EQ(guest.call("clock_time_get", {4, 0, 0}), Errno::inval);
  EXPECT_EQ(guest.call("clock_res_get", {UINT32_MAX, 0}), Errno::inval);
  EXPECT_EQ(guest.call("clock_time_get", {0, 0, Guest::kEnd - 7}), Errno::fault);
  EXPECT_EQ(guest.call("clock_res_get", {0, Guest::kEnd - 7}), Errno::fault);
  EXPECT_EQ(time_of(guest, 1), 1000u);  // a refused reading is none
}

TEST(WasiPoll, ReportsTheEarliestClocksAndMovesTheFixedTime) {
  World world = fixed_world();
  Guest guest(world);
  const auto events = poll(guest, {clock(11, 1, 5'000'000), clock(12, 1, 9'000'000), clock(13, 0, 5'000'000)});
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].userdata, 11u);
  EXPECT_EQ(events[0].error, Errno::success);
  EXPECT_EQ(events[0].type, EventType::clock);
  EXPECT_EQ(events[1].userdata, 13u);
  EXPECT_EQ(time_of(guest, 1), 5'001'000u);
}

TEST(WasiPoll, AnAbsoluteTimeIsReachedExactly) {
  World world = fixed_world();
  Guest guest(world);
  EXPECT_EQ(poll(guest, {clock(1, 1, 50'000, kClockAbsolute)}).size(), 1u);
  EXPECT_EQ(time_of(guest, 1), 51'000u);
  EXPECT_EQ(poll(guest, {clock(1, 1, 50'000, kClockAbsolute)}).size(), 1u);  // it is past
  EXPECT_EQ(time_of(guest, 1), 53'000u);
}

TEST(WasiPoll, WaitsOnTheRealClock) {
  World world({});
  Guest guest(world);
  const uint64_t before = time_of(guest, 1);
  EXPECT_EQ(poll(guest, {clock(1, 1, 2'000'000)}).size(), 1u);
  EXPECT_GE(time_of(guest, 1) - before, 2'000'000u);
  // A process's CPU time stands still while it sleeps: one wait must be enough all the same.
  EXPECT_EQ(poll(guest, {clock(2, 2, time_of(guest, 2) + 2'000'000, kClockAbsolute)}).size(), 1u);
}

TEST(WasiPoll, DescriptorsAreReadyAtOnceAndClocksThenAreNot) {
  World world = fixed_world();
  Guest guest(world);
  const auto events = poll(
      guest, {clock(1, 1, 5'000'000'000), descriptor(2, EventType::fd_read, 0), descriptor(3, EventType::fd_write, 1),
              descriptor(4, EventType::fd_read, 99), clock(5, 1, 0), clock(6, 9, 0), clock(7, 1, 0, 0x8000)});
  ASSERT_EQ(events.size(), 6u);
  EXPECT_EQ(events[0].userdata, 2u);
  EXPECT_EQ(events[0].type, EventType::fd_read);
  EXPECT_EQ(events[0].bytes, 10u);
  EXPECT_EQ(events[0].flags, 0u);
  EXPECT_EQ(events[1].type, EventType::fd_write);
  EXPECT_EQ(events[1].error, Errno::success);
  EXPECT_EQ(events[2].error, Errno::badf);
  EXPECT_EQ(events[3].userdata, 5u);
  EXPECT_EQ(events[4].error, Errno::inval);
  EXPECT_EQ(events[5].error, Errno::inval);
  EXPECT_EQ(guest.read(0), "some input");
  EXPECT_EQ(poll(guest, {descriptor(2, EventType::fd_read, 0)}).at(0).flags, kReadWriteHangup);
}

TEST(WasiPoll, RefusesWhatIsNoSubscription) {
  World world = fixed_world();
  Guest guest(world);
  EXPECT_EQ(guest.call("poll_oneoff", {kIn, kOut, 0, kCount}), Errno::inval);
  guest.put(kIn, descriptor(1, static_cast<EventType>(3), 0));
  EXPECT_EQ(guest.call("poll_oneoff", {kIn, kOut, 1, kCount}), Errno::inval);
  EXPECT_EQ(guest.call("poll_oneoff", {Guest::kEnd - 47, kOut, 1, kCount}), Errno::fault);
  EXPECT_EQ(guest.call("poll_oneoff", {kIn, Guest::kEnd - 31, 1, kCount}), Errno::fault);
  EXPECT_EQ(guest.call("poll_oneoff", {kIn, kOut, 1, Guest::kEnd - 3}), Errno::fault);
  EXPECT_EQ(guest.call("poll_oneoff", {kIn, kOut, UINT32_MAX, kCount}), Errno::fault);
  EXPECT_EQ(guest.call("poll_oneoff", {kIn, kOut, 0x0555'5556, kCount}),
            Errno::fault);  // times 48 is 32 more than 2^32
}

TEST(WasiPoll, EventsMayOverwriteTheirSubscriptions) {
  World world = fixed_world();
  Guest guest(world);
  for (uint32_t i = 0; i < 4; ++i) guest.put(i * 48, descriptor(i + 1, EventType::fd_write, 1));
  EXPECT_EQ(guest.call("poll_oneoff", {0, 0, 4, kCount}), Errno::success);
  for (uint32_t i = 0; i < 4; ++i) EXPECT_EQ(guest.get<Event>(i * 32).userdata, i + 1);
}

}  // namespace
}  // namespace instbench::wasi
