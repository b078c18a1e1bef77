#include "runtime/module/wast_quoted.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>
#include <string_view>

namespace instbench {
namespace {

// The lexical level of the text format (WebAssembly 2.0, section 6.2), as far as it takes to find one kind of
// command. What is not well-formed is left for libwabt to complain about.
class Scanner {
 public:
  explicit Scanner(const std::string& text) : text_(text) {}

  size_t at() const { return at_; }
  bool done() const { return at_ >= text_.size(); }

  void skip_space() {
    while (!done()) {
      if (std::isspace(static_cast<unsigned char>(text_[at_])) != 0) {
        ++at_;
      } else if (text_.compare(at_, 2, ";;") == 0) {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else if (text_.compare(at_, 2, "(;") == 0) {
        skip_block_comment();
      } else {
        return;
      }
    }
  }

  bool take(char c) {
    skip_space();
    if (done() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  std::string take_word() {
    skip_space();
    const size_t begin = at_;
    while (!done() && text_[at_] != '(' && text_[at_] != ')' && text_[at_] != '"' && text_[at_] != ';' &&
           std::isspace(static_cast<unsigned char>(text_[at_])) == 0)
      ++at_;
    return text_.substr(begin, at_ - begin);
  }

  // A string's bytes; nothing where none begins or it is not well-formed.
  std::optional<std::string> take_string() {
    if (!take('"')) return std::nullopt;
    std::string bytes;
    while (!done()) {
      const char c = text_[at_++];
      if (c == '"') return bytes;
      if (c != '\\')
        bytes += c;
      else if (!take_escape(bytes))
        return std::nullopt;
    }
    return std::nullopt;
  }

  // To behind the parenthesis that closes the one just taken.
  void skip_form() {
    for (int depth = 1; depth > 0 && !done();) {
      skip_space();
      if (take('(')) {
        ++depth;
      } else if (take(')')) {
        --depth;
      } else if (!done() && text_[at_] == '"') {
        skip_string();
      } else {
        const size_t before = at_;
        take_word();
        if (at_ == before) ++at_;
      }
    }
  }

 private:
  void skip_block_comment() {
    int depth = 0;
    do {
      if (text_.compare(at_, 2, "(;") == 0) {
        ++depth;
        at_ += 2;
      } else if (text_.compare(at_, 2, ";)") == 0) {
        --depth;
        at_ += 2;
      } else {
        ++at_;
      }
    } while (depth > 0 && !done());
  }

  void skip_string() {
    for (++at_; !done() && text_[at_] != '"'; ++at_) {
      if (text_[at_] == '\\') ++at_;
    }
    ++at_;
  }

  std::optional<uint32_t> take_hex(size_t digits) {
    uint32_t value = 0;
    const char* begin = text_.data() + at_;
    const size_t length = std::min(digits, text_.size() - at_);
    const auto [end, error] = std::from_chars(begin, begin + length, value, 16);
    if (error != std::errc()) return std::nullopt;
    at_ += static_cast<size_t>(end - begin);
    return value;
  }

  bool take_escape(std::string& bytes) {
    if (done()) return false;
    constexpr std::string_view kNames = "tnr\"'\\", kMeanings = "\t\n\r\"'\\";
    const size_t named = kNames.find(text_[at_]);
    if (named != kNames.npos) {
      bytes += kMeanings[named];
      ++at_;
      return true;
    }
    if (text_.compare(at_, 2, "u{") == 0) {
      at_ += 2;
      const auto point = take_hex(8);
      if (!point || *point > 0x10ffff || done() || text_[at_++] != '}') return false;
      append_utf8(*point, bytes);
      return true;
    }
    const size_t begin = at_;
    const auto byte = take_hex(2);
    if (!byte || at_ != begin + 2) return false;
    bytes += static_cast<char>(*byte);
    return true;
  }

  static void append_utf8(uint32_t point, std::string& bytes) {
    const auto rest = [&](int shift) { bytes += static_cast<char>(0x80 | ((point >> shift) & 0x3f)); };
    if (point < 0x80) {
      bytes += static_cast<char>(point);
    } else if (point < 0x800) {
      bytes += static_cast<char>(0xc0 | (point >> 6));
      rest(0);
    } else if (point < 0x10000) {
      bytes += static_cast<char>(0xe0 | (point >> 12));
      rest(6), rest(0);
    } else {
      bytes += static_cast<char>(0xf0 | (point >> 18));
      rest(12), rest(6), rest(0);
    }
  }

  const std::string& text_;
  size_t at_ = 0;
};

struct Quoted {
  std::string name;  // "$m", or empty
  std::string text;
};

// The command behind the parenthesis just taken, when it is a quoted module.
std::optional<Quoted> take_quoted(Scanner& scanner) {
  if (scanner.take_word() != "module") return std::nullopt;
  Quoted quoted;
  std::string word = scanner.take_word();
  if (word.starts_with('$')) {
    quoted.name = word;
    word = scanner.take_word();
  }
  if (word != "quote") return std::nullopt;
  while (!scanner.take(')')) {
    const auto part = scanner.take_string();
    if (!part) return std::nullopt;
    quoted.text += *part;
  }
  return quoted;
}

std::string binary_form(const std::string& name, const std::vector<std::byte>& bytes, std::ptrdiff_t lines) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text = "(module " + name + " binary \"";
  for (const std::byte byte : bytes) {
    const auto value = std::to_integer<unsigned>(byte);
    text += {'\\', kDigits[value >> 4], kDigits[value & 15]};
  }
  return text + "\"" + std::string(static_cast<size_t>(lines), '\n') + ")";
}

}  // namespace

bool is_blank(const std::string& text) {
  Scanner scanner(text);
  scanner.skip_space();
  return scanner.done();
}

std::string replace_quoted_modules(const std::string& script, const AssembleQuoted& assemble) {
  std::string result;
  size_t copied = 0;
  Scanner scanner(script);
  while (scanner.take('(')) {
    const size_t begin = scanner.at() - 1;
    Scanner inside = scanner;
    const auto quoted = take_quoted(inside);
    if (!quoted) {
      scanner.skip_form();
      continue;
    }
    scanner.skip_form();
    const auto from = script.begin() + static_cast<std::ptrdiff_t>(begin);
    const auto to = script.begin() + static_cast<std::ptrdiff_t>(scanner.at());
    const auto line = std::count(script.begin(), from, '\n') + 1;
    result.append(script, copied, begin - copied);
    result += binary_form(quoted->name, assemble(quoted->text, static_cast<int>(line)), std::count(from, to, '\n'));
    copied = scanner.at();
  }
  return result.append(script, copied);
}

}  // namespace instbench
