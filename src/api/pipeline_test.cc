#include "api/pipeline.h"

#include <gtest/gtest.h>

#include "api/testing.h"
#include "gen/agentcore/memories.h"

namespace warifu::api {
namespace {

using testing::Keys;
using testing::Sent;
using testing::TestServer;

Task<Result<model::agentcore::ListMemoriesOutput>> list_memories(Call& call,
                                                                 model::agentcore::ListMemoriesInput input) {
  model::agentcore::ListMemoriesOutput output;
  if (input.next_token) {
    const auto position = call.page_position(*input.next_token);
    if (!position) co_return std::unexpected(position.error());
    output.next_token = *position;
  } else {
    output.next_token = call.page_token("here");
  }
  co_return output;
}

void bind(Registry& registry) { registry.bind(model::agentcore::ops::kListMemories, list_memories); }

class PipelineTest : public ::testing::Test {
 protected:
  TestServer server{bind};
  Keys keys = server.account("111111111111");
  const Sent list{.target = "/memories/", .body = "{}"};

  http::Request signed_request(const Sent& sent) {
    http::Request request = TestServer::unsigned_request(sent);
    sigv4::sign(
        request,
        {.access_key_id = keys.access_key_id, .secret = crypto::SecretBytes::copy_of(keys.secret), .session_token = {}},
        {.region = sent.region, .service = sent.service}, server.clock().now());
    return request;
  }
  static void replace_host(http::Request& request, std::string host) {
    for (auto& [name, value] : request.headers.fields()) {
      if (iequals(name, "host")) value = host;
    }
  }
};

TEST_F(PipelineTest, AnswersASignedRequestWithItsId) {
  const auto response = server.send(keys, list);
  EXPECT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(response.headers.get("x-amzn-RequestId").value_or("").size(), 36U);
}

TEST_F(PipelineTest, RefusesWhatIsNotSigned) {
  const auto response = server.serve(TestServer::unsigned_request(list));
  EXPECT_EQ(response.status, 403);
  EXPECT_EQ(response.headers.get("x-amzn-ErrorType").value_or(""), "MissingAuthenticationTokenException");
}

TEST_F(PipelineTest, RefusesAQueryWithoutCredentialsInItsOwnForm) {
  http::Request request = TestServer::unsigned_request(list);
  request.target = "/?Action=GetCallerIdentity&Version=2011-06-15";
  request.method = "GET";
  request.body.clear();
  const auto response = server.serve(std::move(request));
  EXPECT_EQ(response.status, 403);
  EXPECT_NE(response.body.find("<Code>MissingAuthenticationToken</Code>"), std::string::npos) << response.body;
}

TEST_F(PipelineTest, RefusesUnknownHostsBeforeAnythingElse) {
  http::Request request = signed_request(list);
  replace_host(request, "evil.example");
  EXPECT_EQ(server.serve(std::move(request)).status, 421);
  http::Request unsigned_request = TestServer::unsigned_request(list);
  replace_host(unsigned_request, "evil.example");
  EXPECT_EQ(server.serve(std::move(unsigned_request)).status, 421);
}

TEST_F(PipelineTest, RefusesAHostOrTargetOfAnotherService) {
  struct Case {
    std::string host;
    std::vector<http::Headers::Field> headers;
  };
  const std::vector<Case> cases = {
      {"sts.us-east-1.amazonaws.com", {}},
      {"bedrock-agentcore.eu-west-1.amazonaws.com", {}},
      {"127.0.0.1", {{"X-Amz-Target", "TrentService.Encrypt"}}},
  };
  for (const Case& c : cases) {
    http::Request request = TestServer::unsigned_request({.target = "/memories/", .body = "{}", .headers = c.headers});
    replace_host(request, c.host);
    sigv4::sign(
        request,
        {.access_key_id = keys.access_key_id, .secret = crypto::SecretBytes::copy_of(keys.secret), .session_token = {}},
        {.region = "us-east-1", .service = "bedrock-agentcore"}, server.clock().now());
    const auto response = server.serve(std::move(request));
    EXPECT_EQ(response.status, 403) << c.host << response.body;
    EXPECT_EQ(response.headers.get("x-amzn-ErrorType").value_or(""), "InvalidSignatureException") << c.host;
  }
  http::Request right = TestServer::unsigned_request(list);
  replace_host(right, "bedrock-agentcore-control.us-east-1.amazonaws.com");
  sigv4::sign(
      right,
      {.access_key_id = keys.access_key_id, .secret = crypto::SecretBytes::copy_of(keys.secret), .session_token = {}},
      {.region = "us-east-1", .service = "bedrock-agentcore"}, server.clock().now());
  EXPECT_EQ(server.serve(std::move(right)).status, 200);
}

TEST_F(PipelineTest, RefusesServicesThatItDoesNotHave) {
  Sent sent = list;
  sent.service = "ec2";
  const auto response = server.send(keys, sent);
  EXPECT_EQ(response.status, 403);
  EXPECT_NE(response.body.find("not 'ec2'"), std::string::npos) << response.body;
}

TEST_F(PipelineTest, NeverServesAnArnOfAnotherRegion) {
  const auto response =
      server.send(keys, {.target = "/memories/arn%3Aaws%3Abedrock-agentcore%3Aeu-west-1%3A111111111111%3A"
                                   "memory%2FShared-0123456789/actors",
                         .body = "{}"});
  EXPECT_EQ(response.status, 400) << response.body;
  EXPECT_NE(response.body.find("region eu-west-1"), std::string::npos) << response.body;
}

TEST_F(PipelineTest, AModelledOperationWithoutAHandlerIsAuthorizedFirst) {
  const Sent sent{.target = "/memories/Shared-0123456789/actors", .body = "{}"};
  EXPECT_EQ(server.send(keys, sent).status, 501);
  const Keys other = server.account("222222222222");
  const Sent foreign{.target =
                         "/memories/arn%3Aaws%3Abedrock-agentcore%3Aus-east-1%3A111111111111%3Amemory%2F"
                         "Shared-0123456789/actors",
                     .body = "{}"};
  const auto response = server.send(other, foreign);
  EXPECT_EQ(response.status, 403);
  EXPECT_EQ(response.headers.get("x-amzn-ErrorType").value_or(""), "AccessDeniedException");
}

TEST_F(PipelineTest, PagingTokensServeOnlyWhereTheyWereMade) {
  const auto first = testing::body_of(server.send(keys, list));
  const std::string token = first.find_string("nextToken").value_or("");
  ASSERT_FALSE(token.empty());
  Sent next = list;
  next.body = R"({"nextToken":")" + token + R"("})";
  EXPECT_EQ(testing::body_of(server.send(keys, next)).find_string("nextToken"), "here");

  const Keys other = server.account("222222222222");
  EXPECT_EQ(server.send(other, next).status, 400) << "another account";
  Sent elsewhere = next;
  elsewhere.region = "eu-west-1";
  EXPECT_EQ(server.send(keys, elsewhere).status, 400) << "another region";
  next.body = R"({"nextToken":"made-up"})";
  EXPECT_EQ(server.send(keys, next).status, 400) << "not ours";
}

TEST_F(PipelineTest, AccountsAreManagedByTheManagementAccountAlone) {
  const auto response = server.send(keys, {.service = "warifu", .method = "GET", .target = "/accounts"});
  EXPECT_EQ(response.status, 403) << response.body;
}

TEST(DevelopmentKeys, AreTakenOnLoopbackHostsOnly) {
  PipelineOptions options;
  options.development = true;
  options.hosts = HostPolicy({"warifu.example"});
  TestServer server(bind, std::move(options));
  const Keys dev{"123456789012", "test", {}};
  EXPECT_EQ(server.send(dev, {.target = "/memories/", .body = "{}"}).status, 200);
  EXPECT_EQ(server.send({"123456789012", "wrong", {}}, {.target = "/memories/", .body = "{}"}).status, 403);
  EXPECT_EQ(
      server.send({std::string(access::kManagementAccount), "test", {}}, {.target = "/memories/", .body = "{}"}).status,
      403);

  http::Request request = TestServer::unsigned_request({.target = "/memories/", .body = "{}"});
  for (auto& [name, value] : request.headers.fields()) {
    if (iequals(name, "host")) value = "warifu.example";
  }
  sigv4::sign(
      request,
      {.access_key_id = dev.access_key_id, .secret = crypto::SecretBytes::copy_of(dev.secret), .session_token = {}},
      {.region = "us-east-1", .service = "bedrock-agentcore"}, server.clock().now());
  EXPECT_EQ(server.serve(std::move(request)).status, 403);
}

TEST(DevelopmentKeys, AreRefusedToPagesFromElsewhere) {
  PipelineOptions options;
  options.development = true;
  TestServer server(bind, std::move(options));
  const Keys dev{"123456789012", "test", {}};
  const auto sent_by = [&](std::string name, std::string value) {
    return server.send(dev, {.target = "/memories/", .body = "{}", .headers = {{std::move(name), std::move(value)}}})
        .status;
  };
  EXPECT_EQ(sent_by("Origin", "https://evil.example"), 403);
  EXPECT_EQ(sent_by("Sec-Fetch-Site", "cross-site"), 403);
  EXPECT_EQ(sent_by("Origin", "http://localhost:3000"), 200);
}

TEST(DevelopmentKeys, MakeNoAccountForAWrongSecret) {
  PipelineOptions options;
  options.development = true;
  TestServer server(bind, std::move(options));
  EXPECT_EQ(server.send({"123456789012", "wrong", {}}, {.target = "/memories/", .body = "{}"}).status, 403);
  const auto made = server.db().read(
      [](store::Reader& reader) { return identity::find_account(reader, *AccountId::parse("123456789012")); });
  ASSERT_TRUE(made);
  EXPECT_FALSE(*made);
}

}  // namespace
}  // namespace warifu::api
