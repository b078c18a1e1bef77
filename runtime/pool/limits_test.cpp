// Limits of a process that are reached: mappings (vm.max_map_count), address space (RLIMIT_AS), private memory (RLIMIT_DATA).
// Calls fail in the middle of anything; whatever a pool still hands out is pristine, and when there is room again it works
// again, except for slots that it says are retired. In forked children: the limits are theirs alone.
#include <gtest/gtest.h>

#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <fstream>
#include <iostream>
#include <optional>
#include <stdexcept>

#include "runtime/os/features.hpp"
#include "runtime/os/fork.hpp"
#include "runtime/pool/hostile_fixture.hpp"

namespace instbench {
namespace {

using namespace testing_modules;

// 2 MiB in two extents and zeros.
const ThreeModules& modules() {
  static const ThreeModules kModules(32, 16);
  return kModules;
}

// Mappings of one page each, until the kernel allows no more in this process.
class MappingsUsedUp {
 public:
  MappingsUsedUp() {
    // A hole to put them in.
    void* hole = ::mmap(nullptr, kMost * os::kPageBytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (hole == MAP_FAILED) throw std::runtime_error("mmap of a hole: " + std::string(std::strerror(errno)));
    base_ = static_cast<std::byte*>(hole);
    ::munmap(hole, kMost * os::kPageBytes);
    fill();
  }
  ~MappingsUsedUp() { ::munmap(base_, count_ * os::kPageBytes); }
  MappingsUsedUp(const MappingsUsedUp&) = delete;

  void fill() {
    while (count_ < kMost && map(count_)) ++count_;
    if (count_ == kMost || errno != ENOMEM) throw std::runtime_error("the limit of mappings was not reached");
  }
  // Makes room for this many more.
  void leave(uint64_t mappings) {
    for (; mappings != 0 && count_ != 0; --mappings) ::munmap(base_ + --count_ * os::kPageBytes, os::kPageBytes);
  }

 private:
  static constexpr uint64_t kMost = uint64_t{1} << 21;
  // Neighbours differ, or they would be one mapping.
  bool map(uint64_t page) const {
    return ::mmap(base_ + page * os::kPageBytes, os::kPageBytes, page % 2 == 0 ? PROT_NONE : PROT_READ,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0) != MAP_FAILED;
  }
  std::byte* base_ = nullptr;
  uint64_t count_ = 0;
};

uint64_t status_bytes(const std::string& field) {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(field + ":")) return std::stoull(line.substr(field.size() + 1)) * 1024;
  }
  throw std::runtime_error("/proc/self/status has no " + field);
}

// So much and no more of a resource, beyond what is in use.
class Limited {
 public:
  Limited(__rlimit_resource which, const std::string& field, uint64_t more) : which_(which) {
    ::getrlimit(which, &before_);
    rlimit limit = before_;
    limit.rlim_cur = status_bytes(field) + more;
    if (::setrlimit(which, &limit) != 0) throw std::runtime_error("setrlimit: " + std::string(std::strerror(errno)));
  }
  ~Limited() { ::setrlimit(which_, &before_); }
  Limited(const Limited&) = delete;

 private:
  __rlimit_resource which_;
  rlimit before_{};
};

// When the limit is reached in the life of a pool.
enum class When { before_reserving, between_tenants, while_one_lives };
constexpr std::array kWhen{When::before_reserving, When::between_tenants, When::while_one_lives};

// What a limit made fail: calls whose error the user saw, resets that were repaired, slots that were retired.
struct Failures {
  uint64_t thrown = 0, repaired = 0, retired = 0;

  void operator+=(const Failures& more) {
    thrown += more.thrown;
    repaired += more.repaired;
    retired += more.retired;
  }
};

// Lives of tenants under a limit.
struct Lives {
  Tenancy one;
  Failures failures;
  std::optional<Lease> alive;

  explicit Lives(const Strategy& strategy) : one(modules(), strategy) {}

  const PoolStats& stats() const { return one.pool.stats(); }

  static void expect_names_a_call(const std::string& message) {
    bool named = false;
    for (const char* call : {"mmap(", "munmap(", "mprotect(", "madvise(", "ioctl("}) named = named || message.find(call) != std::string::npos;
    EXPECT_TRUE(named) << message;
  }

  // What may fail under a limit: it says which call it was.
  template <typename Work>
  void attempt(const Work& work) {
    try {
      work();
    } catch (const std::system_error& error) {
      ++failures.thrown;
      expect_names_a_call(error.what());
    } catch (const std::length_error&) {
      EXPECT_EQ(stats().retired, 1u);
    }
  }

