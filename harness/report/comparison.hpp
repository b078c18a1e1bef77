// What every text about a comparison says in the same words: verdicts, intervals, counters, what would settle an open
// test. Pure. The comparison's JSON is specified in README.md beside this file.
#pragma once

#include <string>
#include <vector>

#include "harness/protocol/cell.hpp"

namespace instbench::bench {

// The result's comparison; ResultError when it has none.
const Json& comparison_of(const Json& result);

std::string text_at(const Json& object, const char* key);                // "" when absent or no text; always clean
std::vector<std::string> texts_at(const Json& object, const char* key);  // clean
bool is_expected(const Json& entry);                                     // a test or counter that the policy names
bool gates(const Json& test);                                            // false: its verdict is only shown

std::string time_at(const Json& object, const char* key);    // "58.2 µs", "?"
std::string change_at(const Json& object, const char* key);  // "-86.1 %", "?"
std::string interval_text(const Json& interval);             // "[-86.5,-85.7]", percent; "" when unknown
std::string control_text(const Json& test);         // percent: "+0.1 [-0.4,+0.6] ok" or "… out"; "" without one
std::string tolerance_text(const Json& tolerance);  // "3 %, at least 20 ns"
std::string own_tolerance(const Json& test, const Json& tolerance);  // "14 % (20 ns)"; "" where it is the share

// The name of a counter, with its phase unless that is the whole cycle; its value, "64", "15.9–16.1", "?".
std::string counter_name(const Json& counter);
std::string counter_value(const Json& value);
size_t counters_with(const Json& comparison, const char* verdict);

// What is to be said of a test beside its row, one sentence each: its reason, what would settle it, its own tolerance,
// why it is expected.
std::vector<std::string> notes_of(const Json& test, const Json& comparison);

std::string verdicts_text(const Json& comparison);      // "1 improved · 0 same · … · 2 counters changed, 12 equal"
std::string blocks_text(const Json& comparison);        // "18+24 blocks"
// What a gate makes of a result: "REGRESSED (exit 3)"; of one that was stopped, nothing.
std::string outcome_text(const Json& result);
std::string unpaired_text(const Json& comparison);      // "" when it is paired
std::string injected_text(const Json& comparison);      // "" when nothing was injected
std::string order_effect_text(const Json& comparison);  // "" when it cannot be known
std::string redone_text(const Json& comparison);        // "" when no block was redone or left disturbed

}  // namespace instbench::bench
