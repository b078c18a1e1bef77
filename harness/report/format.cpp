#include "harness/report/format.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "harness/protocol/text.hpp"

namespace instbench::bench {
namespace {

// Three significant digits without an exponent, for 0 <= value.
std::string three_digits(double value) {
  char buffer[48];
  const int decimals = value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  std::snprintf(buffer, sizeof buffer, "%.*f", decimals, value);
  return buffer;
}

}  // namespace

std::string time_text(double ns) {
  if (ns < 999.5) return three_digits(ns) + " ns";
  if (ns < 999.5e3) return three_digits(ns / 1e3) + " µs";
  if (ns < 999.5e6) return three_digits(ns / 1e6) + " ms";
  return three_digits(ns / 1e9) + " s";
}

std::string bytes_text(double bytes) {
  if (bytes < 1024) return std::to_string(static_cast<int>(bytes)) + " B";
  if (bytes < 1024 * 1024) return three_digits(bytes / 1024) + " KiB";
  if (bytes < 1024.0 * 1024 * 1024) return three_digits(bytes / (1024 * 1024)) + " MiB";
  return three_digits(bytes / (1024.0 * 1024 * 1024)) + " GiB";
}

// Far below one, two decimals would say nothing: "0.0016×".
std::string ratio_text(double ratio) {
  if (ratio >= 0.0995) return three_digits(ratio) + "×";
  char buffer[48];
  std::snprintf(buffer, sizeof buffer, "%.2g×", ratio);
  return buffer;
}

std::string counted(double count, const std::string& noun) {
  return number_text(count) + " " + noun + (count == 1 ? "" : "s");
}

std::string percent_text(double share) {
  const double percent = 100 * share;
  return number_text(percent < 9.95 ? std::round(percent * 10) / 10 : std::round(percent)) + " %";
}

// "-100.0 %" would say that nothing is left.
std::string change_text(double change) {
  if (change >= 9.995 || change < -0.9995) return ratio_text(1 + change);
  const int decimals = std::abs(change) >= 0.9995 ? 0 : 1;
  if (std::abs(change) < 0.0005) return "0.0 %";
  char buffer[48];
  std::snprintf(buffer, sizeof buffer, "%+.*f %%", decimals, 100 * change);
  return buffer;
}

std::optional<double> number_at(const Json& json, std::initializer_list<const char*> path) {
  const Json* here = &json;
  for (const char* key : path) {
    if (!here->is_object() || !here->contains(key)) return std::nullopt;
    here = &here->at(key);
  }
  return here->is_number() ? std::optional(here->get<double>()) : std::nullopt;
}

size_t columns_of(const std::string& text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::string padded(const std::string& text, size_t columns, Align align) {
  const size_t used = columns_of(text);
  const std::string blanks(columns > used ? columns - used : 0, ' ');
  return align == Align::left ? text + blanks : blanks + text;
}

}  // namespace instbench::bench
