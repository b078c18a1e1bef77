// Residency: which pages of a slot stay resident over a reset, and how they are made pristine in place.
//
// A page that is given back costs the next tenant a fault (0.5 to 2 µs); one that stays costs a copy of 4 KiB (0.05 to
// 0.15 µs), used or not. Three resets keep pages:
//
//   keep     the low `resident` bytes of each memory are put back whether they were written or not; the rest is given back
//   scan     the kernel says which pages are private; the first 32 runs of them are put back, what lies behind them is
//            given back (Wasmtime with pagemap_scan)
//   restore  every private page is put back, however scattered, within `resident`; pages that tenants have stopped
//            writing are found by comparing now and then and given back; where tenants write ever other pages, so that
//            keeping them costs more than it saves, everything is given back for a while (a rest)
//
// What the slots of one module find out they share (Habit): the pages that its instances use (the working set), which a slot
// that is new to the module can be given in one call (prefault=on), and whether keeping them is worth while at all.
//
// Not thread-safe; no reset allocates once the slot is open, but the first one after a memory grew.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "runtime/image/image.hpp"
#include "runtime/instance/path.hpp"
#include "runtime/os/mapping.hpp"
#include "runtime/os/pagemap.hpp"

namespace instbench {

struct PageSpan {
  uint32_t first = 0, pages = 0;
};

// What a part of a slot, one address range, reads as before any code ran: pages of zeros (the tables), then one memory.
struct StartState {
  os::Range range;
  uint64_t table_pages = 0;
  const MemoryImage* image = nullptr;

  uint64_t pages() const { return range.bytes / os::kPageBytes; }
  std::byte* at(uint64_t page) const { return range.base + page * os::kPageBytes; }
  PageSpan span_of(const os::PageRegion& region) const {
    const uint64_t first = region.start - reinterpret_cast<uint64_t>(range.base);
    return {static_cast<uint32_t>(first / os::kPageBytes), static_cast<uint32_t>((region.end - region.start) / os::kPageBytes)};
  }
  // The bytes of a page, or null for zeros.
  const std::byte* content(uint64_t page) const { return page < table_pages ? nullptr : image->plan().page(page - table_pages); }
  // Whether the page reads as at the start. REQUIRES: it can be read.
  bool is_there(uint64_t page) const;
  // Writes the start state of `count` pages. COST: a copy or a memset a stretch; no call, but a fault for each page that
  // is not private.
  void put_back(uint64_t first, uint64_t count) const;
};

// reset=keep and reset=scan need no memory of what was. They say how many bytes they kept. REQUIRES: `start` is the part as
// far as it is open at the start.
uint64_t reset_keep(const StartState& start, uint64_t resident_bytes);
uint64_t reset_scan(const StartState& start, uint64_t resident_bytes);

// How the slots of a module are reset from now on, and what speaks for it. Costs are in faults, of all resets that could
// tell: what those that keep pages came to (new pages, and each page found and put back), and what giving all back would.
struct Choice {
  bool keeps_pages = true;  // else all is given back with madvise
  uint64_t resets = 0;      // that could tell: those of a slot that had kept pages
  uint64_t empty = 0;       // that found no page written though the slot had been used; counted by part
  uint64_t settled = 0;     // that searched for nothing, since there had been no fault; likewise
  double keeping = 0, giving_back = 0;
};

// What the slots of one module have found out together: with many slots each of them is reset too seldom to learn alone.
class Habit {
 public:
  // The pages of tables and memory 0 that its instances use, ascending, as a slot last had them that was compared; empty as
  // long as none was. Capacity reserved.
  std::vector<PageSpan> working_set;
  // What a slot of the module last kept, in bytes.
  uint64_t usual_bytes() const;

  Habit();

  // Whether a part that has not shown otherwise should rest at once: most parts of this module that kept pages saw their
  // tenants write others. Every kTrial-th time it may try, since habits change.
  bool should_rest() {
    if (wandering_ < kMost / 2) return false;
    if (until_trial_ == 0) {
      until_trial_ = kTrial;
      return false;
    }
    --until_trial_;
    return true;
  }
  // One reset of a slot that had kept pages: what it cost and what giving all back would have, in hundredths of a fault.
  void found(bool wanders, uint64_t keeping, uint64_t giving_back);
  void found_nothing() { choice_.empty += frozen_ ? 0 : 1; }
  void had_no_fault() { choice_.settled += frozen_ ? 0 : 1; }

  // Decides for good, by what was found so far: no part rests any more (but where its search has become too long), or all do.
  const Choice& freeze();
  bool frozen() const { return frozen_; }
  const Choice& choice() const { return choice_; }

