#include <gtest/gtest.h>

#include <algorithm>

#include "api/testing.h"
#include "gen/agentcore/memories.h"
#include "identity/policies.h"
#include "identity/resource_policies.h"
#include "identity/users.h"

/// Calls from within the server, and requests that no model describes.
namespace warifu::api {
namespace {

using testing::Keys;
using testing::Sent;
using testing::TestServer;
namespace ops = model::agentcore::ops;

constexpr std::string_view kUserId = "AIDACALLERCALLERCALLE";
constexpr std::string_view kGateway = "arn:aws:bedrock-agentcore:us-east-1:111111111111:gateway/tools-0123456789";

Task<Result<model::agentcore::ListMemoriesOutput>> list_memories(Call& call, model::agentcore::ListMemoriesInput) {
  model::agentcore::ListMemoriesOutput output;
  output.next_token = call.principal().arn;  // whom the handler took the caller for
  co_return output;
}

class InsideTest : public ::testing::Test {
 protected:
  InsideTest() {
    server.account("111111111111");
    other = server.account("222222222222");
    write([&](store::Txn& txn) -> Result<> {
      TRY(identity::create_user(txn, account,
                                {.name = "caller",
                                 .path = "/",
                                 .id = std::string(kUserId),
                                 .arn = {},
                                 .created = server.clock().now(),
                                 .boundary_arn = {}},
                                {}));
      return identity::create_access_key(txn, account,
                                         {.id = keys.access_key_id,
                                          .user_id = std::string(kUserId),
                                          .secret = keys.secret,
                                          .active = true,
                                          .created = server.clock().now()});
    });
  }

  void write(const std::function<Result<>(store::Txn&)>& body) {
    const Result<> written = server.db().write_blocking(body);
    ASSERT_TRUE(written) << written.error().message;
  }
  /// The caller may do `action`, under `condition`, and nothing else.
  void grant(const std::string& action, const std::string& condition = "{}") {
    write([&](store::Txn& txn) {
      return identity::put_inline_policy(
          txn, account, {identity::EntityKind::kUser, std::string(kUserId), "caller"},
          {.name = "only",
           .document = R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":")" + action +
                       R"(","Resource":"*","Condition":)" + condition + "}]}"});
    });
  }
  access::Principal caller() const {
    return {.kind = access::PrincipalKind::kUser,
            .account = account,
            .arn = "arn:aws:iam::111111111111:user/caller",
            .identity_arn = "arn:aws:iam::111111111111:user/caller",
            .unique_id = std::string(kUserId),
            .user_id = std::string(kUserId),
            .name = "caller",
            .access_key_id = keys.access_key_id,
            .session = {},
            .service = {}};
  }
  Result<model::agentcore::ListMemoriesOutput> list(As as) {
    return server.await(server.pipeline().invoke(ops::kListMemories, {}, std::move(as), "us-east-1"));
  }

  Door door() const {
    return {.signing_name = "bedrock-agentcore",
            .operation = "InvokeGateway",
            .action = "bedrock-agentcore:InvokeGateway",
            .resource = std::string(kGateway),
            .resource_account = "111111111111",
            .region = "us-east-1"};
  }
  http::Request signed_by(const Keys& who, const Sent& sent) {
    http::Request request = TestServer::unsigned_request(sent);
    sigv4::sign(
        request,
        {.access_key_id = who.access_key_id, .secret = crypto::SecretBytes::copy_of(who.secret), .session_token = {}},
        {.region = sent.region, .service = sent.service}, server.clock().now());
    return request;
  }
  Admission knock(http::Request request, Door at) {
    return server.await(server.pipeline().admit(request, std::move(at)));
  }
  std::string refusal(http::Request request, Door at) {
    const Admission admission = knock(std::move(request), std::move(at));
    return admission ? "" : fmt::format("{} {}", admission.error().status, admission.error().code);
  }

  std::vector<audit::Denial> denials;
  std::vector<Report> reports;
  TestServer server{[](Registry& registry) { registry.bind(ops::kListMemories, list_memories); },
                    {.report = [this](const Report& report) { reports.push_back(report); },
                     .denials = {.keep = [this](audit::Denial denial) { denials.push_back(std::move(denial)); }}}};
  const AccountId account = *AccountId::parse("111111111111");
  Keys keys{"AKIACALLERCALLERCALL", "secret", {}};
  Keys other;
  const Sent message{.target = "/_gateway/tools-0123456789/mcp", .body = R"({"jsonrpc":"2.0"})"};
};

