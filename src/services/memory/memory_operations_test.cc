#include "api/client_tokens.h"
#include "services/memory/handler_testing.h"
#include "services/memory/limits.h"
#include "services/memory/sweep.h"

namespace warifu::services::memory::testing {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::StartsWith;

class Memories : public HandlerTest {};

TEST_F(Memories, AreCreatingWhenMadeAndActiveWhenAskedFor) {
  const Answer made = call("POST", "/memories/create",
                           R"({"name":"CrossAccountDemoMemory","description":"Demo","eventExpiryDuration":30,
                               "memoryStrategies":[{"semanticMemoryStrategy":{"name":"UserFacts"}},
                                                   {"userPreferenceMemoryStrategy":{"name":"UserPreferences"}}]})");
  ASSERT_EQ(made.status, 202) << made.body.dump();
  EXPECT_EQ(made.text("memory.status"), "CREATING");
  EXPECT_EQ(made.text("memory.strategies.0.status"), "CREATING");
  const std::string id = made.text("memory.id");
  EXPECT_THAT(id, MatchesRegex("CrossAccountDemoMemory-[a-zA-Z0-9]{10}"));
  EXPECT_EQ(made.text("memory.arn"), arn_of(id));

  const Answer got = call("GET", "/memories/" + id + "/details");
  ASSERT_EQ(got.status, 200) << got.body.dump();
  EXPECT_EQ(got.text("memory.status"), "ACTIVE");
  EXPECT_EQ(got.text("memory.name"), "CrossAccountDemoMemory");
  EXPECT_EQ(got.text("memory.description"), "Demo");
  EXPECT_EQ(got.text("memory.eventExpiryDuration"), "30");
  EXPECT_EQ(got.text("memory.createdAt"), "1783165130");
  EXPECT_EQ(got.at("memory.encryptionKeyArn").type(), json::Value::Type::kNull);
  EXPECT_THAT(got.text("memory.strategies.0.strategyId"), MatchesRegex("UserFacts-[a-zA-Z0-9]{10}"));
  EXPECT_EQ(got.text("memory.strategies.0.type"), "SEMANTIC");
  EXPECT_EQ(got.text("memory.strategies.0.namespaces.0"), "/strategies/{memoryStrategyId}/actors/{actorId}/");
  EXPECT_EQ(got.text("memory.strategies.0.namespaceTemplates.0"), "/strategies/{memoryStrategyId}/actors/{actorId}/");
  EXPECT_EQ(got.text("memory.strategies.1.type"), "USER_PREFERENCE");
}

TEST_F(Memories, KeepTimesToTheMillisecond) {
  server.clock().set({1773625315320});
  const Answer got = call("GET", "/memories/" + create() + "/details");
  EXPECT_EQ(got.text("memory.createdAt"), "1773625315.32");
}

TEST_F(Memories, HaveNamesThatAreUniqueInAnAccountAndRegion) {
  create("Demo");
  const std::string body = R"({"name":"Demo","eventExpiryDuration":30})";
  const Answer again = call("POST", "/memories/create", body);
  EXPECT_EQ(again.status, 400);
  EXPECT_EQ(error_type, "ValidationException");
  EXPECT_EQ(again.message(), "Memory with name 'Demo' already exists");
  create("Dem");
  EXPECT_EQ(call(a, "POST", "/memories/create", body, "eu-west-1").status, 202);
  EXPECT_EQ(call(server.account(kAccountB), "POST", "/memories/create", body).status, 202);
}

TEST_F(Memories, AreInvisibleToOtherRegionsAndAccounts) {
  const std::string id = create();
  EXPECT_EQ(call(a, "GET", "/memories/" + id + "/details", "", "eu-west-1").status, 404);
  EXPECT_EQ(call(a, "POST", "/memories/", "{}", "eu-west-1").size("memories"), 0U);
  const api::testing::Keys b = server.account(kAccountB);
  const Answer other = call(b, "GET", "/memories/" + id + "/details");
  EXPECT_EQ(other.status, 404);
  EXPECT_EQ(other.message(), "Memory not found: " + id);
  EXPECT_EQ(call(b, "POST", "/memories/", "{}").size("memories"), 0U);
}

