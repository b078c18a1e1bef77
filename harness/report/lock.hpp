// counters.lock.json: the reviewed exact counters, one section for each kind of machine and suite.
//
// A section is found by its key: what decides which system calls and faults the core makes, and nothing
// else (not the CPU, the host or the clock): page size, huge-page mode, fault-around, sanitizers, and
// the kernel features that were found to work. Page faults depend on the kernel's version too, so a
// section names the version it was made on, and faults gate only there (exact_gate.hpp).
//
// The text is sorted, with one line for each case, arm and phase, so that a review sees what changed.
// Zeros are left out; counters that were not exact are listed as "ranges" and never gate.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

#include "harness/protocol/cell.hpp"

namespace instbench::bench {

// A lock file that cannot be read: fails closed.
struct LockError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// {"page_bytes": 4096, "thp": "never", …, "features": "memfd pagemap_scan …"}
Json feature_key(const Json& result);
std::string kernel_series(const Json& result);  // "6.18" of "6.18.44-something"

Json empty_lock();
Json parse_lock(const std::string& text, const std::string& file);  // throws LockError
std::string lock_text(const Json& lock);

// The section of this key and suite, or nullptr.
const Json* find_section(const Json& lock, const Json& key, const std::string& suite);

std::vector<std::string> suites_of(const Json& lock);  // each once, in order of name

// What differs between `key` and the nearest section's key of this suite: "thp: never there, madvise
// here"; empty when the lock has no section of the suite.
std::string nearest_difference(const Json& lock, const Json& key, const std::string& suite);

// A result's exact counters as a section; `with_section` puts it into the lock, in place of the old one.
Json section_of(const Json& result, const std::string& suite);
Json with_section(Json lock, const Json& section);

}  // namespace instbench::bench
