#include "harness/protocol/touch_plan.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <unordered_set>

namespace instbench::bench {
namespace {

// `count` distinct numbers below `bound`, ascending (Floyd's sampling).
std::vector<uint64_t> sample(uint64_t count, uint64_t bound, Random& random) {
  std::unordered_set<uint64_t> chosen;
  for (uint64_t j = bound - count; j < bound; ++j) {
    if (const uint64_t candidate = random.below(j + 1); !chosen.insert(candidate).second) chosen.insert(j);
  }
  std::vector<uint64_t> sorted(chosen.begin(), chosen.end());
  std::sort(sorted.begin(), sorted.end());
  return sorted;
}

std::string pages_text(uint64_t pages) { return std::to_string(pages) + (pages == 1 ? " page" : " pages"); }

// Somewhere in the page, the same place for the same page.
uint64_t place_in(uint64_t page) {
  return page * kTouchPageBytes + Random(page + 1).next() % (kTouchPageBytes / 8) * 8;
}

void check_fit(const Workload& w, const TouchTarget& target, uint64_t pages) {
  const uint64_t only_read = w.reread ? 0 : w.read;
  if (w.reread && w.read > w.write) {
    throw DoesNotFit("touch: reread reads written pages, so read= must not exceed write=");
  }
  if (w.write > pages || only_read > pages - w.write) {
    throw DoesNotFit("touch: " + std::to_string(w.write) + " written and " + std::to_string(only_read) +
                     " read pages of 4 KiB do not fit a memory that starts with " + pages_text(pages));
  }
  if (w.calls > target.table_entries) {
    throw DoesNotFit("touch: " + std::to_string(w.calls) + " table entries do not fit table 0, which starts with " +
                     std::to_string(target.table_entries));
  }
  if (w.grow > target.growable_pages) {
    throw DoesNotFit("touch: memory 0 can grow by " + std::to_string(target.growable_pages) +
                     " pages of 64 KiB, not by " + std::to_string(w.grow));
  }
}

// Which items are redrawn in a cycle: a share of them, distinct, owing fractions to the next cycle.
class Share {
 public:
  Share(size_t items, double share) : order_(items), per_cycle_(share * static_cast<double>(items)) {
    std::iota(order_.begin(), order_.end(), size_t{0});
  }
  template <typename Redraw>
  void cycle(Random& random, Redraw redraw) {
    owed_ += per_cycle_;
    const auto count = std::min(order_.size(), static_cast<size_t>(owed_ + 1e-9));
    owed_ -= static_cast<double>(count);
    for (size_t i = 0; i < count; ++i) {  // a partial Fisher-Yates shuffle
      std::swap(order_[i], order_[i + random.below(order_.size() - i)]);
      redraw(order_[i]);
    }
  }

 private:
  std::vector<size_t> order_;
  double per_cycle_;
  double owed_ = 0;
};

// The places as they are now, and how they are redrawn.
class Drawing {
 public:
  Drawing(const Workload& workload, double vary, uint64_t seed, const TouchTarget& target)
      : random_(seed),
        reread_(workload.reread),
        used_(target.memory_bytes / kTouchPageBytes),
        entry_used_(workload.calls == 0 ? 0 : target.table_entries) {
    draw_runs(workload);
    draw_reads(workload);
    entries_ = sample(workload.calls, target.table_entries, random_);
    for (const uint64_t entry : entries_) entry_used_[entry] = true;
    varied_runs_ = Share(runs_.size(), vary);
    varied_reads_ = Share(reads_.size(), vary);
    varied_entries_ = Share(entries_.size(), vary);
    base_ = {runs_, reads_, entries_, used_, entry_used_};
  }

  Touches touches() const {
    Touches now;
    for (const Run& run : runs_) {
      for (uint64_t k = 0; k < run.pages; ++k) now.writes.push_back(place_in(run.start + k));
    }
    if (reread_pages_ != 0) {
      now.reads.assign(now.writes.begin(), now.writes.begin() + static_cast<std::ptrdiff_t>(reread_pages_));
    } else {
      for (const uint64_t page : reads_) now.reads.push_back(place_in(page));
    }
    now.entries = entries_;
    return now;
  }

  // Another cycle: the base with another share redrawn.
  void next() {
    runs_ = base_.runs;
    reads_ = base_.reads;
    entries_ = base_.entries;
    used_ = base_.used;
    entry_used_ = base_.entry_used;
    varied_runs_.cycle(random_, [this](size_t i) { runs_[i].start = redraw(used_, runs_[i].start, runs_[i].pages); });
    varied_reads_.cycle(random_, [this](size_t i) { reads_[i] = redraw(used_, reads_[i], 1); });
    varied_entries_.cycle(random_, [this](size_t i) { entries_[i] = redraw(entry_used_, entries_[i], 1); });
  }

