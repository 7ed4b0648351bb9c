#include "services/memory/extractors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

namespace warifu::services::memory::extraction {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

/// Says what it was told to, one answer a call, and keeps what it was asked.
class FakeModel final : public llm::ChatModel {
 public:
  Task<Result<llm::ChatAnswer>> complete(llm::ChatRequest request) override {
    co_return complete_blocking(std::move(request), {});
  }
  Task<Result<std::unique_ptr<llm::ChatStream>>> stream(llm::ChatRequest) override {
    co_return fail(internal_error("nobody listens to it here"));
  }
  Result<llm::ChatAnswer> complete_blocking(llm::ChatRequest request, const std::stop_token&) override {
    asked.push_back(std::move(request));
    if (says.empty()) return fail(internal_error("it was not to be asked"));
    llm::ChatAnswer answer{.text = std::move(says.front()), .tool_calls = {}, .usage = {}};
    says.pop_front();
    return answer;
  }

  std::deque<std::string> says;
  std::vector<llm::ChatRequest> asked;
};

const Override kExtraction{.instructions = "write down owls", .model = "model-a"};
const Override kConsolidation{.instructions = "finish with owls", .model = "model-b"};
const Override kReflection{.instructions = "learn of owls", .model = "model-c"};

class ModelExtractorTest : public ::testing::Test {
 protected:
  static Part part_of(extract::Kind kind) {
    return {.strategy = "s-1",
            .kind = kind,
            .extraction = kExtraction,
            .consolidation = kConsolidation,
            .reflection = kReflection};
  }
  Result<extract::Decision> decide(extract::Kind kind, std::string text, std::string existing) {
    const extract::Memory memory{.text = std::move(text), .index_text = "", .time = {2'000}, .sources = {0}};
    const extract::Existing one{.text = std::move(existing), .time = {1'000}, .score = 0.5F};
    return extractor->consolidate(part_of(kind), kind, memory, std::span(&one, 1));
  }
  void extract(const Part& part, std::string answer) {
    const std::vector<extract::Turn> turns = {
        {.role = extract::Role::kUser, .text = "I keep owls in Otaru.", .time = {1'000}}};
    model.says = {std::move(answer)};
    const auto made = extractor->extract(part, {.context = {}, .fresh = turns});
    EXPECT_TRUE(made.has_value()) << (made ? "" : made.error().message);
  }

  FakeModel model;
  std::unique_ptr<Extractor> extractor = model_extractor(model, nullptr, nullptr, {});
};

constexpr std::string_view kNone = R"({"memories":[]})";

TEST_F(ModelExtractorTest, EachStepHasItsOwnWordsAndModel) {
  extract(part_of(extract::Kind::kSemantic), std::string(kNone));
  EXPECT_EQ(model.asked.back().model, "model-a");
  EXPECT_THAT(model.asked.back().system, HasSubstr("write down owls"));
  EXPECT_THAT(model.asked.back().system, Not(HasSubstr("finish with owls")));
  model.says = {R"({"operations":[{"memory":0,"operation":"AddMemory","update_id":null,"updated_memory":null}]})"};
  ASSERT_TRUE(decide(extract::Kind::kSemantic, "The user keeps owls.", "The user keeps cats."));
  EXPECT_EQ(model.asked.back().model, "model-b");
  EXPECT_THAT(model.asked.back().system, HasSubstr("finish with owls"));
}

TEST_F(ModelExtractorTest, ASummaryIsWrittenInTheStepThatTheServiceCallsConsolidation) {
  Part part = part_of(extract::Kind::kSummary);
  part.extraction = {};
  extract(part, std::string(kNone));
  EXPECT_EQ(model.asked.back().model, "model-b");
  EXPECT_THAT(model.asked.back().system, HasSubstr("finish with owls"));
  extract(part_of(extract::Kind::kEpisode), std::string(kNone));
  EXPECT_EQ(model.asked.back().model, "model-a");
  EXPECT_THAT(model.asked.back().system, HasSubstr("write down owls\nfinish with owls"));
  part.consolidation = {};
  extract(part, std::string(kNone));
  EXPECT_THAT(model.asked.back().system, HasSubstr("Summarise"));
}

TEST_F(ModelExtractorTest, SummariesAndEpisodesKeepTheirFormBesideOthers) {
  for (const extract::Kind kind : {extract::Kind::kSummary, extract::Kind::kEpisode}) {
    const auto decision = decide(kind, "<summary>\n<intent>b</intent>\n</summary>", "<summary>\na\n</summary>");
    ASSERT_TRUE(decision) << decision.error().message;
    EXPECT_EQ(decision->action, extract::Action::kAdd);
  }
  EXPECT_THAT(model.asked, IsEmpty());
}

TEST_F(ModelExtractorTest, AReflectionThatIsThereIsImproved) {
  const std::string old = "<reflection>\n<title>Tables</title>\n<hints>Call.</hints>\n</reflection>";
  const std::string made = "<reflection>\n<title>Dinner</title>\n<hints>Call early.</hints>\n</reflection>";
  model.says = {R"({"reflections":[{"operator":"update","id":0,"title":"Tables","use_cases":"Dinners",)"
                R"("hints":"Call early, twice.","confidence":0.8}]})"};
  const auto improved = decide(extract::Kind::kReflection, made, old);
  ASSERT_TRUE(improved) << improved.error().message;
  EXPECT_EQ(improved->action, extract::Action::kUpdate);
  EXPECT_EQ(improved->existing, 0U);
  EXPECT_THAT(improved->text, HasSubstr("<hints>Call early, twice.</hints>"));
  EXPECT_EQ(model.asked.back().model, "model-c");
  EXPECT_THAT(model.asked.back().system, HasSubstr("learn of owls"));
  EXPECT_THAT(model.asked.back().messages, SizeIs(1));
  model.says = {R"({"reflections":[]})"};
  const auto left = decide(extract::Kind::kReflection, made, old);
  ASSERT_TRUE(left);
  EXPECT_EQ(left->action, extract::Action::kAdd) << "nothing said against it";
  model.says = {R"({"operations":[]})"};
  const auto wrong = decide(extract::Kind::kReflection, made, old);
  ASSERT_FALSE(wrong);
  EXPECT_TRUE(is_model_failure(wrong.error()));
}

}  // namespace
}  // namespace warifu::services::memory::extraction
