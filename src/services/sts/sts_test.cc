#include <gtest/gtest.h>

#include "api/client.h"
#include "api/testing.h"
#include "identity/roles.h"
#include "services/sts/operations.h"

namespace warifu::services::sts {
namespace {

using api::testing::Keys;
using api::testing::Sent;
using api::testing::TestServer;

constexpr std::string_view kVersion = "&Version=2011-06-15";

std::string element(const std::string& xml, const std::string& name) {
  const std::size_t begin = xml.find("<" + name + ">");
  if (begin == std::string::npos) return "";
  const std::size_t from = begin + name.size() + 2;
  return xml.substr(from, xml.find("</" + name + ">", from) - from);
}

class StsTest : public ::testing::Test {
 protected:
  http::Response call(const Keys& keys, const std::string& form) {
    return server.send(keys, {.service = "sts", .body = "Action=" + form + std::string(kVersion),
                              .headers = {{"Content-Type", "application/x-www-form-urlencoded"}}});
  }
  void make_role(std::string_view account, const std::string& name, const std::string& trust) {
    const identity::Role role{.name = name, .path = "/", .id = "AROA" + std::string(17 - name.size() % 17, 'A') + "2",
                              .arn = {}, .description = {}, .created = server.clock().now(), .boundary_arn = {},
                              .linked_service = {}};
    const Result<> made = server.db().write_blocking([&](store::Txn& txn) {
      return identity::create_role(txn, *AccountId::parse(account), role, trust, {});
    });
    ASSERT_TRUE(made) << made.error().message;
  }
  static std::string trusting(const std::string& principal) {
    return R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":")" + principal +
           R"("},"Action":"sts:AssumeRole"}]})";
  }
  static Keys keys_in(const http::Response& response) {
    return {element(response.body, "AccessKeyId"), element(response.body, "SecretAccessKey"),
            element(response.body, "SessionToken")};
  }

  TestServer server{bind};
  Keys owner = server.account("111111111111");
  Keys consumer = server.account("222222222222");
};

TEST_F(StsTest, TellsTheCallerWhoItIs) {
  const auto response = call(owner, "GetCallerIdentity");
  EXPECT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(element(response.body, "Arn"), "arn:aws:iam::111111111111:user/admin");
  EXPECT_EQ(element(response.body, "Account"), "111111111111");
}

TEST_F(StsTest, RefusesAWrongSecret) {
  Keys wrong = owner;
  wrong.secret.back() ^= 1;
  const auto response = call(wrong, "GetCallerIdentity");
  EXPECT_EQ(response.status, 403);
  EXPECT_EQ(element(response.body, "Code"), "SignatureDoesNotMatch");
}

TEST_F(StsTest, AssumesARoleThatTrustsTheOtherAccount) {
  make_role("111111111111", "Reader", trusting("222222222222"));
  const auto response =
      call(consumer, "AssumeRole&RoleArn=arn:aws:iam::111111111111:role/Reader&RoleSessionName=demo");
  ASSERT_EQ(response.status, 200) << response.body;
  const Keys session = keys_in(response);
  const auto who = call(session, "GetCallerIdentity");
  EXPECT_EQ(element(who.body, "Arn"), "arn:aws:sts::111111111111:assumed-role/Reader/demo") << who.body;
  const auto info = call(session, "GetAccessKeyInfo&AccessKeyId=" + session.access_key_id);
  EXPECT_EQ(info.status, 403) << "the role has no permission of its own: " << info.body;
}

TEST_F(StsTest, DeniesARoleThatTrustsSomebodyElse) {
  make_role("111111111111", "Closed", trusting("arn:aws:iam::111111111111:user/admin"));
  const auto response =
      call(consumer, "AssumeRole&RoleArn=arn:aws:iam::111111111111:role/Closed&RoleSessionName=demo");
  EXPECT_EQ(response.status, 403);
  EXPECT_EQ(element(response.body, "Message"),
            "User: arn:aws:iam::222222222222:user/admin is not authorized to perform: sts:AssumeRole on resource: "
            "arn:aws:iam::111111111111:role/Closed");
}