 private:
  struct Run {
    uint64_t start = 0;
    uint64_t pages = 0;
  };

  // Runs of nearly equal length, at least one page apart: `runs` of the unused + 1 gaps get one each.
  void draw_runs(const Workload& w) {
    if (w.write == 0) return;
    const uint64_t gaps = used_.size() - w.write + 1;
    const uint64_t runs = w.runs.value_or(std::min(w.write, gaps));
    if (runs == 0 || runs > w.write || runs > gaps) {
      throw DoesNotFit("touch: " + pages_text(w.write) + " cannot form " + std::to_string(runs) + " separate runs in " +
                       pages_text(used_.size()));
    }
    const std::vector<uint64_t> chosen = sample(runs, gaps, random_);
    uint64_t placed = 0;
    for (uint64_t i = 0; i < runs; ++i) {
      const uint64_t length = w.write / runs + (i < w.write % runs ? 1 : 0);
      runs_.push_back({chosen[i] + placed, length});
      mark(used_, runs_.back().start, length, true);
      placed += length;
    }
  }

  void draw_reads(const Workload& w) {
    if (reread_) {
      reread_pages_ = w.read;
      return;
    }
    std::vector<uint64_t> free_pages;
    for (uint64_t page = 0; w.read != 0 && page < used_.size(); ++page) {
      if (!used_[page]) free_pages.push_back(page);
    }
    for (const uint64_t index : sample(w.read, free_pages.size(), random_)) reads_.push_back(free_pages[index]);
    for (const uint64_t page : reads_) used_[page] = true;
  }

  static void mark(std::vector<bool>& used, uint64_t start, uint64_t length, bool value) {
    std::fill_n(used.begin() + static_cast<std::ptrdiff_t>(start), length, value);
  }
  static bool is_free(const std::vector<bool>& used, uint64_t start, uint64_t length) {
    const auto from = used.begin() + static_cast<std::ptrdiff_t>(start);
    return std::find(from, from + static_cast<std::ptrdiff_t>(length), true) ==
           from + static_cast<std::ptrdiff_t>(length);
  }

  // A place for `length` neighbours, drawn from all that are free, its own among them; a moved run may
  // come to adjoin another. Random tries first, then the next free one from a random start.
  uint64_t redraw(std::vector<bool>& used, uint64_t old, uint64_t length) {
    constexpr int kAttempts = 32;
    mark(used, old, length, false);
    const uint64_t starts = used.size() - length + 1;
    uint64_t start = random_.below(starts);
    for (int i = 0; i < kAttempts && !is_free(used, start, length); ++i) start = random_.below(starts);
    while (!is_free(used, start, length)) start = start + 1 == starts ? 0 : start + 1;
    mark(used, start, length, true);
    return start;
  }

  struct Places {
    std::vector<Run> runs;
    std::vector<uint64_t> reads, entries;
    std::vector<bool> used, entry_used;
  };

  Random random_;
  Places base_;
  bool reread_;
  uint64_t reread_pages_ = 0;
  std::vector<bool> used_;  // by page
  std::vector<bool> entry_used_;
  std::vector<Run> runs_;
  std::vector<uint64_t> reads_;  // pages
  std::vector<uint64_t> entries_;
  Share varied_runs_{0, 0}, varied_reads_{0, 0}, varied_entries_{0, 0};
};

}  // namespace

TouchPlan::TouchPlan(const Workload& workload, double vary, uint64_t seed, const TouchTarget& target)
    : grow_pages_(workload.grow) {
  if (workload.kind == Workload::Kind::none) {
    cycles_.emplace_back();
    return;
  }
  check_fit(workload, target, target.memory_bytes / kTouchPageBytes);
  Drawing drawing(workload, vary, seed, target);
  cycles_.push_back(drawing.touches());
  const size_t plan_bytes = (workload.read + workload.write + workload.calls) * sizeof(uint64_t) + 1;
  const size_t cycles = vary == 0 ? 1 : std::clamp<size_t>(kPlanBytes / plan_bytes, 2, kCycles);
  while (cycles_.size() < cycles) {
    drawing.next();
    cycles_.push_back(drawing.touches());
  }
}

Json TouchPlan::to_json() const {
  Json cycles = Json::array();
  for (const Touches& touches : cycles_) {
    cycles.push_back({{"reads", touches.reads}, {"writes", touches.writes}, {"entries", touches.entries}});
  }
  return {{"grow", grow_pages_}, {"cycles", cycles}};
}

}  // namespace instbench::bench
