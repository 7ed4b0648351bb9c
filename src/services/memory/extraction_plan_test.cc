#include "services/memory/extraction_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace warifu::services::memory::extraction {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

namespace m = model::agentcore;

m::MemoryStrategy strategy(std::string id, std::string type, std::string name_space) {
  m::MemoryStrategy made{.strategy_id = std::move(id), .type = std::move(type)};
  made.namespaces = made.namespace_templates = {std::move(name_space)};
  made.created_at = Timestamp{1'000};
  made.status = "ACTIVE";
  return made;
}

Source source(std::string id, std::int64_t created = 2'000) {
  Source made{.entry = {.created = {created}, .event_id = std::move(id)}, .time = {created}};
  made.turns.push_back({.role = extract::Role::kUser, .text = "I love tea.", .time = {created}});
  return made;
}

class PlanTest : public ::testing::Test {
 protected:
  PlanTest() {
    batch.session = {.actor = "team/al", .session = "s1"};
    batch.memory.strategies.emplace();
  }
  void add(m::MemoryStrategy made) { batch.memory.strategies->push_back(std::move(made)); }
  std::vector<std::string> scopes() const {
    std::vector<std::string> found;
    for (const Part& part : plan(batch)) found.push_back(part.strategy + " " + part.name_space);
    return found;
  }

  Batch batch;
};

TEST_F(PlanTest, ResolvesEachStrategysTemplate) {
  add(strategy("facts-1", "SEMANTIC", "/facts/{actorId}/"));
  add(strategy("sum-1", "SUMMARIZATION", "strategies/{memoryStrategyId}/sessions/{sessionId}"));
  batch.sources = {source("a"), source("b")};
  EXPECT_THAT(scopes(), ElementsAre("facts-1 /facts/team/al/", "sum-1 /strategies/sum-1/sessions/s1/"));
  EXPECT_THAT(plan(batch)[0].sources, ElementsAre(0, 1));
}

TEST_F(PlanTest, KnowsTheKindOfEveryStrategy) {
  add(strategy("a", "SEMANTIC", "/a"));
  add(strategy("b", "USER_PREFERENCE", "/b"));
  add(strategy("c", "SUMMARIZATION", "/c"));
  add(strategy("d", "EPISODIC", "/d"));
  m::MemoryStrategy custom = strategy("e", "CUSTOM", "/e");
  custom.configuration.emplace().type = "USER_PREFERENCE_OVERRIDE";
  add(std::move(custom));
  m::MemoryStrategy own = strategy("f", "CUSTOM", "/f");
  own.configuration.emplace().type = "SELF_MANAGED";
  add(std::move(own));
  batch.sources = {source("x")};
  std::vector<extract::Kind> kinds;
  for (const Part& part : plan(batch)) kinds.push_back(part.kind);
  using extract::Kind;
  EXPECT_THAT(kinds,
              ElementsAre(Kind::kSemantic, Kind::kPreference, Kind::kSummary, Kind::kEpisode, Kind::kPreference));
}

TEST_F(PlanTest, TakesOnlyWhatArrivedSinceTheStrategyWasMade) {
  add(strategy("facts-1", "SEMANTIC", "/f"));
  batch.sources = {source("before", 999), source("at", 1'000), source("after", 1'001)};
  ASSERT_THAT(plan(batch), SizeIs(1));
  EXPECT_THAT(plan(batch)[0].sources, ElementsAre(1, 2));
}

TEST_F(PlanTest, LeavesOutWhatSaysNothingAndStrategiesThatAreNotActive) {
  add(strategy("facts-1", "SEMANTIC", "/f"));
  m::MemoryStrategy leaving = strategy("facts-2", "SEMANTIC", "/g");
  leaving.status = "DELETING";
  add(std::move(leaving));
  batch.sources = {source("a")};
  batch.sources[0].turns.clear();
  EXPECT_THAT(scopes(), IsEmpty());
}

TEST_F(PlanTest, GivesAFailedJobsEventsToItsStrategyAlone) {
  add(strategy("facts-1", "SEMANTIC", "/f"));
  add(strategy("facts-2", "SEMANTIC", "/g"));
  batch.sources = {source("a")};
  batch.sources[0].entry.strategy_id = "facts-2";
  EXPECT_THAT(scopes(), ElementsAre("facts-2 /g/"));
}

TEST_F(PlanTest, PutsEventsOfDifferentNamespaceVariablesApart) {
  add(strategy("facts-1", "SEMANTIC", "/{tenant}/{actorId}"));
  batch.sources = {source("a"), source("b"), source("c"), source("d")};
  batch.sources[0].namespace_variables = {{"tenant", "x"}};
  batch.sources[1].namespace_variables = {{"tenant", "y"}};
  batch.sources[2].namespace_variables = {{"tenant", "x"}};
  EXPECT_THAT(scopes(), ElementsAre("facts-1 /x/team/al/", "facts-1 /y/team/al/"));
  EXPECT_THAT(plan(batch)[0].sources, ElementsAre(0, 2));
}

m::MetadataSchemaEntry schema_entry(std::string key, std::string extraction) {
  return {.key = std::move(key), .type = "STRING", .extraction_type = std::move(extraction)};
}

TEST_F(PlanTest, PutsEventsOfDifferentStrictValuesApartAndCopiesTheValues) {
  m::MemoryStrategy made = strategy("facts-1", "SEMANTIC", "/f");
  made.memory_record_schema.emplace().metadata_schema = {schema_entry("tier", "STRICTLY_CONSISTENT")};
  add(std::move(made));
  batch.sources = {source("a"), source("b"), source("c")};
  batch.sources[0].metadata = {{"other", "1"}, {"tier", "gold"}};
  batch.sources[2].metadata = {{"tier", "gold"}};
  const std::vector<Part> parts = plan(batch);
  ASSERT_THAT(parts, SizeIs(2));
  EXPECT_THAT(parts[0].sources, ElementsAre(1));
  EXPECT_THAT(parts[0].metadata, IsEmpty());
  EXPECT_THAT(parts[1].sources, ElementsAre(0, 2));
  EXPECT_THAT(parts[1].metadata, ElementsAre(std::pair<std::string, records::MetadataValue>("tier", "gold")));
}

TEST_F(PlanTest, CarriesWhatTheSchemaSaysOfInferredValues) {
  m::MemoryStrategy made = strategy("facts-1", "SEMANTIC", "/f");
  m::MetadataSchemaEntry free = schema_entry("mood", "LLM_INFERRED");
  m::MetadataSchemaEntry one = schema_entry("city", "LLM_INFERRED");
  auto& config = one.extraction_config.emplace().llm_extraction_config.emplace();
  config.definition = "Where to";
  config.llm_extraction_instruction = "LATEST_VALUE";
  config.validation.emplace().string_validation = {.allowed_values = {"Kyoto", "Porto"}};
  m::MetadataSchemaEntry several = schema_entry("foods", "LLM_INFERRED");
  several.type = "STRINGLIST";
  several.extraction_config.emplace().llm_extraction_config.emplace().validation.emplace().string_list_validation = {
      .allowed_values = std::vector<std::string>{"tea", "cake"}, .max_items = 2};
  m::MetadataSchemaEntry count = schema_entry("nights", "LLM_INFERRED");
  count.type = "NUMBER";
  count.extraction_config.emplace().llm_extraction_config.emplace().validation.emplace().number_validation = {
      .min_value = 1, .max_value = std::nullopt};
  made.memory_record_schema.emplace().metadata_schema = {free, one, several, count};
  add(std::move(made));
  batch.sources = {source("a")};
  const std::vector<Part> parts = plan(batch);
  ASSERT_THAT(parts, SizeIs(1));
  ASSERT_THAT(parts[0].inferred, SizeIs(4));
  EXPECT_EQ(parts[0].inferred[0].type, extract::ValueType::kString);
  EXPECT_THAT(parts[0].inferred[0].allowed, IsEmpty());
  EXPECT_EQ(parts[0].inferred[1].definition, "Where to");
  EXPECT_EQ(parts[0].inferred[1].instruction, "LATEST_VALUE");
  EXPECT_THAT(parts[0].inferred[1].allowed, ElementsAre("Kyoto", "Porto"));
  EXPECT_EQ(parts[0].inferred[2].type, extract::ValueType::kStringList);
  EXPECT_EQ(parts[0].inferred[2].items_max, 2U);
  EXPECT_EQ(parts[0].inferred[3].type, extract::ValueType::kNumber);
  EXPECT_EQ(parts[0].inferred[3].least, 1.0);
  EXPECT_EQ(parts[0].inferred[3].most, std::nullopt);
}

TEST_F(PlanTest, CarriesTheWordsAndModelsOfCustomSteps) {
  m::MemoryStrategy made = strategy("facts-1", "CUSTOM", "/f");
  auto& configuration = made.configuration.emplace();
  configuration.type = "SEMANTIC_OVERRIDE";
  configuration.extraction.emplace().custom_extraction_configuration.emplace().semantic_extraction_override = {
      .append_to_prompt = "only tea", .model_id = "model-a"};
  configuration.consolidation.emplace().custom_consolidation_configuration.emplace().semantic_consolidation_override = {
      .append_to_prompt = "keep all", .model_id = "model-b"};
  add(std::move(made));
  batch.sources = {source("a")};
  const std::vector<Part> parts = plan(batch);
  ASSERT_THAT(parts, SizeIs(1));
  EXPECT_EQ(parts[0].extraction.instructions, "only tea");
  EXPECT_EQ(parts[0].extraction.model, "model-a");
  EXPECT_EQ(parts[0].consolidation.instructions, "keep all");
  EXPECT_EQ(parts[0].reflection.model, "");
}

TEST_F(PlanTest, FilesReflectionsWhereTheirTemplateSays) {
  m::MemoryStrategy made = strategy("ep-1", "EPISODIC", "/e/{actorId}/{sessionId}");
  made.configuration.emplace().reflection.emplace().episodic_reflection_configuration.emplace().namespace_templates = {
      "/e/{actorId}"};
  add(std::move(made));
  batch.sources = {source("a")};
  ASSERT_THAT(plan(batch), SizeIs(1));
  EXPECT_EQ(plan(batch)[0].reflections, "/e/team/al/");
}

TEST_F(PlanTest, ReflectionsHaveASchemaOfTheirOwn) {
  m::MemoryStrategy made = strategy("ep-1", "EPISODIC", "/e/{actorId}/{sessionId}");
  made.memory_record_schema.emplace().metadata_schema = {schema_entry("tier", "STRICTLY_CONSISTENT"),
                                                         schema_entry("mood", "LLM_INFERRED")};
  auto& reflection = made.configuration.emplace().reflection.emplace().episodic_reflection_configuration.emplace();
  reflection.namespace_templates = {"/e/{actorId}"};
  const auto with = [&](std::optional<m::MemoryRecordSchema> schema) {
    reflection.memory_record_schema = std::move(schema);
    batch.memory.strategies->clear();
    add(made);
    batch.sources = {source("a"), source("b")};
    batch.sources[0].metadata = {{"tier", "gold"}, {"region", "north"}};
    batch.sources[1].metadata = {{"tier", "gold"}, {"region", "south"}};
    return plan(batch);
  };
  using Named = std::pair<std::string, records::MetadataValue>;
  const std::vector<Part> none = with(std::nullopt);
  ASSERT_THAT(none, SizeIs(1));
  EXPECT_THAT(none[0].reflection_metadata, ElementsAre(Named("tier", "gold")));
  EXPECT_THAT(none[0].reflection_inferred, IsEmpty());

  m::MemoryRecordSchema own;
  own.metadata_schema = {schema_entry("region", "STRICTLY_CONSISTENT"), schema_entry("skill", "LLM_INFERRED")};
  const std::vector<Part> parts = with(own);
  ASSERT_THAT(parts, SizeIs(2)) << "values that must be the same of all of a record's events keep them apart";
  EXPECT_THAT(parts[0].metadata, ElementsAre(Named("tier", "gold")));
  EXPECT_THAT(parts[0].reflection_metadata, ElementsAre(Named("region", "north")));
  EXPECT_THAT(parts[1].reflection_metadata, ElementsAre(Named("region", "south")));
  ASSERT_THAT(parts[0].inferred, SizeIs(1));
  EXPECT_EQ(parts[0].inferred[0].key, "mood");
  ASSERT_THAT(parts[0].reflection_inferred, SizeIs(1));
  EXPECT_EQ(parts[0].reflection_inferred[0].key, "skill");
}

TEST_F(PlanTest, FreshTurnsKnowTheirSource) {
  add(strategy("facts-1", "SEMANTIC", "/f"));
  batch.sources = {source("a"), source("b")};
  batch.sources[0].turns.push_back({.role = extract::Role::kAssistant, .text = "Which?", .time = {}});
  const Fresh fresh = fresh_of(batch, plan(batch)[0]);
  EXPECT_THAT(fresh.turns, SizeIs(3));
  EXPECT_THAT(fresh.sources, ElementsAre(0, 0, 1));
}

TEST(AppendTurnsTest, ReadsWhatWasSaidAndSkipsTheRest) {
  std::vector<extract::Turn> turns;
  std::vector<std::size_t> messages;
  append_turns(R"([{"blob":"x"},{"conversational":{"content":{"text":"hi"},"role":"ASSISTANT"}},)"
               R"({"conversational":{"content":{},"role":"USER"}},)"
               R"({"json":{"content":{"pet":{"kind":"owl","ages":[3,4]},"note":"She rows."}}},7,)"
               R"({"json":{"content":{"role":"user","content":"hi"}}}])",
               {5}, turns, messages);
  ASSERT_THAT(turns, SizeIs(3));
  EXPECT_EQ(turns[0].role, extract::Role::kAssistant);
  EXPECT_EQ(turns[0].text, "hi");
  EXPECT_EQ(turns[0].time.ms, 5);
  EXPECT_EQ(turns[1].text, "pet kind: owl.\npet ages: 3.\npet ages: 4.\nShe rows.");
  EXPECT_EQ(turns[2].text, R"({"role":"user","content":"hi"})");
  EXPECT_THAT(messages, ElementsAre(1, 3, 5));
  append_turns("not JSON", {5}, turns, messages);
  EXPECT_THAT(turns, SizeIs(3));
}

}  // namespace
}  // namespace warifu::services::memory::extraction
