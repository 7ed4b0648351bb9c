#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include "api/testing.h"
#include "services/logs/filter_pattern.h"
#include "services/logs/limits.h"
#include "services/logs/operations.h"
#include "services/logs/sweep.h"

namespace warifu::services::logs {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Answer {
  int status = 0;
  json::Value body;

  [[nodiscard]] std::string text(std::string_view name) const {
    const json::Value* value = body.find(name);
    return value == nullptr ? "" : value->is_string() ? value->as_string() : value->dump();
  }
  [[nodiscard]] std::string error() const { return text("__type"); }
  /// The member `member` of each element of the list `name`.
  [[nodiscard]] std::vector<std::string> each(std::string_view name, std::string_view member) const {
    std::vector<std::string> out;
    const json::Value* list = body.find(name);
    if (list == nullptr) return out;
    for (const json::Value& item : list->items()) {
      const json::Value* value = item.find(member);
      out.push_back(value == nullptr ? "" : value->is_string() ? value->as_string() : value->dump());
    }
    return out;
  }
};

class LogsTest : public ::testing::Test {
 protected:
  Answer call(const api::testing::Keys& keys, std::string_view operation, std::string body) {
    const http::Response response =
        server.send(keys, {.service = "logs",
                           .body = std::move(body),
                           .headers = {{"X-Amz-Target", fmt::format("Logs_20140328.{}", operation)}}});
    return {.status = response.status, .body = response.body.empty() ? json::Value() : api::testing::body_of(response)};
  }
  Answer call(std::string_view operation, std::string body) { return call(a, operation, std::move(body)); }

  void make(std::string_view group = "g", std::string_view stream = "s") {
    (void)call("CreateLogGroup", fmt::format(R"({{"logGroupName":"{}"}})", group));
    ASSERT_EQ(
        call("CreateLogStream", fmt::format(R"({{"logGroupName":"{}","logStreamName":"{}"}})", group, stream)).status,
        200);
  }
  /// Puts messages a second apart, the last one now.
  Answer put(std::vector<std::string> messages, std::string_view stream = "s", std::int64_t step = 1'000) {
    const std::int64_t now = server.clock().now().ms;
    std::string events;
    for (std::size_t i = 0; i < messages.size(); ++i) {
      const std::int64_t time = now - static_cast<std::int64_t>(messages.size() - 1 - i) * step;
      events += fmt::format(R"({}{{"timestamp":{},"message":{}}})", i == 0 ? "" : ",", time,
                            json::Value::string(messages[i]).dump());
    }
    return call("PutLogEvents",
                fmt::format(R"({{"logGroupName":"g","logStreamName":"{}","logEvents":[{}]}})", stream, events));
  }
  Answer get(std::string_view more = "") {
    return call("GetLogEvents", fmt::format(R"({{"logGroupName":"g","logStreamName":"s"{}}})", more));
  }
  std::vector<std::string> filter(std::string_view pattern) {
    const Answer found = call("FilterLogEvents", fmt::format(R"({{"logGroupName":"g","filterPattern":{}}})",
                                                             json::Value::string(std::string(pattern)).dump()));
    EXPECT_EQ(found.status, 200) << found.body.dump();
    return found.each("events", "message");
  }

