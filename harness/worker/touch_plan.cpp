#include "harness/worker/touch_plan.hpp"

#include <algorithm>
#include <numeric>

namespace instbench::bench {
namespace {

// `count` distinct numbers below `bound`, ascending (Floyd's sampling).
std::vector<uint64_t> sample(uint64_t count, uint64_t bound, Random& random) {
  std::vector<uint64_t> chosen;
  for (uint64_t j = bound - count; j < bound; ++j) {
    const uint64_t candidate = random.below(j + 1);
    const auto at = std::lower_bound(chosen.begin(), chosen.end(), candidate);
    if (at != chosen.end() && *at == candidate) {
      chosen.push_back(j);  // larger than all before
    } else {
      chosen.insert(at, candidate);
    }
  }
  return chosen;
}

std::string pages_text(uint64_t pages) { return std::to_string(pages) + (pages == 1 ? " page" : " pages"); }

}  // namespace

TouchPlan::TouchPlan(const Workload& workload, double vary, uint64_t seed, const TouchTarget& target)
    : random_(seed), page_count_(target.memory_bytes / kTouchPageBytes), grow_pages_(workload.grow) {
  if (workload.kind == Workload::Kind::none) return;
  const uint64_t only_read = workload.reread ? 0 : workload.read;
  if (workload.reread && workload.read > workload.write)
    throw DoesNotFit("touch: reread reads written pages, so read= must not exceed write=");
  if (workload.write + only_read > page_count_) {
    throw DoesNotFit("touch: " + pages_text(workload.write + only_read) +
                     " of 4 KiB do not fit a memory that starts with " + pages_text(page_count_));
  }
  if (workload.calls > target.table_entries) {
    throw DoesNotFit("touch: " + std::to_string(workload.calls) +
                     " table entries do not fit table 0, which starts with " + std::to_string(target.table_entries));
  }
  if (workload.grow > target.growable_pages) {
    throw DoesNotFit("touch: memory 0 can grow by " + std::to_string(target.growable_pages) +
                     " pages of 64 KiB, not by " + std::to_string(workload.grow));
  }
  used_.resize(page_count_);
  const uint64_t unused = page_count_ - workload.write;
  const uint64_t runs = workload.write == 0 ? 0 : workload.runs.value_or(std::min(workload.write, unused + 1));
  if (workload.write != 0 && (runs == 0 || runs > workload.write || runs > unused + 1)) {
    throw DoesNotFit("touch: " + pages_text(workload.write) + " cannot form " + std::to_string(runs) +
                     " separate runs in " + pages_text(page_count_));
  }
  draw_runs(workload.write, runs, writes_);
  for (uint64_t& place : writes_) place = place_in(place);
  if (workload.reread) {
    reads_.assign(writes_.begin(), writes_.begin() + static_cast<std::ptrdiff_t>(workload.read));
  } else {
    std::vector<uint64_t> free_pages;
    for (uint64_t page = 0; page < page_count_; ++page) {
      if (!used_[page]) free_pages.push_back(page);
    }
    for (const uint64_t index : sample(only_read, free_pages.size(), random_))
      reads_.push_back(place_in(free_pages[index]));
    for (const uint64_t place : reads_) used_[place / kTouchPageBytes] = true;
  }
  entries_ = sample(workload.calls, target.table_entries, random_);
  moves_per_cycle_ = vary * static_cast<double>(runs_.size());
}

// Runs of nearly equal length, at least one page apart: `runs` of the unused + 1 gaps get one each.
void TouchPlan::draw_runs(uint64_t pages, uint64_t runs, std::vector<uint64_t>& places) {
  const std::vector<uint64_t> gaps = sample(runs, page_count_ - pages + 1, random_);
  uint64_t placed = 0;
  for (uint64_t i = 0; i < runs; ++i) {
    const uint64_t length = pages / runs + (i < pages % runs ? 1 : 0);
    runs_.push_back({places.size(), length});
    for (uint64_t k = 0; k < length; ++k) {
      const uint64_t page = gaps[i] + placed + k;
      used_[page] = true;
      places.push_back(page);
    }
    placed += length;
  }
}

// Somewhere in the page, the same place for the same page.
uint64_t TouchPlan::place_in(uint64_t page) const {
  return page * kTouchPageBytes + Random(page + 1).next() % (kTouchPageBytes / 8) * 8;
}

void TouchPlan::next_cycle() {
  if (moves_per_cycle_ == 0) return;
  for (moves_owed_ += moves_per_cycle_; moves_owed_ >= 1; moves_owed_ -= 1) move_run(random_.below(runs_.size()));
}

// To the first of a few random places that is free; stays where it is when none is.
void TouchPlan::move_run(size_t index) {
  constexpr int kAttempts = 16;
  const Run& run = runs_[index];
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const uint64_t start = random_.below(page_count_ - run.pages + 1);
    const auto from = used_.begin() + static_cast<std::ptrdiff_t>(start);
    if (std::find(from, from + static_cast<std::ptrdiff_t>(run.pages), true) !=
        from + static_cast<std::ptrdiff_t>(run.pages))
      continue;
    for (size_t k = 0; k < run.pages; ++k) {
      uint64_t& place = writes_[run.first + k];
      used_[place / kTouchPageBytes] = false;
      used_[start + k] = true;
      const uint64_t moved = place_in(start + k);
      if (run.first + k < reads_.size() && reads_[run.first + k] == place) reads_[run.first + k] = moved;  // reread
      place = moved;
    }
    return;
  }
}

}  // namespace instbench::bench