TEST_F(StsTest, SessionsDieWithTheirTimeAndWithTheirRole) {
  make_role("111111111111", "Reader", trusting("222222222222"));
  const std::string form =
      "AssumeRole&RoleArn=arn:aws:iam::111111111111:role/Reader&RoleSessionName=demo&DurationSeconds=900";
  const Keys session = keys_in(call(consumer, form));
  EXPECT_EQ(call(session, "GetCallerIdentity").status, 200);
  server.clock().advance_ms(901'000);
  EXPECT_EQ(element(call(session, "GetCallerIdentity").body, "Code"), "ExpiredToken");

  const Keys second = keys_in(call(consumer, form));
  const Result<> deleted = server.db().write_blocking([&](store::Txn& txn) {
    return identity::delete_role(txn, *AccountId::parse("111111111111"), "Reader");
  });
  ASSERT_TRUE(deleted);
  EXPECT_EQ(element(call(second, "GetCallerIdentity").body, "Code"), "InvalidClientTokenId");
}

TEST_F(StsTest, ATokenServesOnlyItsOwnKey) {
  Keys session = keys_in(call(owner, "GetSessionToken"));
  EXPECT_EQ(call(session, "GetCallerIdentity").status, 200);
  const Keys other = keys_in(call(owner, "GetSessionToken"));
  session.session_token = other.session_token;
  EXPECT_EQ(element(call(session, "GetCallerIdentity").body, "Code"), "InvalidClientTokenId");
}

TEST_F(StsTest, KnowsTheAccountOfEveryKey) {
  const Keys session = keys_in(call(owner, "GetSessionToken"));
  for (const std::string& id : {session.access_key_id, owner.access_key_id}) {
    const auto response = call(owner, "GetAccessKeyInfo&AccessKeyId=" + id);
    EXPECT_EQ(element(response.body, "Account"), "111111111111") << id << response.body;
  }
}

TEST_F(StsTest, SessionTokensCannotMakeFurtherSessions) {
  const Keys session = keys_in(call(owner, "GetSessionToken"));
  for (const std::string& form : {std::string("GetSessionToken"), std::string("GetFederationToken&Name=bob")}) {
    EXPECT_EQ(element(call(session, form).body, "Code"), "AccessDenied") << form;
  }
}

TEST_F(StsTest, ChecksWhatASessionMayBe) {
  make_role("111111111111", "Reader", trusting("222222222222"));
  const std::string assume = "AssumeRole&RoleArn=arn:aws:iam::111111111111:role/Reader&RoleSessionName=demo";
  struct Case {
    std::string extra, code;
  };
  const std::vector<Case> cases = {
      {"&DurationSeconds=7200", "ValidationError"},
      {"&Policy=%7B%7D", "MalformedPolicyDocument"},
      {"&PolicyArns.member.1.arn=arn:aws:iam::aws:policy/NoSuchPolicy", "MalformedPolicyDocument"},
      {"&ExternalId=x", "ValidationError"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(element(call(consumer, assume + c.extra).body, "Code"), c.code) << c.extra;
  }
  EXPECT_EQ(element(call(consumer, "AssumeRole&RoleArn=not-an-arn-at-all-really&RoleSessionName=demo").body, "Message"),
            "not-an-arn-at-all-really is invalid");
}

TEST_F(StsTest, ASessionPolicyOnlyTakesAway) {
  make_role("111111111111", "Reader", trusting("222222222222"));
  const auto response = call(consumer, "GetFederationToken&Name=bob");
  ASSERT_EQ(response.status, 200) << response.body;
  // A federated user without session policies may do nothing, though its user is an administrator.
  const auto denied = call(keys_in(response), "GetAccessKeyInfo&AccessKeyId=AKIAIOSFODNN7EXAMPLE");
  EXPECT_EQ(denied.status, 403) << denied.body;
}

class ServiceRoleTest : public StsTest {
 protected:
  Result<api::RoleSession> assume(std::string_view service, std::string_view source_arn) {
    return server.await(api::assume_role(
        *server.environment().client, server.environment(),
        {.role_arn = "arn:aws:iam::111111111111:role/gateway",
         .session_name = "session",
         .as = api::as_service(service, source_arn, *AccountId::parse("111111111111")),
         .region = "us-east-1"}));
  }
  static constexpr std::string_view kSource = "arn:aws:bedrock-agentcore:us-east-1:111111111111:gateway/g-0123456789";
};

TEST_F(ServiceRoleTest, AServiceAssumesARoleThatTrustsIt) {
  make_role("111111111111", "gateway",
            R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":)"
            R"("bedrock-agentcore.amazonaws.com"},"Action":"sts:AssumeRole","Condition":{"StringEquals":)"
            R"({"aws:SourceAccount":"111111111111"},"ArnLike":{"aws:SourceArn":")" +
                std::string(kSource) + R"("}}}]})");
  const auto session = assume("bedrock-agentcore.amazonaws.com", kSource);
  ASSERT_TRUE(session) << session.error().message;
  EXPECT_EQ(session->principal.arn, "arn:aws:sts::111111111111:assumed-role/gateway/session");
  const Keys keys{session->credentials.access_key_id, session->credentials.secret_access_key,
                  session->credentials.session_token};
  EXPECT_EQ(element(call(keys, "GetCallerIdentity").body, "Arn"), session->principal.arn) << "it signs, too";

  EXPECT_FALSE(assume("lambda.amazonaws.com", kSource)) << "another service";
  EXPECT_FALSE(assume("bedrock-agentcore.amazonaws.com", std::string(kSource) + "x")) << "for another resource";
}

TEST_F(ServiceRoleTest, AServiceAssumesNoRoleThatDoesNotTrustIt) {
  EXPECT_FALSE(assume("bedrock-agentcore.amazonaws.com", kSource)) << "there is none";
  make_role("111111111111", "gateway", trusting("arn:aws:iam::111111111111:root"));
  const auto session = assume("bedrock-agentcore.amazonaws.com", kSource);
  ASSERT_FALSE(session) << "trusting the account is not trusting a service";
  EXPECT_EQ(session.error().code, ErrorCode::kAccessDenied);
}

}  // namespace
}  // namespace warifu::services::sts
