#include <set>

#include "services/memory/handler_testing.h"

namespace warifu::services::memory {
namespace {

using testing::Answer;
using testing::HandlerTest;

class RecordsTest : public HandlerTest {
 protected:
  Answer batch(std::string_view operation, std::string_view records, std::string_view more = "") {
    return call("POST", fmt::format("/memories/{}/memoryRecords/{}", memory, operation),
                fmt::format(R"({{"records":[{}]{}}})", records, more));
  }
  static std::string record(std::string_view text, std::string_view name_space = "/actors/alice/",
                            std::string_view more = "", std::string_view id = "r") {
    return fmt::format(R"({{"requestIdentifier":"{}","namespaces":["{}"],"content":{{"text":"{}"}},)"
                       R"("timestamp":1783165130.534{}}})",
                       id, name_space, text, more);
  }
  /// Creates one record and answers its id.
  std::string put(std::string_view text, std::string_view name_space = "/actors/alice/", std::string_view more = "") {
    const Answer made = batch("batchCreate", record(text, name_space, more));
    EXPECT_EQ(made.status, 201) << made.body.dump();
    EXPECT_EQ(made.size("successfulRecords"), 1U) << made.body.dump();
    return made.text("successfulRecords.0.memoryRecordId");
  }
  Answer get(std::string_view id, std::string_view query = "") {
    return call("GET", fmt::format("/memories/{}/memoryRecord/{}{}", memory, id, query));
  }
  Answer list(std::string_view body) {
    return call("POST", fmt::format("/memories/{}/memoryRecords", memory), std::string(body));
  }
  Answer retrieve(std::string_view where, std::string_view criteria, std::string_view more = "") {
    return call("POST", fmt::format("/memories/{}/retrieve", memory),
                fmt::format(R"({{{},"searchCriteria":{{{}}}{}}})", where, criteria, more));
  }
  static std::vector<std::string> texts(const Answer& answer) {
    std::vector<std::string> out;
    for (std::size_t i = 0; i < answer.size("memoryRecordSummaries"); ++i) {
      out.push_back(answer.text(fmt::format("memoryRecordSummaries.{}.content.text", i)));
    }
    return out;
  }

