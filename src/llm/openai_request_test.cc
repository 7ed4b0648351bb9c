#include "llm/openai_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "json/value.h"
#include "llm/error.h"

namespace warifu::llm {
namespace {

std::string body_of(const ChatRequest& request, bool stream = false) {
  auto body = chat_body(request, "small", stream);
  EXPECT_TRUE(body.has_value()) << (body ? "" : body.error().message);
  return body.value_or("");
}

TEST(ChatBodyTest, HoldsSystemTextAndSampling) {
  const ChatRequest request{
      .system = "be brief",
      .messages = {{Role::kUser, {Text{"one"}, Text{"two"}}}, {Role::kAssistant, {Text{"three"}}}},
      .max_tokens = 5,
      .temperature = 0.5,
      .top_p = 0.25,
      .stop = {"END"}};
  EXPECT_EQ(body_of(request), R"({"model":"small","messages":[{"role":"system","content":"be brief"},)"
                              R"({"role":"user","content":"one\ntwo"},{"role":"assistant","content":"three"}],)"
                              R"("max_tokens":5,"temperature":0.5,"top_p":0.25,"stop":["END"]})");
}

TEST(ChatBodyTest, AsksForUsageInAStream) {
  EXPECT_THAT(body_of({}, true), ::testing::HasSubstr(R"("stream":true,"stream_options":{"include_usage":true})"));
}

TEST(ChatBodyTest, PutsToolResultsRightAfterTheirCalls) {
  const ChatRequest request{
      .messages = {{Role::kAssistant, {Text{"let me look"}, ToolCall{"c1", "weather", R"({"city":"Kyoto"})"}}},
                   {Role::kUser, {Text{"hurry"}, ToolResult{"c1", "rain"}, ToolResult{"c2", "no such city", true}}}}};
  EXPECT_EQ(body_of(request),
            R"({"model":"small","messages":[{"role":"assistant","content":"let me look","tool_calls":)"
            R"([{"id":"c1","type":"function","function":{"name":"weather","arguments":"{\"city\":\"Kyoto\"}"}}]},)"
            R"({"role":"tool","tool_call_id":"c1","content":"rain"},)"
            R"({"role":"tool","tool_call_id":"c2","content":"error: no such city"},)"
            R"({"role":"user","content":"hurry"}]})");
}

TEST(ChatBodyTest, OffersToolsAndTheirChoice) {
  ChatRequest request{.tools = {{"weather", "tells it", R"({"type":"object"})"}}};
  const std::string tools = R"("tools":[{"type":"function","function":{"name":"weather","description":"tells it",)"
                            R"("parameters":{"type":"object"}}}])";
  EXPECT_EQ(body_of(request), R"({"model":"small","messages":[],)" + tools + "}");
  request.tool_choice = ToolChoice::kAny;
  EXPECT_THAT(body_of(request), ::testing::EndsWith(R"(,"tool_choice":"required"})"));
  request.tool_choice = ToolChoice::kNamed;
  request.tool_name = "weather";
  EXPECT_THAT(body_of(request),
              ::testing::EndsWith(R"(,"tool_choice":{"type":"function","function":{"name":"weather"}}})"));
}

TEST(ChatBodyTest, SendsPicturesAsDataUrls) {
  const ChatRequest request{.messages = {{Role::kUser, {Text{"what is it"}, Image{"image/png", "PNG"}}}}};
  EXPECT_THAT(body_of(request),
              ::testing::HasSubstr(R"("content":[{"type":"text","text":"what is it"},{"type":"image_url",)"
                                   R"("image_url":{"url":"data:image/png;base64,UE5H"}}])"));
}

TEST(ChatBodyTest, AsksForASchema) {
  const ChatRequest request{.response_schema = ResponseSchema{"memories", R"({"type":"object"})"}};
  EXPECT_THAT(body_of(request),
              ::testing::HasSubstr(R"("response_format":{"type":"json_schema","json_schema":{"name":"memories",)"
                                   R"("strict":true,"schema":{"type":"object"}}})"));
}

TEST(ChatBodyTest, RefusesWhatStandsInTheWrongTurnOrIsNoJson) {
  const std::vector<std::pair<std::string_view, ChatRequest>> cases = {
      {"a user's call", {.messages = {{Role::kUser, {ToolCall{"c", "t", "{}"}}}}}},
      {"an assistant's result", {.messages = {{Role::kAssistant, {ToolResult{"c", "t"}}}}}},
      {"an assistant's picture", {.messages = {{Role::kAssistant, {Image{"image/png", "x"}}}}}},
      {"arguments that are a list", {.messages = {{Role::kAssistant, {ToolCall{"c", "t", "[]"}}}}}},
      {"arguments that break out", {.messages = {{Role::kAssistant, {ToolCall{"c", "t", "{},{}"}}}}}},
      {"a schema that is no JSON", {.tools = {{"t", "", "}"}}}},
      {"a response schema that is no object", {.response_schema = ResponseSchema{"n", "7"}}},
  };
  for (const auto& [name, request] : cases) {
    const auto body = chat_body(request, "small", false);
    ASSERT_FALSE(body.has_value()) << name;
    EXPECT_EQ(failure_of(body.error()), Failure::kValidation) << name;
  }
}

TEST(ChatBodyTest, EscapesWhatItCarries) {
  const ChatRequest request{.messages = {{Role::kUser, {Text{"\"}],\"model\":\"big\"\n\x01"}}}}};
  const auto parsed = json::parse(body_of(request));
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->find_string("model"), "small");
}

TEST(EmbeddingsBodyTest, HoldsTheTexts) {
  const std::vector<std::string> texts = {"a", "b\""};
  EXPECT_EQ(embeddings_body(texts, "tiny"), R"({"model":"tiny","encoding_format":"float","input":["a","b\""]})");
}

}  // namespace
}  // namespace warifu::llm
