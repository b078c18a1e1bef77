#include "runtime/image/image.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "runtime/module/load.hpp"
#include "runtime/os/counters.hpp"
#include "runtime/os/memfd.hpp"

namespace instbench {
namespace {

ImagePlan plan_of(const std::string& wat) {
  const auto module = load(assemble_wat(wat, "test.wat"), "test.wat", Bodies::validate);
  return plan_image(*module, examine(*module), 0);
}

constexpr const char* kTwoBytes = R"((module (memory 1) (data (i32.const 0) "ab")))";

TEST(MemoryImage, EqualContentIsTheSameImage) {
  const auto first = MemoryImage::intern(plan_of(kTwoBytes), Backing::memfd),
             second = MemoryImage::intern(plan_of(kTwoBytes), Backing::memfd);
  EXPECT_EQ(first, second);
  EXPECT_NE(first, MemoryImage::intern(plan_of(kTwoBytes), Backing::none));
  EXPECT_EQ(os::allocated_bytes(first->file()), 4096u);
}

TEST(MemoryImage, AnEmptyOneNeedsNoFile) {
  const os::Counters before = os::counters();
  const auto image = MemoryImage::intern(plan_of("(module (memory 1))"), Backing::memfd);
  EXPECT_FALSE(image->file());
  EXPECT_EQ((os::counters() - before).calls, os::Counters{}.calls);
}

size_t open_descriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<size_t>(std::distance(begin(all), end(all)));
}

TEST(MemoryImage, AFailedCallIsNamedAndLosesNoDescriptor) {
  const size_t before = open_descriptors();
  for (const os::Call call : {os::Call::memfd_create, os::Call::ftruncate, os::Call::pwrite, os::Call::fcntl}) {
    os::inject_fault(call, 1, ENOSPC);
    try {
      MemoryImage::intern(plan_of(kTwoBytes), Backing::memfd);
      ADD_FAILURE() << os::name_of(call) << " was not missed";
    } catch (const std::system_error& error) {
      const std::string name = call == os::Call::pwrite ? "pwrite" : std::string(os::name_of(call));
      EXPECT_NE(std::string(error.what()).find(name), std::string::npos) << error.what();
    }
    os::clear_fault();
    EXPECT_EQ(open_descriptors(), before) << os::name_of(call);
  }
  EXPECT_NO_THROW(MemoryImage::intern(plan_of(kTwoBytes), Backing::memfd));
}

}  // namespace
}  // namespace instbench
