#include <gtest/gtest.h>

#include "api/testing.h"
#include "identity/policies.h"
#include "identity/users.h"

/// What IAM's operations are authorized on. No handler is bound: a call that is allowed ends as `not implemented`.
namespace warifu::api {
namespace {

using testing::Keys;
using testing::TestServer;

constexpr std::string_view kBoundary = "arn:aws:iam::aws:policy/ReadOnlyAccess";

class IamAuthorizationTest : public ::testing::Test {
 protected:
  IamAuthorizationTest() {
    server.account("111111111111");
    write([&](store::Txn& txn) -> Result<> {
      const auto user = [&](std::string_view name, std::string_view path, std::string_view id) {
        return identity::create_user(txn, account,
                                     {.name = std::string(name),
                                      .path = std::string(path),
                                      .id = std::string(id),
                                      .arn = {},
                                      .created = server.clock().now(),
                                      .boundary_arn = {}},
                                     {});
      };
      TRY(user("caller", "/", kCaller));
      TRY(user("worker", "/dev/", "AIDAWORKERWORKERWORKE"));
      TRY(identity::create_group(txn, account,
                                 {.name = "team",
                                  .path = "/dev/",
                                  .id = "AGPATEAMTEAMTEAMTEAMT",
                                  .arn = {},
                                  .created = server.clock().now()}));
      return identity::create_access_key(txn, account,
                                         {.id = keys.access_key_id,
                                          .user_id = std::string(kCaller),
                                          .secret = keys.secret,
                                          .active = true,
                                          .created = server.clock().now()});
    });
  }

  void write(const std::function<Result<>(store::Txn&)>& body) {
    const Result<> written = server.db().write_blocking(body);
    ASSERT_TRUE(written) << written.error().message;
  }
  /// The caller holds these statements and no others.
  void grant(const std::string& statements) {
    write([&](store::Txn& txn) {
      return identity::put_inline_policy(
          txn, account, {identity::EntityKind::kUser, std::string(kCaller), "caller"},
          {.name = "only", .document = R"({"Version":"2012-10-17","Statement":[)" + statements + "]}"});
    });
  }
  static std::string allow(std::string_view actions, std::string_view resource, std::string_view condition = "{}") {
    return fmt::format(R"({{"Effect":"Allow","Action":"{}","Resource":"{}","Condition":{}}})", actions, resource,
                       condition);
  }
  /// Denied, and the message names this resource; empty: allowed.
  std::string denied_on(const std::string& form) {
    const auto response = server.send(keys, {.service = "iam",
                                             .body = form + "&Version=2010-05-08",
                                             .headers = {{"Content-Type", "application/x-www-form-urlencoded"}}});
    if (response.status != 403) return "";
    const std::size_t at = response.body.find("on resource: ") + 13;
    return response.body.substr(at, response.body.find_first_of(" <", at) - at);
  }

  static constexpr std::string_view kCaller = "AIDACALLERCALLERCALLE";
  TestServer server{[](Registry&) {}};
  const AccountId account = *AccountId::parse("111111111111");
  const Keys keys{"AKIACALLERCALLERCALL", "secretsecretsecretsecretsecretsecretsecr", {}};
};

TEST_F(IamAuthorizationTest, MovingAUserNeedsItsNewPlaceToo) {
  grant(allow("iam:UpdateUser", "arn:aws:iam::111111111111:user/dev/*"));
  struct Case {
    std::string form, denied_on;
  };
  const std::vector<Case> cases = {
      {"Action=UpdateUser&UserName=worker&NewUserName=other", ""},
      {"Action=UpdateUser&UserName=worker&NewPath=/dev/sub/", ""},
      {"Action=UpdateUser&UserName=worker&NewPath=/admin/", "arn:aws:iam::111111111111:user/admin/worker"},
      {"Action=UpdateUser&UserName=worker&NewPath=/admin/&NewUserName=x", "arn:aws:iam::111111111111:user/admin/x"},
      {"Action=UpdateUser&UserName=caller&NewPath=/dev/", "arn:aws:iam::111111111111:user/caller"},
  };
  for (const Case& c : cases) EXPECT_EQ(denied_on(c.form), c.denied_on) << c.form;
}

TEST_F(IamAuthorizationTest, RenamingAUserIsAskedUnderItsOwnPath) {
  grant(allow("iam:UpdateUser", "arn:aws:iam::111111111111:user/dev/worker") + "," +
        allow("iam:UpdateUser", "arn:aws:iam::111111111111:user/other"));
  EXPECT_EQ(denied_on("Action=UpdateUser&UserName=worker&NewUserName=other"),
            "arn:aws:iam::111111111111:user/dev/other");
}

TEST_F(IamAuthorizationTest, MovingAGroupNeedsItsNewPlaceToo) {
  grant(allow("iam:UpdateGroup", "arn:aws:iam::111111111111:group/dev/*"));
  EXPECT_EQ(denied_on("Action=UpdateGroup&GroupName=team&NewGroupName=crew"), "");
  EXPECT_EQ(denied_on("Action=UpdateGroup&GroupName=team&NewPath=/admin/"),
            "arn:aws:iam::111111111111:group/admin/team");
}

TEST_F(IamAuthorizationTest, TheBoundaryOfTheEntityReachesTheConditions) {
  const std::string worker = "arn:aws:iam::111111111111:user/dev/worker";
  const std::string bounded = fmt::format(R"({{"StringEquals":{{"iam:PermissionsBoundary":"{}"}}}})", kBoundary);
  const std::string detach = "Action=DeleteUserPermissionsBoundary&UserName=worker";
  const std::string attach = fmt::format("Action=AttachUserPolicy&UserName=worker&PolicyArn={}", kBoundary);
  grant(allow("iam:AttachUserPolicy", "*", bounded) + "," + allow("iam:DeleteUserPermissionsBoundary", "*") +
        R"(,{"Effect":"Deny","Action":"iam:DeleteUserPermissionsBoundary","Resource":"*","Condition":)" + bounded +
        "}");
  EXPECT_EQ(denied_on(attach), worker);
  EXPECT_EQ(denied_on(detach), "");
  write([&](store::Txn& txn) { return identity::set_user_boundary(txn, account, "worker", kBoundary); });
  EXPECT_EQ(denied_on(attach), "");
  EXPECT_EQ(denied_on(detach), worker);
}

TEST_F(IamAuthorizationTest, AnIdentityProviderIsAskedUnderTheNameThatItWillHave) {
  grant(allow("iam:CreateOpenIDConnectProvider", "arn:aws:iam::111111111111:oidc-provider/id.example/*"));
  const std::string create = "Action=CreateOpenIDConnectProvider&Url=https://id.example";
  EXPECT_EQ(denied_on(create + "/tenant"), "");
  EXPECT_EQ(denied_on(create + "/"), "arn:aws:iam::111111111111:oidc-provider/id.example");
}

}  // namespace
}  // namespace warifu::api
