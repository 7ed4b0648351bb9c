#include <gtest/gtest.h>

#include "api/testing.h"
#include "identity/roles.h"
#include "services/organizations/operations.h"

namespace warifu::services::organizations {
namespace {

using api::testing::Keys;

class OrganizationsTest : public ::testing::Test {
 protected:
  struct Answer {
    int status;
    json::Value body;
    /// `Name: text`; empty on success.
    [[nodiscard]] std::string error() const {
      const auto type = body.find_string("__type");
      return type ? *type + ": " + body.find_string("message").value_or("") : "";
    }
  };
  Answer call(const Keys& keys, const std::string& operation, const std::string& body = "{}") {
    const http::Response response =
        server.send(keys, {.service = "organizations",
                           .region = "eu-west-1",
                           .body = body,
                           .headers = {{"Content-Type", "application/x-amz-json-1.1"},
                                       {"X-Amz-Target", "AWSOrganizationsV20161128." + operation}}});
    return {response.status, api::testing::body_of(response)};
  }
  static std::string text(const json::Value& value, std::initializer_list<std::string_view> path) {
    const json::Value* at = &value;
    for (const std::string_view name : path) {
      at = at == nullptr ? nullptr : at->find(name);
      if (at != nullptr && at->is_array()) at = at->items().empty() ? nullptr : &at->items()[0];
    }
    return at != nullptr && at->is_string() ? at->as_string() : "absent";
  }
  std::string root() { return text(call(a, "ListRoots").body, {"Roots", "Id"}); }
  std::string policy(const std::string& type, const std::string& statement, const std::string& name = "p") {
    const Answer made = call(a, "CreatePolicy",
                             R"({"Name":")" + name + R"(","Description":"","Type":")" + type +
                                 R"(","Content":"{\"Version\":\"2012-10-17\",\"Statement\":[)" + statement + R"(]}"})");
    return made.status == 200 ? text(made.body, {"Policy", "PolicySummary", "Id"}) : made.error();
  }
  std::string invite() {
    return text(call(a, "InviteAccountToOrganization", R"({"Target":{"Type":"ACCOUNT","Id":"222222222222"}})").body,
                {"Handshake", "Id"});
  }
  void join() { ASSERT_EQ(call(b, "AcceptHandshake", R"({"HandshakeId":")" + invite() + R"("})").error(), ""); }

  api::testing::TestServer server{bind};
  Keys a = server.account("111111111111"), b = server.account("222222222222");
};

TEST_F(OrganizationsTest, AnswersInAnyRegionAndKnowsWhoIsInNone) {
  EXPECT_EQ(call(a, "DescribeOrganization").error(),
            "AWSOrganizationsNotInUseException: Your account is not a member of an organization.");
  const Answer made = call(a, "CreateOrganization", R"({"FeatureSet":"ALL"})");
  EXPECT_EQ(made.status, 200);
  EXPECT_EQ(text(made.body, {"Organization", "MasterAccountId"}), "111111111111");
  EXPECT_EQ(call(a, "DescribeOrganization").body.dump(), made.body.dump());
  EXPECT_EQ(call(b, "ListAccounts").error().substr(0, 33), "AWSOrganizationsNotInUseException");
}

TEST_F(OrganizationsTest, ConsolidatedBillingHasNoPolicies) {
  call(a, "CreateOrganization", R"({"FeatureSet":"CONSOLIDATED_BILLING"})");
  const Answer enabled =
      call(a, "EnablePolicyType", R"({"RootId":")" + root() + R"(","PolicyType":"SERVICE_CONTROL_POLICY"})");
  EXPECT_EQ(enabled.status, 400);
  EXPECT_EQ(enabled.error().substr(0, enabled.error().find(':')), "PolicyTypeNotAvailableForOrganizationException");
}

TEST_F(OrganizationsTest, OnlyTheManagementAccountManages) {
  call(a, "CreateOrganization");
  join();
  EXPECT_EQ(call(b, "DescribeOrganization").status, 200);
  for (const auto& [operation, body] : std::vector<std::pair<std::string, std::string>>{
           {"ListAccounts", "{}"},
           {"ListRoots", "{}"},
           {"DeleteOrganization", "{}"},
           {"CreateAccount", R"({"Email":"x@example.com","AccountName":"x"})"},
           {"DescribeAccount", R"({"AccountId":"222222222222"})"},
           {"CreateOrganizationalUnit", R"({"ParentId":"r-aaaa","Name":"x"})"},
           {"AttachPolicy", R"({"PolicyId":"p-FullAWSAccess","TargetId":"222222222222"})"},
           {"ListPolicies", R"({"Filter":"SERVICE_CONTROL_POLICY"})"},
           {"TagResource", R"({"ResourceId":"222222222222","Tags":[{"Key":"k","Value":"v"}]})"},
           {"ListHandshakesForOrganization", "{}"}}) {
    EXPECT_EQ(call(b, operation, body).error(),
              "AccessDeniedException: You don't have permissions to access this resource.")
        << operation;
  }
  EXPECT_EQ(call(b, "LeaveOrganization").status, 200);
}

