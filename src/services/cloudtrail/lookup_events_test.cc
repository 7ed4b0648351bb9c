#include <gtest/gtest.h>

#include <fmt/format.h>

#include "api/testing.h"
#include "services/cloudtrail/lookup_limit.h"
#include "services/cloudtrail/operations.h"

namespace warifu::services::cloudtrail {
namespace {

using api::testing::body_of;
using api::testing::Keys;
using api::testing::TestServer;
using json::Value;

class LookupEventsTest : public ::testing::Test {
 protected:
  LookupEventsTest() : server([this](api::Registry& registry) { registry_ = &registry; }) {
    bind(*registry_, server.trail());
  }

  http::Response ask(const std::string& body, std::string operation = "LookupEvents",
                     std::string region = "us-east-1") {
    return server.send(keys, {.service = "cloudtrail",
                              .region = std::move(region),
                              .body = body,
                              .headers = {{"Content-Type", "application/x-amz-json-1.1"},
                                          {"X-Amz-Target", "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101." +
                                                               std::move(operation)}}});
  }
  std::vector<Value> events(const std::string& body = "{}") {
    const http::Response response = ask(body);
    EXPECT_EQ(response.status, 200) << response.body;
    next = body_of(response).find_string("NextToken").value_or("");
    const Value parsed = body_of(response);
    const Value* list = parsed.find("Events");
    std::vector<Value> out;
    for (const Value& one : list->items()) out.push_back(one);
    return out;
  }
  static std::string by(std::string_view key, std::string_view value, std::string_view more = "") {
    return fmt::format(R"({{"LookupAttributes":[{{"AttributeKey":"{}","AttributeValue":"{}"}}]{}}})", key, value, more);
  }
  static std::string text(const Value& value, std::string_view name) {
    return value.find_string(name).value_or("(absent)");
  }
  std::string error_of(const std::string& body) {
    const http::Response response = ask(body);
    EXPECT_EQ(response.status, 400) << response.body;
    return text(body_of(response), "__type");
  }

