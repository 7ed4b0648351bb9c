#include "cli/profile.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <iterator>

namespace warifu::cli {
namespace {

TEST(Profile, ASectionIsReplacedAndTheRestStaysByteForByte) {
  const Settings settings{{"region", "us-east-1"}};
  const std::string section = "[profile a]\nregion = us-east-1\n";
  struct Case {
    std::string before, after;
  };
  const std::vector<Case> cases = {
      {"", section},
      {"[default]\nx = 1\n", "[default]\nx = 1\n\n" + section},
      {"[default]\nx = 1\n\n", "[default]\nx = 1\n\n" + section},
      {"[profile a]\nregion = old\noutput = json\n[profile b]\ny=2\n", section + "[profile b]\ny=2\n"},
      {"# mine\n[profile ab]\nz=1\n", "# mine\n[profile ab]\nz=1\n\n" + section},
      {"[profile a]\nregion=1\n[b]\n[profile a]\nregion=2\n", section + "[b]\n"},
  };
  for (const Case& c : cases) EXPECT_EQ(with_section(c.before, "profile a", settings), c.after) << c.before;
}

TEST(Profile, IsWrittenForItsOwnerAlone) {
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("warifu-profile-" + std::to_string(::getpid()));
  const ProfileFiles files{.config = folder / "aws" / "config", .credentials = folder / "aws" / "credentials"};
  const Profile profile{.name = "account-a",
                        .access_key_id = "AKIA",
                        .secret_access_key = "s",
                        .region = "us-east-1",
                        .endpoint_url = "http://127.0.0.1:4566"};
  ASSERT_TRUE(write_profile(files, profile));
  struct stat status{};
  ASSERT_EQ(::stat(files.credentials.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  std::ifstream file(files.config);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(text, "[profile account-a]\nregion = us-east-1\nendpoint_url = http://127.0.0.1:4566\n");
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace warifu::cli