TEST_F(InsideTest, ACallFromWithinNeedsTheSamePermission) {
  const auto denied = list({.principal = caller()});
  ASSERT_FALSE(denied);
  EXPECT_EQ(denied.error().code, ErrorCode::kAccessDenied);
  EXPECT_EQ(denied.error().message,
            "User: arn:aws:iam::111111111111:user/caller is not authorized to perform: bedrock-agentcore:ListMemories "
            "on resource: * because no identity-based policy allows the bedrock-agentcore:ListMemories action");
  EXPECT_EQ(denials.size(), 1U) << "`warifu explain` knows it";
  grant("bedrock-agentcore:ListMemories");
  const auto allowed = list({.principal = caller()});
  ASSERT_TRUE(allowed) << allowed.error().message;
  EXPECT_EQ(allowed->next_token, "arn:aws:iam::111111111111:user/caller");
  ASSERT_EQ(reports.size(), 2U);
  EXPECT_EQ(reports[0].status, 403);
  EXPECT_EQ(reports[1].status, 200);
}

TEST_F(InsideTest, ForwardAccessIsToldByItsKeysAndADirectCallIsNot) {
  const As direct{.principal = caller()};
  const As via{.principal = caller(), .via = {"cloudformation.amazonaws.com", "bedrock-agentcore.amazonaws.com"}};
  const std::vector<std::pair<std::string, bool>> conditions = {
      {R"({"Bool":{"aws:ViaAWSService":"true"}})", true},
      {R"({"Bool":{"aws:ViaAWSService":"false"}})", false},
      {R"({"StringEquals":{"aws:CalledViaFirst":"cloudformation.amazonaws.com"}})", true},
      {R"({"StringEquals":{"aws:CalledViaLast":"bedrock-agentcore.amazonaws.com"}})", true},
      {R"({"ForAnyValue:StringEquals":{"aws:CalledVia":"cloudformation.amazonaws.com"}})", true},
      {R"({"Null":{"aws:CalledVia":"true","aws:CalledViaFirst":"true","aws:CalledViaLast":"true"}})", false},
      {R"({"Null":{"aws:SourceAccount":"false"}})", false},
  };
  for (const auto& [condition, forwarded] : conditions) {
    grant("bedrock-agentcore:ListMemories", condition);
    EXPECT_EQ(list(via).has_value(), forwarded) << condition;
    const bool for_direct = !forwarded && condition.find("SourceAccount") == std::string::npos;
    EXPECT_EQ(list(direct).has_value(), for_direct) << condition;
  }
  grant("bedrock-agentcore:ListMemories", R"({"Null":{"aws:SourceIp":"true","kms:ViaService":"true"}})");
  EXPECT_TRUE(list(via)) << "nothing came over a socket, and no key is asked for";
}

TEST_F(InsideTest, AServiceHasNoRightsOfItsOwn) {
  const auto answer = list(as_service("bedrock-agentcore.amazonaws.com", kGateway, account));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::kAccessDenied);
}

TEST_F(InsideTest, ASessionThatHasEndedOpensNothing) {
  access::Principal principal = caller();
  principal.session = access::Session{.name = "s", .issued = server.clock().now(), .expires = server.clock().now()};
  grant("bedrock-agentcore:ListMemories");
  const auto answer = list(as_session(principal));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().message, "The security token included in the request is expired");
}

TEST_F(InsideTest, APrincipalThatIsGoneOpensNothing) {
  access::Principal principal = caller();
  principal.unique_id = "AIDAGONEGONEGONEGONEG";
  EXPECT_FALSE(list({.principal = principal}));
}

TEST_F(InsideTest, AnOperationWithoutHandlerSaysSo) {
  grant("bedrock-agentcore:*");
  const auto answer = server.await(
      server.pipeline().invoke(ops::kGetMemory, {.memory_id = "m-0123456789"}, {.principal = caller()}, "us-east-1"));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::kUnsupported);
}

