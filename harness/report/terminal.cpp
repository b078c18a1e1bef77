#include "harness/report/terminal.hpp"

#include <string_view>
#include <vector>

#include "harness/protocol/text.hpp"
#include "harness/report/format.hpp"

namespace instbench::bench {
namespace {

bool begins_character(char byte) { return (static_cast<unsigned char>(byte) & 0xc0) != 0x80; }

// Bytes of the first `columns` characters.
size_t bytes_of(const std::string& text, size_t columns) {
  size_t seen = 0;
  for (size_t at = 0; at < text.size(); ++at) {
    if (begins_character(text[at]) && seen++ == columns) return at;
  }
  return text.size();
}

bool is_unit(std::string word) {
  while (!word.empty() && std::string_view(",;.:)").find(word.back()) != std::string_view::npos) word.pop_back();
  for (const char* unit : {"%", "ns", "µs", "ms", "s", "B", "KiB", "MiB", "GiB"}) {
    if (word == unit) return true;
  }
  return false;
}

// The words between which a line may end: not between a number and its unit.
std::vector<std::string> words_of(const std::string& text) {
  std::vector<std::string> words;
  for (const std::string& word : split(text, ' ')) {
    const bool belongs = !words.empty() && !words.back().empty() && words.back().back() >= '0' && words.back().back() <= '9';
    if (belongs && is_unit(word))
      words.back() += " " + word;
    else
      words.push_back(word);
  }
  return words;
}

}  // namespace

std::string clipped(const std::string& text, size_t columns) {
  if (columns_of(text) <= columns) return text;
  return columns == 0 ? "" : text.substr(0, bytes_of(text, columns - 1)) + "…";
}

std::string wrapped(const std::string& prefix, const std::string& text, size_t indent) {
  if (columns_of(prefix) > kTerminalColumns / 2) return wrapped("", prefix + text, indent);
  std::string out, line = prefix;
  bool fresh = true;
  for (const std::string& word : words_of(text)) {
    if (!fresh && columns_of(line) + columns_of(word) + 1 > kTerminalColumns) {
      out += line + "\n";
      line = std::string(indent, ' ');
      fresh = true;
    }
    line += (fresh ? "" : " ") + word;
    fresh = false;
    while (columns_of(line) > kTerminalColumns) {
      const size_t fits = bytes_of(line, kTerminalColumns);
      out += line.substr(0, fits) + "\n";
      line = std::string(indent, ' ') + line.substr(fits);
    }
  }
  return out + line + "\n";
}

}  // namespace instbench::bench
