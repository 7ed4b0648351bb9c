#include "services/memory/strategies.h"

#include "services/memory/handler_testing.h"
#include "services/memory/idempotency.h"
#include "services/memory/limits.h"
#include "services/memory/namespaces.h"

namespace warifu::services::memory::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(Namespaces, ContainWhatLiesUnderThemBySegment) {
  struct Case {
    std::string_view outer, inner;
    bool contains;
  };
  for (const Case& c :
       {Case{"/a/", "/a/b/", true}, Case{"/a", "/a/", true}, Case{"/", "/a/", true}, Case{"/al/", "/alice/", false},
        Case{"/a/b/", "/a/", false}, Case{"/a/{x}/", "/a/{x}/b/", true}, Case{"/a/{x}/", "/a/{y}/b/", false}}) {
    EXPECT_EQ(namespaces::contains(c.outer, c.inner), c.contains) << c.outer << " " << c.inner;
  }
}

TEST(Namespaces, NameTheirVariables) {
  EXPECT_THAT(namespaces::variables("/a/{actorId}/b{sessionId}"), ElementsAre("actorId", "sessionId"));
  EXPECT_THAT(namespaces::variables("/a/{open"), IsEmpty());
  EXPECT_THAT(namespaces::variables(""), IsEmpty());
}

TEST(Tokens, OfSdksAreVersionFourUuids) {
  EXPECT_TRUE(idempotency::made_for_one_request("3e9a7c1e-7a3b-4d27-9c51-1b2f0e6d5a44"));
  for (const std::string_view token :
       {"", "3e9a7c1e-7a3b-1d27-9c51-1b2f0e6d5a44", "3e9a7c1e-7a3b-4d27-7c51-1b2f0e6d5a44",
        "3E9A7C1E-7A3B-4D27-9C51-1B2F0E6D5A44", "3e9a7c1e-7a3b-4d27-9c51-1b2f0e6d5a4", "run-1",
        "3e9a7c1e07a3b-4d27-9c51-1b2f0e6d5a44"}) {
    EXPECT_FALSE(idempotency::made_for_one_request(token)) << token;
  }
}

TEST(Tokens, OfDifferentCallersDiffer) {
  const AccountId a = *AccountId::parse(kAccountA);
  const AccountId b = *AccountId::parse(kAccountB);
  EXPECT_EQ(idempotency::event_token(a, "t"), idempotency::event_token(a, "t"));
  EXPECT_NE(idempotency::event_token(a, "t"), idempotency::event_token(b, "t"));
  EXPECT_NE(idempotency::event_token(a, "t"), idempotency::event_token(a, "u"));
  EXPECT_EQ(idempotency::event_token(a, ""), TokenDigest{});
  const TokenDigest token = idempotency::event_token(a, "t");
  EXPECT_TRUE(idempotency::made_for_one_request(idempotency::derived_session("arn", "alice", token)));
  EXPECT_NE(idempotency::derived_session("arn", "alice", token), idempotency::derived_session("arn", "bob", token));
}

class Strategies : public HandlerTest {
 protected:
  Answer make(std::string_view strategies, std::string_view more = "") {
    ++made;
    const Answer answer = call(
        "POST", "/memories/create",
        fmt::format(R"({{"name":"M{}","eventExpiryDuration":30,"memoryStrategies":[{}]{}}})", made, strategies, more));
    return answer.status == 202 ? call("GET", "/memories/" + answer.text("memory.id") + "/details") : answer;
  }
  int made = 0;
  static constexpr std::string_view kRole = R"(,"memoryExecutionRoleArn":"arn:aws:iam::111111111111:role/R")";
};

