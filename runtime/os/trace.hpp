// An independent count of system calls: a child process runs under ptrace(2), unprivileged, and every
// call that it and its threads make between two markers is counted by the parent, libc's own included.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace instbench::os {

// Calls between marker i and marker i+1, by name ("madvise"; "syscall_999" when this file has no name).
using TracedInterval = std::map<std::string, uint64_t>;

// Forks; the child runs `body`, which calls trace_marker() at the borders; the parent returns one
// interval less than there were markers. Throws std::system_error when ptrace is not allowed, and
// std::runtime_error when the child died or threw. REQUIRES: no other thread runs in this process.
std::vector<TracedInterval> trace_child(const std::function<void()>& body);
void trace_marker();  // a program of another language marks with kill(getpid(), 0)

}  // namespace instbench::os
