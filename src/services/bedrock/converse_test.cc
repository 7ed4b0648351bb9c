#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

#include "api/testing.h"
#include "llm/error.h"
#include "services/bedrock/operations.h"

namespace warifu::services::bedrock {
namespace {

using api::testing::body_of;
using api::testing::TestServer;
using llm::Failure;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// Keeps what it is asked and answers what it was told.
class FakeModel final : public llm::ChatModel {
 public:
  Task<Result<llm::ChatAnswer>> complete(llm::ChatRequest request) override {
    asked = std::move(request);
    co_return answer;
  }
  Task<Result<std::unique_ptr<llm::ChatStream>>> stream(llm::ChatRequest request) override {
    asked = std::move(request);
    if (!answer) co_return fail(answer.error());
    co_return std::make_unique<Stream>(events, broken);
  }
  Result<llm::ChatAnswer> complete_blocking(llm::ChatRequest, const std::stop_token&) override { return answer; }

  std::optional<llm::ChatRequest> asked;
  Result<llm::ChatAnswer> answer = llm::ChatAnswer{.text = "hello", .tool_calls = {}};
  std::vector<llm::ChatEvent> events;
  std::optional<Error> broken;

 private:
  class Stream final : public llm::ChatStream {
   public:
    Stream(std::vector<llm::ChatEvent> events, std::optional<Error> broken)
        : events_(std::move(events)), broken_(std::move(broken)) {}
    Task<Result<std::optional<llm::ChatEvent>>> next() override {
      if (at_ < events_.size()) co_return std::optional(events_[at_++]);
      if (broken_) co_return fail(*broken_);
      co_return std::nullopt;
    }
    void cancel() override {}

   private:
    std::vector<llm::ChatEvent> events_;
    std::optional<Error> broken_;
    std::size_t at_ = 0;
  };
};

constexpr std::string_view kHello = R"({"messages":[{"role":"user","content":[{"text":"hi"}]}]})";

class ConverseTest : public ::testing::Test {
 protected:
  http::Response send(std::string body, std::string_view operation = "converse") {
    return server.send(keys, {.service = "bedrock",
                              .target = fmt::format("/model/amazon.nova-lite-v1%3A0/{}", operation),
                              .body = std::move(body)});
  }
  /// The message of an error of that name; fails the test when it is another.
  std::string refusal(const http::Response& response, std::string_view name) {
    EXPECT_EQ(response.headers.get("x-amzn-errortype"), name) << response.body;
    return body_of(response).find_string("message").value_or("");
  }
  /// `TYPE JSON` of each event.
  static std::vector<std::string> events(std::string_view bytes) {
    const auto u32 = [&](std::size_t at) {
      std::size_t value = 0;
      for (std::size_t i = 0; i < 4; ++i) value = value << 8U | static_cast<unsigned char>(bytes[at + i]);
      return value;
    };
    std::vector<std::string> out;
    while (!bytes.empty()) {
      const std::size_t total = u32(0);
      const std::size_t headers = u32(4);
      const std::string_view head = bytes.substr(12, headers);
      const std::size_t at = head.find("-type") + 8;
      out.push_back(std::string(head.substr(at, head.find('\x0d', at) - at)) + " " +
                    std::string(bytes.substr(12 + headers, total - headers - 16)));
      bytes.remove_prefix(total);
    }
    return out;
  }

