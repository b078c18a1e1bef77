// Who measured and where: the "tool" and "machine" of a result. No host or user names.
#pragma once

#include <string>

#include "harness/protocol/cell.hpp"

namespace instbench::bench {

Json tool_json();
Json machine_json();

std::string utc_now();  // "2026-11-22T20:30:00Z"
std::string run_id();   // "20261122-203000-1a2b": time and four random digits

// An argument with every absolute path and home folder cut down to its file name: "--out=/home/x/r.json"
// becomes "--out=r.json".
std::string without_folders(const std::string& argument);

}  // namespace instbench::bench