 private:
  static constexpr uint32_t kMost = 16, kTrial = 256;
  uint32_t wandering_ = 0;
  uint32_t until_trial_ = kTrial;
  Choice choice_;
  bool frozen_ = false;
};

// The residency of one part of a slot: what reset=restore remembers about it.
class Residency {
 public:
  // Makes room for a part of so many pages, of which nothing is known. Allocates.
  void open(uint64_t pages);
  bool is_open() const { return !ages_.empty(); }
  // All of the part was given back or mapped anew: no page is private.
  void forget();
  // Makes those of these pages private that lie in runs of kShortestPrefault or more, as they were found, and keeps them: for
  // shorter runs the call costs more than the faults that it saves (64 scattered pages: 15 µs more; 256 in 16 runs: 12 µs
  // less). REQUIRES: no page is private. On failure it throws, and some may be. COST: a getrusage, and one process_madvise
  // (os::populate_all), unless all runs are short.
  void prefault(const StartState& start, std::span<const PageSpan> pages);

  // reset=restore. With `by_faults`, the pages last found private are taken to be all of them as long as the process had
  // no fault since (os::process_faults), which saves the scan. Says what was done: restore, or madvise while it rests.
  // When it throws, the part is neither pristine nor known: it must be mapped anew, and then opened.
  // COST: a getrusage with by_faults; unless that settles it, an ioctl per 341 runs of private pages; a process_madvise
  // when pages are given back (os::discard_all).
  //
  // Only the first `open_pages` can have been touched, and can be: what lies behind is closed (memory that an earlier tenant
  // grew to). Pages kept there are as at the start already and stay. A comparing reset leaves in `working_set`, unless it is
  // null, what it kept.
  ResetPath restore(const StartState& start, uint64_t open_pages, uint64_t resident_bytes, bool by_faults, Habit& habit,
                    std::vector<PageSpan>* working_set);

  uint64_t kept_pages() const { return kept_pages_; }

  // Policy, counted in resets of this part.
  static constexpr uint32_t kLongestInterval = 64;  // from one comparing reset to the next
  static constexpr uint32_t kUnchanged = 1;  // comparing resets in a row that find a page unchanged: it is given back
  static constexpr uint32_t kUnchangedReturned = 16;  // likewise of a page that was given back and at once used again
  static constexpr uint32_t kStrikes = 2;    // resets in a row in which keeping pages cost more than it saved: it rests
  static constexpr uint32_t kEmpty = 8;      // resets in a row without a private page: likewise
  static constexpr uint32_t kShortestPrefault = 16;  // pages
  static constexpr uint32_t kShortestRest = 32, kLongestRest = 512;
  // What it costs to find and put back a page, in hundredths of a fault (measured: 0.06 to 0.26 µs of 1.7 to 1.9), and to
  // which share of the faults it must come to be worth while.
  static constexpr uint64_t kKeptPageCost = 15, kWorthIt = 90;
  // Likewise what each page table costs that a search walks and giving back need not (measured: 0.2 to 0.3 µs). One that an
  // instance made by touching a page stays for as long as the mapping does.
  static constexpr uint64_t kWalkedTableCost = 13, kPagesOfATable = 512;

 private:
  struct Round;  // one reset
  void put_back_kept(const StartState& start, uint64_t open_pages) const;
  void find_and_settle(const StartState& start, uint64_t open_pages, Round& round);
  void settle(const StartState& start, PageSpan found, Round& round);
  void count_tables(PageSpan found);
  void keep(PageSpan span);
  bool came_back(uint8_t age) const;
  void give_back(const StartState& start, uint64_t page, Round& round);
  void learn(const Round& round, Habit& habit);
  void begin_rest();

  std::vector<uint8_t> ages_;  // by page: residency.cpp says what they mean
  std::vector<bool> has_table_;  // by kPagesOfATable pages: a private one was found there
  uint64_t tables_ = 0;          // how many have
  uint8_t epoch_ = 0;          // comparing resets so far
  std::vector<PageSpan> kept_;     // the pages kept, ascending; capacity reserved by open()
  bool kept_complete_ = false;  // whether kept_ names every private page
  uint64_t kept_pages_ = 0;
  uint64_t faults_ = 0;    // of the process, before kept_ was found
  uint32_t interval_ = 1;  // resets from one comparison to the next
  uint32_t resets_ = 0;    // since the last comparison
  uint64_t new_pages_ = 0;  // likewise
  uint64_t written_pages_ = 0;  // by a tenant that found none kept
  uint32_t strikes_ = 0;
  uint32_t empty_ = 0;
  bool proven_ = false;  // its tenants write the same pages again
  uint32_t rest_ = 0;    // resets left in which all is given back
  bool too_long_ = false;  // it rests because of the search alone
  uint32_t next_rest_ = kShortestRest;
};

}  // namespace instbench