  FakeModel model;
  TestServer server{[this](api::Registry& registry) { bind(registry, &model); }};
  api::testing::Keys keys = server.account("111111111111");
};

TEST_F(ConverseTest, CarriesTheConversation) {
  const auto response = send(R"({"system":[{"text":"be brief"},{"cachePoint":{"type":"default"}},{"text":"be kind"}],
    "messages":[{"role":"user","content":[{"text":"weather?"},{"image":{"format":"png","source":{"bytes":"UE5H"}}}]},
      {"role":"assistant","content":[{"text":"looking"},
        {"toolUse":{"toolUseId":"t1","name":"weather","input":{"city":"Kyoto"}}}]},
      {"role":"user","content":[{"toolResult":{"toolUseId":"t1","status":"error",
        "content":[{"json":{"sky":"rain"}},{"text":"soon"}]}}]}],
    "toolConfig":{"tools":[{"toolSpec":{"name":"weather","description":"tells it",
        "inputSchema":{"json":{"type":"object"}}}}],
      "toolChoice":{"tool":{"name":"weather"}}},
    "inferenceConfig":{"maxTokens":7,"temperature":0.5,"topP":0.25,"stopSequences":["END"]},
    "additionalModelRequestFields":{}})");
  ASSERT_EQ(response.status, 200) << response.body;
  ASSERT_TRUE(model.asked);
  const llm::ChatRequest& asked = *model.asked;
  EXPECT_EQ(asked.model, "amazon.nova-lite-v1:0");
  EXPECT_EQ(asked.system, "be brief\n\nbe kind");
  ASSERT_EQ(asked.messages.size(), 3U);
  EXPECT_EQ(std::get<llm::Image>(asked.messages[0].parts.at(1)).bytes, "PNG");
  EXPECT_EQ(std::get<llm::Image>(asked.messages[0].parts.at(1)).media_type, "image/png");
  EXPECT_EQ(asked.messages[1].role, llm::Role::kAssistant);
  EXPECT_EQ(std::get<llm::ToolCall>(asked.messages[1].parts.at(1)).arguments, R"({"city":"Kyoto"})");
  const auto& result = std::get<llm::ToolResult>(asked.messages[2].parts.at(0));
  EXPECT_EQ(result.text, "{\"sky\":\"rain\"}\nsoon");
  EXPECT_TRUE(result.failed);
  EXPECT_EQ(asked.tools.at(0).parameters, R"({"type":"object"})");
  EXPECT_EQ(asked.tool_choice, llm::ToolChoice::kNamed);
  EXPECT_EQ(asked.tool_name, "weather");
  EXPECT_EQ(asked.max_tokens, 7);
  EXPECT_EQ(asked.temperature, 0.5);
  EXPECT_EQ(asked.top_p, 0.25);
  EXPECT_THAT(asked.stop, ElementsAre("END"));
}

TEST_F(ConverseTest, AnswersAsBedrockDoes) {
  model.answer = llm::ChatAnswer{.text = "looking",
                                 .tool_calls = {{"t1", "weather", R"({"city": "Kyoto"})"}},
                                 .stop = llm::StopReason::kToolUse,
                                 .usage = {.input_tokens = 5, .output_tokens = 3}};
  const auto response = send(std::string(kHello));
  ASSERT_EQ(response.status, 200);
  EXPECT_THAT(
      response.body,
      ::testing::StartsWith(
          R"({"output":{"message":{"role":"assistant","content":[{"text":"looking"},{"toolUse":{"toolUseId":"t1",)"
          R"("name":"weather","input":{"city": "Kyoto"}}}]}},"stopReason":"tool_use",)"
          R"("usage":{"inputTokens":5,"outputTokens":3,"totalTokens":8},"metrics":{"latencyMs":)"));
}

TEST_F(ConverseTest, NamesEveryReasonToStop) {
  const std::pair<llm::StopReason, std::string_view> cases[] = {
      {llm::StopReason::kEndTurn, "end_turn"},
      {llm::StopReason::kMaxTokens, "max_tokens"},
      {llm::StopReason::kStopSequence, "stop_sequence"},
      {llm::StopReason::kContentFiltered, "content_filtered"}};
  for (const auto& [reason, name] : cases) {
    model.answer->stop = reason;
    EXPECT_EQ(body_of(send(std::string(kHello))).find_string("stopReason"), name);
  }
}

TEST_F(ConverseTest, RefusesByNameWhatItCannotCarry) {
  const auto with = [](std::string_view block) {
    return fmt::format(R"({{"messages":[{{"role":"user","content":[{}]}}]}})", block);
  };
  const std::pair<std::string, std::string_view> cases[] = {
      {with(R"({"document":{"name":"d","format":"pdf","source":{"bytes":"UE5H"}}})"), "messages.0.content.0.document"},
      {with(R"({"video":{"format":"mp4","source":{"bytes":"UE5H"}}})"), "messages.0.content.0.video"},
      {with(R"({"guardContent":{"text":{"text":"x"}}})"), "guardContent"},
      {with(R"({"image":{"format":"png","source":{"s3Location":{"uri":"s3://bucket/a.png"}}}})"), "s3Location"},
      {R"({"messages":[{"role":"user","content":[{"text":"a"}]}],)"
       R"("guardrailConfig":{"guardrailIdentifier":"abc","guardrailVersion":"1"}})",
       "guardrailConfig"},
      {R"({"messages":[{"role":"user","content":[{"text":"a"}]}],"additionalModelRequestFields":{"top_k":5}})",
       "additionalModelRequestFields"},
      {R"({"messages":[{"role":"user","content":[{"text":"a"}]}],"promptVariables":{"a":{"text":"b"}}})",
       "promptVariables"},
      {"{}", "start with a user message"},
      {R"({"messages":[{"role":"assistant","content":[{"text":"a"}]}]})", "start with a user message"},
      {R"({"messages":[{"role":"user","content":[{"text":"a"}]},{"role":"user","content":[{"text":"a"}]}]})",
       "alternate"},
      {with(R"({"text":"  \n"})"), "messages.0.content.0 is blank"},
      {R"({"messages":[{"role":"user","content":[]}]})", "messages.0 is empty"},
      {with(R"({"toolResult":{"toolUseId":"t","content":[{"text":"x"}]}})"), "toolConfig field must be defined"},
  };
  for (const auto& [body, want] : cases) {
    for (const std::string_view operation : {"converse", "converse-stream"}) {
      const auto response = send(body, operation);
      EXPECT_EQ(response.status, 400);
      EXPECT_THAT(refusal(response, "ValidationException"), HasSubstr(want)) << body;
    }
  }
  EXPECT_FALSE(model.asked) << "nothing of that reaches a model";
}

TEST_F(ConverseTest, AnswersTheModelsFailuresAsBedrocksExceptions) {
  struct Case {
    Failure failure;
    std::string_view name;
    int status;
  };
  const Case cases[] = {{Failure::kAccessDenied, "ModelErrorException", 424},
                        {Failure::kThrottling, "ThrottlingException", 429},
                        {Failure::kModelTimeout, "ModelTimeoutException", 408},
                        {Failure::kResourceNotFound, "ResourceNotFoundException", 404},
                        {Failure::kServiceUnavailable, "ServiceUnavailableException", 503},
                        {Failure::kValidation, "ValidationException", 400},
                        {Failure::kInternal, "InternalServerException", 500},
                        {Failure::kModelError, "ModelErrorException", 424}};
  for (const Case& c : cases) {
    model.answer = fail(llm::failure_error(c.failure, "because"));
    for (const std::string_view operation : {"converse", "converse-stream"}) {
      const auto response = send(std::string(kHello), operation);
      EXPECT_EQ(response.status, c.status) << c.name;
      EXPECT_EQ(refusal(response, c.name), "because");
    }
  }
}

TEST_F(ConverseTest, StreamsEventsInBedrocksOrder) {
  model.events = {llm::TextDelta{"let me"},
                  llm::TextDelta{" look"},
                  llm::ToolStart{"t1", "weather"},
                  llm::ToolDelta{"{\"city\":"},
                  llm::ToolDelta{"\"Kyoto\"}"},
                  llm::ToolStart{"t2", "now"},
                  llm::ToolDelta{"{}"},
                  llm::Finished{llm::StopReason::kToolUse, {5, 3}}};
  const auto response = send(std::string(kHello), "converse-stream");
  ASSERT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(response.headers.get("content-type"), "application/vnd.amazon.eventstream");
  auto got = events(response.body);
  ASSERT_EQ(got.size(), 13U);
  EXPECT_THAT(got.back(),
              ::testing::StartsWith(R"(metadata {"usage":{"inputTokens":5,"outputTokens":3,"totalTokens":8})"));
  got.pop_back();
  EXPECT_THAT(
      got, ElementsAre(
               R"(messageStart {"role":"assistant"})",
               R"(contentBlockDelta {"delta":{"text":"let me"},"contentBlockIndex":0})",
               R"(contentBlockDelta {"delta":{"text":" look"},"contentBlockIndex":0})",
               R"(contentBlockStop {"contentBlockIndex":0})",
               R"(contentBlockStart {"start":{"toolUse":{"toolUseId":"t1","name":"weather"}},"contentBlockIndex":1})",
               R"(contentBlockDelta {"delta":{"toolUse":{"input":"{\"city\":"}},"contentBlockIndex":1})",
               R"(contentBlockDelta {"delta":{"toolUse":{"input":"\"Kyoto\"}"}},"contentBlockIndex":1})",
               R"(contentBlockStop {"contentBlockIndex":1})",
               R"(contentBlockStart {"start":{"toolUse":{"toolUseId":"t2","name":"now"}},"contentBlockIndex":2})",
               R"(contentBlockDelta {"delta":{"toolUse":{"input":"{}"}},"contentBlockIndex":2})",
               R"(contentBlockStop {"contentBlockIndex":2})", R"(messageStop {"stopReason":"tool_use"})"));
}

