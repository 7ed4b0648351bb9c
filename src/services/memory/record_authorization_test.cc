#include "identity/access_keys.h"
#include "identity/policies.h"
#include "identity/users.h"
#include "services/memory/handler_testing.h"

/// What a policy's conditions on namespaces let a caller do: above all, never more than they say.
namespace warifu::services::memory {
namespace {

using testing::Answer;
using testing::HandlerTest;

constexpr std::string_view kCaller = "AIDACALLERCALLERCALL1";

class RecordAuthorizationTest : public HandlerTest {
 protected:
  RecordAuthorizationTest() {
    const auto account = *AccountId::parse(testing::kAccountA);
    const Result<> made = server.db().write_blocking([&](store::Txn& txn) -> Result<> {
      TRY(identity::create_user(txn, account,
                                {.name = "limited",
                                 .path = "/",
                                 .id = std::string(kCaller),
                                 .arn = {},
                                 .created = server.clock().now(),
                                 .boundary_arn = {}},
                                {}));
      return identity::create_access_key(txn, account,
                                         {.id = limited.access_key_id,
                                          .user_id = std::string(kCaller),
                                          .secret = limited.secret,
                                          .active = true,
                                          .created = server.clock().now()});
    });
    EXPECT_TRUE(made.has_value());
    const Answer done = call("POST", fmt::format("/memories/{}/memoryRecords/batchCreate", memory),
                             R"({"records":[)" + record("/alice/") + "," + record("/bob/") + "]}");
    alices = done.text("successfulRecords.0.memoryRecordId");
    bobs = done.text("successfulRecords.1.memoryRecordId");
  }
  static std::string record(std::string_view name_space) {
    return fmt::format(
        R"({{"requestIdentifier":"r","namespaces":[{}],"content":{{"text":"a cat"}},"timestamp":1783165130}})",
        name_space.empty() ? "" : fmt::format(R"("{}")", name_space));
  }
  /// The limited caller holds these statements and no others.
  void grant(const std::string& statements) {
    const auto account = *AccountId::parse(testing::kAccountA);
    const Result<> put = server.db().write_blocking([&](store::Txn& txn) {
      return identity::put_inline_policy(
          txn, account, {identity::EntityKind::kUser, std::string(kCaller), "limited"},
          {.name = "only", .document = R"({"Version":"2012-10-17","Statement":[)" + statements + "]}"});
    });
    ASSERT_TRUE(put.has_value());
  }
  static std::string allow(std::string_view condition) {
    return fmt::format(R"({{"Effect":"Allow","Action":"bedrock-agentcore:*","Resource":"*","Condition":{}}})",
                       condition);
  }
  Answer ask(std::string_view method, std::string_view rest, std::string_view body = "") {
    return call(limited, std::string(method), fmt::format("/memories/{}/{}", memory, rest), std::string(body));
  }
  [[nodiscard]] std::string update(std::string_view id, std::string_view more) const {
    return fmt::format(R"({{"memoryRecordId":"{}","timestamp":1783165999{}}})", id, more);
  }