  void live(const Tenant& tenant) {
    attempt([&] {
      Lease lease(one.pool, tenant);
      one.expect_pristine(lease);
      spoil(lease.instance());
      attempt([&] { spoil_growth(lease.instance()); });
    });
  }

  void before(When when) {
    if (when == When::before_reserving) return;
    alive.emplace(one.pool, one.large);
    one.expect_pristine(*alive);
    spoil(alive->instance(), 0, 3);
    if (when == When::between_tenants) alive.reset();
  }
  // REQUIRES: the limit is reached, or nearly.
  void under_limit() {
    if (alive) {
      attempt([&] { spoil_growth(alive->instance()); });
      alive.reset();
    }
    for (const Tenant* tenant : {&one.large, &one.small, &one.twin, &one.large}) live(*tenant);
    failures.repaired = stats().failed_resets;
    failures.retired = stats().retired;
    if (stats().failed_resets + stats().retired != 0) expect_names_a_call(stats().last_failure);
  }
  // There is room again.
  void afterwards() {
    const uint64_t failed = stats().failed_resets;
    for (const Tenant* tenant : {&one.small, &one.large, &one.twin, &one.large}) {
      if (stats().retired != 0) {
        EXPECT_THROW(Lease(one.pool, *tenant), std::length_error);
        continue;
      }
      Lease lease(one.pool, *tenant);
      one.expect_pristine(lease);
      spoil(lease.instance());
      spoil_growth(lease.instance());
    }
    EXPECT_EQ(stats().failed_resets, failed) << stats().last_failure;
  }
};

class Limits : public testing::TestWithParam<Strategy> {
 protected:
  // Runs `body` in a child. What it returns must not be nothing.
  template <typename Body>
  static void in_child(const Body& body) {
    static_cast<void>(os::features());  // probed without limits
    { const Lives warm(GetParam()); }   // so is all that is made once
    const os::ForkResult child = os::run_forked(
        [&] {
          const Failures failures = body();
          std::cout << failures.thrown << " errors, " << failures.repaired << " resets repaired, " << failures.retired
                    << " slots retired\n"
                    << std::flush;
          if (failures.thrown + failures.repaired + failures.retired == 0) throw std::runtime_error("no call failed: the limit was not met");
          if (HasFailure()) throw std::runtime_error("see the failures above");
        },
        std::chrono::minutes(4));
    EXPECT_TRUE(child.ok) << child.message;
  }
};
INSTANTIATE_TEST_SUITE_P(All, Limits, testing::ValuesIn(all_strategies()), name_of_strategy);

// With room for 0, 1, 2, … more mappings, so that each call in turn is the one that fails.
TEST_P(Limits, NoMoreMappings) {
  in_child([] {
    constexpr uint64_t kMostLeft = 12;
    Failures failures;
    MappingsUsedUp used;
    for (const When when : kWhen) {
      for (uint64_t left = 0; left <= kMostLeft; ++left) {
        used.leave(256);
        Lives lives(GetParam());
        lives.before(when);
        used.fill();
        used.leave(left);
        lives.under_limit();
        used.leave(256);
        lives.afterwards();
        failures += lives.failures;
      }
    }
    return failures;
  });
}

TEST_P(Limits, NoMoreAddressSpace) {
  in_child([] {
    Failures failures;
    for (const When when : kWhen) {
      Lives lives(GetParam());
      Pool other(GetParam(), SlotGeometry::covering({}, *lives.one.prepared[0]), 1);
      const Tenant& tenant = other.admit(lives.one.prepared[0]);
      lives.before(when);
      {
        const Limited limited(RLIMIT_AS, "VmSize", uint64_t{2} << 20);
        lives.under_limit();
        // A slot that was never reserved cannot be now, and is not lost for it.
        lives.attempt([&] { Lease lease(other, tenant); });
      }
      lives.afterwards();
      Lease lease(other, tenant);
      EXPECT_EQ(lease.path().slot, GetParam().alloc == Alloc::fresh ? SlotPath::fresh : SlotPath::cold);
      failures += lives.failures;
    }
    return failures;
  });
}

// With room for ever more of what a slot takes.
TEST_P(Limits, NoMorePrivateMemory) {
  in_child([] {
    Failures failures;
    for (const When when : kWhen) {
      for (uint64_t left = 1; left <= 8; ++left) {
        Lives lives(GetParam());
        lives.before(when);
        {
          const Limited limited(RLIMIT_DATA, "VmData", left * 512 << 10);
          lives.under_limit();
        }
        lives.afterwards();
        failures += lives.failures;
      }
    }
    return failures;
  });
}

}  // namespace
}  // namespace instbench
