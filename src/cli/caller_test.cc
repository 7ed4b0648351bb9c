#include "cli/caller.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

namespace warifu::cli {
namespace {

TEST(SectionTest, ReadsOneSectionOfAnAwsFile) {
  constexpr std::string_view kText =
      "[default]\nregion = us-east-1\n\n# a comment\n[profile account-a]\n Region=eu-west-1 \r\n"
      "endpoint_url = http://127.0.0.1:4566\n;old = 1\nnonsense\n[other]\nregion = x\n";
  const auto section = section_of(kText, "profile account-a");
  ASSERT_TRUE(section.has_value());
  EXPECT_EQ(section->size(), 2U);
  EXPECT_EQ(section->at("region"), "eu-west-1");
  EXPECT_EQ(section->at("endpoint_url"), "http://127.0.0.1:4566");
  EXPECT_FALSE(section_of(kText, "account-a").has_value());
  EXPECT_FALSE(section_of("", "x").has_value());
}

class CallerTest : public testing::Test {
 protected:
  CallerTest() {
    for (const char* name : {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE",
                             "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "AWS_CA_BUNDLE"}) {
      ::unsetenv(name);
    }
    folder = testing::TempDir() + "/caller_test";
    std::filesystem::create_directories(folder);
    files = {.config = folder / "config", .credentials = folder / "credentials"};
    std::ofstream(files.config) << "[default]\nregion = us-west-2\n[profile a]\nregion = eu-west-1\n"
                                   "endpoint_url = http://127.0.0.1:1\n[profile role]\nrole_arn = x\n";
    std::ofstream(files.credentials)
        << "[default]\naws_access_key_id = D\naws_secret_access_key = s\n"
           "[a]\naws_access_key_id = A\naws_secret_access_key = s\naws_session_token = t\n";
  }
  ~CallerTest() override {
    for (const char* name : {"AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_REGION"}) ::unsetenv(name);
    std::filesystem::remove_all(folder);
  }
  Caller found(const CallerOptions& options) {
    auto caller = find_caller(options, files);
    EXPECT_TRUE(caller.has_value()) << (caller ? "" : caller.error().message);
    return caller ? *std::move(caller) : Caller{};
  }

  std::filesystem::path folder;
  ProfileFiles files;
};

TEST_F(CallerTest, TakesTheDefaultProfile) {
  const Caller caller = found({});
  EXPECT_EQ(caller.access_key_id, "D");
  EXPECT_EQ(caller.region, "us-west-2");
  EXPECT_EQ(caller.endpoint_url, "http://127.0.0.1:4566");
}

TEST_F(CallerTest, TheEnvironmentComesBeforeTheDefaultProfileAndANamedProfileBeforeBoth) {
  ::setenv("AWS_ACCESS_KEY_ID", "E", 1);
  ::setenv("AWS_REGION", "ap-south-1", 1);
  EXPECT_EQ(found({}).access_key_id, "E");
  EXPECT_EQ(found({}).region, "ap-south-1");
  const Caller named = found({.profile = "a", .region = "sa-east-1"});
  EXPECT_EQ(named.access_key_id, "A");
  EXPECT_EQ(named.session_token, "t");
  EXPECT_EQ(named.region, "sa-east-1");
  EXPECT_EQ(named.endpoint_url, "http://127.0.0.1:1");
}

TEST_F(CallerTest, FollowsAwsProfile) {
  ::setenv("AWS_PROFILE", "a", 1);
  EXPECT_EQ(found({}).access_key_id, "A");
}

TEST_F(CallerTest, SaysWhatIsMissing) {
  EXPECT_TRUE(find_caller({.profile = "nobody"}, files).error().message.contains("no profile `nobody`"));
  EXPECT_TRUE(find_caller({.profile = "role"}, files).error().message.contains("export-credentials"));
}

}  // namespace
}  // namespace warifu::cli
