#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "api/testing.h"
#include "gen/agentcore/memories.h"
#include "identity/users.h"

/// The keys that tell how a call came here, by who calls and through whom (IAM user guide, "AWS global condition
/// context keys" and "Forward access sessions"). Read from denials, which keep every key that their request had.
namespace warifu::api {
namespace {

namespace ops = model::agentcore::ops;

const std::string kCloudFormation = "cloudformation.amazonaws.com";
const std::string kAgentCore = "bedrock-agentcore.amazonaws.com";
constexpr std::string_view kGateway = "arn:aws:bedrock-agentcore:us-east-1:111111111111:gateway/tools-0123456789";
constexpr std::string_view kUserId = "AIDACALLERCALLERCALLE";

using Values = std::vector<std::string>;
using Keys = std::map<std::string, Values>;

/// All that a caller from within may or may not bring; absent keys are not in the map.
const Values kWatched = {"aws:ViaAWSService",
                         "aws:CalledVia",
                         "aws:CalledViaFirst",
                         "aws:CalledViaLast",
                         "aws:SourceAccount",
                         "aws:SourceArn",
                         "aws:PrincipalIsAWSService",
                         "aws:PrincipalServiceName",
                         "aws:PrincipalArn",
                         "aws:SourceIp",
                         "kms:ViaService",
                         "aws:PrincipalAccount",
                         "aws:RoleSessionName"};

class ViaKeysTest : public ::testing::Test {
 protected:
  ViaKeysTest() {
    server.account("111111111111");
    const Result<> written = server.db().write_blocking([&](store::Txn& txn) {
      return identity::create_user(txn, account,
                                   {.name = "caller",
                                    .path = "/",
                                    .id = std::string(kUserId),
                                    .arn = {},
                                    .created = server.clock().now(),
                                    .boundary_arn = {}},
                                   {});
    });
    EXPECT_TRUE(written);
  }

  access::Principal user() const {
    return {.kind = access::PrincipalKind::kUser,
            .account = account,
            .arn = "arn:aws:iam::111111111111:user/caller",
            .identity_arn = "arn:aws:iam::111111111111:user/caller",
            .unique_id = std::string(kUserId),
            .user_id = std::string(kUserId),
            .name = "caller",
            .access_key_id = "AKIACALLERCALLERCALL",
            .session = {},
            .service = {}};
  }
  /// A federated user's session: it has no policies but the user's, of which there are none.
  access::Principal session() {
    access::Principal out = user();
    out.kind = access::PrincipalKind::kFederatedUser;
    out.arn = "arn:aws:sts::111111111111:federated-user/guest";
    out.session = access::Session{
        .name = "guest", .issued = server.clock().now(), .expires = server.clock().now().plus_seconds(900)};
    return out;
  }

  /// The watched keys that the call had. Nobody here has a permission, so every call is a denial.
  Keys keys_of(As as) {
    denials.clear();
    const auto answer = server.await(server.pipeline().invoke(ops::kListMemories, {}, std::move(as), "us-east-1"));
    EXPECT_FALSE(answer.has_value());
    Keys out;
    if (denials.empty()) return out;
    for (const policy::EvidenceKey& key : denials.front().evidence->keys) {
      if (std::ranges::find(kWatched, key.name) != kWatched.end()) out[key.name] = key.values;
      if (key.name == "aws:CalledVia") EXPECT_TRUE(key.multivalued) << "set operators apply to it, others never hold";
    }
    return out;
  }

