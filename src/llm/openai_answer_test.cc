#include "llm/openai_answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "llm/error.h"

namespace warifu::llm {
namespace {

std::string whole(std::string_view message, std::string_view finish, std::string_view more = "") {
  return R"({"choices":[{"message":)" + std::string(message) + R"(,"finish_reason":")" + std::string(finish) + "\"" +
         std::string(more) + R"(}],"usage":{"prompt_tokens":7,"completion_tokens":3}})";
}

TEST(ReadAnswerTest, GivesTextUsageAndWhyItStopped) {
  struct Case {
    std::string_view finish, more;
    StopReason want;
  };
  for (const Case& c : {Case{"stop", "", StopReason::kEndTurn}, Case{"length", "", StopReason::kMaxTokens},
                        Case{"content_filter", "", StopReason::kContentFiltered},
                        Case{"stop", R"(,"stop_reason":"END")", StopReason::kStopSequence},
                        Case{"stop", R"(,"stop_reason":null)", StopReason::kEndTurn}}) {
    const auto answer = read_answer(whole(R"({"role":"assistant","content":"hi"})", c.finish, c.more));
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(answer->text, "hi");
    EXPECT_EQ(answer->stop, c.want) << c.finish << c.more;
    EXPECT_EQ(answer->usage.input_tokens, 7);
    EXPECT_EQ(answer->usage.output_tokens, 3);
  }
}

TEST(ReadAnswerTest, GivesToolCallsEvenWhereTheEndpointSaysStop) {
  const auto answer = read_answer(whole(
      R"({"content":null,"tool_calls":[{"id":"c1","function":{"name":"weather","arguments":"{\"city\":\"Kyoto\"}"}},)"
      R"({"id":"bad id","function":{"name":"now","arguments":{"zone":"JST"}}},{"function":{"name":"now"}}]})",
      "stop"));
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->stop, StopReason::kToolUse);
  ASSERT_EQ(answer->tool_calls.size(), 3U);
  EXPECT_EQ(answer->tool_calls[0].id, "c1");
  EXPECT_EQ(answer->tool_calls[0].arguments, R"({"city":"Kyoto"})");
  EXPECT_THAT(answer->tool_calls[1].id, ::testing::StartsWith("call_"));
  EXPECT_EQ(answer->tool_calls[1].arguments, R"({"zone":"JST"})");
  EXPECT_EQ(answer->tool_calls[2].arguments, "{}");
  EXPECT_NE(answer->tool_calls[1].id, answer->tool_calls[2].id);
}

TEST(ReadAnswerTest, CallsRubbishAModelError) {
  const std::string deep(10'000, '[');
  const std::vector<std::string> cases = {
      "",
      "<html>502</html>",
      "[]",
      "{}",
      deep,
      R"({"choices":[]})",
      R"({"choices":{}})",
      R"({"choices":[7]})",
      R"({"choices":[{"message":"hi"}]})",
      R"({"error":{"message":"no credit"},"choices":[]})",
      whole(R"({"tool_calls":[{"id":"c1","function":{"name":"w","arguments":"not json"}}]})", "tool_calls"),
      whole(R"({"tool_calls":[{"id":"c1","function":{"name":"w","arguments":"[1]"}}]})", "tool_calls"),
      whole(R"({"tool_calls":[{"id":"c1","function":{"name":""}}]})", "tool_calls"),
      whole(R"({"tool_calls":[{"id":"c1"}]})", "tool_calls"),
      whole(R"({"tool_calls":[7]})", "tool_calls"),
  };
  for (const std::string& body : cases) {
    const auto answer = read_answer(body);
    ASSERT_FALSE(answer.has_value()) << body.substr(0, 80);
    EXPECT_EQ(failure_code(answer.error()), "MODEL_ERROR");
  }
}

TEST(ReadAnswerTest, TakesCountsThatAreNoneForZero) {
  const auto answer = read_answer(
      R"({"choices":[{"message":{"content":"x"}}],"usage":{"prompt_tokens":-5,"completion_tokens":"many"}})");
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->usage.input_tokens, 0);
  EXPECT_EQ(answer->usage.output_tokens, 0);
}

std::string chunk(std::string_view delta, std::string_view finish = "null") {
  return R"({"choices":[{"index":0,"delta":)" + std::string(delta) + R"(,"finish_reason":)" + std::string(finish) +
         "}]}";
}

/// Events as text: `text`, `tool:ID:NAME`, `args`, `end:STOP:IN:OUT`.
std::vector<std::string> shown(const std::vector<ChatEvent>& events) {
  std::vector<std::string> out;
  for (const ChatEvent& event : events) {
    if (const auto* text = std::get_if<TextDelta>(&event)) out.push_back("text " + text->text);
    if (const auto* start = std::get_if<ToolStart>(&event)) out.push_back("tool " + start->id + " " + start->name);
    if (const auto* delta = std::get_if<ToolDelta>(&event)) out.push_back("args " + delta->arguments);
    if (const auto* end = std::get_if<Finished>(&event)) {
      out.push_back(
          fmt::format("end {} {} {}", static_cast<int>(end->stop), end->usage.input_tokens, end->usage.output_tokens));
    }
  }
  return out;
}

Result<std::vector<std::string>> read_chunks(const std::vector<std::string>& chunks) {
  ChunkReader reader;
  std::vector<ChatEvent> events;
  for (const std::string& data : chunks) TRY(reader.feed(data, events));
  if (!reader.done()) TRY(reader.finish(events));
  return shown(events);
}

TEST(ChunkReaderTest, PutsTextAndUsageTogether) {
  const auto events = read_chunks({chunk(R"({"role":"assistant","content":""})"), chunk(R"({"content":"Hel"})"),
                                   chunk(R"({"content":"lo"})"), chunk("{}", R"("stop")"),
                                   R"({"choices":[],"usage":{"prompt_tokens":4,"completion_tokens":2}})", "[DONE]"});
  ASSERT_TRUE(events.has_value());
  EXPECT_THAT(*events, ::testing::ElementsAre("text Hel", "text lo", "end 0 4 2"));
}

TEST(ChunkReaderTest, PutsSeveralToolCallsTogether) {
  const auto events = read_chunks(
      {chunk(R"({"content":"looking"})"),
       chunk(R"({"tool_calls":[{"index":0,"id":"a","function":{"name":"one","arguments":""}}]})"),
       chunk(R"({"tool_calls":[{"index":0,"function":{"arguments":"{\"x\""}}]})"),
       chunk(R"({"tool_calls":[{"index":0,"function":{"arguments":":1}"}}]})"),
       chunk(R"({"tool_calls":[{"index":1,"id":"b","function":{"name":"two"}}]})"), chunk("{}", R"("tool_calls")")});
  ASSERT_TRUE(events.has_value()) << events.error().message;
  EXPECT_THAT(*events, ::testing::ElementsAre("text looking", "tool a one", "args {\"x\"", "args :1}", "tool b two",
                                              "args {}", "end 1 0 0"));
}

