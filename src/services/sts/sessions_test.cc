#include <fmt/format.h>
#include <gtest/gtest.h>

#include "access/session_token.h"
#include "api/testing.h"
#include "identity/resource_policies.h"
#include "identity/roles.h"
#include "identity/users.h"
#include "services/sts/operations.h"

/// What sessions must not gain: by their role's or user's later fate, or by what they hand down.
namespace warifu::services::sts {
namespace {

using api::testing::Keys;
using api::testing::TestServer;

constexpr std::string_view kAccount = "111111111111";
const std::string kRole = "arn:aws:iam::111111111111:role/";

std::string element(const std::string& xml, const std::string& name) {
  const std::size_t begin = xml.find("<" + name + ">");
  if (begin == std::string::npos) return "";
  const std::size_t from = begin + name.size() + 2;
  return xml.substr(from, xml.find("</" + name + ">", from) - from);
}

class SessionsTest : public ::testing::Test {
 protected:
  http::Response call(const Keys& keys, const std::string& form) {
    return server.send(keys, {.service = "sts", .body = "Action=" + form + "&Version=2011-06-15",
                              .headers = {{"Content-Type", "application/x-www-form-urlencoded"}}});
  }
  Keys session(const Keys& keys, const std::string& form) {
    const auto response = call(keys, form);
    EXPECT_EQ(response.status, 200) << response.body;
    return {element(response.body, "AccessKeyId"), element(response.body, "SecretAccessKey"),
            element(response.body, "SessionToken")};
  }
  void write(const std::function<Result<>(store::Txn&)>& body) {
    const Result<> written = server.db().write_blocking(body);
    ASSERT_TRUE(written) << written.error().message;
  }
  void make_role(const std::string& name, const std::string& actions, const std::string& principal) {
    const identity::Role role{.name = name, .path = "/", .id = "AROA" + std::string(17 - name.size(), 'A') + name,
                              .arn = {}, .description = {}, .created = server.clock().now(), .boundary_arn = {},
                              .linked_service = {}};
    const std::string trust = fmt::format(
        R"({{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"AWS":"{}"}},"Action":[{}]}}]}})",
        principal, actions);
    write([&](store::Txn& txn) { return identity::create_role(txn, account, role, trust, {}); });
  }

  TestServer server{bind};
  const AccountId account = *AccountId::parse(kAccount);
  Keys admin = server.account(kAccount);
};

TEST_F(SessionsTest, ChainingWithASourceIdentityNeedsItsPermission) {
  const std::string all = R"("sts:AssumeRole","sts:SetSourceIdentity")";
  make_role("FIRST", all, std::string(kAccount));
  make_role("CLOSED", R"("sts:AssumeRole")", kRole + "FIRST");
  make_role("OPEN", all, kRole + "FIRST");
  const std::string end = "&RoleSessionName=demo";
  const Keys plain = session(admin, "AssumeRole&RoleArn=" + kRole + "FIRST" + end);
  const Keys named = session(admin, "AssumeRole&SourceIdentity=alice&RoleArn=" + kRole + "FIRST" + end);
  EXPECT_EQ(call(plain, "AssumeRole&RoleArn=" + kRole + "CLOSED" + end).status, 200);
  EXPECT_EQ(call(named, "AssumeRole&RoleArn=" + kRole + "OPEN" + end).status, 200);
  const auto denied = call(named, "AssumeRole&RoleArn=" + kRole + "CLOSED" + end);
  EXPECT_EQ(denied.status, 403);
  EXPECT_NE(denied.body.find("sts:SetSourceIdentity"), std::string::npos) << denied.body;
}

TEST_F(SessionsTest, ChainingWithTransitiveTagsNeedsTheirPermission) {
  const std::string all = R"("sts:AssumeRole","sts:TagSession")";
  make_role("FIRST", all, std::string(kAccount));
  make_role("CLOSED", R"("sts:AssumeRole")", kRole + "FIRST");
  make_role("OPEN", all, kRole + "FIRST");
  const std::string end = "&RoleSessionName=demo&Tags.member.1.Key=team&Tags.member.1.Value=red";
  const Keys own = session(admin, "AssumeRole&RoleArn=" + kRole + "FIRST" + end);
  const Keys handed = session(admin, "AssumeRole&TransitiveTagKeys.member.1=team&RoleArn=" + kRole + "FIRST" + end);
  const std::string next = "&RoleSessionName=next";
  EXPECT_EQ(call(own, "AssumeRole&RoleArn=" + kRole + "CLOSED" + next).status, 200);
  EXPECT_EQ(call(handed, "AssumeRole&RoleArn=" + kRole + "OPEN" + next).status, 200);
  const auto denied = call(handed, "AssumeRole&RoleArn=" + kRole + "CLOSED" + next);
  EXPECT_EQ(denied.status, 403);
  EXPECT_NE(denied.body.find("sts:TagSession"), std::string::npos) << denied.body;
}

TEST_F(SessionsTest, ASessionFollowsItsUserToANewName) {
  make_role("ADMINS", R"("sts:AssumeRole")", "arn:aws:iam::111111111111:user/admin");
  const Keys held = session(admin, "GetSessionToken");
  const Keys federated = session(admin, "GetFederationToken&Name=guest");
  write([&](store::Txn& txn) -> Result<> {
    TRY(identity::rename_user(txn, account, "admin", "former", "/left/"));
    const identity::User next{.name = "admin", .path = "/", .id = "AIDANEXTNEXTNEXTNEXTN", .arn = {},
                              .created = server.clock().now(), .boundary_arn = {}};
    return identity::create_user(txn, account, next, {});
  });
  EXPECT_EQ(element(call(held, "GetCallerIdentity").body, "Arn"), "arn:aws:iam::111111111111:user/left/former");

  const auto principal = [&](const Keys& keys) {
    const auto found = server.db().read([&](store::Reader& reader) {
      return access::find_credential(reader, {.sealer = server.environment().sealer}, keys.access_key_id,
                                     keys.session_token, server.clock().now());
    });
    return (**found).principal;
  };
  EXPECT_EQ(principal(held).name, "former");
  EXPECT_EQ(principal(held).identity_arn, "arn:aws:iam::111111111111:user/left/former");
  EXPECT_EQ(principal(federated).identity_arn, "arn:aws:iam::111111111111:user/left/former");
  EXPECT_EQ(principal(federated).arn, "arn:aws:sts::111111111111:federated-user/guest");
}

TEST_F(SessionsTest, TheAnswerAboutWhatIsNoRoleDoesNotTellWhetherItHasAPolicy) {
  const std::string memory = "arn:aws:bedrock-agentcore:us-east-1:111111111111:memory/Shared-0123456789";
  const std::string open = fmt::format(
      R"({{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":"*","Action":"*","Resource":"{}"}}]}})",
      memory);
  const auto answer = [&] {
    return call(admin, "AssumeRole&RoleSessionName=demo&RoleArn=" + memory);
  };
  const auto before = answer();
  EXPECT_LT(before.status, 500) << before.body;
  write([&](store::Txn& txn) {
    return identity::put_resource_policy(txn, account, memory, open, server.clock().now());
  });
  const auto after = answer();
  EXPECT_EQ(after.status, before.status) << after.body;
  EXPECT_EQ(element(after.body, "Message"), element(before.body, "Message"));
}

}  // namespace
}  // namespace warifu::services::sts
