// Where a run's files go, settled and tried before anything is measured.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "harness/protocol/cell.hpp"

namespace instbench::bench {

enum class Existing { refuse, replace, resume };

// HOME/results/local/<date>-<label>-<id>.json, relative to the current folder where that is shorter;
// ./results/local without a source tree.
std::string default_out(const std::string& label, const std::string& id);

// Throws UsageError when something other than a regular file is there: a folder, a device, a symbolic link.
// Writing renames over the name (os::write_atomically), which would put a file in the place of /dev/null.
void check_replaceable(const std::string& path);

// Replaces `path` by the JSON, whole or not at all; bytes that are not UTF-8 are replaced, not thrown at.
void write_json(const std::string& path, const Json& json);

// A flag, or what else leads to a file, and the file: {"--json", "a.json"}; an empty one is none.
using NamedFile = std::pair<std::string, std::string>;
// Throws UsageError when two of them name one file, of which the later would replace the earlier.
void check_apart(const std::vector<NamedFile>& files);

// Throws UsageError when OUT or its journal is there and may not be replaced, std::system_error when the
// folder cannot be made or written; leaves no file behind.
void check_out(const std::string& out, Existing existing);

// "instbench run embedded --resume --out FILE": the command that goes on where this one stopped.
std::string resume_command(const std::vector<std::string>& arguments, const std::string& out);

}  // namespace instbench::bench
