#include "api/models.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/testing.h"
#include "identity/policies.h"
#include "identity/users.h"

namespace warifu::api {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Keys;
using testing::TestServer;

std::string model_arn(std::string_view region, std::string_view id = "anthropic.claude-v1:0") {
  return fmt::format("arn:aws:bedrock:{}::foundation-model/{}", region, id);
}
std::string profile_arn(std::string_view id) {
  return fmt::format("arn:aws:bedrock:us-east-1:111111111111:inference-profile/{}", id);
}

TEST(ModelResourceTest, AnIdWithAGeographyIsAnInferenceProfile) {
  const auto of = [](std::string_view id) {
    return model_resource(model_arn("us-east-1", id), "us-east-1", "111111111111");
  };
  EXPECT_EQ(of("anthropic.claude-v1:0"), model_arn("us-east-1"));
  EXPECT_EQ(of("us.anthropic.claude-v1:0"), profile_arn("us.anthropic.claude-v1:0"));
  EXPECT_EQ(of("global.anthropic.claude-v1:0"), profile_arn("global.anthropic.claude-v1:0"));
  EXPECT_EQ(of("us.claude"), model_arn("us-east-1", "us.claude")) << "no provider follows";
  EXPECT_EQ(of("xx.anthropic.claude-v1:0"), model_arn("us-east-1", "xx.anthropic.claude-v1:0"));
  const std::string other = "arn:aws:bedrock:us-east-1:111111111111:provisioned-model/us.a.b";
  EXPECT_EQ(model_resource(other, "us-east-1", "222222222222"), other);
}

std::vector<std::string> routes(std::string_view arn) {
  std::vector<std::string> out;
  for (const RoutedModel& model : routed_models(arn, "us-east-1"))
    out.push_back(model.requested_region + " " + model.arn);
  return out;
}

TEST(RoutedModelsTest, AreTheSourceRegionsAndEveryOtherOfTheGeography) {
  EXPECT_THAT(routes(profile_arn("us.anthropic.claude-v1:0")),
              ElementsAre("us-east-1 " + model_arn("us-east-1"), "us-east-2 " + model_arn("us-east-2"),
                          "us-west-2 " + model_arn("us-west-2")));
  EXPECT_THAT(routes(profile_arn("global.anthropic.claude-v1:0")),
              ElementsAre("us-east-1 " + model_arn("us-east-1"), "unspecified " + model_arn("")));
  EXPECT_EQ(routes(profile_arn("eu.anthropic.claude-v1:0")).size(), 7U);
  EXPECT_TRUE(routes(model_arn("us-east-1")).empty());
  EXPECT_TRUE(routes("arn:aws:bedrock:us-east-1:111111111111:application-inference-profile/us.a.b").empty());
}

/// What Converse is authorized on. No handler is bound: a call that is allowed ends as `not implemented`.
class ModelAuthorizationTest : public ::testing::Test {
 protected:
  ModelAuthorizationTest() {
    server.account("111111111111");
    write([&](store::Txn& txn) -> Result<> {
      TRY(identity::create_user(
          txn, account,
          {.name = "caller", .path = "/", .id = std::string(kCaller), .arn = {}, .created = {}, .boundary_arn = {}},
          {}));
      return identity::create_access_key(txn, account,
                                         {.id = keys.access_key_id,
                                          .user_id = std::string(kCaller),
                                          .secret = keys.secret,
                                          .active = true,
                                          .created = {}});
    });
  }
  void write(const std::function<Result<>(store::Txn&)>& body) {
    const Result<> written = server.db().write_blocking(body);
    ASSERT_TRUE(written) << written.error().message;
  }
  void grant(const std::string& statements) {
    write([&](store::Txn& txn) {
      return identity::put_inline_policy(
          txn, account, {identity::EntityKind::kUser, std::string(kCaller), "caller"},
          {.name = "only", .document = R"({"Version":"2012-10-17","Statement":[)" + statements + "]}"});
    });
  }
  static std::string allow(std::string_view action, std::string_view resource, std::string_view condition = "{}") {
    return fmt::format(R"({{"Effect":"Allow","Action":"{}","Resource":"{}","Condition":{}}})", action, resource,
                       condition);
  }
  /// The denial's message; empty: allowed.
  std::string denied(std::string_view id, std::string_view operation = "converse") {
    const std::string target = fmt::format("/model/{}/{}", percent_encode(id), operation);
    const auto response = server.send(keys, {.service = "bedrock", .target = target, .body = "{}"});
    return response.status == 403 ? testing::body_of(response).find_string("message").value_or("?") : "";
  }

