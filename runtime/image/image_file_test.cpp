#include "runtime/image/image_file.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "runtime/image/image.hpp"
#include "runtime/module/load.hpp"
#include "runtime/os/counters.hpp"
#include "runtime/os/file.hpp"
#include "runtime/os/mapping.hpp"

namespace instbench {
namespace {

namespace fs = std::filesystem;

class ImageFile : public testing::Test {
 protected:
  ImageFile() : folder_((fs::path(testing::TempDir()) / (std::string("instbench_image_") + name())).string()) {
    fs::remove_all(folder_);
  }
  ~ImageFile() override {
    set_image_folder("");
    fs::remove_all(folder_);
  }
  static const char* name() { return testing::UnitTest::GetInstance()->current_test_info()->name(); }
  std::string path() const { return folder_ + "/" + plan_.key + ".image"; }
  std::string content() const { return os::read_text(path()); }
  size_t files() const { return static_cast<size_t>(std::distance(fs::directory_iterator(folder_), {})); }

  static ImagePlan plan_of(const std::string& wat) {
    const auto module = load(assemble_wat(wat, "test.wat"), "test.wat", Bodies::validate);
    return plan_image(*module, examine(*module), 0);
  }

  const std::string folder_;
  // Two runs with a hole of one page between them.
  const ImagePlan plan_ = plan_of(R"((module (memory 1) (data (i32.const 0) "ab") (data (i32.const 8192) "cd")))");
};

TEST_F(ImageFile, HoldsTheRunsAndZerosBetween) {
  const os::Fd file = image_file(plan_, folder_);
  std::string expected(3 * 4096, '\0');
  expected.replace(0, 2, "ab").replace(8192, 2, "cd");
  EXPECT_EQ(content(), expected);
  struct stat status {};
  ASSERT_EQ(::stat(path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0400u);
  EXPECT_EQ(files(), 1u);
}

TEST_F(ImageFile, IsWrittenOnce) {
  image_file(plan_, folder_);
  const os::Counters before = os::counters();
  image_file(plan_, folder_);
  EXPECT_EQ((os::counters() - before).calls, os::Counters{}.calls);
}

TEST_F(ImageFile, ADamagedOneIsReplacedAndItsMappingsKeepWhatTheyHad) {
  const std::string good = (image_file(plan_, folder_), content());
  for (const std::string damage : {"byte", "hole", "short", "long", "mode", "link"}) {
    fs::permissions(path(), fs::perms::owner_all);
    std::string bad = good;
    if (damage == "byte") bad[1] = 'x';
    if (damage == "hole") bad[5000] = 'x';
    if (damage == "short") bad.pop_back();
    if (damage == "long") bad += 'x';
    std::ofstream(path(), std::ios::binary | std::ios::trunc) << bad;
    if (damage == "mode") fs::permissions(path(), fs::perms::all);
    if (damage == "link") {
      fs::rename(path(), folder_ + "/elsewhere");
      fs::create_symlink(folder_ + "/elsewhere", path());
    }
    image_file(plan_, folder_);
    EXPECT_EQ(content(), good) << damage;
    EXPECT_FALSE(fs::is_symlink(path())) << damage;
  }
}

TEST_F(ImageFile, RemovingTheFileHarmsNoMapping) {
  set_image_folder(folder_);
  const auto image = MemoryImage::intern(plan_, Backing::file);
  ASSERT_TRUE(image->file());
  const os::Mapping memory = os::Mapping::reserve(3 * os::kPageBytes, os::kPageBytes);
  os::map_overlay_at(memory.range(), image->file(), 0);
  fs::remove(path());
  EXPECT_EQ(std::memcmp(memory.range().base, "ab", 2), 0);
  memory.range().base[0] = std::byte{'z'};  // private: no way back into the file
  os::discard(memory.range());
  EXPECT_EQ(std::memcmp(memory.range().base + 8192, "cd", 2), 0);
  EXPECT_EQ(std::memcmp(memory.range().base, "ab", 2), 0);
}

TEST_F(ImageFile, EqualContentIsOneImageForEachBacking) {
  set_image_folder(folder_);
  const auto image = MemoryImage::intern(plan_, Backing::file);
  EXPECT_EQ(image, MemoryImage::intern(plan_, Backing::file));
  EXPECT_NE(image, MemoryImage::intern(plan_, Backing::memfd));
  EXPECT_TRUE(is_mapped(image->backing()));
}

TEST_F(ImageFile, WithoutAFolderItIsRefused) {
  try {
    MemoryImage::intern(plan_, Backing::file);
    FAIL() << "made";
  } catch (const std::system_error& error) {
    EXPECT_NE(std::string(error.what()).find("backing=file"), std::string::npos) << error.what();
  }
}

TEST_F(ImageFile, AFullDiskIsAnErrorAndLeavesNothing) {
  os::inject_fault(os::Call::pwrite, 2, ENOSPC);
  EXPECT_THROW(image_file(plan_, folder_), std::system_error);
  EXPECT_FALSE(os::clear_fault());
  EXPECT_EQ(files(), 0u);
}

}  // namespace
}  // namespace instbench
