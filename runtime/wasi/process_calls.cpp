#include <algorithm>
#include <cstring>

#include "runtime/os/clock.hpp"
#include "runtime/wasi/calls.hpp"

namespace instbench::wasi {
namespace {

using Texts = std::vector<std::string>;

uint64_t bytes_of(const Texts& texts) {
  uint64_t bytes = 0;
  for (const std::string& text : texts) bytes += text.size() + 1;
  return bytes;
}

Errno put_sizes(GuestMemory memory, const Texts& texts, uint32_t count, uint32_t bytes) {
  if (!memory.holds(count, 4) || !memory.holds(bytes, 4)) return Errno::fault;
  if (bytes_of(texts) > UINT32_MAX) return Errno::overflow;
  const bool written = memory.write(count, static_cast<uint32_t>(texts.size())) &&
                       memory.write(bytes, static_cast<uint32_t>(bytes_of(texts)));
  return written ? Errno::success : Errno::fault;
}

// An array of addresses at `pointers` and the texts themselves, each with its NUL, at `buffer`.
Errno put_texts(GuestMemory memory, const Texts& texts, uint32_t pointers, uint32_t buffer) {
  if (!memory.holds(pointers, texts.size() * 4) || !memory.holds(buffer, bytes_of(texts))) return Errno::fault;
  uint32_t at = buffer;
  for (size_t i = 0; i < texts.size(); ++i) {
    const std::string_view with_nul(texts[i].c_str(), texts[i].size() + 1);
    if (!memory.write(pointers + static_cast<uint32_t>(i * 4), at) || !memory.write_bytes(at, with_nul)) {
      return Errno::fault;
    }
    at += static_cast<uint32_t>(with_nul.size());
  }
  return Errno::success;
}

// No descriptor is a socket.
Errno not_a_socket(State& state, uint32_t fd) {
  Descriptor* found = nullptr;
  const Errno error = state.get(fd, found);
  return error == Errno::success ? Errno::notsock : error;
}

}  // namespace

Errno args_get(State& state, GuestMemory memory, uint32_t argv, uint32_t buffer) {
  return put_texts(memory, state.options.args, argv, buffer);
}

Errno args_sizes_get(State& state, GuestMemory memory, uint32_t count, uint32_t bytes) {
  return put_sizes(memory, state.options.args, count, bytes);
}

Errno environ_get(State& state, GuestMemory memory, uint32_t environ, uint32_t buffer) {
  return put_texts(memory, state.options.environ, environ, buffer);
}

Errno environ_sizes_get(State& state, GuestMemory memory, uint32_t count, uint32_t bytes) {
  return put_sizes(memory, state.options.environ, count, bytes);
}

Errno clock_res_get(State& state, GuestMemory memory, uint32_t clock, uint32_t resolution) {
  if (clock > kMostClock) return Errno::inval;
  const uint64_t ns = state.options.clock == Clock::fixed ? State::kFixedStepNs
                                                          : os::clock_resolution_ns(static_cast<os::ClockKind>(clock));
  return memory.write(resolution, ns) ? Errno::success : Errno::fault;
}

// `precision` allows an older time; the present one is as good.
Errno clock_time_get(State& state, GuestMemory memory, uint32_t clock, uint64_t, uint32_t time) {
  if (clock > kMostClock) return Errno::inval;
  if (!memory.holds(time, 8)) return Errno::fault;
  return memory.write(time, state.now_ns(clock)) ? Errno::success : Errno::fault;
}

Errno random_get(State& state, GuestMemory memory, uint32_t buffer, uint32_t bytes) {
  if (!memory.holds(buffer, bytes)) return Errno::fault;
  for (std::span<std::byte> left = memory.span(buffer, bytes); !left.empty();) {
    const uint64_t word = state.next_random();
    const size_t taken = std::min(left.size(), sizeof word);
    std::memcpy(left.data(), &word, taken);
    left = left.subspan(taken);
  }
  return Errno::success;
}

Errno sched_yield(State&, GuestMemory) { return Errno::success; }  // there is one thread

Errno proc_raise(State&, GuestMemory, uint32_t) { return Errno::nosys; }

Errno sock_accept(State& state, GuestMemory, uint32_t fd, uint32_t, uint32_t) { return not_a_socket(state, fd); }

Errno sock_recv(State& state, GuestMemory, uint32_t fd, uint32_t, uint32_t, uint32_t, uint32_t, uint32_t) {
  return not_a_socket(state, fd);
}

Errno sock_send(State& state, GuestMemory, uint32_t fd, uint32_t, uint32_t, uint32_t, uint32_t) {
  return not_a_socket(state, fd);
}

Errno sock_shutdown(State& state, GuestMemory, uint32_t fd, uint32_t) { return not_a_socket(state, fd); }

}  // namespace instbench::wasi
