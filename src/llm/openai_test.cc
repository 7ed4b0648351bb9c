#include "llm/openai.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "llm/error.h"
#include "llm/testing.h"

namespace warifu::llm {
namespace {

using std::chrono::milliseconds;
using testing::events_of;
using testing::FakeEndpoint;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::Reply;

constexpr std::string_view kHello = R"({"choices":[{"message":{"content":"hello"},"finish_reason":"stop"}],)"
                                    R"("usage":{"prompt_tokens":2,"completion_tokens":1}})";

ChatRequest question(std::string model = {}) {
  return {.model = std::move(model), .messages = {{Role::kUser, {Text{"hi"}}}}};
}

TEST(ChatModelTest, AsksWithItsKeyAndReadsTheAnswer) {
  FakeEndpoint endpoint;
  endpoint.add({.body = std::string(kHello)});
  EndpointOptions options = endpoint.options();
  options.key = "sk-secret";
  options.url += "//";
  const auto model = open_chat_model(options);
  const auto answer = model->complete_blocking(question());
  ASSERT_TRUE(answer.has_value()) << answer.error().message;
  EXPECT_EQ(answer->text, "hello");
  const http::Request asked = endpoint.requests().at(0);
  EXPECT_EQ(asked.method + " " + asked.target, "POST /v1/chat/completions");
  EXPECT_EQ(asked.headers.get("authorization"), "Bearer sk-secret");
  EXPECT_EQ(endpoint.asked().find_string("model"), "small");
}

TEST(ChatModelTest, SendsNoKeyWhereThereIsNone) {
  FakeEndpoint endpoint;
  endpoint.add({.body = std::string(kHello)});
  ASSERT_TRUE(open_chat_model(endpoint.options())->complete_blocking(question()));
  EXPECT_EQ(endpoint.requests().at(0).headers.count("authorization"), 0U);
}

TEST(ChatModelTest, TriesAgainWhereThatMayHelp) {
  for (const int status : {429, 500, 502, 503, 504}) {
    FakeEndpoint endpoint;
    endpoint.add({.status = status});
    endpoint.add({.status = status, .headers = {{"Retry-After", "0"}}});
    endpoint.add({.body = std::string(kHello)});
    EXPECT_TRUE(open_chat_model(endpoint.options())->complete_blocking(question())) << status;
    EXPECT_EQ(endpoint.requests().size(), 3U) << status;
  }
}

TEST(ChatModelTest, ClassesWhatDoesNotHelp) {
  struct Case {
    int status;
    std::string_view code;
    std::size_t attempts;
  };
  for (const Case& c :
       {Case{400, "VALIDATION_EXCEPTION", 1}, Case{401, "ACCESS_DENIED", 1}, Case{403, "ACCESS_DENIED", 1},
        Case{404, "RESOURCE_NOT_FOUND", 1}, Case{429, "THROTTLING", 4}, Case{500, "INTERNAL_ERROR", 4},
        Case{503, "SERVICE_UNAVAILABLE", 4}, Case{504, "MODEL_TIMEOUT", 4}, Case{302, "MODEL_ERROR", 1}}) {
    FakeEndpoint endpoint;
    for (int i = 0; i < 6; ++i) endpoint.add({.status = c.status, .body = R"({"error":{"message":"because"}})"});
    const auto answer = open_chat_model(endpoint.options())->complete_blocking(question());
    ASSERT_FALSE(answer.has_value());
    EXPECT_EQ(failure_code(answer.error()), c.code) << c.status;
    EXPECT_THAT(answer.error().message, HasSubstr("because"));
    EXPECT_EQ(endpoint.requests().size(), c.attempts) << c.status;
  }
}

TEST(ChatModelTest, NeverShowsItsKey) {
  FakeEndpoint endpoint;
  endpoint.add({.status = 401, .body = R"({"error":{"message":"bad key sk-secret, sk-secret"}})"});
  endpoint.add({.body = R"({"error":{"message":"bad key sk-secret"}})"});
  EndpointOptions options = endpoint.options();
  options.key = "sk-secret";
  for (int i = 0; i < 2; ++i) {
    const auto answer = open_chat_model(options)->complete_blocking(question());
    ASSERT_FALSE(answer.has_value());
    EXPECT_THAT(answer.error().message, Not(HasSubstr("sk-secret")));
    EXPECT_THAT(answer.error().message, HasSubstr("bad key ***"));
  }
}

TEST(ChatModelTest, GivesUpOnAnEndpointThatHangs) {
  FakeEndpoint endpoint;
  endpoint.add({.body = std::string(kHello), .delay = milliseconds{400}});
  EndpointOptions options = endpoint.options();
  options.timeout = milliseconds{60};
  const auto answer = open_chat_model(options)->complete_blocking(question());
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(failure_code(answer.error()), "MODEL_TIMEOUT");
}

TEST(ChatModelTest, WaitsNoLongerThanItsDeadlineWhateverTheEndpointAsks) {
  FakeEndpoint endpoint;
  endpoint.add({.status = 429, .headers = {{"Retry-After", "3600"}}});
  EndpointOptions options = endpoint.options();
  options.timeout = milliseconds{30'000};
  options.backoff_max = milliseconds{60'000};
  const auto begun = std::chrono::steady_clock::now();
  const auto answer = open_chat_model(options)->complete_blocking(question());
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(failure_code(answer.error()), "THROTTLING");
  EXPECT_LT(std::chrono::steady_clock::now() - begun, milliseconds{30'000});
}

TEST(ChatModelTest, BoundsTheAnswer) {
  FakeEndpoint endpoint;
  endpoint.add({.body = std::string(5'000, ' ') + std::string(kHello)});
  endpoint.add({.pieces = {"data: {}\n\n"}, .end = Reply::End::kEndless});
  EndpointOptions options = endpoint.options();
  options.answer_bytes_max = 1'000;
  const auto model = open_chat_model(options);
  for (int i = 0; i < 2; ++i) {
    const auto answer = model->complete_blocking(question());
    ASSERT_FALSE(answer.has_value());
    EXPECT_EQ(failure_code(answer.error()), "MODEL_ERROR");
  }
}

TEST(ChatModelTest, SaysThatNobodyListens) {
  EndpointOptions options = FakeEndpoint().options();
  const auto answer = open_chat_model(options)->complete_blocking(question());
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(failure_code(answer.error()), "SERVICE_UNAVAILABLE");
}

/// A streamed answer as one text, its events joined; the error's code at its end.
Task<> read_stream(ChatModel& model, ChatRequest request, std::string& out, std::size_t events_max) {
  auto stream = co_await model.stream(std::move(request));
  if (!stream) {
    out += "!" + std::string(failure_code(stream.error()));
    co_return;
  }
  for (std::size_t i = 0; i < events_max; ++i) {
    auto event = co_await (*stream)->next();
    if (!event) out += "!" + std::string(failure_code(event.error()));
    if (!event || !*event) co_return;
    if (const auto* text = std::get_if<TextDelta>(&**event)) out += text->text;
    if (const auto* start = std::get_if<ToolStart>(&**event)) out += "<" + start->name + ">";
    if (const auto* delta = std::get_if<ToolDelta>(&**event)) out += delta->arguments;
    if (const auto* end = std::get_if<Finished>(&**event)) out += fmt::format(" {}", end->usage.output_tokens);
  }
}

std::string streamed(const EndpointOptions& options, std::size_t events_max = 1'000) {
  boost::asio::io_context loop(1);
  const auto model = open_chat_model(options);
  std::string out;
  boost::asio::co_spawn(loop, read_stream(*model, question(), out, events_max),
                        [](const std::exception_ptr& e) { EXPECT_FALSE(e); });
  loop.run_for(std::chrono::seconds{10});
  return out;
}

std::vector<std::string> hello_chunks() {
  return {R"({"choices":[{"delta":{"content":"hel"}}]})", R"({"choices":[{"delta":{"content":"lo"}}]})",
          R"({"choices":[{"delta":{},"finish_reason":"stop"}]})", R"({"choices":[],"usage":{"completion_tokens":2}})"};
}

TEST(ChatStreamTest, HandsOutDeltasAndTriesAgainBeforeTheFirst) {
  FakeEndpoint endpoint;
  endpoint.add({.status = 503});
  endpoint.add({.pieces = events_of(hello_chunks())});
  EXPECT_EQ(streamed(endpoint.options()), "hello 2");
  EXPECT_TRUE(endpoint.asked(1).find("stream")->as_bool());
}

TEST(ChatStreamTest, ClassesWhatGoesWrongOnTheWay) {
  const std::string begun = "data: " + hello_chunks()[0] + "\n\n";
  struct Case {
    Reply reply;
    std::string_view want;
  };
  for (const Case& c :
       {Case{{.status = 403, .body = "{}"}, "!ACCESS_DENIED"},
        Case{{.pieces = {begun}, .end = Reply::End::kBroken}, "hel!SERVICE_UNAVAILABLE"},
        Case{{.pieces = {begun}}, "hel!MODEL_ERROR"}, Case{{.pieces = {begun, "data: rubbish\n\n"}}, "hel!MODEL_ERROR"},
        Case{{.pieces = {begun}, .end = Reply::End::kHangs}, "hel!MODEL_TIMEOUT"},
        Case{{.pieces = {": nothing\n\n"}, .end = Reply::End::kEndless}, "!MODEL_ERROR"}}) {
    FakeEndpoint endpoint;
    endpoint.add(c.reply);
    EndpointOptions options = endpoint.options();
    options.idle_timeout = milliseconds{100};
    options.answer_bytes_max = 100'000;
    EXPECT_EQ(streamed(options), c.want);
    EXPECT_EQ(endpoint.requests().size(), 1U) << "what was handed out is not asked again";
  }
}

TEST(ChatStreamTest, EndsAnAnswerThatTricklesForEver) {
  FakeEndpoint endpoint;
  endpoint.add({.pieces = {"data: " + hello_chunks()[0] + "\n\n"}, .end = Reply::End::kEndless});
  EndpointOptions options = endpoint.options();
  options.stream_timeout = milliseconds{100};
  options.answer_bytes_max = std::size_t{1} << 40U;
  EXPECT_THAT(streamed(options, 100'000'000), ::testing::EndsWith("!MODEL_TIMEOUT"));
}

TEST(ChatStreamTest, DroppedEndsTheCallUpstream) {
  FakeEndpoint endpoint;
  endpoint.add({.pieces = {"data: " + hello_chunks()[0] + "\n\n"}, .end = Reply::End::kHangs});
  EXPECT_EQ(streamed(endpoint.options(), 1), "hel");
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{5};
  while (endpoint.cancelled() == 0 && std::chrono::steady_clock::now() < end) {
    std::this_thread::sleep_for(milliseconds{5});
  }
  EXPECT_GE(endpoint.cancelled(), 1);
}

TEST(EndpointModelTest, MapsBedrockIdsByIdProfileAndArn) {
  EndpointOptions options{.url = "http://a", .model = "default"};
  options.model_map = {{"anthropic.claude-v1:0", "big"},
                       {"us.anthropic.claude-v2:0", "us-only"},
                       {"arn:aws:bedrock:us-east-1:111111111111:provisioned-model/abc", "reserved"}};
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"anthropic.claude-v1:0", "big"},
      {"us.anthropic.claude-v1:0", "big"},
      {"eu.anthropic.claude-v1:0", "big"},
      {"global.anthropic.claude-v1:0", "big"},
      {"us.anthropic.claude-v2:0", "us-only"},
      {"eu.anthropic.claude-v2:0", "default"},
      {"arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-v1:0", "big"},
      {"arn:aws:bedrock:us-east-1:111111111111:inference-profile/us.anthropic.claude-v1:0", "big"},
      {"xx.anthropic.claude-v1:0", "default"},
      {"arn:aws:bedrock:us-east-1:111111111111:application-inference-profile/abc", ""},
      {"arn:aws:bedrock:us-east-1:111111111111:provisioned-model/abc", "reserved"},
      {"", "default"},
  };
  for (const auto& [id, want] : cases) EXPECT_EQ(endpoint_model(options, id), want) << id;
}

TEST(EndpointModelTest, WithoutAnyIsNotFound) {
  FakeEndpoint endpoint;
  EndpointOptions options = endpoint.options();
  options.model.clear();
  const auto answer = open_chat_model(options)->complete_blocking(question("amazon.nova-lite-v1:0"));
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(failure_code(answer.error()), "RESOURCE_NOT_FOUND");
  EXPECT_THAT(answer.error().message, HasSubstr("--llm-model"));
}

TEST(EndpointOptionsTest, AreChecked) {
  EXPECT_TRUE(check({.url = "http://127.0.0.1:11434/v1"}));
  EXPECT_TRUE(check({.url = "https://example.com/v1/", .key = "sk-1"}));
  EXPECT_FALSE(check({.url = "127.0.0.1:11434"}));
  EXPECT_FALSE(check({.url = "file:///etc/passwd"}));
  EXPECT_FALSE(check({.url = "http://user:pass@host/"}));
  EXPECT_FALSE(check({.url = "http://host/v1?x=1"}));
  EXPECT_FALSE(check({.url = "http://host/v1", .key = "two\r\nlines"}));
}

TEST(EmbeddingClientTest, EmbedsABatch) {
  FakeEndpoint endpoint;
  endpoint.add({.status = 429});
  endpoint.add({.body = R"({"data":[{"index":0,"embedding":[1,2]},{"index":1,"embedding":[3,4]}]})"});
  const auto client = open_embedding_client(endpoint.options());
  const auto vectors = client->embed_blocking({"a", "b"});
  ASSERT_TRUE(vectors.has_value()) << vectors.error().message;
  EXPECT_EQ(vectors->at(1), (std::vector<float>{3, 4}));
  EXPECT_EQ(endpoint.requests().at(0).target, "/v1/embeddings");
  EXPECT_TRUE(client->embed_blocking({})->empty());
  EXPECT_EQ(endpoint.requests().size(), 2U);
}

}  // namespace
}  // namespace warifu::llm