TEST_F(Memories, AnswerTheFirstCallToAReplay) {
  const auto body = [](std::string_view description) {
    return fmt::format(R"({{"name":"Demo","eventExpiryDuration":30,"clientToken":"t1","description":"{}"}})",
                       description);
  };
  const Answer first = call("POST", "/memories/create", body("x"));
  const Answer second = call("POST", "/memories/create", body("x"));
  EXPECT_EQ(second.status, 202);
  EXPECT_EQ(second.text("memory.id"), first.text("memory.id"));
  EXPECT_EQ(second.text("memory.status"), "CREATING");
  const Answer other = call("POST", "/memories/create", body("y"));
  EXPECT_EQ(other.status, 400);
  EXPECT_EQ(other.text("reason"), "IdempotentParameterMismatchException");
  server.clock().advance_ms(api::client_tokens::kKeptMs);
  EXPECT_EQ(call("POST", "/memories/create", body("x")).message(), "Memory with name 'Demo' already exists");
}

TEST_F(Memories, RefuseWhatIsNotHonouredYet) {
  struct Case {
    std::string_view more, named;
  };
  for (const Case& c : {
           Case{R"("encryptionKeyArn":"arn:aws:kms:us-east-1:111111111111:key/aBcDeFgH-1234")", "encryptionKeyArn"},
           Case{R"("streamDeliveryResources":{"resources":[{"kinesis":{)"
                R"("dataStreamArn":"arn:aws:kinesis:us-east-1:111111111111:stream/x","contentConfigurations":[{)"
                R"("type":"MEMORY_RECORDS"}]}}]})",
                "streamDeliveryResources"},
           Case{R"("memoryStrategies":[{"customMemoryStrategy":{"name":"c","configuration":{)"
                R"("selfManagedConfiguration":{"invocationConfiguration":{)"
                R"("topicArn":"arn:aws:sns:us-east-1:111111111111:t","payloadDeliveryBucketName":"bucket"}}}}}])",
                "selfManagedConfiguration"},
           Case{R"("namespaceKeys":[{"key":"team","validation":{"regexPattern":"a+"}}])", "regexPattern"},
       }) {
    const Answer refused =
        call("POST", "/memories/create", fmt::format(R"({{"name":"Demo","eventExpiryDuration":30,{}}})", c.more));
    EXPECT_EQ(refused.status, 400) << c.named;
    EXPECT_EQ(error_type, "ValidationException");
    EXPECT_THAT(refused.message(), HasSubstr(c.named));
  }
  EXPECT_EQ(call("POST", "/memories/", "{}").size("memories"), 0U) << "nothing of them is stored";
  create("Demo", R"(,"streamDeliveryResources":{"resources":[]})");
}

TEST_F(Memories, AreListedInPages) {
  for (int i = 0; i < 5; ++i) create(fmt::format("M{}", i));
  std::vector<std::string> ids;
  std::string token;
  do {
    const Answer page =
        call("POST", "/memories/",
             token.empty() ? R"({"maxResults":2})" : fmt::format(R"({{"maxResults":2,"nextToken":"{}"}})", token));
    ASSERT_EQ(page.status, 200) << page.body.dump();
    ASSERT_GT(page.size("memories"), 0U);
    for (std::size_t i = 0; i < page.size("memories"); ++i) {
      const std::string path = fmt::format("memories.{}", i);
      ids.push_back(page.text(path + ".id"));
      EXPECT_EQ(page.text(path + ".status"), "ACTIVE");
      EXPECT_TRUE(page.at(path + ".name").is_null());
    }
    token = page.at("nextToken").is_string() ? page.text("nextToken") : "";
  } while (!token.empty());
  ASSERT_EQ(ids.size(), 5U);
  for (int i = 0; i < 5; ++i) EXPECT_THAT(ids[static_cast<std::size_t>(i)], StartsWith(fmt::format("M{}-", i)));
  EXPECT_EQ(call("POST", "/memories/", R"({"nextToken":"forged"})").status, 400);
}

