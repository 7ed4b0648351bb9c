#include "mcp/message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace warifu::mcp {
namespace {

using ::testing::HasSubstr;

int code_of(std::string_view text) {
  const auto body = read_body(text);
  return body ? 0 : body.error().error.code;
}

TEST(Message, IsPrintedAsItWasRead) {
  for (const std::string_view text : {
           R"({"jsonrpc":"2.0","id":1,"method":"tools/list"})",
           R"({"jsonrpc":"2.0","id":"a-1","method":"tools/call","params":{"name":"x","arguments":{"n":1.50}}})",
           R"({"jsonrpc":"2.0","method":"notifications/initialized"})",
           R"({"jsonrpc":"2.0","id":-3,"result":{"ok":true}})",
           R"({"jsonrpc":"2.0","id":9,"error":{"code":-32601,"message":"no","data":[1]}})",
           R"({"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"Parse error"}})",
       }) {
    const auto body = read_body(text);
    ASSERT_TRUE(body) << text;
    ASSERT_EQ(body->messages.size(), 1U);
    EXPECT_EQ(print(body->messages[0]), text);
  }
}

TEST(Message, SaysWhichKindItIs) {
  using Kind = Message::Kind;
  const auto kind = [](std::string_view text) { return read_body(text)->messages.at(0).kind; };
  EXPECT_EQ(kind(R"({"jsonrpc":"2.0","id":1,"method":"m"})"), Kind::kRequest);
  EXPECT_EQ(kind(R"({"jsonrpc":"2.0","method":"m"})"), Kind::kNotification);
  EXPECT_EQ(kind(R"({"jsonrpc":"2.0","id":1,"result":{}})"), Kind::kResult);
  EXPECT_EQ(kind(R"({"jsonrpc":"2.0","id":1,"error":{"code":1,"message":""}})"), Kind::kError);
}

TEST(Message, ThatIsMalformedIsRefusedByItsCode) {
  EXPECT_EQ(code_of("{"), rpc::kParseError);
  EXPECT_EQ(code_of(""), rpc::kParseError);
  EXPECT_EQ(code_of("{\"jsonrpc\":\"2.0\",\"method\":\"\xff\"}"), rpc::kParseError);
  for (const std::string_view text : {
           R"(1)",
           R"([])",
           R"({})",
           R"({"id":1,"method":"m"})",
           R"({"jsonrpc":"1.0","id":1,"method":"m"})",
           R"({"jsonrpc":"2.0","id":1})",
           R"({"jsonrpc":"2.0","id":null,"method":"m"})",
           R"({"jsonrpc":"2.0","id":1.5,"method":"m"})",
           R"({"jsonrpc":"2.0","id":{},"method":"m"})",
           R"({"jsonrpc":"2.0","id":1,"method":""})",
           R"({"jsonrpc":"2.0","id":1,"method":2})",
           R"({"jsonrpc":"2.0","id":1,"method":"m","params":[1]})",
           R"({"jsonrpc":"2.0","id":1,"method":"m","result":{}})",
           R"({"jsonrpc":"2.0","id":1,"result":1})",
           R"({"jsonrpc":"2.0","result":{}})",
           R"({"jsonrpc":"2.0","id":null,"result":{}})",
           R"({"jsonrpc":"2.0","id":1,"result":{},"error":{"code":1,"message":""}})",
           R"({"jsonrpc":"2.0","id":1,"error":{"code":"1","message":""}})",
           R"({"jsonrpc":"2.0","id":1,"error":{"code":99999999999,"message":""}})",
           R"([{"jsonrpc":"2.0","id":1,"method":"m"},2])",
       }) {
    EXPECT_EQ(code_of(text), rpc::kInvalidRequest) << text;
  }
}

TEST(Message, WithAMemberTwiceIsRefusedSinceTwoParsersCouldReadItInTwoWays) {
  for (const std::string_view text : {
           R"({"jsonrpc":"2.0","id":1,"method":"tools/list","method":"tools/call"})",
           R"({"jsonrpc":"2.0","id":1,"id":2,"method":"m"})",
           R"({"jsonrpc":"2.0","id":1,"method":"m","params":{},"params":{}})",
       }) {
    EXPECT_EQ(code_of(text), rpc::kInvalidRequest) << text;
  }
}

TEST(Message, ThatIsMalformedStillTellsItsIdWhereThatCanBeRead) {
  const auto body = read_body(R"({"jsonrpc":"2.0","id":7,"method":"m","params":3})");
  ASSERT_FALSE(body);
  EXPECT_EQ(body.error().id, Id(7));
  EXPECT_THAT(body.error().error.message, HasSubstr("`params`"));
}

TEST(Message, IsBoundedInEveryDirection) {
  const auto method = [](std::size_t n) {
    return R"({"jsonrpc":"2.0","id":1,"method":")" + std::string(n, 'm') + "\"}";
  };
  EXPECT_EQ(code_of(method(kMethodBytesMax)), 0);
  EXPECT_EQ(code_of(method(kMethodBytesMax + 1)), rpc::kInvalidRequest);
  const auto id = [](std::size_t n) {
    return R"({"jsonrpc":"2.0","id":")" + std::string(n, 'i') + R"(","method":"m"})";
  };
  EXPECT_EQ(code_of(id(kIdBytesMax)), 0);
  EXPECT_EQ(code_of(id(kIdBytesMax + 1)), rpc::kInvalidRequest);
  const auto batch = [](std::size_t n) {
    std::string text = "[";
    for (std::size_t i = 0; i < n; ++i) text += std::string(i == 0 ? "" : ",") + R"({"jsonrpc":"2.0","method":"m"})";
    return text + "]";
  };
  EXPECT_EQ(code_of(batch(kBatchMax)), 0);
  EXPECT_EQ(code_of(batch(kBatchMax + 1)), rpc::kInvalidRequest);
  const auto sized = [](std::size_t n) {
    const std::string head = R"({"jsonrpc":"2.0","method":"m","params":{"x":")";
    return head + std::string(n - head.size() - 3, 'x') + "\"}}";
  };
  EXPECT_EQ(code_of(sized(kMessageBytesMax)), 0);
  EXPECT_EQ(code_of(sized(kMessageBytesMax + 1)), rpc::kInvalidRequest);
  const std::string deep =
      R"({"jsonrpc":"2.0","method":"m","params":{"x":)" + std::string(100, '[') + std::string(100, ']') + "}}";
  EXPECT_EQ(code_of(deep), rpc::kParseError);
}

TEST(Id, OfTextAndOfANumberDiffer) {
  EXPECT_NE(Id(1), Id("1"));
  EXPECT_EQ(Id(1).text(), Id("1").text());
  EXPECT_EQ(print_result(Id("1"), "{}"), R"({"jsonrpc":"2.0","id":"1","result":{}})");
  EXPECT_EQ(print_result(Id(1), "{}"), R"({"jsonrpc":"2.0","id":1,"result":{}})");
}

}  // namespace
}  // namespace warifu::mcp