TEST(ChunkReaderTest, TellsCallsApartWhereAllHaveOneIndex) {
  const auto events =
      read_chunks({chunk(R"({"tool_calls":[{"index":0,"id":"a","function":{"name":"one","arguments":"{}"}},)"
                         R"({"index":0,"id":"b","function":{"name":"two","arguments":"{}"}}]})",
                         R"("stop")")});
  ASSERT_TRUE(events.has_value());
  EXPECT_THAT(*events, ::testing::ElementsAre("tool a one", "args {}", "tool b two", "args {}", "end 1 0 0"));
}

TEST(ChunkReaderTest, RefusesWhatIsNoAnswer) {
  const std::string start = chunk(R"({"tool_calls":[{"index":0,"id":"a","function":{"name":"one","arguments":"{"}}]})");
  const std::vector<std::vector<std::string>> cases = {
      {},
      {"[DONE]"},
      {"rubbish"},
      {chunk(R"({"content":"half"})")},
      {R"({"error":{"message":"overloaded"}})"},
      {start, chunk("{}", R"("tool_calls")")},
      {start, chunk(R"({"content":"text after half a call"})")},
      {start, chunk(R"({"tool_calls":[{"index":1,"id":"b","function":{"arguments":"{}"}}]})")},
  };
  for (const auto& chunks : cases) {
    const auto events = read_chunks(chunks);
    ASSERT_FALSE(events.has_value()) << (chunks.empty() ? "nothing" : chunks.front());
    EXPECT_EQ(failure_of(events.error()), Failure::kModelError);
  }
}

TEST(ReadEmbeddingsTest, OrdersByIndexAndRefusesTheRest) {
  const auto good =
      read_embeddings(R"({"data":[{"index":1,"embedding":[3,4]},{"index":0,"embedding":[1,2.5e-1]}]})", 2);
  ASSERT_TRUE(good.has_value());
  EXPECT_THAT(*good, ::testing::ElementsAre(std::vector<float>{1, 0.25F}, std::vector<float>{3, 4}));
  for (const std::string_view body : {
           R"({"data":[{"embedding":[1]}]})",
           R"({"data":[{"embedding":[1]},{"embedding":[1,2]}]})",
           R"({"data":[{"index":0,"embedding":[1]},{"index":0,"embedding":[1]}]})",
           R"({"data":[{"index":0,"embedding":[1]},{"index":2,"embedding":[1]}]})",
           R"({"data":[{"index":0,"embedding":[1]},{"index":-1,"embedding":[1]}]})",
           R"({"data":[{"embedding":[1]},{"embedding":[]}]})",
           R"({"data":[{"embedding":[1]},{"embedding":["x"]}]})",
           R"({"data":[{"embedding":[1]},{"embedding":[1e300]}]})",
           R"({"data":[{"embedding":[1]},{}]})",
           R"({"data":7})",
           R"([])",
       }) {
    const auto vectors = read_embeddings(body, 2);
    ASSERT_FALSE(vectors.has_value()) << body;
    EXPECT_EQ(failure_of(vectors.error()), Failure::kModelError);
  }
}

TEST(ErrorTextTest, IsBoundedAndWithoutControlCharacters) {
  EXPECT_EQ(error_text(R"({"error":{"message":"a\r\nb"}})"), "a  b");
  EXPECT_EQ(error_text(R"({"error":"plain"})"), "plain");
  EXPECT_EQ(error_text(R"({"message":"other"})"), "other");
  EXPECT_EQ(error_text("<html>"), "");
  EXPECT_LE(error_text(R"({"error":")" + std::string(5'000, 'x') + "\"}").size(), 304U);
}

}  // namespace
}  // namespace warifu::llm
