// The outer grammar of a shape file: "KEYWORD WORD…" lines, each followed by indented lines of items.
// Knows nothing of what they mean; every error names FILE:LINE.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "harness/corpus/shape.hpp"

namespace instbench::bench {

struct ShapeItem {
  std::string_view text;  // without "*N"
  uint64_t repeat = 1;
  size_t line = 0;
};

struct ShapeSection {
  std::vector<std::string_view> words;  // of the unindented line, the keyword first
  size_t line = 0;
  std::vector<ShapeItem> items;
};

class ShapeLines {
 public:
  // `text` must outlive this object: words and items point into it.
  ShapeLines(std::string_view text, std::string file);

  // The next section, which must have this keyword and this many words in all.
  const ShapeSection& expect(std::string_view keyword, size_t words);
  const ShapeSection& expect_any(std::string_view keyword);  // however many words
  void expect_end() const;

  [[noreturn]] void fail(size_t line, const std::string& reason) const;
  // All of `text` as a decimal number not above `most`; `what` names it in the error.
  uint64_t number(std::string_view text, size_t line, std::string_view what, uint64_t most) const;

 private:
  void add_line(std::string_view line, size_t number_of_line);
  void add_item(std::string_view word, size_t line);

  std::string file_;
  std::vector<ShapeSection> sections_;
  size_t next_ = 0;
};

}  // namespace instbench::bench