  std::vector<audit::Denial> denials;
  api::testing::TestServer server{
      [](Registry& registry) {
        registry.bind(
            ops::kListMemories,
            [](Call&, model::agentcore::ListMemoriesInput) -> Task<Result<model::agentcore::ListMemoriesOutput>> {
              co_return model::agentcore::ListMemoriesOutput{};
            });
      },
      {.denials = {.keep = [this](audit::Denial denial) { denials.push_back(std::move(denial)); }}}};
  const AccountId account = *AccountId::parse("111111111111");
};

TEST_F(ViaKeysTest, ArePresentExactlyWhereAServiceStandsBetween) {
  struct Case {
    std::string who;
    As as;
    Keys wanted;
  };
  const std::string arn = "arn:aws:iam::111111111111:user/caller";
  const std::string guest = "arn:aws:sts::111111111111:federated-user/guest";
  const Keys direct = {{"aws:ViaAWSService", {"false"}},
                       {"aws:PrincipalIsAWSService", {"false"}},
                       {"aws:PrincipalAccount", {"111111111111"}},
                       {"aws:PrincipalArn", {arn}}};
  const auto with = [](Keys keys, const Keys& more) {
    for (const auto& [name, values] : more) keys[name] = values;
    return keys;
  };
  const Keys once = {{"aws:ViaAWSService", {"true"}},
                     {"aws:CalledVia", {kAgentCore}},
                     {"aws:CalledViaFirst", {kAgentCore}},
                     {"aws:CalledViaLast", {kAgentCore}}};
  const Keys twice = {{"aws:ViaAWSService", {"true"}},
                      {"aws:CalledVia", {kCloudFormation, kAgentCore}},
                      {"aws:CalledViaFirst", {kCloudFormation}},
                      {"aws:CalledViaLast", {kAgentCore}}};
  const Keys of_guest = {{"aws:PrincipalArn", {guest}}};
  const Keys service = {{"aws:ViaAWSService", {"false"}},
                        {"aws:PrincipalIsAWSService", {"true"}},
                        {"aws:PrincipalServiceName", {kAgentCore}},
                        {"aws:SourceArn", {std::string(kGateway)}},
                        {"aws:SourceAccount", {"111111111111"}}};
  const Case cases[] = {
      {"a user", {.principal = user()}, direct},
      {"a user, forwarded", {.principal = user(), .via = {kAgentCore}}, with(direct, once)},
      {"a user, forwarded twice", {.principal = user(), .via = {kCloudFormation, kAgentCore}}, with(direct, twice)},
      {"a session", as_session(session()), with(direct, of_guest)},
      {"a session, forwarded", {.principal = session(), .via = {kAgentCore}}, with(with(direct, of_guest), once)},
      {"a service", as_service(kAgentCore, kGateway, account), service},
  };
  for (const Case& one : cases) EXPECT_EQ(keys_of(one.as), one.wanted) << one.who;
}

/// The first and the last service are one where there is one; the order is the one of the calls.
TEST_F(ViaKeysTest, KeepTheOrderOfTheCallsHoweverMany) {
  const Values chain = {kCloudFormation, "lambda.amazonaws.com", "s3.amazonaws.com", kAgentCore};
  const Keys keys = keys_of({.principal = user(), .via = chain});
  EXPECT_EQ(keys.at("aws:CalledVia"), chain);
  EXPECT_EQ(keys.at("aws:CalledViaFirst"), Values{kCloudFormation});
  EXPECT_EQ(keys.at("aws:CalledViaLast"), Values{kAgentCore});
  EXPECT_FALSE(keys.contains("kms:ViaService")) << "no key is asked for";
}

TEST_F(ViaKeysTest, CannotBeBroughtByAHeader) {
  const api::testing::Keys keys{"AKIACALLERCALLERCALL", "secret", {}};
  const Result<> written = server.db().write_blocking([&](store::Txn& txn) {
    return identity::create_access_key(txn, account,
                                       {.id = keys.access_key_id,
                                        .user_id = std::string(kUserId),
                                        .secret = keys.secret,
                                        .active = true,
                                        .created = server.clock().now()});
  });
  ASSERT_TRUE(written);
  const http::Response answer = server.send(keys, {.target = "/memories/",
                                                   .body = "{}",
                                                   .headers = {{"Content-Type", "application/json"},
                                                               {"aws-CalledVia", kAgentCore},
                                                               {"x-amz-source-account", "111111111111"},
                                                               {"x-amz-source-arn", std::string(kGateway)}}});
  EXPECT_EQ(answer.status, 403) << answer.body;
  ASSERT_EQ(denials.size(), 1U);
  for (const policy::EvidenceKey& key : denials.front().evidence->keys) {
    const bool of_services =
        key.name.starts_with("aws:CalledVia") || key.name == "aws:SourceAccount" || key.name == "aws:SourceArn";
    EXPECT_FALSE(of_services) << key.name;
    if (key.name == "aws:ViaAWSService") EXPECT_THAT(key.values, ::testing::ElementsAre("false"));
  }
}

}  // namespace
}  // namespace warifu::api