  api::testing::Keys limited{"AKIALIMITEDLIMITED01", "secret-of-the-limited-caller-0123456789", {}};
  std::string memory = create();
  std::string alices, bobs;
};

struct Case {
  std::string condition;
  std::string method, rest, body;
  bool allowed;
};

TEST_F(RecordAuthorizationTest, ReadsAreLetInByTheParameterThatTheyUse) {
  const std::string equals = R"({"StringEquals":{"bedrock-agentcore:namespace":"/alice/"}})";
  const std::string without_slash = R"({"StringEquals":{"bedrock-agentcore:namespace":"alice"}})";
  const std::string below = R"({"StringLike":{"bedrock-agentcore:namespacePath":"/alice/*"}})";
  const std::string strategy = R"({"StringEquals":{"bedrock-agentcore:strategyId":"Facts-0123456789"}})";
  const std::string not_bob = R"({"StringNotLike":{"bedrock-agentcore:namespacePath":"/bob/*"}})";
  const std::string query = R"(,"searchCriteria":{"searchQuery":"cat"}})";
  for (const Case& one : std::vector<Case>{
           {equals, "POST", "memoryRecords", R"({"namespace":"/alice/"})", true},
           {equals, "POST", "memoryRecords", R"({"namespace":"alice"})", true},
           {equals, "POST", "memoryRecords", R"({"namespace":"//alice//"})", true},
           {equals, "POST", "memoryRecords", R"({"namespace":"/alice/x"})", false},
           {equals, "POST", "memoryRecords", R"({"namespace":"/bob/"})", false},
           {equals, "POST", "memoryRecords", R"({"namespacePath":"/alice/"})", false},
           {without_slash, "POST", "memoryRecords", R"({"namespace":"/alice/"})", true},
           {without_slash, "POST", "memoryRecords", R"({"namespace":"/alicea/"})", false},
           {equals, "POST", "retrieve", R"({"namespace":"/alice")" + query, true},
           {equals, "POST", "retrieve", R"({"namespace":"/bob")" + query, false},
           {below, "POST", "retrieve", R"({"namespacePath":"/alice")" + query, true},
           {below, "POST", "retrieve", R"({"namespacePath":"alice/x")" + query, true},
           {below, "POST", "retrieve", R"({"namespacePath":"/")" + query, false},
           {below, "POST", "retrieve", R"({"namespacePath":"/alicea")" + query, false},
           {below, "POST", "retrieve", R"({"namespace":"/alice/")" + query, false},
           {not_bob, "POST", "retrieve", R"({"namespacePath":"bob")" + query, false},
           {not_bob, "POST", "retrieve", R"({"namespacePath":"//bob//x")" + query, false},
           {strategy, "POST", "memoryRecords", R"({"namespace":"/alice/","memoryStrategyId":"Facts-0123456789"})",
            true},
           {strategy, "POST", "memoryRecords", R"({"namespace":"/alice/"})", false},
           {strategy, "POST", "retrieve",
            R"({"namespacePath":"/","searchCriteria":{"searchQuery":"cat","memoryStrategyId":"Facts-0123456789"}})",
            true},
           {strategy, "POST", "retrieve",
            R"({"namespacePath":"/","searchCriteria":{"searchQuery":"cat","memoryStrategyId":"Facts-x"}})", false},
       }) {
    grant(allow(one.condition));
    EXPECT_EQ(ask(one.method, one.rest, one.body).status, one.allowed ? 200 : 403) << one.condition << one.body;
  }
}

TEST_F(RecordAuthorizationTest, ABatchIsLetInForEachOfItsNamespaces) {
  const std::string equals = R"({"StringEquals":{"bedrock-agentcore:namespace":"/alice/"}})";
  const std::string for_all = R"({"ForAllValues:StringLike":{"bedrock-agentcore:namespace":"/alice/*"}})";
  const std::string for_any = R"({"ForAnyValue:StringEquals":{"bedrock-agentcore:namespace":"/alice/"}})";
  for (const std::string& condition : {equals, for_all, for_any}) {
    grant(allow(condition));
    const auto created = [&](const std::string& records) {
      return ask("POST", "memoryRecords/batchCreate", R"({"records":[)" + records + "]}").status;
    };
    EXPECT_EQ(created(record("/alice/")), 201) << condition;
    EXPECT_EQ(created(record("/alice/") + "," + record("alice")), 201) << condition;
    EXPECT_EQ(created(record("/alice/") + "," + record("/bob/")), 403) << condition;
    EXPECT_EQ(created(record("/bob/") + "," + record("/alice/")), 403) << condition;
  }
  grant(allow(equals));
  EXPECT_EQ(
      ask("POST", "memoryRecords/batchCreate", R"({"records":[)" + record("/alice/") + "," + record("") + "]}").status,
      403)
      << "a record without a namespace is asked without the key";
}

TEST_F(RecordAuthorizationTest, AnIdAloneIsNotLetIn) {
  grant(allow(R"({"StringEquals":{"bedrock-agentcore:namespace":"/alice/"}})"));
  EXPECT_EQ(ask("GET", "memoryRecord/" + alices).status, 403);
  EXPECT_EQ(ask("GET", fmt::format("memoryRecord/{}?namespace=%2Falice", alices)).status, 200);
  EXPECT_EQ(ask("GET", fmt::format("memoryRecord/{}?namespace=%2Fbob", bobs)).status, 403);
  EXPECT_EQ(ask("GET", fmt::format("memoryRecord/{}?namespace=%2Falice", bobs)).status, 404) << "it is not there";
  EXPECT_EQ(ask("DELETE", "memoryRecords/" + alices).status, 403);
  EXPECT_EQ(ask("DELETE", fmt::format("memoryRecords/{}?namespace=%2Falice", bobs)).status, 404);
  const auto deleted = [&](const std::string& records) {
    return ask("POST", "memoryRecords/batchDelete", R"({"records":[)" + records + "]}");
  };
  const std::string one = fmt::format(R"({{"memoryRecordId":"{}","namespace":"/alice/"}})", alices);
  EXPECT_EQ(deleted(one + fmt::format(R"(,{{"memoryRecordId":"{}"}})", bobs)).status, 403);
  EXPECT_EQ(deleted(one + fmt::format(R"(,{{"memoryRecordId":"{}","namespace":"/bob/"}})", bobs)).status, 403);
  const Answer done = deleted(one + fmt::format(R"(,{{"memoryRecordId":"{}","namespace":"/alice/"}})", bobs));
  EXPECT_EQ(done.status, 200);
  EXPECT_EQ(done.text("successfulRecords.0.memoryRecordId"), alices);
  EXPECT_EQ(done.text("failedRecords.0.memoryRecordId"), bobs);
}

TEST_F(RecordAuthorizationTest, ARecordIsNotMovedOutOfWhereItsMoverMayNotChange) {
  const auto updated = [&](const std::string& record) {
    return ask("POST", "memoryRecords/batchUpdate", R"({"records":[)" + record + "]}");
  };
  grant(allow(R"({"StringEquals":{"bedrock-agentcore:namespace":"/alice/"}})"));
  EXPECT_EQ(updated(update(alices, "")).status, 403) << "without a namespace there is no key";
  EXPECT_EQ(updated(update(alices, R"(,"namespaces":["/alice/"])")).size("successfulRecords"), 1U);
  const Answer stolen = updated(update(bobs, R"(,"namespaces":["/alice/"])"));
  EXPECT_EQ(stolen.status, 200);
  EXPECT_EQ(stolen.size("failedRecords"), 1U);
  EXPECT_EQ(stolen.text("failedRecords.0.errorCode"), "404");
  EXPECT_EQ(updated(update(bobs, R"(,"sourceNamespaces":["/bob/"],"namespaces":["/alice/"])")).status, 403);
  EXPECT_EQ(updated(update(bobs, R"(,"sourceNamespaces":["/alice/"],"namespaces":["/alice/"])")).size("failedRecords"),
            1U);
  EXPECT_EQ(updated(update(alices, R"(,"sourceNamespaces":["/alice/"],"namespaces":["/bob/"])")).status, 403);
  EXPECT_EQ(call("GET", fmt::format("/memories/{}/memoryRecord/{}", memory, bobs)).text("memoryRecord.namespaces.0"),
            "/bob/");

  grant(allow(R"({"StringEquals":{"bedrock-agentcore:namespace":["/alice/","/bob/"]}})"));
  EXPECT_EQ(updated(update(bobs, R"(,"namespaces":["/alice/"])")).size("successfulRecords"), 1U);
  grant(allow("{}"));
  EXPECT_EQ(updated(update(bobs, R"(,"namespaces":["/carol/"])")).size("successfulRecords"), 1U);
}

TEST_F(RecordAuthorizationTest, ADeniedNamespaceStaysDeniedHoweverItIsSpelt) {
  grant(allow("{}") +
        R"(,{"Effect":"Deny","Action":"bedrock-agentcore:*","Resource":"*","Condition":{"StringLike":)"
        R"({"bedrock-agentcore:namespace":"/bob/*"}}},{"Effect":"Deny","Action":"bedrock-agentcore:*","Resource":"*",)"
        R"("Condition":{"StringLike":{"bedrock-agentcore:namespacePath":"/bob/*"}}})");
  for (const char* spelling : {"/bob/", "bob", "/bob", "bob/", "//bob", "bob//x", "/bob/x"}) {
    EXPECT_EQ(ask("POST", "memoryRecords", fmt::format(R"({{"namespace":"{}"}})", spelling)).status, 403) << spelling;
    EXPECT_EQ(ask("POST", "memoryRecords", fmt::format(R"({{"namespacePath":"{}"}})", spelling)).status, 403)
        << spelling;
    const std::string two = record("/alice/") + "," + record(spelling);
    EXPECT_EQ(ask("POST", "memoryRecords/batchCreate", R"({"records":[)" + two + "]}").status, 403) << spelling;
  }
  EXPECT_EQ(ask("POST", "memoryRecords", R"({"namespace":"/bobby/"})").status, 200);
}

}  // namespace
}  // namespace warifu::services::memory
