#include "harness/report/terminal.hpp"

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

}  // namespace

std::string clipped(const std::string& text, size_t columns) {
  if (columns_of(text) <= columns) return text;
  return columns == 0 ? "" : text.substr(0, bytes_of(text, columns - 1)) + "…";
}

std::string wrapped(const std::string& prefix, const std::string& text, size_t indent) {
  std::string out, line = prefix;
  bool fresh = true;
  for (std::string word : split(text, ' ')) {
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
