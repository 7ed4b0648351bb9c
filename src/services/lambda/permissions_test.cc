#include "identity/policies.h"
#include "identity/users.h"
#include "services/lambda/lambda_testing.h"
#include "services/lambda/limits.h"

namespace warifu::services::lambda::testing {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kArn = "arn:aws:lambda:us-east-1:111111111111:function:echo";

class PermissionsTest : public LambdaTest {
 protected:
  void SetUp() override {
    LambdaTest::SetUp();
    ASSERT_EQ(create().status, 201);
    ASSERT_EQ(call("POST", "/2015-03-31/functions/echo/versions", "{}").status, 201);
    b = server.account(kB);
  }
  Answer add(std::string_view name, std::string_view members) {
    return call("POST", fmt::format("/2015-03-31/functions/{}/policy", name),
                fmt::format(R"({{"StatementId":"s","Action":"lambda:InvokeFunction",{}}})", members));
  }
  /// The account's administrator may not remove permissions where `condition` holds.
  void deny(std::string_view of, std::string_view condition) {
    const AccountId account = *AccountId::parse(of);
    const std::string document = fmt::format(
        R"({{"Version":"2012-10-17","Statement":[{{"Effect":"Deny","Action":"lambda:RemovePermission","Resource":"*",)"
        R"("Condition":{{{}}}}}]}})",
        condition);
    const Result<> written = server.db().write_blocking([&](store::Txn& txn) -> Result<> {
      const auto admin = TRY(identity::find_user(txn, account, "admin"));
      return identity::put_inline_policy(txn, account, {identity::EntityKind::kUser, admin->id, "admin"},
                                         {.name = "bound", .document = document});
    });
    ASSERT_TRUE(written) << written.error().message;
  }
  void sweep() { service->sweep(std::stop_token()); }
  std::size_t archives_of(std::string_view account) {
    const auto found = server.db().read([&](store::Reader& reader) -> Result<std::size_t> {
      std::size_t count = 0;
      TRY(reader.scan(store::Partition::service(*AccountId::parse(account), "lambda"), store::prefix_range("c"),
                      [&](std::string_view, std::string_view) { return ++count > 0; }));
      return count;
    });
    return found.value_or(99);
  }
  int invoked_by_b(std::string_view name) {
    return call(b, "POST", fmt::format("/2015-03-31/functions/{}/invocations", name), "{}").status;
  }