TEST_F(OrganizationsTest, ErrorsCarryTheirReasonAndTheServicesOwnNameForBadInput) {
  call(a, "CreateOrganization");
  call(a, "EnablePolicyType", R"({"RootId":")" + root() + R"(","PolicyType":"SERVICE_CONTROL_POLICY"})");
  const Answer last = call(a, "DetachPolicy", R"({"PolicyId":"p-FullAWSAccess","TargetId":")" + root() + R"("})");
  EXPECT_EQ(last.status, 400);
  EXPECT_EQ(last.body.find_string("Reason").value_or(""), "MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED");
  const Answer bad = call(a, "DescribeAccount", R"({"AccountId":"12"})");
  EXPECT_EQ(bad.body.find_string("__type").value_or(""), "InvalidInputException");
  EXPECT_EQ(call(a, "ListAccounts", R"({"NextToken":"forged"})").body.find_string("__type").value_or(""),
            "InvalidInputException");
}

TEST_F(OrganizationsTest, PoliciesAreMadeAttachedAndListed) {
  call(a, "CreateOrganization");
  call(a, "EnablePolicyType", R"({"RootId":")" + root() + R"(","PolicyType":"SERVICE_CONTROL_POLICY"})");
  const std::string deny = R"({\"Effect\":\"Deny\",\"Action\":\"s3:*\",\"Resource\":\"*\"})";
  const std::string id = policy("SERVICE_CONTROL_POLICY", deny);
  ASSERT_TRUE(id.starts_with("p-")) << id;
  EXPECT_TRUE(policy("SERVICE_CONTROL_POLICY", deny).starts_with("DuplicatePolicyException: "));
  EXPECT_TRUE(policy("TAG_POLICY", deny, "t").starts_with("PolicyTypeNotAvailableForOrganizationException: "));
  EXPECT_EQ(call(a, "AttachPolicy", R"({"PolicyId":")" + id + R"(","TargetId":"111111111111"})").status, 200);
  const Answer targets = call(a, "ListTargetsForPolicy", R"({"PolicyId":")" + id + R"("})");
  EXPECT_EQ(text(targets.body, {"Targets", "Type"}), "ACCOUNT");
  EXPECT_EQ(text(targets.body, {"Targets", "Name"}), "test");
  const Answer attached = call(a, "ListPoliciesForTarget",
                               R"({"TargetId":"111111111111","Filter":"SERVICE_CONTROL_POLICY","MaxResults":1})");
  EXPECT_NE(text(attached.body, {"NextToken"}), "absent");
  EXPECT_TRUE(call(a, "UpdatePolicy", R"({"PolicyId":"p-FullAWSAccess","Name":"mine"})")
                  .error()
                  .starts_with("AccessDeniedException: "));
  EXPECT_TRUE(call(a, "DescribeEffectivePolicy", R"({"PolicyType":"SERVICE_CONTROL_POLICY"})")
                  .error()
                  .starts_with("InvalidInputException: "));
}

TEST_F(OrganizationsTest, AMadeAccountHasItsRoleAndAFailedOneSaysWhy) {
  call(a, "CreateOrganization");
  const std::string body = R"({"Email":"new@example.com","AccountName":"new"})";
  const Answer made = call(a, "CreateAccount", body);
  EXPECT_EQ(text(made.body, {"CreateAccountStatus", "State"}), "SUCCEEDED");
  const std::string account = text(made.body, {"CreateAccountStatus", "AccountId"});
  const Answer again = call(a, "CreateAccount", body);
  EXPECT_EQ(text(again.body, {"CreateAccountStatus", "FailureReason"}), "EMAIL_ALREADY_EXISTS");
  EXPECT_EQ(text(call(a, "DescribeAccount", R"({"AccountId":")" + account + R"("})").body, {"Account", "JoinedMethod"}),
            "CREATED");
  const auto role = server.db().read([&](store::Reader& reader) {
    return identity::find_role(reader, *AccountId::parse(account), "OrganizationAccountAccessRole");
  });
  ASSERT_TRUE(role && *role);
}

