// Fd: the only owner of a file descriptor. Born in the expression that makes the descriptor, moved
// from then on, closed once.
#pragma once

#include <utility>

namespace instbench::os {

class Fd {
 public:
  Fd() = default;
  explicit Fd(int number) : number_(number) {}
  Fd(Fd&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) {
      close();
      number_ = std::exchange(other.number_, -1);
    }
    return *this;
  }
  ~Fd() { close(); }

  int get() const { return number_; }
  explicit operator bool() const { return number_ >= 0; }
  void close() noexcept;  // aborts when the kernel says that it was not ours

 private:
  int number_ = -1;
};

}  // namespace instbench::os
