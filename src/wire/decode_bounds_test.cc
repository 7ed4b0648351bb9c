#include <gtest/gtest.h>

#include "gen/agentcore/memory_records.h"
#include "gen/agentcore/tags.h"
#include "wire/wire_testing.h"

/// A body may be a hundred times smaller than what it asks to be kept.
namespace warifu::wire {
namespace {

using testing::decode_as;
using testing::make_request;

constexpr std::string_view kService = "bedrock-agentcore";
constexpr std::size_t kMany = 200'000;

std::string repeated(std::string_view text, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) out.append(i == 0 ? "" : ",").append(text);
  return out;
}

TEST(DecodeBounds, AListThatIsTooLongIsNotKept) {
  const std::string body = R"({"records":[)" + repeated("{}", kMany) + "]}";
  const auto [input, decoded] = decode_as<model::agentcore::BatchCreateMemoryRecordsInput>(
      kService, make_request("POST", "/memories/Shared-0123456789/memoryRecords/batchCreate", body));
  EXPECT_FALSE(decoded);
  EXPECT_LE(input.records.size(), kCollectionItemsMax + 1);
}

TEST(DecodeBounds, AListOneTooLongIsStillRefusedForItsLength) {
  const std::string record = R"({"requestIdentifier":"a","namespaces":["/a"],"content":{"text":"t"},"timestamp":1})";
  const std::string path = "/memories/Shared-0123456789/memoryRecords/batchCreate";
  for (const std::size_t count : {std::size_t{100}, std::size_t{101}, std::size_t{102}}) {
    const auto [input, decoded] = decode_as<model::agentcore::BatchCreateMemoryRecordsInput>(
        kService, make_request("POST", path, R"({"records":[)" + repeated(record, count) + "]}"));
    EXPECT_EQ(decoded.has_value(), count == 100) << count << testing::message_of(decoded);
    if (count > 100)
      EXPECT_NE(testing::message_of(decoded).find("length less than or equal to 100"), std::string::npos);
  }
}

TEST(DecodeBounds, AMapThatIsTooLongIsNotKept) {
  std::string tags;
  for (std::size_t i = 0; i < kMany; ++i) tags += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\":\"\"";
  const auto [input, decoded] = decode_as<model::agentcore::TagResourceInput>(
      kService,
      make_request("POST", "/tags/arn%3Aaws%3Abedrock-agentcore%3Aus-east-1%3A111111111111%3Amemory%2FA-0123456789",
                   R"({"tags":{)" + tags + "}}"));
  EXPECT_FALSE(decoded);
  EXPECT_LE(input.tags.size(), kCollectionItemsMax + 1);
}

}  // namespace
}  // namespace warifu::wire