TEST_F(OrganizationsTest, AnInvitationOfAnOrganizationThatIsGoneLeadsNowhere) {
  call(a, "CreateOrganization");
  const std::string id = invite();
  EXPECT_EQ(call(a, "DeleteOrganization").status, 200);
  EXPECT_TRUE(call(b, "AcceptHandshake", R"({"HandshakeId":")" + id + R"("})")
                  .error()
                  .starts_with("InvalidHandshakeTransitionException: "));
  call(a, "CreateOrganization");
  EXPECT_TRUE(call(b, "AcceptHandshake", R"({"HandshakeId":")" + id + R"("})")
                  .error()
                  .starts_with("InvalidHandshakeTransitionException: "))
      << "another organization of the same account did not invite";
}

TEST_F(OrganizationsTest, ServicesAreTrustedAndMembersAdministerThem) {
  call(a, "CreateOrganization");
  join();
  const std::string config = R"("ServicePrincipal":"config.amazonaws.com")";
  const std::string of_b = R"("AccountId":"222222222222")";
  EXPECT_EQ(call(a, "EnableAWSServiceAccess", "{" + config + "}").error(), "");
  EXPECT_EQ(call(a, "EnableAWSServiceAccess", "{" + config + "}").error(), "") << "again";
  EXPECT_EQ(text(call(a, "ListAWSServiceAccessForOrganization").body, {"EnabledServicePrincipals", "ServicePrincipal"}),
            "config.amazonaws.com");
  EXPECT_EQ(call(a, "ListDelegatedServicesForAccount", "{" + of_b + "}").error().substr(0, 29),
            "AccountNotRegisteredException");
  EXPECT_EQ(call(a, "RegisterDelegatedAdministrator", "{" + of_b + "," + config + "}").error(), "");
  EXPECT_EQ(call(a, "RegisterDelegatedAdministrator", "{" + of_b + "," + config + "}").error().substr(0, 33),
            "AccountAlreadyRegisteredException");
  EXPECT_EQ(call(a, "RegisterDelegatedAdministrator", R"({"AccountId":"111111111111",)" + config + "}").status, 400);
  EXPECT_EQ(call(b, "RegisterDelegatedAdministrator", "{" + of_b + "," + config + "}").status, 400) << "a member";
  EXPECT_EQ(text(call(a, "ListDelegatedAdministrators", "{" + config + "}").body, {"DelegatedAdministrators", "Id"}),
            "222222222222");
  EXPECT_EQ(text(call(a, "ListDelegatedServicesForAccount", "{" + of_b + "}").body,
                 {"DelegatedServices", "ServicePrincipal"}),
            "config.amazonaws.com");
  EXPECT_EQ(call(a, "DisableAWSServiceAccess", "{" + config + "}").error(), "");
  EXPECT_EQ(text(call(a, "ListDelegatedAdministrators").body, {"DelegatedAdministrators", "Id"}), "absent")
      << "they go with the service";
  EXPECT_EQ(call(a, "DeregisterDelegatedAdministrator", "{" + of_b + "," + config + "}").error().substr(0, 29),
            "AccountNotRegisteredException");
}

TEST_F(OrganizationsTest, AClosedAccountIsSuspendedAndNobodyOfItCanCall) {
  call(a, "CreateOrganization");
  join();
  EXPECT_EQ(call(b, "DescribeOrganization").status, 200);
  EXPECT_EQ(call(a, "CloseAccount", R"({"AccountId":"111111111111"})").error().substr(0, 28),
            "ConstraintViolationException");
  EXPECT_EQ(call(a, "CloseAccount", R"({"AccountId":"222222222222"})").error(), "");
  EXPECT_EQ(text(call(a, "DescribeAccount", R"({"AccountId":"222222222222"})").body, {"Account", "Status"}),
            "SUSPENDED");
  const Answer dead = call(b, "DescribeOrganization");
  EXPECT_EQ(dead.status, 400);
  EXPECT_EQ(dead.error().substr(0, 29), "UnrecognizedClientException: ") << dead.error();
  EXPECT_EQ(call(a, "CloseAccount", R"({"AccountId":"222222222222"})").error().substr(0, 29),
            "AccountAlreadyClosedException");
  EXPECT_EQ(call(a, "ListAccounts").status, 200);
}

}  // namespace
}  // namespace warifu::services::organizations
