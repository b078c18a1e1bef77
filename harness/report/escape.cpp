#include "harness/report/escape.hpp"

#include <string_view>

#include "harness/report/format.hpp"
#include "harness/report/terminal.hpp"

namespace instbench::bench {
namespace {

constexpr const char* kReplacement = "\xef\xbf\xbd";  // U+FFFD

// Bytes of the character that `text` begins with; 0 when these bytes are none (The Unicode Standard, table 3-7).
size_t character_bytes(std::string_view text) {
  const auto byte = [&](size_t at) { return at < text.size() ? static_cast<unsigned char>(text[at]) : 0U; };
  const auto continues = [&](size_t at) { return (byte(at) & 0xc0U) == 0x80U; };
  const unsigned first = byte(0), second = byte(1);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return continues(1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    const bool overlong = first == 0xe0 && second < 0xa0, surrogate = first == 0xed && second >= 0xa0;
    return continues(1) && continues(2) && !overlong && !surrogate ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    const bool overlong = first == 0xf0 && second < 0x90, beyond = first == 0xf4 && second >= 0x90;
    return continues(1) && continues(2) && continues(3) && !overlong && !beyond ? 4 : 0;
  }
  return 0;
}

// Control characters, and the two that XML refuses besides.
bool is_unprintable(std::string_view character) {
  const auto first = static_cast<unsigned char>(character[0]);
  return first < 0x20 || first == 0x7f || (first == 0xc2 && static_cast<unsigned char>(character[1]) < 0xa0) ||
         character == "\xef\xbf\xbe" || character == "\xef\xbf\xbf";
}

std::string entity(char c) { return "&#" + std::to_string(static_cast<int>(c)) + ";"; }

// A character reference is never mark-up. A mention or a reference to an issue is looked for in the text that is shown,
// so only something between its sign and its name (a space of no width) keeps it from being one.
std::string escaped_for_markdown(const std::string& text, const char* after_sign) {
  std::string out;
  for (const char c : clean_text(text)) {
    const bool plain = std::string_view("&<>\"'|`*_[]()\\~!:#@").find(c) == std::string_view::npos;
    out += plain ? std::string(1, c) : entity(c);
    if (c == '@' || c == '#') out += after_sign;
  }
  return out;
}

}  // namespace

std::string clean_text(const std::string& text) {
  std::string out;
  for (std::string_view rest = text; !rest.empty();) {
    const size_t bytes = character_bytes(rest);
    const std::string_view character = rest.substr(0, bytes);
    if (character == "\n" || character == "\t" || character == "\r") {
      out += ' ';
    } else if (bytes == 0 || is_unprintable(character)) {
      out += kReplacement;
    } else {
      out += character;
    }
    rest.remove_prefix(bytes == 0 ? 1 : bytes);
  }
  return out;
}

std::string xml_escaped(const std::string& text) {
  std::string out;
  for (const char c : clean_text(text)) {
    out += std::string_view("&<>\"'").find(c) == std::string_view::npos ? std::string(1, c) : entity(c);
  }
  return out;
}

std::string markdown_escaped(const std::string& text) { return escaped_for_markdown(text, "&#8203;"); }

std::string markdown_name(const std::string& text) { return "<code>" + escaped_for_markdown(text, "") + "</code>"; }

std::string shortened(const std::string& text, size_t columns) {
  const size_t all = columns_of(text);
  if (all <= columns) return text;
  const size_t last = columns / 2;
  size_t from = text.size();
  for (size_t seen = 0; seen < last;) {
    --from;
    if ((static_cast<unsigned char>(text[from]) & 0xc0) != 0x80) ++seen;
  }
  return clipped(text, columns - last) + text.substr(from);
}

}  // namespace instbench::bench
