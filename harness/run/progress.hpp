// Progress on standard error: one line, rewritten in place, with the time left. Only where someone can
// watch it: nothing when standard error is not a terminal or --quiet is given. No colour, so NO_COLOR
// needs no special care.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace instbench::bench {

enum class Visibility : uint8_t { shown, hidden };
Visibility progress_visibility(bool quiet);

class Progress {
 public:
  Progress(Visibility visibility, size_t total) : visibility_(visibility), total_(total) {}
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void begin(const std::string& what);  // the step about to run
  void end();                           // it has run
  void skip() { --total_; }             // a step that will not be run
  void clear();                         // removes the line, so that other text can follow

 private:
  using Clock = std::chrono::steady_clock;
  Visibility visibility_;
  size_t total_;
  size_t done_ = 0;
  size_t shown_ = 0;
  Clock::time_point started_ = Clock::now();
};

// "1 h 02 min", "3 min 20 s", "41 s".
std::string duration_text(double seconds);

}  // namespace instbench::bench
