// Numbers of call scripts as text and JSON. Shared by the two ways to write a script; not for other folders.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "harness/protocol/call_script.hpp"

namespace instbench::bench {

// "1", "-0x10", "2.5", "nan", "-inf"; nothing when it is none of these.
std::optional<Literal> literal_from_text(std::string_view text);
std::string literal_text(const Literal& literal);  // without its type

std::optional<NumberType> number_type(std::string_view name);
std::optional<Access> access_type(std::string_view name);
std::string name_of(Access access);

// The number as `size_of(access)` bytes' worth of bits. Throws GrammarError when it does not fit.
uint64_t bits_of(const Literal& literal, Access access);

}  // namespace instbench::bench
