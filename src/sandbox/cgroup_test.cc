#include "sandbox/cgroup.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/random.h"

namespace warifu::sandbox {
namespace {

namespace fs = std::filesystem;

std::string text_of(const fs::path& path) {
  std::ifstream file(path);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

TEST(CgroupTest, AFolderWithoutBothControllersIsNoGroupToMakeOthersIn) {
  const fs::path folder = fs::temp_directory_path() / ("warifu-cgroup-" + SystemRandom().uuid());
  fs::create_directories(folder);
  EXPECT_EQ(Cgroups::open(folder.string()), nullptr) << "nothing to hand controllers down by";
  std::ofstream(folder / "cgroup.subtree_control") << "";
  for (const char* controllers : {"", "hugetlb", "memory", "cpu pids"}) {
    std::ofstream(folder / "cgroup.controllers") << controllers;
    EXPECT_EQ(Cgroups::open(folder.string()), nullptr) << controllers;
    EXPECT_EQ(text_of(folder / "cgroup.subtree_control"), "");
  }
  fs::remove_all(folder);
}

/// On machines that leave us a group of version 2; where the controllers belong to version 1 there is none.
TEST(CgroupTest, LimitsAreTheGroupsAndItGoesWithItsOwner) {
  const auto groups = Cgroups::open("");
  if (groups == nullptr) GTEST_SKIP() << "no control group (version 2) with memory and pids is left to this process";
  const std::string name = "test-" + SystemRandom().uuid();
  auto group = groups->make(name, {.memory_bytes = 64 << 20, .tmp_bytes = 16 << 20, .processes = 10});
  ASSERT_NE(group, nullptr);
  EXPECT_TRUE(group->procs());
  EXPECT_FALSE(group->out_of_memory());
  const fs::path procs = fs::read_symlink("/proc/self/fd/" + std::to_string(group->procs().get()));
  const fs::path folder = procs.parent_path();
  EXPECT_EQ(text_of(folder / "memory.max"), std::to_string(80 << 20));
  EXPECT_EQ(text_of(folder / "pids.max"), "18");
  EXPECT_EQ(groups->make(name, {}), nullptr) << "a name is one sandbox's";
  group.reset();
  EXPECT_FALSE(fs::exists(folder));
}

}  // namespace
}  // namespace warifu::sandbox
