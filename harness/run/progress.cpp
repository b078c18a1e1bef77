#include "harness/run/progress.hpp"

#include <algorithm>
#include <cstdio>
#include <iostream>

#include "runtime/os/process.hpp"

namespace instbench::bench {

Visibility progress_visibility(bool quiet) {
  return !quiet && os::is_terminal(os::Stream::err) ? Visibility::shown : Visibility::hidden;
}

void Progress::begin(const std::string& what) {
  if (visibility_ == Visibility::hidden) return;
  std::string line = "[" + std::to_string(done_ + 1) + "/" + std::to_string(total_) + "] " + what;
  if (done_ > 0) {
    const std::chrono::duration<double> spent = Clock::now() - started_;
    const double left = spent.count() / static_cast<double>(done_) * static_cast<double>(total_ - done_);
    line += "  " + duration_text(left) + " left";
  }
  if (line.size() > 118) line.resize(118);  // a wrapped line cannot be rewritten
  const size_t width = line.size();
  line.resize(std::max(width, shown_), ' ');
  shown_ = width;
  std::cerr << '\r' << line << std::flush;
}

void Progress::end() { ++done_; }

void Progress::clear() {
  if (shown_ == 0) return;
  std::cerr << '\r' << std::string(shown_, ' ') << '\r' << std::flush;
  shown_ = 0;
}

std::string duration_text(double seconds) {
  const auto whole = static_cast<long>(seconds + 0.5);
  char buffer[48];
  if (whole >= 3600) {
    std::snprintf(buffer, sizeof buffer, "%ld h %02ld min", whole / 3600, whole / 60 % 60);
  } else if (whole >= 60) {
    std::snprintf(buffer, sizeof buffer, "%ld min %02ld s", whole / 60, whole % 60);
  } else {
    std::snprintf(buffer, sizeof buffer, "%ld s", whole);
  }
  return buffer;
}

}  // namespace instbench::bench