TEST_F(Memories, AreGoneOnceDeleted) {
  const std::string id = create("Demo", R"(,"tags":{"team":"red"})");
  const std::string event = create_event(id, R"(,"payload":[])").text("event.eventId");
  const Answer deleted = call("DELETE", "/memories/" + id + "/delete?clientToken=t1");
  EXPECT_EQ(deleted.status, 202) << deleted.body.dump();
  EXPECT_EQ(deleted.text("status"), "DELETING");
  EXPECT_EQ(deleted.text("memoryId"), id);

  EXPECT_EQ(call("GET", "/memories/" + id + "/details").message(), "Memory not found: " + id);
  EXPECT_EQ(create_event(id, R"(,"payload":[])").status, 404);
  EXPECT_EQ(call("POST", "/memories/" + id + "/actor/alice/sessions/s1", "{}").status, 404);
  EXPECT_EQ(call("GET", "/tags/" + percent_encode(arn_of(id))).status, 404);
  EXPECT_EQ(call("DELETE", "/memories/" + id + "/delete").status, 404);
  EXPECT_EQ(call("DELETE", "/memories/" + id + "/delete?clientToken=t1").status, 202) << "a replay";

  std::size_t rows = 0;
  const auto partition = store::Partition::memory(*AccountId::parse(kAccountA), arn_of(id));
  ASSERT_TRUE(server.db()
                  .read([&](store::Reader& reader) {
                    return reader.scan(partition, store::prefix_range(""),
                                       [&](std::string_view, std::string_view) { return ++rows > 0; });
                  })
                  .has_value());
  EXPECT_EQ(rows, 0U) << "its events are erased too";
  create("Demo");
}

class Updates : public HandlerTest {
 protected:
  Answer update(const std::string& id, std::string_view body) {
    return call("PUT", "/memories/" + id + "/update", std::string(body));
  }
};

TEST_F(Updates, ChangeWhatTheyName) {
  const std::string id = create("Demo", R"(,"description":"old","indexedKeys":[{"key":"a","type":"STRING"}])");
  server.clock().advance_ms(5000);
  const Answer updated = update(id, R"({"description":"new","eventExpiryDuration":7,"memoryExecutionRoleArn":
      "arn:aws:iam::111111111111:role/R","addIndexedKeys":[{"key":"b","type":"NUMBER"},{"key":"a","type":"STRING"}]})");
  ASSERT_EQ(updated.status, 202) << updated.body.dump();
  for (const Answer& answer : {updated, call("GET", "/memories/" + id + "/details")}) {
    EXPECT_EQ(answer.text("memory.description"), "new");
    EXPECT_EQ(answer.text("memory.eventExpiryDuration"), "7");
    EXPECT_EQ(answer.text("memory.memoryExecutionRoleArn"), "arn:aws:iam::111111111111:role/R");
    EXPECT_EQ(answer.size("memory.indexedKeys"), 2U);
    EXPECT_EQ(answer.text("memory.updatedAt"), "1783165135");
    EXPECT_EQ(answer.text("memory.createdAt"), "1783165130");
    EXPECT_EQ(answer.text("memory.status"), "ACTIVE");
  }
  EXPECT_EQ(update(id, R"({"addIndexedKeys":[{"key":"a","type":"NUMBER"}]})").status, 400);
  EXPECT_EQ(update("Nothing-0123456789", "{}").status, 404);
}