  api::Registry* registry_ = nullptr;
  TestServer server;
  Keys keys = server.account("111111111111");
  std::string next;
};

TEST_F(LookupEventsTest, WhatWasAnsweredBeforeIsThereNewestFirst) {
  ask("{}", "DescribeTrails");
  server.clock().advance_ms(1'500);
  ask(R"({"Name":"audit"})", "GetTrail");
  const auto found = events();
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(text(found[0], "EventName"), "GetTrail");
  EXPECT_EQ(text(found[1], "EventName"), "DescribeTrails");
  EXPECT_EQ(text(found[0], "EventSource"), "cloudtrail.amazonaws.com");
  EXPECT_EQ(text(found[0], "Username"), "admin");
  EXPECT_EQ(text(found[0], "AccessKeyId"), keys.access_key_id);
  EXPECT_EQ(text(found[0], "ReadOnly"), "true");
  EXPECT_EQ(found[0].find("EventTime")->as_int64(), 1'783'165'131);
  const Value& resource = found[0].find("Resources")->items()[0];
  EXPECT_EQ(text(resource, "ResourceType"), "AWS::CloudTrail::Trail");
  EXPECT_EQ(text(resource, "ResourceName"), "arn:aws:cloudtrail:us-east-1:111111111111:trail/audit");
  const auto record = json::parse(text(found[0], "CloudTrailEvent"));
  ASSERT_TRUE(record);
  EXPECT_EQ(text(*record, "eventID"), text(found[0], "EventId"));
  EXPECT_EQ(text(*record, "eventCategory"), "Management");
  EXPECT_EQ(text(events()[0], "EventName"), "LookupEvents") << "looking leaves a record too";
}

TEST_F(LookupEventsTest, EachAttributeFinds) {
  ask("{}", "DescribeTrails");
  const std::string id = text(events()[0], "EventId");
  for (const auto& [key, value] :
       std::vector<std::pair<std::string, std::string>>{{"EventId", id}, {"EventName", "DescribeTrails"}}) {
    const auto found = events(by(key, value));
    ASSERT_EQ(found.size(), 1U) << key;
    EXPECT_EQ(text(found[0], "EventId"), id);
  }
  for (const auto& [key, value] : std::vector<std::pair<std::string, std::string>>{
           {"Username", "admin"}, {"EventSource", "cloudtrail.amazonaws.com"}, {"ReadOnly", "true"}}) {
    EXPECT_GE(events(by(key, value)).size(), 3U) << key;
    EXPECT_TRUE(events(by(key, value + "x")).empty()) << key;
  }
}

TEST_F(LookupEventsTest, PagesGoOnWithTheirOwnSearchAlone) {
  for (int i = 0; i < 5; ++i) ask("{}", "DescribeTrails");
  const std::string two = by("EventName", "DescribeTrails", R"(,"MaxResults":2)");
  std::size_t found = events(two).size();
  ASSERT_FALSE(next.empty());
  EXPECT_EQ(error_of(by("EventName", "GetTrail", fmt::format(R"(,"NextToken":"{}")", next))),
            "InvalidNextTokenException");
  EXPECT_EQ(error_of(R"({"NextToken":"made up"})"), "InvalidNextTokenException");
  for (int page = 0; page < 3 && !next.empty(); ++page) {
    found += events(by("EventName", "DescribeTrails", fmt::format(R"(,"MaxResults":2,"NextToken":"{}")", next))).size();
  }
  EXPECT_EQ(found, 5U);
  EXPECT_TRUE(next.empty());
}

TEST_F(LookupEventsTest, BothEndsOfATimeBelongToIt) {
  ask("{}", "DescribeTrails");
  const auto between = [&](std::int64_t from, std::int64_t to) {
    return events(fmt::format(R"({{"StartTime":{},"EndTime":{}}})", from, to)).size();
  };
  server.clock().advance_ms(3'000);
  EXPECT_EQ(between(1'783'165'130, 1'783'165'130), 1U);
  EXPECT_EQ(between(1'783'165'131, 1'783'165'132), 0U);
  EXPECT_EQ(error_of(R"({"StartTime":1783165131,"EndTime":1783165130})"), "InvalidTimeRangeException");
}

TEST_F(LookupEventsTest, WhatCannotBeAskedIsRefusedByName) {
  EXPECT_EQ(error_of(R"({"MaxResults":0})"), "InvalidMaxResultsException");
  EXPECT_EQ(error_of(R"({"MaxResults":51})"), "InvalidMaxResultsException");
  EXPECT_TRUE(events(R"({"MaxResults":50,"EventCategory":"insight"})").empty());
  EXPECT_EQ(error_of(by("Colour", "red")), "InvalidLookupAttributesException");
  EXPECT_EQ(error_of(R"({"LookupAttributes":[{"AttributeKey":"Username","AttributeValue":"a"},)"
                     R"({"AttributeKey":"EventName","AttributeValue":"b"}]})"),
            "InvalidLookupAttributesException");
}

TEST_F(LookupEventsTest, AfterNinetyDaysARecordIsNotShownAndOtherRegionsAreNeverShown) {
  ask("{}", "DescribeTrails");
  EXPECT_EQ(body_of(ask("{}", "LookupEvents", "eu-west-1")).find("Events")->items().size(), 0U);
  server.clock().advance_ms(std::int64_t{91} * 24 * 3'600'000);
  EXPECT_TRUE(events(by("EventName", "DescribeTrails")).empty());
}

TEST_F(LookupEventsTest, TwoASecondAndWhatTenSecondsSaveMayBeLookedUp) {
  const auto looks = [&](std::string region = "us-east-1") {
    const http::Response response = ask(R"({"MaxResults":1})", "LookupEvents", std::move(region));
    if (response.status != 200) EXPECT_EQ(text(body_of(response), "__type"), "ThrottlingException");
    return response.status == 200;
  };
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(looks()) << i;
  EXPECT_FALSE(looks());
  EXPECT_TRUE(looks("eu-west-1")) << "each region by itself";
  server.clock().advance_ms(1'000);
  EXPECT_TRUE(looks());
  EXPECT_TRUE(looks());
  EXPECT_FALSE(looks());
  server.clock().advance_ms(3'600'000);
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(looks()) << i;
  EXPECT_FALSE(looks()) << "rest saves up no more than ten seconds'";
  keys = server.account("222222222222");
  EXPECT_TRUE(looks()) << "each account by itself";
}

TEST(LookupLimitTest, WithoutARateThereIsNone) {
  LookupLimit limit(0);
  for (int i = 0; i < 1'000; ++i) EXPECT_TRUE(limit.take(*AccountId::parse("111111111111"), "us-east-1", {}));
}

TEST_F(LookupEventsTest, AnotherAccountSeesItsOwnTrail) {
  ask("{}", "DescribeTrails");
  keys = server.account("222222222222");
  EXPECT_TRUE(events().empty());
}

}  // namespace
}  // namespace warifu::services::cloudtrail