  api::testing::Keys b;
};

TEST_F(PermissionsTest, APermissionCoversTheVeryNameThatItWasGivenFor) {
  const std::string version = fmt::format("{}:1", kArn);
  EXPECT_EQ(invoked_by_b(kArn), 403);
  ASSERT_EQ(add("echo", R"("Principal":"222222222222")").status, 201);
  EXPECT_EQ(invoked_by_b(kArn), 200);
  EXPECT_EQ(invoked_by_b(version), 403);
  ASSERT_EQ(add("echo:1", R"("Principal":"222222222222")").status, 201);
  EXPECT_EQ(invoked_by_b(version), 200);
  EXPECT_EQ(call("DELETE", "/2015-03-31/functions/echo/policy/s").status, 204);
  EXPECT_EQ(invoked_by_b(kArn), 403);
  EXPECT_EQ(invoked_by_b(version), 200);
  EXPECT_EQ(call("DELETE", "/2015-03-31/functions/echo:1").status, 204);
  EXPECT_EQ(call("GET", "/2015-03-31/functions/echo:1/policy").status, 404);
}

TEST_F(PermissionsTest, ADeletedFunctionLeavesNoPolicyToItsSuccessor) {
  ASSERT_EQ(add("echo", R"("Principal":"222222222222")").status, 201);
  ASSERT_EQ(call("DELETE", "/2015-03-31/functions/echo").status, 204);
  ASSERT_EQ(create().status, 201);
  EXPECT_EQ(invoked_by_b(kArn), 403);
}

TEST_F(PermissionsTest, ConditionsAreWhatWasGiven) {
  const Answer added =
      add("echo", R"("Principal":"s3.amazonaws.com","SourceArn":"arn:aws:s3:::b",)"
                  R"("SourceAccount":"111111111111","EventSourceToken":"t","PrincipalOrgID":"o-abcdefghij")");
  ASSERT_EQ(added.status, 201) << added.response.body;
  EXPECT_EQ(added.text("Statement"),
            fmt::format(R"({{"Sid":"s","Effect":"Allow","Principal":{{"Service":"s3.amazonaws.com"}},)"
                        R"("Action":"lambda:InvokeFunction","Resource":"{}","Condition":{{"StringEquals":)"
                        R"({{"AWS:SourceAccount":"111111111111","lambda:EventSourceToken":"t","aws:PrincipalOrgID":)"
                        R"("o-abcdefghij"}},"ArnLike":{{"AWS:SourceArn":"arn:aws:s3:::b"}}}}}})",
                        kArn));
}

TEST_F(PermissionsTest, RevisionsGuardThePolicy) {
  ASSERT_EQ(add("echo", R"("Principal":"222222222222")").status, 201);
  const std::string revision = call("GET", "/2015-03-31/functions/echo/policy").text("RevisionId");
  EXPECT_EQ(call("DELETE", "/2015-03-31/functions/echo/policy/s?RevisionId=other").status, 412);
  EXPECT_EQ(call("DELETE", "/2015-03-31/functions/echo/policy/none").status, 404);
  EXPECT_EQ(call("DELETE", "/2015-03-31/functions/echo/policy/s?RevisionId=" + revision).status, 204);
  EXPECT_EQ(call("GET", "/2015-03-31/functions/echo/policy").status, 404);
}

TEST_F(PermissionsTest, RemovalsKnowWhomTheStatementIsForAndOfOthersPoliciesNothing) {
  const auto allow = [&](std::string_view id, std::string_view action, std::string_view principal) {
    return call("POST", "/2015-03-31/functions/echo/policy",
                fmt::format(R"({{"StatementId":"{}","Action":"{}","Principal":"{}"}})", id, action, principal))
        .status;
  };
  ASSERT_EQ(allow("account", "lambda:InvokeFunction", "222222222222"), 201);
  ASSERT_EQ(allow("role", "lambda:InvokeFunction", "arn:aws:iam::111111111111:role/Runs"), 201);
  ASSERT_EQ(allow("service", "lambda:InvokeFunction", "s3.amazonaws.com"), 201);
  ASSERT_EQ(allow("remover", "lambda:RemovePermission", "222222222222"), 201);
  const auto remove = [&](const api::testing::Keys& keys, std::string_view id) {
    return call(keys, "DELETE", fmt::format("/2015-03-31/functions/{}/policy/{}", percent_encode(kArn), id)).status;
  };
  deny(kA, R"("StringNotEquals":{"lambda:Principal":"222222222222"})");
  EXPECT_EQ(remove(a, "role"), 403);
  EXPECT_EQ(remove(a, "service"), 403);
  EXPECT_EQ(remove(a, "none"), 403);
  EXPECT_EQ(remove(a, "account"), 204);
  deny(kA, R"("StringNotEquals":{"lambda:Principal":["s3.amazonaws.com"]})");
  EXPECT_EQ(remove(a, "role"), 403);
  EXPECT_EQ(remove(a, "service"), 204);
  deny(kB, R"("StringLike":{"lambda:Principal":"*"})");
  EXPECT_EQ(remove(b, "role"), 204) << "a decision does not tell what another account's policy says";
}

TEST_F(PermissionsTest, PrincipalsThatAreNoneAreRefused) {
  for (const char* principal : {"nobody", "arn:aws:iam::111111111111:role/Missing", "arn:aws:s3:::bucket", "12345"}) {
    const Answer refused = add("echo", fmt::format(R"("Principal":"{}")", principal));
    EXPECT_EQ(refused.error, "InvalidParameterValueException") << principal;
  }
  EXPECT_EQ(add("echo", R"("Principal":"arn:aws:iam::111111111111:role/Runs")").status, 201);
  EXPECT_EQ(add("echo", R"("Principal":"*")").error, "ResourceConflictException");
  EXPECT_THAT(add("echo:$LATEST", R"("Principal":"*")").message(), HasSubstr("$LATEST"));
  EXPECT_EQ(add("echo:9", R"("Principal":"*")").status, 404);
}

TEST_F(PermissionsTest, CodeOfALayerVersionThatNobodyHasGoesAtOnce) {
  const std::string path = "/2018-10-31/layers/own/versions";
  ASSERT_EQ(
      call(b, "POST", path, fmt::format(R"({{"Content":{{"ZipFile":"{}"}}}})", base64_encode(simple_zip()))).status,
      201);
  EXPECT_EQ(archives_of(kB), 1U);
  EXPECT_EQ(call(b, "DELETE", path + "/1").status, 204);
  EXPECT_EQ(archives_of(kB), 0U);
  EXPECT_EQ(call(b, "DELETE", path + "/1").status, 204);
}

TEST_F(PermissionsTest, LayersOfOthersNeedTheirPolicyAndStayWithWhoHasThem) {
  const std::string path = "/2018-10-31/layers/shared/versions";
  const Answer made =
      call(b, "POST", path, fmt::format(R"({{"Content":{{"ZipFile":"{}"}}}})", base64_encode(simple_zip())));
  ASSERT_EQ(made.status, 201) << made.response.body;
  const std::string arn = made.text("LayerVersionArn");
  const auto with_layer = [&](std::string_view name) { return create(name, fmt::format(R"(,"Layers":["{}"])", arn)); };
  EXPECT_EQ(with_layer("layered").status, 403);
  ASSERT_EQ(call(b, "POST", path + "/1/policy",
                 R"({"StatementId":"s","Action":"lambda:GetLayerVersion","Principal":"111111111111"})")
                .status,
            201);
  const Answer layered = with_layer("layered");
  ASSERT_EQ(layered.status, 201) << layered.response.body;
  EXPECT_EQ(call(b, "DELETE", path + "/1").status, 204);
  EXPECT_EQ(call(b, "GET", path + "/1").status, 404);
  EXPECT_EQ(with_layer("late").status, 403) << "its policy went with it";
  runner.run = [](const FunctionVersion& function, const Invocation&) -> Result<InvokeResult> {
    EXPECT_EQ(function.layer_folders.size(), 1U);
    return InvokeResult{.payload = "1"};
  };
  EXPECT_EQ(invoke("layered").response.body, "1");
  EXPECT_EQ(archives_of(kB), 1U) << "a function has it";
  ASSERT_EQ(call("POST", "/2015-03-31/functions/layered/versions", "{}").status, 201);
  ASSERT_EQ(call("PUT", "/2015-03-31/functions/layered/configuration", R"({"Layers":[]})").status, 200);
  sweep();
  EXPECT_EQ(archives_of(kB), 1U) << "its version 1 still has it";
  EXPECT_EQ(call("DELETE", "/2015-03-31/functions/layered").status, 204);
  sweep();
  EXPECT_EQ(archives_of(kB), 0U) << "nobody has it any more";
  const Answer second =
      call(b, "POST", path, fmt::format(R"({{"Content":{{"ZipFile":"{}"}}}})", base64_encode(simple_zip())));
  EXPECT_EQ(second.text("Version"), "2") << "numbers are never used again";
  EXPECT_EQ(call(b, "GET", "/2018-10-31/layers?find=LayerVersion&Arn=" + percent_encode(second.text("LayerVersionArn")))
                .text("Version"),
            "2");
}

}  // namespace
}  // namespace warifu::services::lambda::testing