  std::string memory =
      create("Demo", R"(,"indexedKeys":[{"key":"team","type":"STRING"},{"key":"tags","type":"STRINGLIST"},
      {"key":"level","type":"NUMBER"}],"memoryStrategies":[{"semanticMemoryStrategy":{"name":"Facts",
      "memoryRecordSchema":{"metadataSchema":[{"key":"team","type":"STRING"}]}}}])");
  std::string strategy =
      call("GET", fmt::format("/memories/{}/details", memory)).text("memory.strategies.0.strategyId");
};

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::string_view kMissing = "mem-550e8400-e29b-41d4-a716-446655440000";

TEST_F(RecordsTest, ARecordComesBackAsItWasCreated) {
  const std::string id = put("loves matcha", "actors//alice",
                             R"(,"metadata":{"team":{"stringValue":"core"},"level":{"numberValue":2.5},)"
                             R"("tags":{"stringListValue":["a","b"]}})");
  const Answer found = get(id);
  ASSERT_EQ(found.status, 200) << found.body.dump();
  EXPECT_EQ(found.text("memoryRecord.memoryRecordId"), id);
  EXPECT_EQ(found.text("memoryRecord.content.text"), "loves matcha");
  EXPECT_EQ(found.text("memoryRecord.namespaces.0"), "/actors/alice/");
  EXPECT_EQ(found.text("memoryRecord.memoryStrategyId"), "none");
  EXPECT_EQ(found.text("memoryRecord.createdAt"), "1783165130.534");
  EXPECT_EQ(found.text("memoryRecord.metadata.team.stringValue"), "core");
  EXPECT_EQ(found.text("memoryRecord.metadata.level.numberValue"), "2.5");
  EXPECT_EQ(found.text("memoryRecord.metadata.tags.stringListValue.1"), "b");
  EXPECT_EQ(found.text("memoryRecord.metadata.x-amz-agentcore-memory-createdAt.dateTimeValue"), "1783165130.534");
  EXPECT_TRUE(found.at("memoryRecord.expiresAt").is_null());
  EXPECT_EQ(id.size(), 40U);
}

TEST_F(RecordsTest, WhatIsNotThereIsNotFound) {
  EXPECT_EQ(get(kMissing).status, 404);
  EXPECT_EQ(error_type, "ResourceNotFoundException");
  EXPECT_EQ(get("mem-no-uuid-but-forty-characters-long-as-it-is").status, 404);
  EXPECT_EQ(get("mem-short").status, 400);
  const std::string elsewhere = "Demo-0123456789";
  for (const auto& [method, rest, body] : std::vector<std::tuple<std::string, std::string, std::string>>{
           {"GET", fmt::format("memoryRecord/{}", kMissing), ""},
           {"DELETE", fmt::format("memoryRecords/{}", kMissing), ""},
           {"POST", "memoryRecords", R"({"namespace":"/a/"})"},
           {"POST", "retrieve", R"({"namespace":"/a/","searchCriteria":{"searchQuery":"q"}})"},
           {"POST", "memoryRecords/batchCreate", R"({"records":[]})"},
           {"POST", "memoryRecords/batchUpdate", R"({"records":[]})"},
           {"POST", "memoryRecords/batchDelete", R"({"records":[]})"}}) {
    const Answer answer = call(method, fmt::format("/memories/{}/{}", elsewhere, rest), body);
    EXPECT_EQ(answer.status, 404) << rest;
    EXPECT_EQ(answer.message(), "Memory not found: Demo-0123456789");
  }
}

TEST_F(RecordsTest, APartOfABatchMayFail) {
  const Answer made = batch(
      "batchCreate",
      record("one", "/a/", "", "first") + "," +
          record("two", "/a/", R"(,"memoryStrategyId":"Nothing-0123456789")", "second") + "," +
          record("three", "/a/", R"(,"metadata":{"level":{"stringValue":"high"}})", "third") + "," +
          record("four", "/a/", R"(,"metadata":{"when":{"dateTimeValue":1}})", "fourth") + "," +
          record("five", "/a/", R"(,"metadata":{"x-amz-agentcore-memory-createdAt":{"stringValue":"now"}})", "fifth"));
  ASSERT_EQ(made.status, 201) << made.body.dump();
  ASSERT_EQ(made.size("successfulRecords"), 1U);
  EXPECT_EQ(made.text("successfulRecords.0.requestIdentifier"), "first");
  EXPECT_EQ(made.text("successfulRecords.0.status"), "SUCCEEDED");
  ASSERT_EQ(made.size("failedRecords"), 4U);
  EXPECT_EQ(made.text("failedRecords.0.requestIdentifier"), "second");
  EXPECT_EQ(made.text("failedRecords.0.status"), "FAILED");
  EXPECT_EQ(made.text("failedRecords.0.errorCode"), "404");
  EXPECT_EQ(made.text("failedRecords.0.errorMessage"), "Memory strategy not found: Nothing-0123456789");
  EXPECT_EQ(made.text("failedRecords.1.errorCode"), "400");
  EXPECT_THAT(made.text("failedRecords.1.errorMessage"), HasSubstr("indexed as NUMBER"));
  EXPECT_THAT(made.text("failedRecords.2.errorMessage"), HasSubstr("dateTimeValue"));
  EXPECT_THAT(made.text("failedRecords.3.errorMessage"), HasSubstr("the service's own"));
  EXPECT_THAT(texts(list(R"({"namespacePath":"/"})")), ElementsAre("one"));
}

TEST_F(RecordsTest, AStrategysRecordsKeepTheMetadataOfItsSchema) {
  const std::string more = fmt::format(
      R"(,"memoryStrategyId":"{}","metadata":{{"team":{{"stringValue":"core"}},"level":{{"numberValue":1}}}})",
      strategy);
  const Answer found = get(put("text", "/a/", more));
  EXPECT_EQ(found.text("memoryRecord.memoryStrategyId"), strategy);
  EXPECT_EQ(found.text("memoryRecord.metadata.team.stringValue"), "core");
  EXPECT_TRUE(found.at("memoryRecord.metadata.level").is_null());
}

TEST_F(RecordsTest, ATokenWorksOnce) {
  const std::string token = R"(,"clientToken":"load-1")";
  const Answer first = batch("batchCreate", record("one"), token);
  const std::string id = first.text("successfulRecords.0.memoryRecordId");
  EXPECT_EQ(call("DELETE", fmt::format("/memories/{}/memoryRecords/{}", memory, id)).status, 200);
  const Answer again = batch("batchCreate", record("one"), token);
  EXPECT_EQ(again.status, 201);
  EXPECT_EQ(again.text("successfulRecords.0.memoryRecordId"), id);
  EXPECT_EQ(get(id).status, 404) << "a replay writes nothing";
  EXPECT_EQ(batch("batchCreate", record("two"), token).status, 400);
  EXPECT_EQ(batch("batchCreate", record("two"), R"(,"clientToken":"load-2")").status, 201);
}

TEST_F(RecordsTest, AnUpdateChangesWhatItNames) {
  const std::string id = put("loves tea", "/a/", R"(,"metadata":{"team":{"stringValue":"core"}})");
  const Answer done =
      batch("batchUpdate",
            fmt::format(R"({{"memoryRecordId":"{}","timestamp":1783165999,"content":{{"text":"loves coffee"}}}},)"
                        R"({{"memoryRecordId":"{}","timestamp":1783165999}},)"
                        R"({{"memoryRecordId":"{}","timestamp":1783165999}})",
                        id, kMissing, id));
  ASSERT_EQ(done.status, 200) << done.body.dump();
  EXPECT_EQ(done.size("successfulRecords"), 1U);
  ASSERT_EQ(done.size("failedRecords"), 2U);
  EXPECT_EQ(done.text("failedRecords.0.errorCode"), "404");
  EXPECT_EQ(done.text("failedRecords.1.errorCode"), "400");
  const Answer found = get(id);
  EXPECT_EQ(found.text("memoryRecord.content.text"), "loves coffee");
  EXPECT_EQ(found.text("memoryRecord.metadata.team.stringValue"), "core");
  EXPECT_EQ(found.text("memoryRecord.createdAt"), "1783165130.534");
  EXPECT_EQ(found.text("memoryRecord.metadata.x-amz-agentcore-memory-updatedAt.dateTimeValue"), "1783165999");
  EXPECT_THAT(texts(retrieve(R"("namespace":"/a/")", R"("searchQuery":"coffee")")), ElementsAre("loves coffee"));
}

TEST_F(RecordsTest, AnUpdateMovesARecord) {
  const std::string id = put("loves tea", "/a/");
  const auto move = [&](std::string_view more) {
    return batch("batchUpdate", fmt::format(R"({{"memoryRecordId":"{}","timestamp":1783165999{}}})", id, more));
  };
  EXPECT_EQ(move(R"(,"sourceNamespaces":["/b/"],"namespaces":["/c/"])").size("failedRecords"), 1U)
      << "it is not in /b/";
  EXPECT_EQ(move(R"(,"sourceNamespaces":["a"],"namespaces":["/c"])").size("successfulRecords"), 1U);
  EXPECT_THAT(texts(list(R"({"namespacePath":"/a"})")), IsEmpty());
  EXPECT_THAT(texts(list(R"({"namespace":"c"})")), ElementsAre("loves tea"));
  EXPECT_EQ(move(fmt::format(R"(,"memoryStrategyId":"{}")", strategy)).size("successfulRecords"), 1U);
  EXPECT_THAT(texts(list(fmt::format(R"({{"namespace":"c","memoryStrategyId":"{}"}})", strategy))),
              ElementsAre("loves tea"));
  EXPECT_EQ(move(R"(,"memoryStrategyId":"none")").size("successfulRecords"), 1U);
  EXPECT_THAT(texts(list(R"({"namespace":"c","memoryStrategyId":"none"})")), ElementsAre("loves tea"));
}

TEST_F(RecordsTest, RecordsAreDeletedOneByOneAndInBatches) {
  const std::string a = put("a", "/a/"), b = put("b", "/b/"), c = put("c", "/c/");
  const Answer done =
      batch("batchDelete", fmt::format(R"({{"memoryRecordId":"{}"}},{{"memoryRecordId":"{}","namespace":"/a/"}},)"
                                       R"({{"memoryRecordId":"{}"}},{{"memoryRecordId":"{}"}})",
                                       a, b, a, kMissing));
  ASSERT_EQ(done.status, 200);
  EXPECT_EQ(done.size("successfulRecords"), 1U);
  EXPECT_EQ(done.size("failedRecords"), 3U) << "in another namespace, twice, missing";
  EXPECT_EQ(done.text("failedRecords.0.errorCode"), "404");
  EXPECT_EQ(call("DELETE", fmt::format("/memories/{}/memoryRecords/{}?namespace=%2Fc%2F", memory, b)).status, 404);
  EXPECT_EQ(
      call("DELETE", fmt::format("/memories/{}/memoryRecords/{}?namespace=%2Fb", memory, b)).text("memoryRecordId"), b);
  EXPECT_EQ(get(b).status, 404);
  EXPECT_EQ(get(c, "?namespace=c").status, 200);
  EXPECT_EQ(get(c, "?namespace=a").status, 404);
}

TEST_F(RecordsTest, ExpiredRecordsAreGone) {
  const Answer made =
      batch("batchCreate", record("short", "/a/"), R"(,"recordExpirySpecification":{"recordExpiryDurationDays":31})");
  const std::string id = made.text("successfulRecords.0.memoryRecordId");
  const std::string kept = put("kept", "/a/");
  EXPECT_FALSE(get(id).at("memoryRecord.expiresAt").is_null());
  server.clock().advance_ms(31LL * 24 * 60 * 60 * 1000);
  EXPECT_EQ(get(id).status, 404);
  EXPECT_THAT(texts(list(R"({"namespacePath":"/"})")), ElementsAre("kept"));
  EXPECT_THAT(texts(retrieve(R"("namespacePath":"/")", R"("searchQuery":"short")")), ElementsAre("kept"));
  EXPECT_EQ(batch("batchDelete", fmt::format(R"({{"memoryRecordId":"{}"}})", id)).size("failedRecords"), 1U);
}

TEST_F(RecordsTest, AnExpiryCanBeTakenAway) {
  const std::string id = put("text");
  const auto update = [&](std::string_view expiry) {
    return batch("batchUpdate", fmt::format(R"({{"memoryRecordId":"{}","timestamp":1783165999}})", id),
                 fmt::format(R"(,"recordExpirySpecification":{})", expiry))
        .size("successfulRecords");
  };
  EXPECT_EQ(update(R"({"recordExpiryDurationDays":40})"), 1U);
  EXPECT_FALSE(get(id).at("memoryRecord.expiresAt").is_null());
  EXPECT_EQ(update(R"({"action":"REMOVE"})"), 1U);
  EXPECT_TRUE(get(id).at("memoryRecord.expiresAt").is_null());
}

TEST_F(RecordsTest, ExactlyOneOfNamespaceAndPathIsRequired) {
  EXPECT_EQ(list("{}").status, 400);
  EXPECT_EQ(error_type, "ValidationException");
  EXPECT_EQ(list(R"({"namespace":"/a/","namespacePath":"/a/"})").status, 400);
  EXPECT_EQ(
      call("POST", fmt::format("/memories/{}/retrieve", memory), R"({"searchCriteria":{"searchQuery":"q"}})").status,
      400);
}

TEST_F(RecordsTest, ListingsPageWhileRecordsGo) {
  std::vector<std::string> ids;
  for (int i = 0; i < 7; ++i) ids.push_back(put(std::to_string(i), "/a/"));
  const Answer first = list(R"({"namespace":"/a/","maxResults":3})");
  EXPECT_THAT(texts(first), ElementsAre("6", "5", "4"));
  EXPECT_EQ(batch("batchDelete", fmt::format(R"({{"memoryRecordId":"{}"}},{{"memoryRecordId":"{}"}})", ids[4], ids[3]))
                .size("successfulRecords"),
            2U);
  const std::string token = first.text("nextToken");
  const Answer second = list(fmt::format(R"({{"namespace":"/a/","maxResults":3,"nextToken":"{}"}})", token));
  EXPECT_THAT(texts(second), ElementsAre("2", "1", "0"));
  EXPECT_TRUE(second.at("nextToken").is_null());
  EXPECT_EQ(list(fmt::format(R"({{"namespace":"/b/","nextToken":"{}"}})", token)).status, 400)
      << "a token of another namespace";
  EXPECT_EQ(list(R"({"namespace":"/a/","nextToken":"rubbish"})").status, 400);
}

TEST_F(RecordsTest, FiltersAskIndexedKeysByTheirTypes) {
  put("low", "/a/",
      R"(,"metadata":{"level":{"numberValue":1},"team":{"stringValue":"core"},"tags":{"stringListValue":["x","y"]}})");
  put("high", "/a/", R"(,"metadata":{"level":{"numberValue":9}})");
  put("plain", "/a/");
  const auto filtered = [&](std::string_view filter) {
    return list(fmt::format(R"({{"namespacePath":"/a/","metadataFilters":[{}]}})", filter));
  };
  const auto filter = [](std::string_view key, std::string_view op, std::string_view right = "") {
    const std::string value = right.empty() ? "" : fmt::format(R"(,"right":{{"metadataValue":{{{}}}}})", right);
    return fmt::format(R"({{"left":{{"metadataKey":"{}"}},"operator":"{}"{}}})", key, op, value);
  };
  struct Case {
    std::string filter;
    std::vector<std::string> found;
  };
  const std::string created(records::kCreatedAtKey), updated(records::kUpdatedAtKey);
  for (const Case& one : std::vector<Case>{
           {filter("level", "GREATER_THAN", R"("numberValue":1)"), {"high"}},
           {filter("level", "GREATER_THAN_OR_EQUALS", R"("numberValue":1)"), {"high", "low"}},
           {filter("level", "LESS_THAN", R"("numberValue":9)"), {"low"}},
           {filter("level", "LESS_THAN_OR_EQUALS", R"("numberValue":9)"), {"high", "low"}},
           {filter("level", "EQUALS_TO", R"("numberValue":9)"), {"high"}},
           {filter("level", "NOT_EXISTS"), {"plain"}},
           {filter("team", "EXISTS"), {"low"}},
           {filter("team", "EQUALS_TO", R"("stringValue":"core")"), {"low"}},
           {filter("tags", "CONTAINS", R"("stringValue":"y")"), {"low"}},
           {filter("tags", "CONTAINS", R"("stringListValue":["y"])"), {"low"}},
           {filter(created, "BEFORE", R"("dateTimeValue":1783165130)"), {}},
           {filter(updated, "AFTER", R"("dateTimeValue":1783165130)"), {"plain", "high", "low"}},
       }) {
    const Answer answer = filtered(one.filter);
    EXPECT_EQ(answer.status, 200) << answer.body.dump();
    EXPECT_EQ(texts(answer), one.found) << one.filter;
  }
  for (const std::string& bad : std::vector<std::string>{
           filter("colour", "EXISTS"),
           filter("level", "EQUALS_TO", R"("stringValue":"9")"),
           filter("team", "GREATER_THAN", R"("numberValue":9)"),
           filter("team", "CONTAINS", R"("stringValue":"c")"),
           filter("tags", "EQUALS_TO", R"("stringValue":"x")"),
           filter("level", "BEFORE", R"("dateTimeValue":1)"),
           filter("level", "EQUALS_TO"),
           filter("level", "EXISTS", R"("numberValue":9)"),
           filter("x-amz-agentcore-memory-other", "EXISTS"),
       }) {
    EXPECT_EQ(filtered(bad).status, 400) << bad;
    EXPECT_EQ(error_type, "ValidationException");
  }
}

TEST_F(RecordsTest, ASearchScoresAndOrders) {
  put("The user loves matcha sweets.");
  put("The user flies to Kyoto in August.");
  const Answer found = retrieve(R"("namespacePath":"/actors/alice")", R"("searchQuery":"matcha sweets","topK":5)");
  ASSERT_EQ(found.status, 200) << found.body.dump();
  EXPECT_THAT(texts(found), ElementsAre("The user loves matcha sweets.", "The user flies to Kyoto in August."));
  const double best = std::stod(found.text("memoryRecordSummaries.0.score"));
  const double other = std::stod(found.text("memoryRecordSummaries.1.score"));
  EXPECT_GT(best, 0.3);
  EXPECT_LE(best, 1.0);
  EXPECT_LT(other, best);
  EXPECT_GE(other, 0.0);
  EXPECT_LE(found.text("memoryRecordSummaries.0.score").size(), 12U) << "as many digits as a float has";
  EXPECT_TRUE(list(R"({"namespacePath":"/"})").at("memoryRecordSummaries.0.score").is_null());
  EXPECT_EQ(texts(retrieve(R"("namespacePath":"/")", R"("searchQuery":"zzz","topK":1)")).size(), 1U);
  EXPECT_EQ(texts(retrieve(R"("namespace":"/actors/")", R"("searchQuery":"matcha")")).size(), 0U);
  EXPECT_EQ(retrieve(R"("namespacePath":"/")", R"("searchQuery":"matcha","topK":101)").status, 400);
}

TEST_F(RecordsTest, ASearchGivesTenUnlessItIsAsked) {
  for (int i = 0; i < 25; ++i) put("cat " + std::to_string(i), "/a/");
  EXPECT_EQ(texts(retrieve(R"("namespace":"/a/")", R"("searchQuery":"cat")")).size(), 10U);
  EXPECT_EQ(texts(retrieve(R"("namespace":"/a/")", R"("searchQuery":"cat","topK":22)")).size(), 20U) << "a page";
  std::vector<std::string> all;
  std::string token;
  for (int page = 0; page < 5; ++page) {
    const Answer answer =
        retrieve(R"("namespace":"/a/")", R"("searchQuery":"cat","topK":22)",
                 R"(,"maxResults":10)" + (token.empty() ? "" : fmt::format(R"(,"nextToken":"{}")", token)));
    ASSERT_EQ(answer.status, 200) << answer.body.dump();
    for (const std::string& text : texts(answer)) all.push_back(text);
    if (answer.at("nextToken").is_null()) break;
    token = answer.text("nextToken");
  }
  EXPECT_EQ(all.size(), 22U);
  EXPECT_EQ(std::set(all.begin(), all.end()).size(), 22U);
  EXPECT_EQ(
      retrieve(R"("namespace":"/a/")", R"("searchQuery":"dog","topK":22)", fmt::format(R"(,"nextToken":"{}")", token))
          .status,
      400)
      << "a token of another search";
}

TEST_F(RecordsTest, PagesOfASearchStandStillWhileRecordsComeAndGo) {
  for (int i = 0; i < 30; ++i) put("cat " + std::to_string(i), "/a/");
  const auto page = [&](const std::string& token) {
    return retrieve(R"("namespace":"/a/")", R"("searchQuery":"cat 7","topK":30)",
                    R"(,"maxResults":10)" + (token.empty() ? "" : fmt::format(R"(,"nextToken":"{}")", token)));
  };
  const Answer whole = retrieve(R"("namespace":"/a/")", R"("searchQuery":"cat 7","topK":30)", R"(,"maxResults":30)");
  const std::vector<std::string> ranked = texts(whole);
  ASSERT_EQ(ranked.size(), 30U);
  const auto id_of = [&](std::size_t rank) {
    return whole.text(fmt::format("memoryRecordSummaries.{}.memoryRecordId", rank));
  };

  Answer answer = page("");
  EXPECT_THAT(texts(answer), ElementsAreArray(std::span(ranked).first(10)));
  // More of the query's words, in more records: every score of a new ranking would be another.
  for (int i = 0; i < 20; ++i) put("7 7 7 cat cat dog", "/a/");
  EXPECT_EQ(call("DELETE", fmt::format("/memories/{}/memoryRecords/{}", memory, id_of(11))).status, 200);
  const Answer moved =
      batch("batchUpdate", fmt::format(R"({{"memoryRecordId":"{}","timestamp":1,"namespaces":["/b/"]}})", id_of(13)));
  EXPECT_EQ(moved.size("successfulRecords"), 1U) << moved.body.dump();
  answer = page(answer.text("nextToken"));
  std::vector<std::string> expected;
  for (const std::size_t rank : {10U, 12U, 14U, 15U, 16U, 17U, 18U, 19U, 20U, 21U}) expected.push_back(ranked[rank]);
  EXPECT_THAT(texts(answer), ElementsAreArray(expected));
  EXPECT_EQ(answer.text("memoryRecordSummaries.0.score"), whole.text("memoryRecordSummaries.10.score"));
  answer = page(answer.text("nextToken"));
  EXPECT_THAT(texts(answer), ElementsAreArray(std::span(ranked).subspan(22)));
  EXPECT_TRUE(answer.at("nextToken").is_null());
}

TEST_F(RecordsTest, ATokenOfAHundredRecordsIsShort) {
  for (int i = 0; i < 100; ++i) put("cat " + std::to_string(i), "/a/");
  const Answer answer = retrieve(R"("namespace":"/a/")", R"("searchQuery":"cat","topK":100)", R"(,"maxResults":1)");
  EXPECT_EQ(texts(answer).size(), 1U);
  EXPECT_LT(answer.text("nextToken").size(), 4'096U);
}

TEST_F(RecordsTest, ASearchFiltersAndKeepsToAStrategy) {
  put("a cat", "/a/", R"(,"metadata":{"level":{"numberValue":1}})");
  put("a cat too", "/a/", fmt::format(R"(,"memoryStrategyId":"{}")", strategy));
  EXPECT_THAT(texts(retrieve(R"("namespacePath":"/")",
                             fmt::format(R"("searchQuery":"cat","memoryStrategyId":"{}")", strategy))),
              ElementsAre("a cat too"));
  EXPECT_THAT(texts(retrieve(
                  R"("namespacePath":"/")",
                  R"("searchQuery":"cat","metadataFilters":[{"left":{"metadataKey":"level"},"operator":"EXISTS"}])")),
              ElementsAre("a cat"));
  EXPECT_EQ(retrieve(R"("namespacePath":"/")",
                     R"("searchQuery":"cat","metadataFilters":[{"left":{"metadataKey":"colour"},"operator":"EXISTS"}])")
                .status,
            400);
}

TEST_F(RecordsTest, GoWithTheirMemory) {
  put("a cat");
  retrieve(R"("namespacePath":"/")", R"("searchQuery":"cat")");
  EXPECT_GT(long_term.index().bytes(), 0U);
  EXPECT_EQ(call("DELETE", fmt::format("/memories/{}/delete", memory)).status, 202);
  EXPECT_EQ(long_term.index().bytes(), 0U);
  EXPECT_EQ(retrieve(R"("namespacePath":"/")", R"("searchQuery":"cat")").status, 404);
}

}  // namespace
}  // namespace warifu::services::memory
