#include "wire/event_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/encoding.h"
#include "gen/bedrock/inference.h"

namespace warifu::wire {
namespace {

namespace ops = model::bedrock::ops;
using model::bedrock::ConverseEvent;

/// A reader of its own, written from the format's description, that checks every length and sum.
struct Message {
  std::map<std::string, std::string> headers;
  std::string payload;
};

std::uint32_t u32(std::string_view bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8U | static_cast<unsigned char>(bytes.at(at + i));
  return value;
}

/// Bit by bit, so that it shares no table with the encoder.
std::uint32_t slow_crc(std::string_view bytes) {
  std::uint32_t value = ~0U;
  for (const char c : bytes) {
    value ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1U) ^ ((value & 1U) * 0xEDB88320U);
  }
  return ~value;
}

std::vector<Message> read(std::string_view bytes) {
  std::vector<Message> messages;
  while (bytes.size() >= 16) {
    const std::size_t total = u32(bytes, 0);
    const std::size_t headers = u32(bytes, 4);
    if (total > bytes.size() || headers + 16 > total) break;
    EXPECT_EQ(u32(bytes, 8), slow_crc(bytes.substr(0, 8)));
    EXPECT_EQ(u32(bytes, total - 4), slow_crc(bytes.substr(0, total - 4)));
    Message message{.headers = {}, .payload = std::string(bytes.substr(12 + headers, total - headers - 16))};
    std::string_view rest = bytes.substr(12, headers);
    while (!rest.empty()) {
      const auto name = static_cast<unsigned char>(rest[0]);
      EXPECT_EQ(rest.at(1U + name), 7) << "text";
      const std::size_t value = std::size_t{static_cast<unsigned char>(rest.at(2U + name))} << 8U |
                                static_cast<unsigned char>(rest.at(3U + name));
      message.headers[std::string(rest.substr(1, name))] = std::string(rest.substr(4U + name, value));
      rest.remove_prefix(4U + name + value);
    }
    messages.push_back(std::move(message));
    bytes.remove_prefix(total);
  }
  EXPECT_TRUE(bytes.empty()) << "whole messages only";
  return messages;
}

TEST(EventStreamTest, SumsAsTheStandardDoes) {
  EXPECT_EQ(crc32(""), 0U);
  EXPECT_EQ(crc32("123456789"), 0xCBF43926U);
}

TEST(EventStreamTest, WritesTheBytesThatAwsLibrariesWrite) {
  // The vector `payload_no_headers` of AWS's event stream test suite, and its one with a text header.
  std::string out;
  append_event_message(out, {}, "{'foo':'bar'}");
  EXPECT_EQ(hex_encode(as_bytes(out)), "0000001d00000000fd528c5a7b27666f6f273a27626172277dc3653936");
  out.clear();
  append_event_message(out, {{"content-type", "application/json"}}, "{'foo':'bar'}");
  EXPECT_EQ(hex_encode(as_bytes(out)),
            "0000003d0000002007fd83960c636f6e74656e742d747970650700106170706c69636174696f6e2f6a736f6e7b27666f6f273a2762"
            "6172277d8d9c08b1");
}

TEST(EventStreamTest, NamesTheEventThatIsSet) {
  const Member* stream = stream_member(*ops::kConverseStream.operation);
  ASSERT_NE(stream, nullptr);
  ConverseEvent event;
  event.content_block_delta.emplace();
  event.content_block_delta->content_block_index = 2;
  event.content_block_delta->delta.text = "h\u00e9 \"x\"\n";
  std::string out;
  append_event(out, *stream->shape, &event);
  append_event(out, *stream->shape, &event);
  const auto messages = read(out);
  ASSERT_EQ(messages.size(), 2U);
  EXPECT_EQ(messages[1].headers.at(":event-type"), "contentBlockDelta");
  EXPECT_EQ(messages[1].headers.at(":message-type"), "event");
  EXPECT_EQ(messages[1].headers.at(":content-type"), "application/json");
  EXPECT_EQ(messages[1].payload, "{\"delta\":{\"text\":\"h\u00e9 \\\"x\\\"\\n\"},\"contentBlockIndex\":2}");
}

TEST(EventStreamTest, NamesAnErrorAsTheStreamDeclaresIt) {
  struct Case {
    Error error;
    std::string_view want;
  };
  const Case cases[] = {
      {{.code = ErrorCode::kThrottled, .message = "slow", .aws_name = "ThrottlingException"}, "throttlingException"},
      {{.code = ErrorCode::kThrottled, .message = "slow"}, "throttlingException"},
      {{.code = ErrorCode::kUnavailable, .message = "x", .aws_name = "ModelStreamErrorException"},
       "modelStreamErrorException"},
      {{.code = ErrorCode::kValidation, .message = "x"}, "validationException"},
      {{.code = ErrorCode::kInternal, .message = "x"}, "internalServerException"},
      {{.code = ErrorCode::kAccessDenied, .message = "x"}, "internalServerException"},
  };
  for (const Case& c : cases) {
    std::string out;
    append_event_error(out, *ops::kConverseStream.operation, c.error);
    const auto messages = read(out);
    ASSERT_EQ(messages.size(), 1U);
    EXPECT_EQ(messages[0].headers.at(":message-type"), "exception");
    EXPECT_EQ(messages[0].headers.at(":exception-type"), c.want);
    EXPECT_EQ(messages[0].payload, "{\"message\":\"" + c.error.message + "\"}");
  }
}

TEST(EventStreamTest, OperationsThatAnswerWholeHaveNoStream) {
  EXPECT_EQ(stream_member(*ops::kConverse.operation), nullptr);
  EXPECT_EQ(stream_member(*ops::kInvokeModel.operation), nullptr);
}

TEST(EventStreamTest, BeginsWithItsTypeAndTheRequestId) {
  const http::Response response = begin_event_stream(*ops::kConverseStream.operation, "id-1");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers.get("content-type"), "application/vnd.amazon.eventstream");
  EXPECT_EQ(response.headers.get("x-amzn-requestid"), "id-1");
}

}  // namespace
}  // namespace warifu::wire
