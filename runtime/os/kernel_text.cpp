#include "runtime/os/kernel_text.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <sstream>
#include <system_error>

#include "runtime/os/file.hpp"

namespace instbench::os {
namespace {

constexpr const char* kBlanks = " \t\r\n";

std::string trimmed(const std::string& text) {
  const size_t begin = text.find_first_not_of(kBlanks);
  return begin == text.npos ? "" : text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

// "0-3" into `cpus`; false when it is no range of CPUs.
bool add_range(const std::string& text, CpuSet& cpus) {
  constexpr unsigned kMost = 1U << 16;  // a file that lies must not fill the memory; Linux has at most 8192
  unsigned first = 0, last = 0;
  const char* end = text.data() + text.size();
  auto read = std::from_chars(text.data(), end, first);
  if (read.ec != std::errc()) return false;
  last = first;
  if (read.ptr != end && *read.ptr == '-') read = std::from_chars(read.ptr + 1, end, last);
  if (read.ec != std::errc() || read.ptr != end || last < first || last >= kMost) return false;
  for (unsigned cpu = first; cpu <= last; ++cpu) cpus.push_back(cpu);
  return true;
}

}  // namespace

std::optional<uint64_t> number_of(const std::string& text) {
  uint64_t value = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), value).ec != std::errc()) return std::nullopt;
  return value;
}

Fact<CpuSet> cpu_set_of(const std::string& text) {
  CpuSet cpus;
  if (text.empty() || text == "(null)") return cpus;
  std::istringstream ranges(text);
  for (std::string range; std::getline(ranges, range, ',');) {
    if (!add_range(range, cpus)) return unknown<CpuSet>("'" + text + "' is no list of CPUs");
  }
  std::sort(cpus.begin(), cpus.end());
  return cpus;
}

std::vector<std::string> words_of(const std::string& text) {
  std::vector<std::string> words;
  std::istringstream stream(text);
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

Fact<std::string> whole_text(const std::string& path) {
  try {
    return read_text(path);
  } catch (const std::system_error& error) {
    return unknown<std::string>(error.what());
  }
}

Fact<std::string> first_line(const std::string& path) {
  return then(whole_text(path),
              [](const std::string& text) -> Fact<std::string> { return trimmed(text.substr(0, text.find('\n'))); });
}

Fact<uint64_t> number_in(const std::string& path) {
  return then(first_line(path), [&](const std::string& line) -> Fact<uint64_t> {
    if (const auto number = number_of(line)) return *number;
    return unknown<uint64_t>(path + " holds no number");
  });
}

Fact<std::string> chosen_word(const std::string& path) {
  return then(first_line(path), [&](const std::string& line) -> Fact<std::string> {
    const size_t open = line.find('['), close = line.find(']');
    if (open == line.npos || close == line.npos || close < open)
      return unknown<std::string>(path + " marks no choice with [ ]");
    return line.substr(open + 1, close - open - 1);
  });
}

Fact<CpuSet> cpu_set_in(const std::string& path) { return then(first_line(path), cpu_set_of); }

Fact<std::string> field_in(const std::string& path, const std::string& key) {
  return then(whole_text(path), [&](const std::string& text) -> Fact<std::string> {
    for (const std::string& line : lines_of(text)) {
      const size_t colon = line.find(':');
      if (colon != line.npos && trimmed(line.substr(0, colon)) == key) return trimmed(line.substr(colon + 1));
    }
    return unknown<std::string>(path + " has no line '" + key + "'");
  });
}

Fact<uint64_t> number_field_in(const std::string& path, const std::string& key) {
  return then(field_in(path, key), [&](const std::string& text) -> Fact<uint64_t> {
    if (const auto number = number_of(text)) return *number;
    return unknown<uint64_t>(path + ": '" + key + "' is no number");
  });
}

bool is_folder(const std::string& path) {
  std::error_code error;
  return std::filesystem::is_directory(path, error);
}

std::vector<std::string> names_in(const std::string& folder, const std::string& prefix) {
  std::vector<std::string> names;
  std::error_code error;
  for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    std::string name = at->path().filename().string();
    if (name.starts_with(prefix)) names.push_back(std::move(name));
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace instbench::os
