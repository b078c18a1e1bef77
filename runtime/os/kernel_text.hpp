// What /proc and /sys say, one small text at a time. A fact that cannot be read is unknown and says why: with no
// /sys (a sandbox), without a right (only root reads debugfs), or where this kernel was built without it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace instbench::os {

template <class T>
struct Fact {
  std::optional<T> value;
  std::string why_not;  // when there is no value: "open('/sys/…'): Permission denied"

  Fact() : why_not("not asked") {}
  Fact(T known) : value(std::move(known)) {}  // NOLINT(google-explicit-constructor): a fact is what it holds
  explicit operator bool() const { return value.has_value(); }
  const T& operator*() const { return *value; }
  const T* operator->() const { return &*value; }
};

template <class T>
Fact<T> unknown(std::string why) {
  Fact<T> fact;
  fact.why_not = std::move(why);
  return fact;
}

// `make` of what is known; what is unknown stays so for the same reason. `make` gives a Fact.
template <class T, class Make>
auto then(const Fact<T>& fact, Make make) -> decltype(make(*fact)) {
  using Made = decltype(make(*fact));
  if (fact) return make(*fact);
  Made none;
  none.why_not = fact.why_not;
  return none;
}

using CpuSet = std::vector<unsigned>;  // numbers, ascending

Fact<std::string> whole_text(const std::string& path);
Fact<std::string> first_line(const std::string& path);                        // without blanks around it
Fact<uint64_t> number_in(const std::string& path);                            // that its first line begins with
Fact<std::string> chosen_word(const std::string& path);                       // "always [madvise] never" -> "madvise"
Fact<CpuSet> cpu_set_in(const std::string& path);                             // "0-3,8"; "" and "(null)" are none
Fact<std::string> field_in(const std::string& path, const std::string& key);  // of "key : value", "Key:  value kB"
Fact<uint64_t> number_field_in(const std::string& path, const std::string& key);

std::optional<uint64_t> number_of(const std::string& text);  // that it begins with
Fact<CpuSet> cpu_set_of(const std::string& text);
std::vector<std::string> words_of(const std::string& text);
std::vector<std::string> lines_of(const std::string& text);

bool is_folder(const std::string& path);
// Names in a folder that begin so, sorted; none when it cannot be read.
std::vector<std::string> names_in(const std::string& folder, const std::string& prefix);

}  // namespace instbench::os
