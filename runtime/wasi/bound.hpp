// Bound<F>: a function of calls.hpp as the core calls it, with the wasm type that its declaration means.
#pragma once

#include <cstddef>
#include <new>
#include <utility>

#include "runtime/instance/instance.hpp"
#include "runtime/wasi/calls.hpp"

namespace instbench::wasi {

inline GuestMemory memory_of(const Instance& caller) {
  if (caller.prepared().module().memories.empty()) return GuestMemory({});
  return GuestMemory(caller.memory(0));
}

template <typename T>
ValType wasm_type() {
  static_assert(sizeof(T) == 4 || sizeof(T) == 8);
  return sizeof(T) == 4 ? ValType::i32 : ValType::i64;
}

template <typename T>
T argument(const Value& value) {
  if constexpr (sizeof(T) == 4) {
    return value.i32;
  } else {
    return value.i64;
  }
}

template <auto F>
struct Bound;

template <typename... Args, Errno (*F)(State&, GuestMemory, Args...)>
struct Bound<F> {
  static FuncType type() { return {{wasm_type<Args>()...}, {ValType::i32}}; }

  // Below it waits a guest frame that no exception may reach.
  static Trap code(void* context, const Instance& caller, Value* values) noexcept {
    Errno answer;
    try {
      answer = call(*static_cast<State*>(context), memory_of(caller), values, std::index_sequence_for<Args...>());
    } catch (const std::bad_alloc&) {
      answer = Errno::nomem;
    }
    values[0].i32 = static_cast<uint32_t>(answer);
    return Trap::none;
  }

 private:
  template <size_t... I>
  static Errno call(State& state, GuestMemory memory, [[maybe_unused]] const Value* values, std::index_sequence<I...>) {
    return F(state, memory, argument<Args>(values[I])...);
  }
};

}  // namespace instbench::wasi