  static constexpr std::string_view kCaller = "AIDACALLERCALLERCALLE";
  TestServer server{[](Registry&) {}};
  const AccountId account = *AccountId::parse("111111111111");
  const Keys keys{"AKIACALLERCALLERCALL", "secretsecretsecretsecretsecretsecretsecr", {}};
};

TEST_F(ModelAuthorizationTest, ConverseNeedsInvokeModelOnTheModel) {
  EXPECT_EQ(
      denied("anthropic.claude-v1:0"),
      "User: arn:aws:iam::111111111111:user/caller is not authorized to perform: bedrock:InvokeModel on resource: " +
          model_arn("us-east-1") + " because no identity-based policy allows the bedrock:InvokeModel action");
  grant(allow("bedrock:InvokeModel", model_arn("us-east-1")));
  EXPECT_EQ(denied("anthropic.claude-v1:0"), "");
  EXPECT_EQ(denied(model_arn("us-east-1")), "") << "by its ARN";
  EXPECT_NE(denied("anthropic.claude-v2:0"), "") << "another model";
  EXPECT_THAT(denied("anthropic.claude-v1:0", "converse-stream"), HasSubstr("bedrock:InvokeModelWithResponseStream"));
  grant(allow("bedrock:InvokeModelWithResponseStream", "*"));
  EXPECT_EQ(denied("anthropic.claude-v1:0", "converse-stream"), "");
  EXPECT_NE(denied("anthropic.claude-v1:0"), "");
  grant(allow("bedrock:Converse", "*"));
  EXPECT_NE(denied("anthropic.claude-v1:0"), "") << "there is no such action";
}

TEST_F(ModelAuthorizationTest, AProfileNeedsItselfAndTheModelInEveryRegion) {
  const std::string id = "us.anthropic.claude-v1:0";
  const std::string profile = allow("bedrock:InvokeModel", profile_arn(id));
  grant(profile);
  EXPECT_THAT(denied(id), HasSubstr("on resource: " + model_arn("us-east-1")));
  grant(profile + "," + allow("bedrock:InvokeModel", model_arn("us-east-1")));
  EXPECT_THAT(denied(id), HasSubstr("on resource: " + model_arn("us-east-2")));
  grant(allow("bedrock:InvokeModel", model_arn("*")));
  EXPECT_THAT(denied(id), HasSubstr("on resource: " + profile_arn(id)));
  grant(profile + "," + allow("bedrock:InvokeModel", model_arn("*")));
  EXPECT_EQ(denied(id), "");
  EXPECT_EQ(denied(profile_arn(id)), "") << "by its ARN";
}

TEST_F(ModelAuthorizationTest, AModelMayBeAllowedThroughAProfileOnly) {
  const std::string id = "us.anthropic.claude-v1:0";
  grant(allow("bedrock:InvokeModel", profile_arn(id)) + "," +
        allow("bedrock:InvokeModel", model_arn("*"),
              R"({"StringLike":{"bedrock:InferenceProfileArn":")" + profile_arn(id) + "\"}}"));
  EXPECT_EQ(denied(id), "");
  EXPECT_NE(denied("anthropic.claude-v1:0"), "") << "not directly";
}

TEST_F(ModelAuthorizationTest, TheRegionOfAGlobalRouteIsUnspecified) {
  const std::string id = "global.anthropic.claude-v1:0";
  const std::string source =
      allow("bedrock:InvokeModel", profile_arn(id)) + "," + allow("bedrock:InvokeModel", model_arn("us-east-1")) + ",";
  grant(source +
        allow("bedrock:InvokeModel", model_arn(""), R"({"StringEquals":{"aws:RequestedRegion":"unspecified"}})"));
  EXPECT_EQ(denied(id), "");
  grant(source +
        allow("bedrock:InvokeModel", model_arn(""), R"({"StringEquals":{"aws:RequestedRegion":"us-east-1"}})"));
  EXPECT_NE(denied(id), "");
}

TEST_F(ModelAuthorizationTest, AnotherAccountsProfileIsNotOurs) {
  grant(allow("bedrock:*", "*"));
  EXPECT_NE(denied("arn:aws:bedrock:us-east-1:222222222222:inference-profile/us.anthropic.claude-v1:0"), "");
}

}  // namespace
}  // namespace warifu::api
