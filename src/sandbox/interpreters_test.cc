#include "sandbox/interpreters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/random.h"

namespace warifu::sandbox {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

/// Folders of PATH with programs that say of themselves what they are told to.
class InterpretersTest : public ::testing::Test {
 protected:
  void SetUp() override { fs::create_directories(root_); }
  void TearDown() override { fs::remove_all(root_); }

  void script(const std::string& folder, const std::string& name, const std::string& body) {
    fs::create_directories(root_ / folder);
    std::ofstream(root_ / folder / name) << "#!/bin/sh\n" << body << "\n";
    fs::permissions(root_ / folder / name, fs::perms::owner_all);
  }
  /// An interpreter that runs: `version` in words (`3 12 4`), under `prefix`.
  void runs(const std::string& folder, const std::string& name, const std::string& version, const std::string& prefix) {
    script(folder, name, "echo " + version + "; echo " + prefix + "/bin/" + name + "; echo " + prefix);
  }
  Result<RuntimeChoice> choose(const std::string& runtime, std::vector<std::string> folders, Fit fit = {}) {
    std::string path;
    for (const std::string& folder : folders) path += (root_ / folder).string() + ":";
    return Interpreters(path, std::move(fit)).choose(runtime);
  }
  const fs::path root_ = fs::temp_directory_path() / ("warifu-interpreters-" + SystemRandom().uuid());
};

TEST_F(InterpretersTest, TheExactMinorVersionIsTakenWhereverItLies) {
  runs("a", "python3.13", "3 13 1", "/opt/python-13");
  runs("b", "python3.12", "3 12 4", "/srv/versions/3.12");
  const auto choice = choose("python3.12", {"a", "b"});
  ASSERT_TRUE(choice) << choice.error().message;
  EXPECT_EQ(choice->program, "/srv/versions/3.12/bin/python3.12");
  EXPECT_EQ(choice->prefix, "/srv/versions/3.12");
  EXPECT_EQ(choice->note, "");
}

TEST_F(InterpretersTest, OneUnderUsrNeedsNothingMounted) {
  runs("a", "python3.12", "3 12 4", "/usr");
  runs("a", "python3.13", "3 13 4", "/usr/local");
  EXPECT_EQ(choose("python3.12", {"a"})->prefix, "");
  EXPECT_EQ(choose("python3.13", {"a"})->prefix, "");
}

TEST_F(InterpretersTest, ANameThatDoesNotRunIsNone) {
  script("shims", "python3.12", "echo 'pyenv: version 3.12 is not installed' >&2; exit 127");
  script("lies", "python3.12", "echo 3 12 1; echo /opt/x/bin/python3.12; echo /opt/x; exit 1");
  script("babbles", "python3.12", "echo hello");
  script("root", "python3.12", "echo 3 12 1; echo /bin/python3.12; echo /");
  runs("real", "python3.12", "3 12 9", "/opt/real");
  const auto choice = choose("python3.12", {"shims", "lies", "babbles", "root", "real"});
  ASSERT_TRUE(choice);
  EXPECT_EQ(choice->program, "/opt/real/bin/python3.12");
  EXPECT_EQ(choice->note, "");
}

TEST_F(InterpretersTest, ANameThatIsAnotherVersionIsNotTakenForIt) {
  runs("a", "python3.12", "3 14 0", "/opt/lies");
  runs("b", "python3.13", "3 13 2", "/opt/13");
  const auto choice = choose("python3.12", {"a", "b"});
  ASSERT_TRUE(choice);
  EXPECT_EQ(choice->program, "/opt/13/bin/python3.13");
}

TEST_F(InterpretersTest, TheNameWithoutAMinorVersionCountsForWhatItIs) {
  runs("a", "python3", "3 12 7", "/opt/plain");
  EXPECT_EQ(choose("python3.12", {"a"})->program, "/opt/plain/bin/python3");
}

TEST_F(InterpretersTest, WithoutTheVeryOneTheNextNewerRunsAndIsNamed) {
  runs("a", "python3.11", "3 11 9", "/opt/11");
  runs("a", "python3.14", "3 14 1", "/opt/14");
  runs("a", "python3.13", "3 13 3", "/opt/13");
  const auto choice = choose("python3.12", {"a"});
  ASSERT_TRUE(choice);
  EXPECT_EQ(choice->program, "/opt/13/bin/python3.13");
  EXPECT_EQ(choice->note, "python3.12 is not installed here: it runs on Python 3.13.3 (/opt/13/bin/python3.13)");
}

TEST_F(InterpretersTest, AnOlderOneOnPathIsNotTaken) {
  if (!fs::exists("/usr/bin/python3")) GTEST_SKIP() << "no /usr/bin/python3";
  runs("a", "python3.9", "3 9 1", "/opt/9");
  const auto choice = choose("python3.20", {"a"});
  ASSERT_TRUE(choice) << choice.error().message;
  EXPECT_THAT(choice->program, StartsWith("/usr/bin/python3"));
  EXPECT_EQ(choice->prefix, "");
  EXPECT_THAT(choice->note, AllOf(StartsWith("python3.20 is not installed here: it runs on Python 3."),
                                  HasSubstr("(/usr/bin/python3")));
}

TEST_F(InterpretersTest, WhatLacksItsRuntimeClientIsPassedOver) {
  runs("a", "python3.12", "3 12 1", "/opt/12");
  runs("a", "python3.13", "3 13 1", "/opt/13");
  const Fit fit = [](std::string_view language, int minor) { return language == "python" && minor == 13; };
  EXPECT_EQ(choose("python3.12", {"a"}, fit)->program, "/opt/13/bin/python3.13");
  const auto none = choose("python3.12", {"a"}, [](std::string_view, int) { return false; });
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, ErrorCode::kUnsupported);
  EXPECT_THAT(none.error().message, HasSubstr("python3.12"));
}

TEST_F(InterpretersTest, NodeRunsInTheVersionThatThereIs) {
  runs("a", "node", "20 1 0", "/opt/node20");
  runs("b", "node", "22 3 0", "/opt/node22");
  EXPECT_EQ(choose("nodejs22.x", {"a", "b"})->program, "/opt/node22/bin/node");
  EXPECT_EQ(choose("nodejs22.x", {"a", "b"})->note, "");
  const auto other = choose("nodejs24.x", {"a", "b"});
  ASSERT_TRUE(other);
  EXPECT_EQ(other->note, "nodejs24.x is not installed here: it runs on Node.js 20.1.0 (/opt/node20/bin/node)");
  EXPECT_FALSE(choose("nodejs22.x", {"none"}));
}

TEST_F(InterpretersTest, AProgramThatNeverAnswersIsGivenUp) {
  script("a", "python3.12", "exec sleep 600");
  runs("b", "python3.12", "3 12 1", "/opt/12");
  EXPECT_EQ(choose("python3.12", {"a", "b"})->program, "/opt/12/bin/python3.12");
}

TEST_F(InterpretersTest, FoldersThatAreNotAbsoluteAreNotSearched) {
  runs("a", "python3.12", "3 12 1", "/opt/12");
  const fs::path before = fs::current_path();
  fs::current_path(root_);
  const auto choice = Interpreters("a:" + (root_ / "none").string(), {}).choose("python3.12");
  fs::current_path(before);
  EXPECT_TRUE(!choice || choice->program != "/opt/12/bin/python3.12");
}

}  // namespace
}  // namespace warifu::sandbox
