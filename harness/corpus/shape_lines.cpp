#include "harness/corpus/shape_lines.hpp"

#include <charconv>

#include "harness/corpus/shape_text.hpp"

namespace instbench::bench {
namespace {

constexpr size_t kLongestQuote = 40;  // of a bad word in a message

std::string quoted(std::string_view word) {
  return "'" + std::string(word.substr(0, kLongestQuote)) + (word.size() > kLongestQuote ? "…" : "") + "'";
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  for (size_t at = line.find_first_not_of(' '); at != std::string_view::npos; at = line.find_first_not_of(' ', at)) {
    const size_t end = std::min(line.find(' ', at), line.size());
    words.push_back(line.substr(at, end - at));
    at = end;
  }
  return words;
}

}  // namespace

ShapeLines::ShapeLines(std::string_view text, std::string file) : file_(std::move(file)) {
  size_t line_number = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    std::string_view line = text.substr(at, end - at);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    add_line(line, ++line_number);
    at = end + 1;
  }
}

void ShapeLines::add_line(std::string_view line, size_t number_of_line) {
  const std::vector<std::string_view> words = words_of(line);
  if (words.empty() || words[0][0] == '#') return;
  if (line[0] != ' ') {
    sections_.push_back({words, number_of_line, {}});
    return;
  }
  if (sections_.empty()) fail(number_of_line, "items before the first section; the file must begin with 'shape 1'");
  for (const std::string_view word : words) add_item(word, number_of_line);
}

void ShapeLines::add_item(std::string_view word, size_t line) {
  ShapeItem item{word, 1, line};
  if (const size_t star = word.find('*'); star != std::string_view::npos) {
    item.text = word.substr(0, star);
    item.repeat = number(word.substr(star + 1), line, "repeat count", kMostEntries);
  }
  if (item.text.empty() || item.repeat == 0) fail(line, "empty item " + quoted(word));
  sections_.back().items.push_back(item);
}

const ShapeSection& ShapeLines::expect_any(std::string_view keyword) {
  if (next_ == sections_.size())
    fail(sections_.empty() ? 1 : sections_.back().line, "file ends before section '" + std::string(keyword) + "'");
  const ShapeSection& section = sections_[next_++];
  if (section.words[0] != keyword) {
    fail(section.line, "expected section '" + std::string(keyword) + "', found " + quoted(section.words[0]));
  }
  return section;
}

const ShapeSection& ShapeLines::expect(std::string_view keyword, size_t words) {
  const ShapeSection& section = expect_any(keyword);
  if (section.words.size() != words) {
    fail(section.line, "'" + std::string(keyword) + "' takes " + std::to_string(words - 1) + " words, found " +
                           std::to_string(section.words.size() - 1));
  }
  return section;
}

void ShapeLines::expect_end() const {
  if (next_ != sections_.size()) fail(sections_[next_].line, "unexpected section " + quoted(sections_[next_].words[0]));
}

void ShapeLines::fail(size_t line, const std::string& reason) const {
  throw ShapeError(file_ + ":" + std::to_string(line) + ": " + reason);
}

uint64_t ShapeLines::number(std::string_view text, size_t line, std::string_view what, uint64_t most) const {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::invalid_argument || end != text.data() + text.size()) {
    fail(line, std::string(what) + ": expected a number, found " + quoted(text));
  }
  if (error != std::errc{} || value > most) {
    fail(line, std::string(what) + " " + quoted(text) + " is above the limit of " + std::to_string(most));
  }
  return value;
}

}  // namespace instbench::bench
