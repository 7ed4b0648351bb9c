// Requests as botocore writes them, responses as botocore reads them: test/wire/*.json.
#include <fstream>
#include <sstream>

#include "json/value.h"
#include "wire/encode_body.h"
#include "wire/wire_testing.h"

namespace warifu::wire {
namespace {

constexpr std::string_view kRequestId = "7a62c49f-347e-4fc4-9331-6e8eEXAMPLE0";

struct File {
  std::string name;
  std::string signing_name;
};
const File kFiles[] = {{"agentcore", "bedrock-agentcore"}, {"bedrock", "bedrock"}, {"iam", "iam"}, {"sts", "sts"}};

json::Value load(const std::string& name) {
  std::ifstream stream(std::string(WARIFU_SOURCE_DIR) + "/test/wire/" + name + ".json");
  std::ostringstream text;
  text << stream.rdbuf();
  Result<json::Value> value = json::parse(text.str());
  EXPECT_TRUE(value.has_value()) << name;
  return value ? *value : json::Value{};
}

/// All members as one JSON object, wherever they stand on the wire.
std::string dump(const Shape& shape, const void* object);

void dump_value(std::string& out, const Shape& shape, const void* value) {
  if (shape.kind == Kind::kStructure || shape.kind == Kind::kUnion) {
    out += dump(shape, value);
  } else {
    append_json(out, shape, value);
  }
}

std::string dump(const Shape& shape, const void* object) {
  std::string out = "{";
  for (const Member& member : shape.members) {
    const void* field = read_member(member, object);
    if (field == nullptr) continue;
    if (out.size() > 1) out += ",";
    out += "\"" + std::string(member.name) + "\":";
    dump_value(out, *member.shape, field);
  }
  return out + "}";
}

std::string text_of(const json::Value& value, std::string_view name) { return value.find_string(name).value_or(""); }

TEST(Golden, RequestsOfBotocoreDecodeToWhatItsCallerMeant) {
  std::size_t cases = 0;
  for (const File& file : kFiles) {
    const json::Value document = load(file.name);
    for (const json::Value& entry : document.find("requests")->items()) {
      const std::string name = text_of(entry, "operation");
      SCOPED_TRACE(name);
      const http::Request request =
          testing::make_request(text_of(entry, "method"), text_of(entry, "target"), text_of(entry, "body"));
      const Result<Routed> routed = testing::router().route(testing::service_of(file.signing_name), request);
      ASSERT_TRUE(routed.has_value()) << routed.error().message;
      ASSERT_EQ(routed->operation->name, name);
      const Erased input = make_input(*routed->operation);
      EXPECT_EQ(testing::message_of(decode(*routed->operation, request, *routed, input.get())), "ok");
      const Result<json::Value> seen = json::parse(dump(*routed->operation->input, input.get()));
      ASSERT_TRUE(seen.has_value());
      EXPECT_EQ(seen->dump(), entry.find("input")->dump());
      ++cases;
    }
  }
  EXPECT_GE(cases, 30U);
}

TEST(Golden, ResponsesAreTheBytesThatBotocoreReadsBack) {
  std::size_t cases = 0;
  for (const File& file : kFiles) {
    const json::Value document = load(file.name);
    for (const json::Value& entry : document.find("responses")->items()) {
      const Operation& operation = testing::operation_of(file.signing_name, text_of(entry, "operation"));
      SCOPED_TRACE(operation.name);
      const Erased output = make_erased(*operation.output);
      // An output has the form of a json 1.x input: the decoder's JSON path fills it.
      Operation reader = operation;
      const Service json_service{
          .name = "test", .signing_name = "test", .event_source = "", .protocol = Protocol::kJson11};
      reader.service = &json_service;
      reader.input = operation.output;
      reader.body_bytes_max = 1 << 20;
      const http::Request request = testing::make_request("POST", "/", entry.find("output")->dump());
      ASSERT_EQ(testing::message_of(decode(reader, request, {.operation = &reader}, output.get())), "ok");

      const http::Response response = encode(operation, output.get(), kRequestId);
      EXPECT_EQ(response.status, *entry.find("status")->as_int64());
      EXPECT_EQ(response.body, text_of(entry, "body"));
      EXPECT_EQ(response.headers.get("x-amzn-RequestId"), kRequestId);
      ++cases;
    }
  }
  EXPECT_GE(cases, 20U);
}

}  // namespace
}  // namespace warifu::wire
