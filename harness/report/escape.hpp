// Foreign text made safe for where it is put: names of cases and arms come from file names, reasons from processes.
// Pure.
#pragma once

#include <string>

namespace instbench::bench {

// Valid UTF-8 without control characters: line breaks and tabs are blanks, anything else that no text holds is U+FFFD.
std::string clean_text(const std::string& text);

// For an element's content and for an attribute in quotes.
std::string xml_escaped(const std::string& text);

// For a cell of a table in GitHub's Markdown: shown as it is, never as mark-up, mention or reference.
std::string markdown_escaped(const std::string& text);
std::string markdown_name(const std::string& text);  // in a code span, where selecting it copies it unchanged

// The middle gives way: names of cases differ at their end.
std::string shortened(const std::string& text, size_t columns);

}  // namespace instbench::bench