TEST_F(ConverseTest, TellsInTheStreamWhatGoesWrongOnTheWay) {
  model.events = {llm::TextDelta{"half"}};
  const std::pair<Failure, std::string_view> cases[] = {{Failure::kModelError, "modelStreamErrorException"},
                                                        {Failure::kModelTimeout, "modelStreamErrorException"},
                                                        {Failure::kServiceUnavailable, "serviceUnavailableException"},
                                                        {Failure::kThrottling, "throttlingException"},
                                                        {Failure::kInternal, "internalServerException"}};
  for (const auto& [failure, name] : cases) {
    model.broken = llm::failure_error(failure, "because");
    const auto got = events(send(std::string(kHello), "converse-stream").body);
    ASSERT_EQ(got.size(), 3U);
    EXPECT_EQ(got.back(), std::string(name) + R"( {"message":"because"})");
  }
}

TEST_F(ConverseTest, IsReportedOnceWhenItsStreamHasEnded) {
  std::vector<api::Report> reports;
  api::PipelineOptions options;
  options.report = [&](const api::Report& report) { reports.push_back(report); };
  TestServer reporting([this](api::Registry& registry) { bind(registry, &model); }, std::move(options));
  keys = reporting.account("111111111111");
  const auto stream = [&] {
    return reporting.send(keys, {.service = "bedrock",
                                 .target = "/model/amazon.nova-lite-v1%3A0/converse-stream",
                                 .body = std::string(kHello)});
  };
  model.events = {llm::TextDelta{"hi"}, llm::Finished{}};
  stream();
  model.broken = llm::failure_error(Failure::kThrottling, "because");
  model.events = {llm::TextDelta{"hi"}};
  stream();
  model.answer = fail(llm::failure_error(Failure::kValidation, "at once"));
  stream();
  ASSERT_EQ(reports.size(), 3U);
  EXPECT_EQ(reports[0].status, 200);
  EXPECT_EQ(reports[0].error_code, "");
  EXPECT_EQ(reports[0].operation, "ConverseStream");
  EXPECT_EQ(reports[0].resource, "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0");
  EXPECT_EQ(reports[1].status, 200);
  EXPECT_EQ(reports[1].error_code, "ThrottlingException");
  EXPECT_EQ(reports[1].message, "because");
  EXPECT_EQ(reports[2].status, 400);
  EXPECT_EQ(reports[2].error_code, "ValidationException");
}

TEST(ConverseWithoutModelTest, SaysHowToConfigureOne) {
  TestServer server([](api::Registry& registry) { bind(registry, nullptr); });
  const auto keys = server.account("111111111111");
  for (const std::string_view operation : {"converse", "converse-stream"}) {
    const auto response = server.send(keys, {.service = "bedrock",
                                             .target = fmt::format("/model/amazon.nova-lite-v1%3A0/{}", operation),
                                             .body = std::string(kHello)});
    EXPECT_EQ(response.status, 404);
    EXPECT_EQ(response.headers.get("x-amzn-errortype"), "ResourceNotFoundException");
    EXPECT_THAT(response.body, HasSubstr("--llm-url http://127.0.0.1:11434/v1 --llm-model NAME"));
  }
}

}  // namespace
}  // namespace warifu::services::bedrock