TEST_F(Strategies, OfEveryKindAnswerAsTheServiceDoes) {
  const Answer got = make(R"(
      {"semanticMemoryStrategy":{"name":"Sem","description":"d"}},
      {"summaryMemoryStrategy":{"name":"Sum"}},
      {"userPreferenceMemoryStrategy":{"name":"Pref","namespaces":["/prefs/{actorId}"]}},
      {"episodicMemoryStrategy":{"name":"Epi",
          "reflectionConfiguration":{"namespaceTemplates":["/strategies/{memoryStrategyId}/"]}}},
      {"customMemoryStrategy":{"name":"Cus","configuration":{"semanticOverride":{
          "extraction":{"appendToPrompt":"e","modelId":"m1"},"consolidation":{"appendToPrompt":"c","modelId":"m2"}}}}},
      {"customMemoryStrategy":{"name":"CuEpi","configuration":{"episodicOverride":{
          "reflection":{"appendToPrompt":"r","modelId":"m3",
          "namespaceTemplates":["/strategies/{memoryStrategyId}/actors/{actorId}/"]}}}}})",
                          kRole);
  ASSERT_EQ(got.status, 200) << got.body.dump();
  EXPECT_EQ(got.text("memory.strategies.0.description"), "d");
  EXPECT_EQ(got.text("memory.strategies.1.type"), "SUMMARIZATION");
  EXPECT_EQ(got.text("memory.strategies.1.namespaceTemplates.0"),
            "/strategies/{memoryStrategyId}/actors/{actorId}/sessions/{sessionId}/");
  EXPECT_EQ(got.text("memory.strategies.2.namespaceTemplates.0"), "/prefs/{actorId}") << "mirrored";
  EXPECT_EQ(got.text("memory.strategies.3.type"), "EPISODIC");
  EXPECT_EQ(got.text("memory.strategies.3.configuration.reflection.episodicReflectionConfiguration.namespaces.0"),
            "/strategies/{memoryStrategyId}/");
  EXPECT_EQ(got.text("memory.strategies.4.type"), "CUSTOM");
  EXPECT_EQ(
      got.at("memory.strategies.4.configuration").dump(),
      R"({"type":"SEMANTIC_OVERRIDE","extraction":{"customExtractionConfiguration":{"semanticExtractionOverride":)"
      R"({"appendToPrompt":"e","modelId":"m1"}}},"consolidation":{"customConsolidationConfiguration":)"
      R"({"semanticConsolidationOverride":{"appendToPrompt":"c","modelId":"m2"}}}})");
  EXPECT_EQ(got.text("memory.strategies.5.configuration.reflection.customReflectionConfiguration."
                     "episodicReflectionOverride.modelId"),
            "m3");
  EXPECT_THAT(got.text("memory.strategies.5.namespaces.0"), HasSubstr("{sessionId}"));
}

TEST_F(Strategies, AreRefusedWithTheirReason) {
  struct Case {
    std::string_view strategies, more, says;
  };
  for (const Case& c : {
           Case{R"({"summaryMemoryStrategy":{"name":"S","namespaces":["/a/{actorId}/"]}})", "", "{sessionId}"},
           Case{R"({"semanticMemoryStrategy":{"name":"S","namespaces":["/a/{team}/"]}})", "", "`team`"},
           Case{R"({"semanticMemoryStrategy":{"name":"S","namespaces":["/a/"],"namespaceTemplates":["/b/"]}})", "",
                "differ"},
           Case{R"({"semanticMemoryStrategy":{"name":"S"}},{"summaryMemoryStrategy":{"name":"S"}})", "",
                "'S' already exists"},
           Case{R"({"episodicMemoryStrategy":{"name":"S","reflectionConfiguration":{"namespaces":["/other/"]}}})", "",
                "prefix"},
           Case{R"({"customMemoryStrategy":{"name":"S","configuration":{"summaryOverride":{}}}})", "",
                "memoryExecutionRoleArn"},
           Case{R"({"customMemoryStrategy":{"name":"S"}})", kRole, "configuration is required"},
           Case{R"({"semanticMemoryStrategy":{"name":"S","recordExpirySpecification":{"action":"REMOVE"}}})", "",
                "no expiry"},
           Case{R"({"semanticMemoryStrategy":{"name":"S","recordExpirySpecification":{"recordExpiryDurationDays":31}}},
                   {"userPreferenceMemoryStrategy":{"name":"T"}})",
                "", "same expiry"},
           Case{R"({"semanticMemoryStrategy":{"name":"bad-name"}})", "", "name"},
       }) {
    const Answer refused = make(c.strategies, c.more);
    EXPECT_EQ(refused.status, 400) << c.strategies;
    EXPECT_EQ(error_type, "ValidationException");
    EXPECT_THAT(refused.message(), HasSubstr(c.says)) << c.strategies;
  }
}

TEST_F(Strategies, AreSixAtMost) {
  const auto several = [](int count) {
    std::string list;
    for (int i = 0; i < count; ++i)
      list += fmt::format(R"({}{{"semanticMemoryStrategy":{{"name":"S{}"}}}})", i > 0 ? "," : "", i);
    return list;
  };
  EXPECT_EQ(make(several(6)).status, 200);
  EXPECT_EQ(make(several(7)).status, 402);
  EXPECT_EQ(error_type, "ServiceQuotaExceededException");
}

