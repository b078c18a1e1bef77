#include "runtime/instance/residency.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "runtime/os/counters.hpp"
#include "runtime/os/pagemap.hpp"
#include "runtime/os/usage.hpp"

namespace instbench {
namespace {

constexpr size_t kRunsOfWasmtime = 32;  // reset=scan
// The runs of kept pages that a slot remembers; with more of them it scans every time.
constexpr size_t kMostKeptSpans = 1024;

// Scratch of this thread: ranges to be given back, or to be populated.
thread_local constinit std::array<iovec, kMostKeptSpans> given_back{};
thread_local constinit std::array<PageSpan, kMostKeptSpans> closed_spans{};

}  // namespace

bool StartState::is_there(uint64_t page) const {
  static constexpr std::array<std::byte, os::kPageBytes> kZeros{};
  const std::byte* bytes = content(page);
  return std::memcmp(at(page), bytes == nullptr ? kZeros.data() : bytes, os::kPageBytes) == 0;
}

void StartState::put_back(uint64_t first, uint64_t count) const {
  for (uint64_t page = first, end = first + count; page < end;) {
    const std::byte* bytes = content(page);
    uint64_t stretch = 1;
    while (page + stretch < end && content(page + stretch) == (bytes == nullptr ? nullptr : bytes + stretch * os::kPageBytes))
      ++stretch;
    if (bytes == nullptr)
      os::zero_bytes(at(page), stretch * os::kPageBytes);
    else
      os::copy_bytes(at(page), bytes, stretch * os::kPageBytes);
    page += stretch;
  }
}

uint64_t reset_keep(const StartState& start, uint64_t resident_bytes) {
  const uint64_t memory_pages = start.pages() - start.table_pages;
  const uint64_t kept = std::min(memory_pages, resident_bytes / os::kPageBytes);
  start.put_back(start.table_pages, kept);
  if (start.table_pages != 0) os::discard(start.range.sub(0, start.table_pages * os::kPageBytes));
  if (kept != memory_pages) os::discard(start.range.from((start.table_pages + kept) * os::kPageBytes));
  return kept * os::kPageBytes;
}

uint64_t reset_scan(const StartState& start, uint64_t resident_bytes) {
  std::array<os::PageRegion, kRunsOfWasmtime> found;
  const os::PrivatePages pages = os::find_private_pages(start.range, found);
  const uint64_t most = resident_bytes / os::kPageBytes;
  uint64_t budget = most;
  std::byte* put_back_to = pages.walk_end;
  for (const os::PageRegion& region : std::span(found).first(pages.regions)) {
    const PageSpan span = start.span_of(region);
    const uint64_t kept = std::min<uint64_t>(span.pages, budget);
    start.put_back(span.first, kept);
    budget -= kept;
    if (kept == span.pages) continue;
    put_back_to = start.at(span.first + kept);
    break;
  }
  if (put_back_to != start.range.end())
    os::discard(start.range.from(static_cast<size_t>(put_back_to - start.range.base)));
  return (most - budget) * os::kPageBytes;
}

Habit::Habit() { working_set.reserve(kMostKeptSpans); }

uint64_t Habit::usual_bytes() const {
  uint64_t pages = 0;
  for (const PageSpan& span : working_set) pages += span.pages;
  return pages * os::kPageBytes;
}

void Habit::found(bool wanders, uint64_t keeping, uint64_t giving_back) {
  wandering_ = wanders ? std::min(wandering_ + 2, kMost) : wandering_ - std::min(wandering_, uint32_t{1});
  if (frozen_) return;
  ++choice_.resets;
  choice_.keeping += static_cast<double>(keeping) / 100;
  choice_.giving_back += static_cast<double>(giving_back) / 100;
}

const Choice& Habit::freeze() {
  frozen_ = true;
  const bool found_again = choice_.resets + choice_.settled != 0;
  const bool mostly_empty = choice_.empty > Residency::kEmpty * (choice_.resets + choice_.settled);
  choice_.keeps_pages = found_again && !mostly_empty &&
                        100 * choice_.keeping <= static_cast<double>(Residency::kWorthIt) * choice_.giving_back;
  return choice_;
}

// What one reset finds.
struct Residency::Round {
  uint64_t budget = 0;  // pages that may still be kept
  uint64_t open_pages = 0;
  bool comparing = false;
  bool forced = false;         // to search: for all that is known, there may be new private pages
  bool had_kept = false;       // before this reset
  uint64_t private_pages = 0;  // among them:
  uint64_t new_pages = 0;      // not kept by the reset before
  uint64_t unchanged = 0;      // found so when comparing
  size_t ranges = 0;           // waiting in given_back
  uint64_t cut = UINT64_MAX;   // the first page that the budget has no room for
};

// A page's age says whether it is kept, and for how long it was found unchanged; of one that was given back, when. A page
// that is back within two comparisons after it was given back was missed: its tenants write it and leave it as it was.
namespace {

constexpr uint8_t kKept = 1, kReturned = 64, kGivenBack = 128, kEpochs = 127;
bool is_kept(uint8_t age) { return age != 0 && age < kGivenBack; }

}  // namespace

bool Residency::came_back(uint8_t age) const {
  return age >= kGivenBack && ((epoch_ - (age - kGivenBack)) & kEpochs) <= 2;
}

void Residency::open(uint64_t pages) {
  *this = {};
  ages_.resize(pages);
  has_table_.resize((pages + kPagesOfATable - 1) / kPagesOfATable);
  kept_.reserve(std::min<uint64_t>(pages, kMostKeptSpans));
}

void Residency::forget() {
  std::fill(ages_.begin(), ages_.end(), uint8_t{0});
  kept_.clear();
  kept_complete_ = true;
  kept_pages_ = 0;
  faults_ = 0;
}

ResetPath Residency::restore(const StartState& start, uint64_t open_pages, uint64_t resident_bytes, bool by_faults,
                             Habit& habit, std::vector<PageSpan>* working_set) {
  if (habit.frozen() && !(habit.choice().keeps_pages && too_long_))
    rest_ = habit.choice().keeps_pages ? 0 : 1;
  else if (rest_ == 0 && !habit.frozen() && !proven_ && habit.should_rest())
    begin_rest();
  if (rest_ != 0) {
    os::discard(start.range);
    if (kept_pages_ != 0) forget();
    too_long_ = --rest_ != 0 && too_long_;
    return ResetPath::madvise;
  }
  const uint64_t faults = by_faults ? os::process_faults() : 0;
  Round round;
  round.comparing = ++resets_ >= interval_;
  epoch_ = static_cast<uint8_t>(epoch_ + (round.comparing ? 1 : 0));
  round.budget = resident_bytes / os::kPageBytes;
  if (by_faults && !round.comparing && kept_complete_ && faults == faults_ && kept_pages_ <= round.budget) {
    put_back_kept(start, open_pages);
    habit.had_no_fault();
    return ResetPath::restore;
  }
  round.forced = !by_faults || faults != faults_;
  round.had_kept = kept_pages_ != 0;
  find_and_settle(start, open_pages, round);
  faults_ = faults;
  learn(round, habit);
  if (round.comparing && working_set != nullptr && kept_complete_) *working_set = kept_;
  return ResetPath::restore;
}

void Residency::prefault(const StartState& start, std::span<const PageSpan> pages) {
  const auto is_long = [](const PageSpan& span) { return span.pages >= kShortestPrefault; };
  size_t ranges = 0;
  for (const PageSpan& span : pages) {
    if (is_long(span)) given_back[ranges++] = {start.at(span.first), span.pages * os::kPageBytes};
  }
  if (ranges == 0) return;
  kept_complete_ = false;
  const uint64_t faults = os::process_faults();
  os::populate_all(std::span(given_back).first(ranges));
  kept_complete_ = true;
  for (const PageSpan& span : pages) {
    if (!is_long(span)) continue;
    std::fill_n(ages_.begin() + span.first, span.pages, kKept);
    keep(span);
  }
  faults_ = faults;
}

void Residency::put_back_kept(const StartState& start, uint64_t open_pages) const {
  for (const PageSpan& span : kept_) {
    if (span.first >= open_pages) return;
    start.put_back(span.first, std::min<uint64_t>(span.pages, open_pages - span.first));
  }
}

// Searches what is open, and the closed rest too where nothing is known of it.
void Residency::find_and_settle(const StartState& start, uint64_t open_pages, Round& round) {
  round.open_pages = open_pages;
  const size_t open_bytes = open_pages * os::kPageBytes;
  const bool closed_known = kept_complete_;
  // The closed pages that are known to be kept go behind those that are found, if there is room for them.
  size_t closed = 0;
  uint64_t closed_pages = 0;
  for (const PageSpan& span : kept_) {
    const uint64_t first = std::max<uint64_t>(span.first, open_pages), end = uint64_t{span.first} + span.pages;
    if (!closed_known || first >= end) continue;
    closed_spans[closed++] = {static_cast<uint32_t>(first), static_cast<uint32_t>(end - first)};
    closed_pages += end - first;
  }
  if (closed_pages > round.budget) {
    os::discard(start.range.from(open_bytes));
    std::fill(ages_.begin() + static_cast<ptrdiff_t>(open_pages), ages_.end(), uint8_t{0});
    closed = closed_pages = 0;
  }
  round.budget -= closed_pages;
  kept_.clear();
  kept_complete_ = true;
  kept_pages_ = 0;
  os::each_batch(closed_known ? start.range.sub(0, open_bytes) : start.range, os::find_private_pages,
                 [&](std::span<const os::PageRegion> regions) {
                   for (const os::PageRegion& region : regions) settle(start, start.span_of(region), round);
                   return round.cut == UINT64_MAX;
                 });
  if (round.cut != UINT64_MAX) {  // all behind it, closed or not
    os::discard(start.range.from(round.cut * os::kPageBytes));
    std::fill(ages_.begin() + static_cast<ptrdiff_t>(round.cut), ages_.end(), uint8_t{0});
    closed = 0;
  }
  for (size_t i = 0; i < closed; ++i) keep(closed_spans[i]);
  if (round.ranges != 0) os::discard_all(std::span(given_back).first(round.ranges));
}

// Puts back, keeps or gives back a run of private pages.
void Residency::settle(const StartState& start, PageSpan found, Round& round) {
  if (round.cut != UINT64_MAX) return;
  count_tables(found);
  PageSpan staying{found.first, 0};
  const auto put_back = [&] {
    start.put_back(staying.first, staying.pages);
    if (staying.pages != 0) keep(staying);
  };
  for (uint32_t page = found.first; page < found.first + found.pages; ++page) {
    if (round.budget == 0) {
      round.cut = page;
      break;
    }
    if (page >= round.open_pages) {  // closed: as at the start
      put_back();
      staying = {page + 1, 0};
      if (!is_kept(ages_[page])) ages_[page] = kKept;
      keep({page, 1});
      --round.budget;
      continue;
    }
    ++round.private_pages;
    uint8_t& age = ages_[page];
    if (!is_kept(age)) {
      ++round.new_pages;
      age = came_back(age) ? kReturned : kKept;
    } else if (round.comparing) {
      const uint8_t youngest = age >= kReturned ? kReturned : kKept;
      const bool unchanged = start.is_there(page);
      round.unchanged += unchanged && youngest == kKept ? 1 : 0;
      age = unchanged ? static_cast<uint8_t>(age + 1) : youngest;
      if (age == youngest + (youngest == kKept ? kUnchanged : kUnchangedReturned)) {
        age = static_cast<uint8_t>(kGivenBack + (epoch_ & kEpochs));
        put_back();
        staying = {page + 1, 0};
        give_back(start, page, round);
        continue;
      }
    }
    ++staying.pages;
    --round.budget;
  }
  put_back();
}

void Residency::count_tables(PageSpan found) {
  for (uint64_t table = found.first / kPagesOfATable; table * kPagesOfATable < uint64_t{found.first} + found.pages; ++table) {
    tables_ += has_table_[table] ? 0 : 1;
    has_table_[table] = true;
  }
}

void Residency::keep(PageSpan span) {
  kept_pages_ += span.pages;
  if (!kept_.empty() && kept_.back().first + kept_.back().pages == span.first)
    kept_.back().pages += span.pages;
  else if (kept_.size() < kept_.capacity())
    kept_.push_back(span);
  else
    kept_complete_ = false;
}

void Residency::give_back(const StartState& start, uint64_t page, Round& round) {
  std::byte* base = start.at(page);
  if (round.ranges != 0) {
    iovec& last = given_back[round.ranges - 1];
    if (static_cast<std::byte*>(last.iov_base) + last.iov_len == base) {
      last.iov_len += os::kPageBytes;
      return;
    }
  }
  if (round.ranges == given_back.size()) {
    os::discard_all(given_back);
    round.ranges = 0;
  }
  given_back[round.ranges++] = {base, os::kPageBytes};
}

void Residency::begin_rest() {
  rest_ = next_rest_;
  next_rest_ = std::min(next_rest_ * 2, kLongestRest);
  strikes_ = empty_ = resets_ = 0;
  new_pages_ = 0;
  interval_ = 1;
  proven_ = false;
}

// When to compare next, and whether to rest.
//
// A page that is kept for nothing costs a copy a reset, and comparing costs about as much a page: with n new pages a
// reset (so that, the working set being constant, n go out of use) and P kept ones, comparing every k resets costs
// P / k + n k / 2 a reset, least at k = sqrt(2 P / n).
void Residency::learn(const Round& round, Habit& habit) {
  new_pages_ += round.new_pages;
  // All of it in hundredths of a fault: a reset that keeps pages pays for each of them and faults for the new ones, one that
  // gives all back faults for every page that is written.
  // How many those are is known exactly where none was kept before: it is the private ones. (Comparing does not tell: a
  // guest that wipes what it frees leaves pages that it wrote as they were.)
  if (!round.had_kept) written_pages_ = round.private_pages;
  const uint64_t written = std::max({written_pages_, round.new_pages, round.comparing ? round.private_pages - round.unchanged : 0});
  const uint64_t search = round.forced ? kWalkedTableCost * tables_ : 0;
  const uint64_t keeping = 100 * round.new_pages + kKeptPageCost * round.private_pages + search;
  const bool wanders = round.had_kept && keeping > kWorthIt * written;
  if (round.private_pages == 0) habit.found_nothing();
  if (round.had_kept) {
    habit.found(wanders, keeping, 100 * written);
    proven_ = !wanders;
  }
  strikes_ = wanders ? strikes_ + 1 : 0;
  empty_ = round.private_pages == 0 ? empty_ + 1 : 0;
  if (!habit.frozen() && (strikes_ >= kStrikes || empty_ >= kEmpty)) return begin_rest();
  if (habit.frozen() && keeping > kWorthIt * written && 2 * search > keeping) {
    too_long_ = true;
    next_rest_ = kLongestRest;  // page tables do not go away
    return begin_rest();
  }
  if (!round.comparing) return;
  if (new_pages_ != 0)
    interval_ = static_cast<uint32_t>(std::sqrt(2.0 * static_cast<double>(kept_pages_) * resets_ / static_cast<double>(new_pages_)));
  else if (round.unchanged == 0)
    interval_ *= 2;
  interval_ = std::clamp(interval_, uint32_t{1}, kLongestInterval);
  if (interval_ > 4) next_rest_ = kShortestRest;
  resets_ = 0;
  new_pages_ = 0;
}

}  // namespace instbench