TEST_F(Updates, AddModifyAndDeleteStrategies) {
  const std::string id = create("Demo", R"(,"memoryStrategies":[{"semanticMemoryStrategy":{"name":"Facts"}}])");
  const std::string facts = call("GET", "/memories/" + id + "/details").text("memory.strategies.0.strategyId");
  const Answer changed = update(id, fmt::format(R"({{"memoryStrategies":{{
      "addMemoryStrategies":[{{"summaryMemoryStrategy":{{"name":"Sum"}}}}],
      "modifyMemoryStrategies":[{{"memoryStrategyId":"{}","description":"d",
        "namespaceTemplates":["/facts/{{actorId}}/"]}}]}}}})",
                                                facts));
  ASSERT_EQ(changed.status, 202) << changed.body.dump();
  EXPECT_EQ(changed.text("memory.strategies.0.description"), "d");
  EXPECT_EQ(changed.text("memory.strategies.0.namespaces.0"), "/facts/{actorId}/");
  EXPECT_EQ(changed.text("memory.strategies.1.type"), "SUMMARIZATION");
  EXPECT_THAT(changed.text("memory.strategies.1.namespaces.0"), EndsWith("/sessions/{sessionId}/"));

  const Answer replaced =
      update(id, fmt::format(R"({{"memoryStrategies":{{"deleteMemoryStrategies":[{{"memoryStrategyId":"{}"}}],
      "addMemoryStrategies":[{{"semanticMemoryStrategy":{{"name":"Facts"}}}}]}}}})",
                             facts));
  ASSERT_EQ(replaced.status, 202) << replaced.body.dump();
  EXPECT_EQ(replaced.size("memory.strategies"), 2U);
  EXPECT_NE(replaced.text("memory.strategies.1.strategyId"), facts);
  const Answer missing = update(id, R"({"memoryStrategies":{"deleteMemoryStrategies":[{"memoryStrategyId":"no"}]}})");
  EXPECT_EQ(missing.status, 404);
  EXPECT_EQ(missing.message(), "Memory strategy not found: no");
}

TEST_F(Updates, AreAllOrNothing) {
  const std::string id = create();
  EXPECT_EQ(update(id, R"({"description":"new","memoryStrategies":{"addMemoryStrategies":[
      {"semanticMemoryStrategy":{"name":"A"}},{"semanticMemoryStrategy":{"name":"A"}}]}})")
                .status,
            400);
  const Answer got = call("GET", "/memories/" + id + "/details");
  EXPECT_TRUE(got.at("memory.description").is_null());
  EXPECT_EQ(got.size("memory.strategies"), 0U);
}

TEST_F(Updates, AnswerReplaysAndRefuseOthersWithTheirToken) {
  const std::string id = create();
  const std::string add =
      R"({"clientToken":"t","memoryStrategies":{"addMemoryStrategies":[{"semanticMemoryStrategy":{"name":"A"}}]}})";
  EXPECT_EQ(update(id, add).status, 202);
  EXPECT_EQ(update(id, add).size("memory.strategies"), 1U);
  EXPECT_EQ(update(id, R"({"clientToken":"t","description":"x"})").text("reason"),
            "IdempotentParameterMismatchException");
}

class Tags : public HandlerTest {};

TEST_F(Tags, AreSetListedAndErased) {
  const std::string path = "/tags/" + percent_encode(arn_of(create("Demo", R"(,"tags":{"a":"1","b":"2"})")));
  EXPECT_EQ(call("GET", path).at("tags").dump(), R"({"a":"1","b":"2"})");
  EXPECT_EQ(call("POST", path, R"({"tags":{"b":"3","c":""}})").status, 204);
  EXPECT_EQ(call("DELETE", path + "?tagKeys=a&tagKeys=x").status, 204);
  EXPECT_EQ(call("GET", path).at("tags").dump(), R"({"b":"3","c":""})");
}

TEST_F(Tags, AreOfResourcesThatExistHere) {
  const std::string id = create();
  EXPECT_EQ(call("GET", "/tags/" + percent_encode(arn_of(id))).at("tags").dump(), "{}");
  EXPECT_EQ(call("GET", "/tags/" + percent_encode(arn_of("Other-0123456789"))).status, 404);
  EXPECT_EQ(call(a, "GET", "/tags/" + percent_encode(arn_of(id)), "", "eu-west-1").status, 400);
  const Answer reserved = call("POST", "/tags/" + percent_encode(arn_of(id)), R"({"tags":{"AWS:x":"y"}})");
  EXPECT_EQ(reserved.status, 400);
  EXPECT_EQ(call("GET", "/tags/" + percent_encode(arn_of(id))).at("tags").dump(), "{}");
}

}  // namespace
}  // namespace warifu::services::memory::testing