TEST_F(InsideTest, ADoorOpensToWhoMayUseIt) {
  EXPECT_EQ(refusal(signed_by(keys, message), door()), "403 AccessDeniedException");
  ASSERT_EQ(denials.size(), 1U);
  EXPECT_EQ(denials[0].operation, "InvokeGateway");
  grant("bedrock-agentcore:InvokeGateway");
  const Admission admission = knock(signed_by(keys, message), door());
  ASSERT_TRUE(admission) << admission.error().message;
  EXPECT_EQ(admission->principal.arn, "arn:aws:iam::111111111111:user/caller");
  server.pipeline().depart(*admission, {.status = 200});
  ASSERT_EQ(reports.size(), 1U);
  EXPECT_EQ(reports[0].operation, "InvokeGateway");
  EXPECT_EQ(reports[0].resource, kGateway);
}

TEST_F(InsideTest, ADoorOfAnotherAccountNeedsBothHalves) {
  const auto knocked = knock(signed_by(other, message), door());
  ASSERT_FALSE(knocked);
  EXPECT_EQ(knocked.error().message,
            "User: arn:aws:iam::222222222222:user/admin is not authorized to perform: bedrock-agentcore:InvokeGateway "
            "on resource: arn:aws:bedrock-agentcore:us-east-1:111111111111:gateway/tools-0123456789 because no "
            "resource-based policy allows the bedrock-agentcore:InvokeGateway action");
  write([&](store::Txn& txn) {
    return identity::put_resource_policy(txn, account, kGateway,
                                         R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow",)"
                                         R"("Principal":{"AWS":"arn:aws:iam::222222222222:root"},)"
                                         R"("Action":"bedrock-agentcore:InvokeGateway","Resource":")" +
                                             std::string(kGateway) + R"("}]})",
                                         server.clock().now());
  });
  EXPECT_EQ(refusal(signed_by(other, message), door()), "");
}

TEST_F(InsideTest, ADoorRefusesWhatItsSignatureDoesNotProve) {
  grant("bedrock-agentcore:InvokeGateway");
  EXPECT_EQ(refusal(TestServer::unsigned_request(message), door()), "403 MissingAuthenticationTokenException");
  Sent elsewhere = message;
  elsewhere.service = "sts";
  EXPECT_EQ(refusal(signed_by(keys, elsewhere), door()), "403 InvalidSignatureException");
  elsewhere = message;
  elsewhere.region = "eu-west-1";
  EXPECT_EQ(refusal(signed_by(keys, elsewhere), door()), "403 InvalidSignatureException");
  http::Request tampered = signed_by(keys, message);
  tampered.body += " ";
  EXPECT_EQ(refusal(std::move(tampered), door()), "403 InvalidSignatureException");
  http::Request moved = signed_by(keys, message);
  moved.target = "/_gateway/other-0123456789/mcp";
  EXPECT_EQ(refusal(std::move(moved), door()), "403 InvalidSignatureException");
  http::Request stray = signed_by(keys, message);
  for (auto& [name, value] : stray.headers.fields()) {
    if (iequals(name, "host")) value = "evil.example";
  }
  EXPECT_TRUE(refusal(std::move(stray), door()).starts_with("421"));
}

TEST_F(InsideTest, ADoorWithoutAnActionAsksForAnIdentityAlone) {
  Door open = door();
  open.action.clear();
  EXPECT_EQ(refusal(signed_by(keys, message), open), "");
  EXPECT_EQ(refusal(TestServer::unsigned_request(message), open), "403 MissingAuthenticationTokenException");
}

TEST_F(InsideTest, AKnownVisitorIsJudgedByTheResourcePolicyAlone) {
  Door at = door();
  at.known = access::Principal{.kind = access::PrincipalKind::kAnonymous,
                               .account = account,
                               .arn = "anonymous",
                               .identity_arn = {},
                               .unique_id = {},
                               .user_id = {},
                               .name = {},
                               .access_key_id = {},
                               .session = {},
                               .service = {}};
  EXPECT_EQ(refusal(TestServer::unsigned_request(message), at), "403 AccessDeniedException");
  write([&](store::Txn& txn) {
    return identity::put_resource_policy(txn, account, kGateway,
                                         R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*",)"
                                         R"("Action":"bedrock-agentcore:InvokeGateway","Resource":")" +
                                             std::string(kGateway) + R"("}]})",
                                         server.clock().now());
  });
  EXPECT_EQ(refusal(TestServer::unsigned_request(message), at), "");
}

}  // namespace
}  // namespace warifu::api
