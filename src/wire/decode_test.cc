#include "wire/decode.h"

#include "gen/agentcore/events.h"
#include "gen/agentcore/memories.h"
#include "gen/agentcore/memory_records.h"
#include "gen/agentcore/tags.h"
#include "wire/wire_testing.h"

namespace warifu::wire {
namespace {

namespace m = model::agentcore;
using testing::decode_as;
using testing::make_request;
using testing::message_of;

constexpr std::string_view kService = "bedrock-agentcore";
const std::string kEvents = "/memories/Shared-NCd6eP6wJq/events";

auto create_event(std::string body) {
  return decode_as<m::CreateEventInput>(kService, make_request("POST", kEvents, std::move(body)));
}

std::string event_with(const std::string& members) {
  return R"({"actorId":"a","eventTimestamp":1783165130.534,"payload":[])" + (members.empty() ? "" : "," + members) +
         "}";
}

std::string message_of_event(const std::string& members) {
  return message_of(create_event(event_with(members)).second);
}

TEST(Decode, UnknownMembersAndNullsAreAbsent) {
  const auto [input, result] =
      create_event(event_with(R"("new":{"deep":[1,{"x":null}]},"sessionId":null,"branch":null)"));
  EXPECT_EQ(message_of(result), "ok");
  EXPECT_EQ(input.memory_id, "Shared-NCd6eP6wJq");
  EXPECT_EQ(input.event_timestamp.ms, 1783165130534);
  EXPECT_FALSE(input.session_id.has_value());
  EXPECT_FALSE(input.branch.has_value());
}

TEST(Decode, ALabelIsNeverOverwrittenByABodyMemberOfItsName) {
  const auto [input, result] = create_event(event_with(R"("memoryId":"Other-NCd6eP6wJq")"));
  EXPECT_EQ(message_of(result), "ok");
  EXPECT_EQ(input.memory_id, "Shared-NCd6eP6wJq");
}

TEST(Decode, DocumentsKeepTheirVeryText) {
  const auto [input, result] = create_event(
      R"({"actorId":"a","eventTimestamp":1,"payload":[{"blob": { "n" : 1.10e0, "n":"\u0041" } },{"blob":"text"}]})");
  ASSERT_EQ(message_of(result), "ok");
  ASSERT_EQ(input.payload.size(), 2U);
  EXPECT_EQ(input.payload[0].blob->json, R"({ "n" : 1.10e0, "n":"\u0041" })");
  EXPECT_EQ(input.payload[1].blob->json, R"("text")");
}

TEST(Decode, TimestampsComeAsNumbersOrText) {
  for (const char* form : {"1783165130.534", "\"2026-07-04T11:38:50.534Z\"", "1.783165130534e9", "1783165130.5349"}) {
    const auto [input, result] =
        create_event(std::string(R"({"actorId":"a","payload":[],"eventTimestamp":)") + form + "}");
    EXPECT_EQ(message_of(result), "ok") << form;
    EXPECT_EQ(input.event_timestamp.ms, 1783165130534) << form;
  }
}

TEST(Decode, BodiesThatCannotBeReadSayWhy) {
  const std::pair<std::string, std::string> kCases[] = {
      {"{", "the request body is not valid JSON"},
      {"[]", "START_ARRAY can not be converted to a Structure"},
      {"\"x\"", "STRING_VALUE can not be converted to a Structure"},
      {"null", "NULL_VALUE can not be converted to a Structure"},
      {R"({"actorId":5})", "NUMBER_VALUE can not be converted to a String"},
      {R"({"payload":{}})", "START_OBJECT can not be converted to a List"},
      {R"({"payload":[null]})", "NULL_VALUE can not be converted to a Structure"},
      {R"({"metadata":[]})", "START_ARRAY can not be converted to a Map"},
      {R"({"eventTimestamp":true})", "TRUE_VALUE can not be converted to a Timestamp"},
      {R"({"eventTimestamp":"soon"})", "STRING_VALUE can not be converted to a Timestamp"},
      {R"({"actorId":"a"} x)", "the request body is not valid JSON"},
      {"{\"actorId\":\"\xff\"}", "the request body is not UTF-8"},
  };
  for (const auto& [body, message] : kCases) {
    const Result<> result = create_event(body).second;
    ASSERT_FALSE(result.has_value()) << body;
    EXPECT_EQ(result.error().message, message) << body;
    EXPECT_EQ(result.error().code, ErrorCode::kValidation);
    EXPECT_EQ(result.error().reason, "CannotParse");
  }
}

TEST(Decode, NestingIsBounded) {
  const auto nested = [](std::size_t n) {
    return R"("payload":[{"blob":)" + std::string(n, '[') + std::string(n, ']') + "}]";
  };
  // The object, the list and the union around the document count too.
  EXPECT_EQ(message_of_event(nested(kDepthMax - 3)), "ok");
  EXPECT_EQ(message_of_event(nested(kDepthMax - 2)), "the request body is not valid JSON");
}

TEST(Decode, MissingMembersAreAllNamed) {
  const Result<> result = create_event("{}").second;
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(
      result.error().message,
      "3 validation errors detected: Value null at 'actorId' failed to satisfy constraint: Member must not be null; "
      "Value null at 'eventTimestamp' failed to satisfy constraint: Member must not be null; "
      "Value null at 'payload' failed to satisfy constraint: Member must not be null");
  EXPECT_EQ(result.error().reason, "FieldValidationFailed");
  ASSERT_EQ(result.error().fields.size(), 3U);
  EXPECT_EQ(result.error().fields[0].name, "actorId");
  EXPECT_EQ(result.error().fields[0].message, "Member must not be null");
  EXPECT_EQ(message_of(create_event("").second), result.error().message);
}

TEST(Decode, ConstraintsAreReportedInTheWordsOfAws) {
  const std::string one = "1 validation error detected: Value at '";
  const std::pair<std::string, std::string> kCases[] = {
      {R"("sessionId":"-")", one + "sessionId' failed to satisfy constraint: Member must satisfy regular expression "
                                   "pattern: [a-zA-Z0-9][a-zA-Z0-9-_]*"},
      {R"("extractionMode":"LATER")",
       one + "extractionMode' failed to satisfy constraint: Member must satisfy enum value set: [SKIP]"},
      {R"("payload":[{"conversational":{"content":{"text":"x"},"role":"BOT"}}])",
       one + "payload.1.member.conversational.role' failed to satisfy constraint: Member must satisfy enum value set: "
             "[ASSISTANT, USER, TOOL, OTHER]"},
      {R"("metadata":{"!":{"stringValue":"v"}})", one +
                                                      "metadata' failed to satisfy constraint: Map keys must satisfy "
                                                      "constraint: [Member must have length less than or equal to 128, "
                                                      "Member must have length greater than or equal to 1, Member must "
                                                      "satisfy regular expression pattern: [a-zA-Z0-9\\s._:/=+@-]*]"},
      {R"("metadata":{"k":{"stringValue":"!"}})",
       one + "metadata.k.member.stringValue' failed to satisfy constraint: Member must satisfy regular expression "
             "pattern: [a-zA-Z0-9\\s._:/=+@-]*"},
      {R"("branch":{})",
       "1 validation error detected: Value null at 'branch.name' failed to satisfy constraint: Member must not be "
       "null"},
  };
  for (const auto& [members, message] : kCases) EXPECT_EQ(message_of_event(members), message) << members;
}

TEST(Decode, LengthsCountCodePointsAtTheLimitAndOnePast) {
  const auto text = [](std::size_t n) {
    std::string content;
    for (std::size_t i = 0; i < n; ++i) content += "é";
    return R"("payload":[{"conversational":{"content":{"text":")" + content + R"("},"role":"USER"}}])";
  };
  EXPECT_EQ(message_of_event(text(100'000)), "ok");
  EXPECT_EQ(message_of_event(text(100'001)),
            "1 validation error detected: Value at 'payload.1.member.conversational.content.text' failed to satisfy "
            "constraint: "
            "Member must have length less than or equal to 100000");
  EXPECT_EQ(message_of_event(text(0)),
            "1 validation error detected: Value at 'payload.1.member.conversational.content.text' failed to satisfy "
            "constraint: "
            "Member must have length greater than or equal to 1");
}

TEST(Decode, ListsAreBoundedAtTheLimitAndOnePast) {
  const auto items = [](std::size_t n) {
    std::string list = R"("payload":[)";
    for (std::size_t i = 0; i < n; ++i) list += i == 0 ? R"({"blob":1})" : R"(,{"blob":1})";
    return list + "]";
  };
  EXPECT_EQ(message_of_event(items(100)), "ok");
  EXPECT_EQ(message_of_event(items(101)),
            "1 validation error detected: Value at 'payload' failed to satisfy constraint: Member must have length "
            "less than or equal to 100");
}

TEST(Decode, AUnionHoldsExactlyOneMember) {
  const std::string message =
      "1 validation error detected: Value at 'payload.1.member' failed to satisfy constraint: Member must have exactly "
      "one of its members set";
  EXPECT_EQ(message_of_event(R"("payload":[{}])"), message);
  EXPECT_EQ(message_of_event(R"("payload":[{"hologram":1}])"), message);
  EXPECT_EQ(message_of_event(R"("payload":[{"blob":1,"conversational":{"content":{"text":"x"},"role":"USER"}}])"),
            message);
  EXPECT_EQ(message_of_event(R"("payload":[{"blob":1,"conversational":null}])"), "ok");
}

TEST(Decode, ElementsOfAListAreReportedAtTheList) {
  const auto [input, result] = decode_as<m::CreateMemoryInput>(
      kService, make_request("POST", "/memories/create",
                             R"({"name":"M","eventExpiryDuration":30,"memoryStrategies":[)"
                             R"({"summaryMemoryStrategy":{"name":"S","namespaces":["é"]}}]})"));
  EXPECT_THAT(
      message_of(result),
      ::testing::StartsWith(
          "1 validation error detected: Value at 'memoryStrategies.1.member.summaryMemoryStrategy.namespaces' failed "
          "to "
          "satisfy constraint: Member must satisfy constraint: [Member must have length less than or equal to 512, "
          "Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: "));
}

TEST(Decode, NumbersAreBoundedAtTheLimitAndOnePast) {
  const auto list = [](const char* max_results) {
    return message_of(
        decode_as<m::ListMemoriesInput>(
            kService, make_request("POST", "/memories/", std::string(R"({"maxResults":)") + max_results + "}"))
            .second);
  };
  EXPECT_EQ(list("100"), "ok");
  EXPECT_EQ(list("1"), "ok");
  EXPECT_EQ(list("101"),
            "1 validation error detected: Value at 'maxResults' failed to satisfy constraint: Member must have value "
            "less than or equal to 100");
  EXPECT_EQ(list("0"),
            "1 validation error detected: Value at 'maxResults' failed to satisfy constraint: Member must have value "
            "greater than or equal to 1");
  EXPECT_EQ(list("1.5"), "NUMBER_VALUE can not be converted to a Integer");
  EXPECT_EQ(list("99999999999"), "NUMBER_VALUE can not be converted to a Integer");
}

TEST(Decode, AMalformedMemoryIdHasItsOwnText) {
  const auto [input, result] =
      decode_as<m::CreateEventInput>(kService, make_request("POST", "/memories/x/events", event_with("")));
  EXPECT_EQ(message_of(result), "Invalid memoryId: not a valid memory ID or ARN");
}

TEST(Decode, QueryStringsFillListsAndScalars) {
  const std::string arn = "arn%3Aaws%3Abedrock-agentcore%3Aus-east-1%3A111111111111%3Amemory%2FShared-NCd6eP6wJq";
  const auto [untag, result] = decode_as<m::UntagResourceInput>(
      kService, make_request("DELETE", "/tags/" + arn + "?tagKeys=a&tagKeys=b%20c&other=1"));
  EXPECT_EQ(message_of(result), "ok");
  EXPECT_THAT(untag.tag_keys, ::testing::ElementsAre("a", "b c"));
  EXPECT_EQ(
      message_of(decode_as<m::UntagResourceInput>(kService, make_request("DELETE", "/tags/" + arn)).second),
      "1 validation error detected: Value null at 'tagKeys' failed to satisfy constraint: Member must not be null");
  EXPECT_EQ(
      message_of(
          decode_as<m::UntagResourceInput>(kService, make_request("DELETE", "/tags/" + arn + "?tagKeys=%zz")).second),
      "the query string cannot be decoded");
}

TEST(Decode, ABodyMayBeAsLargeAsItsOperationAllowsAndNotLarger) {
  const Operation& operation = testing::operation_of(kService, "ListMemories");
  const std::string fill(operation.body_bytes_max - 2, ' ');
  EXPECT_EQ(
      message_of(decode_as<m::ListMemoriesInput>(kService, make_request("POST", "/memories/", fill + "{}")).second),
      "ok");
  const Result<> result =
      decode_as<m::ListMemoriesInput>(kService, make_request("POST", "/memories/", fill + " {}")).second;
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, ErrorCode::kTooLarge);
}

TEST(Decode, ErrorsAreReportedUpToALimit) {
  std::string list = R"({"records":[)";
  for (int i = 0; i < 50; ++i) list += i == 0 ? R"({"memoryRecordId":"x"})" : R"(,{"memoryRecordId":"x"})";
  const Result<> result =
      decode_as<m::BatchDeleteMemoryRecordsInput>(
          kService, make_request("POST", "/memories/Shared-NCd6eP6wJq/memoryRecords/batchDelete", list + "]}"))
          .second;
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().fields.size(), kValidationErrorsMax);
  EXPECT_THAT(result.error().message, ::testing::StartsWith("16 validation errors detected: "));
}

TEST(Decode, ValuesCanBeValidatedWithoutARequest) {
  const Operation& operation = *m::ops::kListMemories.operation;
  EXPECT_TRUE(validate(operation, std::make_unique<m::ListMemoriesInput>(m::ListMemoriesInput{.max_results = 5}).get())
                  .has_value());
  EXPECT_FALSE(
      validate(operation, std::make_unique<m::ListMemoriesInput>(m::ListMemoriesInput{.max_results = 500}).get())
          .has_value());
}

}  // namespace
}  // namespace warifu::wire
