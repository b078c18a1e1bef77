// poll_oneoff: waits for the first of several events.
//
// Every descriptor is a file or a stream held in memory, so it is always ready: only a poll of clocks alone waits,
// until the earliest of them, which all that have then passed are reported with.
#include <algorithm>
#include <array>
#include <optional>

#include "runtime/os/clock.hpp"
#include "runtime/wasi/calls.hpp"

namespace instbench::wasi {
namespace {

// What can be read without waiting.
Event readiness(State& state, const Subscription& subscription) {
  Event event{.userdata = subscription.userdata, .type = subscription.type};
  Descriptor* found = nullptr;
  event.error = state.get(subscription.clock_or_fd, found);
  if (event.error != Errno::success || subscription.type == EventType::fd_write) return event;
  if (found->kind == Descriptor::Kind::standard_in) {
    event.bytes = state.options.stdin_bytes.size() - state.stdin_position;
    event.flags = event.bytes == 0 ? kReadWriteHangup : 0;
  } else if (found->kind == Descriptor::Kind::file) {
    os::FileInfo info;
    event.error = errno_of(os::file_info(found->own, info));
    const uint64_t position = os::seek(found->own, 0, os::Whence::current).count;
    event.bytes = info.size - std::min(info.size, position);
  }
  return event;
}

// Walks the subscriptions twice: first to see how long to wait at most, then to report. Both go by one reading of each
// clock, so that what was waited for is reported even where the clock stood still meanwhile (CPU time).
class Poll {
 public:
  Poll(State& state, GuestMemory memory, uint32_t in, uint32_t count)
      : state_(state), memory_(memory), in_(in), count_(count) {}

  // inval: a subscription of no known type.
  Errno survey() {
    for (uint32_t i = 0; i < count_; ++i) {
      const Subscription subscription = at(i);
      if (subscription.type > EventType::fd_write) return Errno::inval;
      const bool ready = subscription.type != EventType::clock || !valid(subscription);
      wait_ns_ = std::min(wait_ns_, ready ? 0 : left_ns(subscription));
    }
    return Errno::success;
  }
  uint64_t wait_ns() const { return wait_ns_; }

  // What is ready after wait_ns(). A bad subscription is an event too, with its error.
  std::optional<Event> ready(uint32_t index) {
    const Subscription subscription = at(index);
    if (subscription.type != EventType::clock) return readiness(state_, subscription);
    if (!valid(subscription)) return Event{.userdata = subscription.userdata, .error = Errno::inval};
    if (left_ns(subscription) > wait_ns_) return std::nullopt;
    return Event{.userdata = subscription.userdata};
  }

 private:
  Subscription at(uint32_t index) const {
    Subscription subscription;
    const bool within = memory_.read(in_ + index * static_cast<uint32_t>(sizeof subscription), subscription);
    return within ? subscription : Subscription{};
  }
  static bool valid(const Subscription& clock) {
    return clock.clock_or_fd <= kMostClock && (clock.flags & ~kClockAbsolute) == 0;
  }
  // Until a valid clock's time, as seen from the first look at that clock.
  uint64_t left_ns(const Subscription& clock) {
    if ((clock.flags & kClockAbsolute) == 0) return clock.timeout_ns;
    std::optional<uint64_t>& now = now_[clock.clock_or_fd];
    if (!now) now = state_.now_ns(clock.clock_or_fd);
    return clock.timeout_ns - std::min(clock.timeout_ns, *now);
  }

  State& state_;
  GuestMemory memory_;
  uint32_t in_, count_;
  uint64_t wait_ns_ = UINT64_MAX;
  std::array<std::optional<uint64_t>, kMostClock + 1> now_;
};

}  // namespace

Errno poll_oneoff(State& state, GuestMemory memory, uint32_t in, uint32_t out, uint32_t count, uint32_t events) {
  if (count == 0) return Errno::inval;
  if (!memory.holds(in, uint64_t{count} * sizeof(Subscription)) ||
      !memory.holds(out, uint64_t{count} * sizeof(Event)) || !memory.holds(events, 4)) {
    return Errno::fault;
  }
  Poll poll(state, memory, in, count);
  if (const Errno error = poll.survey(); error != Errno::success) return error;
  if (state.options.clock == Clock::fixed) {
    state.elapsed_ns += std::min(poll.wait_ns(), UINT64_MAX - state.elapsed_ns);
  } else if (poll.wait_ns() != 0 && os::sleep_for(poll.wait_ns()) == os::Sleep::cut) {
    return Errno::intr;
  }
  uint32_t reported = 0;
  for (uint32_t i = 0; i < count; ++i) {
    const std::optional<Event> event = poll.ready(i);
    if (!event) continue;
    if (!memory.write(out + reported * static_cast<uint32_t>(sizeof(Event)), *event)) return Errno::fault;
    ++reported;
  }
  return memory.write(events, reported) ? Errno::success : Errno::fault;
}

}  // namespace instbench::wasi
