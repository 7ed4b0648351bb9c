#include "records/namespaces.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "records/record.h"

namespace warifu::records {
namespace {

TEST(Namespaces, AreStoredWithOneSlashAroundEverySegment) {
  for (const auto& [text, stored] : std::vector<std::pair<std::string, std::string>>{{"/facts/u1", "/facts/u1/"},
                                                                                     {"facts/u1/", "/facts/u1/"},
                                                                                     {"/facts/u1/", "/facts/u1/"},
                                                                                     {"//facts///u1//", "/facts/u1/"},
                                                                                     {"", "/"},
                                                                                     {"/", "/"},
                                                                                     {"///", "/"},
                                                                                     {"a", "/a/"},
                                                                                     {"/a/../b", "/a/../b/"},
                                                                                     {"/a/*", "/a/*/"}}) {
    EXPECT_EQ(normalise_namespace(text), stored) << text;
    EXPECT_EQ(normalise_namespace(stored), stored) << text;
  }
}

TEST(Namespaces, APathHoldsWholeSegments) {
  EXPECT_TRUE(under("/actors/al/", "/actors/al/"));
  EXPECT_TRUE(under("/actors/al/", "/actors/al/x/"));
  EXPECT_TRUE(under("/", "/actors/al/"));
  EXPECT_FALSE(under("/actors/al/", "/actors/alice/"));
  EXPECT_FALSE(under("/actors/al/x/", "/actors/al/"));
}

TEST(Namespaces, TemplatesTakeTheirValues) {
  const std::vector<std::pair<std::string, std::string>> flexible{{"tenant", "blue"}, {"braces", "{actorId}"}};
  const Variables variables{.actor = "team/al", .session = "s1", .strategy = "facts-1", .flexible = flexible};
  EXPECT_EQ(resolve("/strategies/{memoryStrategyId}/actors/{actorId}/sessions/{sessionId}", variables),
            "/strategies/facts-1/actors/team/al/sessions/s1/");
  EXPECT_EQ(resolve("{tenant}x/{actorId}", variables), "/bluex/team/al/");
  EXPECT_EQ(resolve("plain", variables), "/plain/");
  EXPECT_EQ(resolve("/{braces}/", variables), "/{actorId}/") << "a value is not a template";
  EXPECT_EQ(resolve("/{other}/", variables), std::nullopt);
  EXPECT_EQ(resolve("/{actorId", variables), std::nullopt);
  EXPECT_EQ(resolve("/{sessionId}/", {.actor = "a", .session = "", .strategy = "s"}), std::nullopt);
}

TEST(RecordIds, AreReadAsTheyAreWritten) {
  const std::string text = "mem-550e8400-e29b-41d4-a716-446655440000";
  const auto id = RecordId::parse(text);
  ASSERT_TRUE(id);
  EXPECT_EQ(id->str(), text);
  EXPECT_EQ(RecordId::parse("mem-550E8400-E29B-41D4-A716-446655440000")->str(), text);
  for (const char* bad : {"", "mem-", "550e8400-e29b-41d4-a716-446655440000", "mem-550e8400-e29b-41d4-a716-44665544000",
                          "mem-550e8400xe29b-41d4-a716-446655440000", "mem-550e8400-e29b-41d4-a716-44665544000g",
                          "mem-550e8400-e29b-41d4-a716-4466554400000"}) {
    EXPECT_FALSE(RecordId::parse(bad)) << bad;
  }
}

TEST(RecordIds, OfADigestLookLikeAnyUuid) {
  SeededRandom random(1);
  const std::string fresh = RecordId::fresh(random).str();
  EXPECT_EQ(fresh[4 + 14], '4');
  EXPECT_THAT("89ab", ::testing::HasSubstr(std::string(1, fresh[4 + 19])));
  EXPECT_NE(fresh, RecordId::fresh(random).str());
}

TEST(Records, OfEqualMetadataKeysTheLastStays) {
  Metadata metadata{{"b", 1.0}, {"a", "x"}, {"b", 2.0}};
  sort_metadata(metadata);
  EXPECT_THAT(metadata, ::testing::ElementsAre(std::pair("a", MetadataValue("x")), std::pair("b", MetadataValue(2.0))));
}

}  // namespace
}  // namespace warifu::records