TEST_F(Strategies, HaveSchemasThatHold) {
  const auto with = [&](std::string_view kind, std::string_view entries) {
    return make(fmt::format(R"({{"{}":{{"name":"S","memoryRecordSchema":{{"metadataSchema":[{}]}}}}}})", kind, entries),
                R"(,"indexedKeys":[{"key":"a","type":"STRING"},{"key":"b","type":"STRING"},{"key":"c",)"
                R"("type":"STRING"},{"key":"d","type":"STRING"}])")
        .status;
  };
  const auto strict = [](std::string_view key) {
    return fmt::format(R"({{"key":"{}","extractionType":"STRICTLY_CONSISTENT"}})", key);
  };
  EXPECT_EQ(with("semanticMemoryStrategy", R"({"key":"k","type":"NUMBER","extractionConfig":{"llmExtractionConfig":
      {"definition":"d","validation":{"numberValidation":{"minValue":1,"maxValue":2}}}}})"),
            200);
  EXPECT_EQ(with("semanticMemoryStrategy", strict("a") + "," + strict("b") + "," + strict("c")), 200);
  EXPECT_EQ(with("semanticMemoryStrategy", strict("a") + "," + strict("b") + "," + strict("c") + "," + strict("d")),
            400);
  EXPECT_EQ(with("semanticMemoryStrategy", strict("a") + "," + strict("a")), 400);
  EXPECT_EQ(with("semanticMemoryStrategy", strict("not-indexed")), 400);
  EXPECT_EQ(with("summaryMemoryStrategy", strict("a")), 400);
  EXPECT_EQ(with("semanticMemoryStrategy", R"({"key":"a","type":"NUMBER","extractionType":"STRICTLY_CONSISTENT"})"),
            400);
  EXPECT_EQ(with("semanticMemoryStrategy", R"({"key":"k","type":"STRING","extractionConfig":{"llmExtractionConfig":
      {"definition":"d","validation":{"numberValidation":{"minValue":1}}}}})"),
            400);
  EXPECT_EQ(with("semanticMemoryStrategy", R"({"key":"k","type":"NUMBER","extractionConfig":{"llmExtractionConfig":
      {"definition":"d","validation":{"numberValidation":{"minValue":3,"maxValue":2}}}}})"),
            400);
}

TEST_F(Strategies, ChangeOnlyByStepsOfTheirKind) {
  const Answer got = make(R"({"customMemoryStrategy":{"name":"Cus","configuration":{"semanticOverride":{
      "extraction":{"appendToPrompt":"e","modelId":"m1"}}}}},{"semanticMemoryStrategy":{"name":"Sem"}})",
                          kRole);
  ASSERT_EQ(got.status, 200) << got.body.dump();
  const auto modify = [&](std::string_view strategy, std::string_view configuration) {
    return call(
        "PUT", "/memories/" + got.text("memory.id") + "/update",
        fmt::format(
            R"({{"memoryStrategies":{{"modifyMemoryStrategies":[{{"memoryStrategyId":"{}","configuration":{}}}]}}}})",
            got.text(fmt::format("memory.strategies.{}.strategyId", strategy)), configuration));
  };
  constexpr std::string_view kSemantic =
      R"({"extraction":{"customExtractionConfiguration":{"semanticExtractionOverride":{"appendToPrompt":"new",)"
      R"("modelId":"m9"}}}})";
  const Answer changed = modify("0", kSemantic);
  ASSERT_EQ(changed.status, 202) << changed.body.dump();
  EXPECT_EQ(changed.text("memory.strategies.0.configuration.extraction.customExtractionConfiguration."
                         "semanticExtractionOverride.appendToPrompt"),
            "new");
  EXPECT_EQ(modify("0", R"({"extraction":{"customExtractionConfiguration":{"userPreferenceExtractionOverride":{)"
                        R"("appendToPrompt":"x","modelId":"m"}}}})")
                .status,
            400);
  EXPECT_EQ(modify("1", kSemantic).status, 400);
  EXPECT_EQ(modify("0", R"({"selfManagedConfiguration":{"historicalContextWindowSize":1}})").status, 400);
}

}  // namespace
}  // namespace warifu::services::memory::testing