  api::testing::TestServer server{bind};
  api::testing::Keys a = server.account("111111111111");
};

TEST_F(LogsTest, GroupsAreMadeListedAndDeleted) {
  ASSERT_EQ(call("CreateLogGroup", R"({"logGroupName":"/aws/lambda/f","tags":{"k":"v"}})").status, 200);
  EXPECT_EQ(call("CreateLogGroup", R"({"logGroupName":"/aws/lambda/f"})").error(), "ResourceAlreadyExistsException");
  make("/other");
  const Answer listed = call("DescribeLogGroups", R"({"logGroupNamePrefix":"/aws/"})");
  EXPECT_THAT(listed.each("logGroups", "logGroupName"), ElementsAre("/aws/lambda/f"));
  EXPECT_THAT(listed.each("logGroups", "arn"),
              ElementsAre("arn:aws:logs:us-east-1:111111111111:log-group:/aws/lambda/f:*"));
  EXPECT_THAT(call("DescribeLogGroups", R"({"logGroupNamePattern":"the"})").each("logGroups", "logGroupName"),
              ElementsAre("/other"));
  const Answer first = call("DescribeLogGroups", R"({"limit":1})");
  const Answer rest = call("DescribeLogGroups", fmt::format(R"({{"nextToken":"{}"}})", first.text("nextToken")));
  EXPECT_THAT(rest.each("logGroups", "logGroupName"), ElementsAre("/other"));
  EXPECT_EQ(
      call("ListTagsForResource", R"({"resourceArn":"arn:aws:logs:us-east-1:111111111111:log-group:/aws/lambda/f"})")
          .text("tags"),
      R"({"k":"v"})");
  EXPECT_EQ(call("DeleteLogGroup", R"({"logGroupName":"/aws/lambda/f"})").status, 200);
  const Answer gone = call("DeleteLogGroup", R"({"logGroupName":"/aws/lambda/f"})");
  EXPECT_EQ(gone.error(), "ResourceNotFoundException");
  EXPECT_EQ(gone.text("message"), "The specified log group does not exist.");
  EXPECT_EQ(call("CreateLogGroup", R"({"logGroupName":"bad name"})").error(), "InvalidParameterException");
  EXPECT_EQ(
      call("CreateLogGroup", R"({"logGroupName":"k","kmsKeyId":"arn:aws:kms:us-east-1:111111111111:key/1"})").status,
      400);
}

TEST_F(LogsTest, AGroupMadeAgainHasNothingOfTheOldOne) {
  make();
  ASSERT_EQ(put({"old"}).status, 200);
  ASSERT_EQ(call("DeleteLogGroup", R"({"logGroupName":"g"})").status, 200);
  make();
  EXPECT_THAT(get().each("events", "message"), ElementsAre());
  ASSERT_TRUE(sweep::deleted(server.db(), {}).has_value());
  std::size_t rows = 0;
  const auto counted = server.db().read([&](store::Reader& reader) {
    return reader.scan(store::Partition::service(*AccountId::parse("111111111111"), "logs"), {},
                       [&](std::string_view, std::string_view) { return ++rows > 0; });
  });
  ASSERT_TRUE(counted.has_value());
  EXPECT_EQ(rows, 2U) << "the new group and its stream alone";
}

TEST_F(LogsTest, EventsComeBackInOrderFromEitherEnd) {
  make();
  ASSERT_EQ(put({"1", "2", "3", "4", "5"}).status, 200);
  EXPECT_THAT(get().each("events", "message"), ElementsAre("1", "2", "3", "4", "5"));
  EXPECT_THAT(get(R"(,"limit":2)").each("events", "message"), ElementsAre("4", "5"));
  const Answer head = get(R"(,"limit":2,"startFromHead":true)");
  EXPECT_THAT(head.each("events", "message"), ElementsAre("1", "2"));
  const auto next = [&](const Answer& answer, std::string_view token) {
    return get(fmt::format(R"(,"limit":2,"nextToken":"{}")", answer.text(token)));
  };
  const Answer second = next(head, "nextForwardToken");
  EXPECT_THAT(second.each("events", "message"), ElementsAre("3", "4"));
  EXPECT_THAT(next(second, "nextBackwardToken").each("events", "message"), ElementsAre("1", "2"));
  const Answer third = next(second, "nextForwardToken");
  const Answer end = next(third, "nextForwardToken");
  EXPECT_THAT(end.each("events", "message"), ElementsAre());
  EXPECT_EQ(end.text("nextForwardToken"), third.text("nextForwardToken"));
  EXPECT_EQ(get(R"(,"nextToken":"f/1/s")").error(), "InvalidParameterException");
  const std::int64_t now = server.clock().now().ms;
  EXPECT_THAT(get(fmt::format(R"(,"startTime":{},"endTime":{})", now - 3'000, now)).each("events", "message"),
              ElementsAre("2", "3", "4"));
}

TEST_F(LogsTest, EventsOfOneMillisecondKeepTheirOrder) {
  make();
  ASSERT_EQ(put({"a", "b"}, "s", 0).status, 200);
  ASSERT_EQ(put({"c", "d"}, "s", 0).status, 200);
  EXPECT_THAT(get().each("events", "message"), ElementsAre("a", "b", "c", "d"));
}

TEST_F(LogsTest, ABatchIsBounded) {
  make();
  const std::int64_t now = server.clock().now().ms;
  const auto send = [&](std::string events) {
    return call("PutLogEvents", R"({"logGroupName":"g","logStreamName":"s","logEvents":[)" + events + "]}");
  };
  const auto event = [](std::int64_t time, std::string message) {
    return fmt::format(R"({{"timestamp":{},"message":"{}"}})", time, message);
  };
  EXPECT_THAT(send(event(now, "b") + "," + event(now - 1, "a")).text("message"), HasSubstr("chronological order"));
  EXPECT_THAT(send(event(now - kBatchSpanMs - 1, "a") + "," + event(now, "b")).text("message"), HasSubstr("24 hours"));
  EXPECT_EQ(send(event(now - kBatchSpanMs, "a") + "," + event(now, "b")).status, 200);
  EXPECT_EQ(send(event(now, std::string(kBatchBytesMax - kEventOverhead, 'x'))).status, 200);
  EXPECT_THAT(send(event(now, std::string(kBatchBytesMax - kEventOverhead + 1, 'x'))).text("message"),
              HasSubstr("Upload too large"));
  const Answer old = send(event(now - kTooOldMs - 1, "a"));
  EXPECT_EQ(old.status, 200);
  EXPECT_THAT(old.text("rejectedLogEventsInfo"), HasSubstr(R"("tooOldLogEventEndIndex":1)"));
  const Answer future = send(event(now + kTooNewMs, "a") + "," + event(now + kTooNewMs + 1, "b"));
  EXPECT_THAT(future.text("rejectedLogEventsInfo"), HasSubstr(R"("tooNewLogEventStartIndex":1)"));
  EXPECT_EQ(call("PutLogEvents", R"({"logGroupName":"g","logStreamName":"no","logEvents":[)" + event(now, "a") + "]}")
                .text("message"),
            "The specified log stream does not exist.");
}

TEST_F(LogsTest, ASearchMergesStreamsAndGoesOnWhereItStopped) {
  make();
  make("g", "t");
  ASSERT_EQ(put({"1", "3", "5"}, "s", 2'000).status, 200);
  server.clock().advance_ms(1'000);
  ASSERT_EQ(put({"2", "4", "6"}, "t", 2'000).status, 200);
  EXPECT_THAT(filter(""), ElementsAre("1", "2", "3", "4", "5", "6"));
  std::vector<std::string> seen;
  std::string token;
  do {
    const Answer page =
        call("FilterLogEvents", fmt::format(R"({{"logGroupName":"g","limit":4{}}})",
                                            token.empty() ? "" : fmt::format(R"(,"nextToken":"{}")", token)));
    for (const std::string& message : page.each("events", "message")) seen.push_back(message);
    token = page.text("nextToken");
  } while (!token.empty());
  EXPECT_THAT(seen, ElementsAre("1", "2", "3", "4", "5", "6"));
  EXPECT_THAT(call("FilterLogEvents", R"({"logGroupName":"g","logStreamNames":["t"]})").each("events", "message"),
              ElementsAre("2", "4", "6"));
  EXPECT_THAT(
      call("FilterLogEvents",
           R"({"logGroupIdentifier":"arn:aws:logs:us-east-1:111111111111:log-group:g","logStreamNamePrefix":"s"})")
          .each("events", "message"),
      ElementsAre("1", "3", "5"));
}

TEST_F(LogsTest, StreamsAreListedByNameOrByTheirLastEvent) {
  make("g", "a");
  make("g", "b");
  make("g", "c");
  ASSERT_EQ(put({"x"}, "b").status, 200);
  server.clock().advance_ms(1'000);
  ASSERT_EQ(put({"y"}, "a").status, 200);
  EXPECT_THAT(call("DescribeLogStreams", R"({"logGroupName":"g"})").each("logStreams", "logStreamName"),
              ElementsAre("a", "b", "c"));
  EXPECT_THAT(call("DescribeLogStreams", R"({"logGroupName":"g","orderBy":"LastEventTime","descending":true})")
                  .each("logStreams", "logStreamName"),
              ElementsAre("a", "b", "c"));
  const Answer first = call("DescribeLogStreams", R"({"logGroupName":"g","orderBy":"LastEventTime","limit":2})");
  EXPECT_THAT(first.each("logStreams", "logStreamName"), ElementsAre("c", "b"));
  const Answer rest = call("DescribeLogStreams",
                           fmt::format(R"({{"logGroupName":"g","orderBy":"LastEventTime","limit":2,"nextToken":"{}"}})",
                                       first.text("nextToken")));
  EXPECT_THAT(rest.each("logStreams", "logStreamName"), ElementsAre("a"));
  EXPECT_EQ(rest.text("nextToken"), "");
  EXPECT_EQ(
      call("DescribeLogStreams", R"({"logGroupName":"g","orderBy":"LastEventTime","logStreamNamePrefix":"a"})").error(),
      "InvalidParameterException");
}

TEST_F(LogsTest, WhatRetentionEndsIsHiddenAtOnceAndErasedLater) {
  make();
  ASSERT_EQ(put({"old"}).status, 200);
  server.clock().advance_ms(2 * kDayMs);
  ASSERT_EQ(put({"new"}).status, 200);
  EXPECT_EQ(call("PutRetentionPolicy", R"({"logGroupName":"g","retentionInDays":2})").status, 400);
  ASSERT_EQ(call("PutRetentionPolicy", R"({"logGroupName":"g","retentionInDays":1})").status, 200);
  EXPECT_THAT(get().each("events", "message"), ElementsAre("new"));
  EXPECT_THAT(filter(""), ElementsAre("new"));
  ASSERT_TRUE(sweep::expired(server.db(), server.clock().now(), {}).has_value());
  ASSERT_EQ(call("DeleteRetentionPolicy", R"({"logGroupName":"g"})").status, 200);
  EXPECT_THAT(get().each("events", "message"), ElementsAre("new")) << "it is gone, not only hidden";
}

TEST_F(LogsTest, AnotherAccountSeesNothing) {
  make();
  const auto b = server.account("222222222222");
  EXPECT_EQ(call(b, "GetLogEvents", R"({"logGroupName":"g","logStreamName":"s"})").error(),
            "ResourceNotFoundException");
  const Answer refused =
      call(b, "GetLogEvents",
           R"({"logGroupIdentifier":"arn:aws:logs:us-east-1:111111111111:log-group:g","logStreamName":"s"})");
  EXPECT_EQ(refused.error(), "AccessDeniedException");
  EXPECT_THAT(refused.text("message"),
              HasSubstr("logs:GetLogEvents on resource: arn:aws:logs:us-east-1:111111111111:log-group:g:log-stream:s"));
}

TEST(FilterPattern, TermsQuotesAlternativesAndExpressions) {
  const struct {
    const char* pattern;
    const char* message;
    bool matches;
  } kCases[] = {
      {"", "anything", true},
      {"ERROR", "an ERROR here", true},
      {"ERROR", "an error here", false},
      {"ERROR disk", "disk ERROR", true},
      {"ERROR disk", "ERROR", false},
      {R"("no such file")", "there is no such file", true},
      {R"("no such file")", "no file such", false},
      {R"("a \"quoted\" word")", R"(a "quoted" word)", true},
      {"?ERROR ?WARN", "WARN", true},
      {"?ERROR ?WARN", "INFO", false},
      {"ERROR -retry", "ERROR", true},
      {"ERROR -retry", "ERROR retry", false},
      {R"(-"will retry")", "will retry", false},
      {"%[0-9]{3}%", "code 404", true},
      {"%[0-9]{3}%", "code 40", false},
      {"START ?x", "START", true},
  };
  for (const auto& [pattern, message, matches] : kCases) {
    const auto parsed = FilterPattern::parse(pattern);
    ASSERT_TRUE(parsed.has_value()) << pattern;
    EXPECT_EQ(parsed->matches(message), matches) << pattern << " on " << message;
  }
}

TEST(FilterPattern, JsonFieldsAreCompared) {
  constexpr std::string_view kMessage =
      R"({"level":"ERROR","n":7,"ok":true,"none":null,"a":{"b":[{"c":"deep"}]},"text":"10.0.0.1"})";
  const struct {
    const char* pattern;
    bool matches;
  } kCases[] = {
      {R"({ $.level = "ERROR" })", true},
      {R"({ $.level = ERR* })", true},
      {R"({ $.level != "ERROR" })", false},
      {R"({ $.n = 7 })", true},
      {R"({ $.n > 6 && $.n <= 7 })", true},
      {R"({ $.n > 7 || $.ok IS TRUE })", true},
      {R"({ ($.n > 7 || $.ok IS FALSE) && $.level = "ERROR" })", false},
      {R"({ $.none IS NULL })", true},
      {R"({ $.missing NOT EXISTS })", true},
      {R"({ $.n NOT EXISTS })", false},
      {R"({ $.missing = "x" })", false},
      {R"({ $.missing != "x" })", false},
      {R"({ $.a.b[0].c = "deep" })", true},
      {R"({ $.a.b[1].c = "deep" })", false},
      {R"({ $.text = "10.*" })", true},
      {R"({ $.level > 3 })", false},
  };
  for (const auto& [pattern, matches] : kCases) {
    const auto parsed = FilterPattern::parse(pattern);
    ASSERT_TRUE(parsed.has_value()) << pattern;
    EXPECT_EQ(parsed->matches(kMessage), matches) << pattern;
  }
  EXPECT_FALSE(FilterPattern::parse(R"({ $.n = 7 })")->matches("plain text"));
}

TEST(FilterPattern, WhatIsNoneIsRefused) {
  std::string deep = "{ ";
  for (std::size_t i = 0; i < 2 * kFilterPatternDepthMax; ++i) deep += '(';
  for (const std::string& pattern :
       {std::string("[a, b]"), std::string("{ $.a }"), std::string("{ $.a = }"), std::string("{ a = 1 }"),
        std::string("{ $.a = 1"), std::string("{ $.a = 1 } x"), std::string("{ $.a[x] = 1 }"), std::string("\"open"),
        std::string("%open"), std::string("%(%"), std::string("{ $.a > x }"), deep}) {
    EXPECT_FALSE(FilterPattern::parse(pattern).has_value()) << pattern;
  }
}

}  // namespace
}  // namespace warifu::services::logs
