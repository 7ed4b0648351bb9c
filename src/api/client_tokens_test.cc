#include "api/client_tokens.h"

#include <gtest/gtest.h>

#include "store/memory.h"

namespace warifu::api::client_tokens {
namespace {

constexpr Timestamp kNow{1'783'165'130'000};

class ClientTokensTest : public ::testing::Test {
 protected:
  void remember(const Claim& what, std::string_view id) {
    const Result<> done =
        db->write_blocking([&](store::Txn& txn) { return client_tokens::remember(txn, account, what, id); });
    ASSERT_TRUE(done) << done.error().message;
  }
  Result<std::optional<std::string>> find(const Claim& what) {
    return db->read([&](store::Reader& reader) { return client_tokens::find(reader, account, what); });
  }
  std::size_t rows() {
    std::size_t seen = 0;
    const Result<> done = db->read([&](store::Reader& reader) {
      return reader.scan(store::Partition::account(account), store::prefix_range("client-token/"),
                         [&](std::string_view, std::string_view) { return ++seen > 0; });
    });
    EXPECT_TRUE(done);
    return seen;
  }

  std::unique_ptr<store::Db> db = store::open_memory();
  AccountId account = *AccountId::parse("111111111111");
};

TEST_F(ClientTokensTest, TheSameTokenWithTheSameRequestIsFoundUntilItsEnd) {
  remember(claim("Make", "us-east-1", "t", "{}", kNow), "first");
  const Timestamp last{kNow.ms + kKeptMs - 1};
  EXPECT_EQ(find(claim("Make", "us-east-1", "t", "{}", last)).value(), "first");
  EXPECT_EQ(find(claim("Make", "us-east-1", "t", "{}", {last.ms + 1})).value(), std::nullopt);
}

TEST_F(ClientTokensTest, AnotherRequestUnderTheSameTokenIsAMismatch) {
  remember(claim("Make", "us-east-1", "t", "{}", kNow), "first");
  const auto found = find(claim("Make", "us-east-1", "t", R"({"name":"b"})", kNow));
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().reason, "IdempotentParameterMismatchException");
}

TEST_F(ClientTokensTest, TokensOfOtherOperationsAndScopesAreOthers) {
  remember(claim("Make", "us-east-1", "t", "{}", kNow), "first");
  EXPECT_EQ(find(claim("Change", "us-east-1", "t", "{}", kNow)).value(), std::nullopt);
  EXPECT_EQ(find(claim("Make", "eu-west-1", "t", "{}", kNow)).value(), std::nullopt);
  EXPECT_EQ(find(claim("Make", "us-east-1", "u", "{}", kNow)).value(), std::nullopt);
  EXPECT_EQ(find(claim("Makeus-east-1", "", "t", "{}", kNow)).value(), std::nullopt);
}

TEST_F(ClientTokensTest, WithoutATokenNothingIsKept) {
  remember(claim("Make", "us-east-1", "", "{}", kNow), "first");
  EXPECT_EQ(rows(), 0U);
  EXPECT_EQ(find(claim("Make", "us-east-1", "", "{}", kNow)).value(), std::nullopt);
}

TEST_F(ClientTokensTest, OldTokensGoAsNewOnesCome) {
  for (int i = 0; i < 50; ++i) remember(claim("Make", "us-east-1", "old" + std::to_string(i), "{}", kNow), "id");
  EXPECT_EQ(rows(), 50U);
  const Timestamp later{kNow.ms + kKeptMs};
  for (int i = 0; i < 200; ++i) remember(claim("Make", "us-east-1", "new" + std::to_string(i), "{}", later), "id");
  EXPECT_LE(rows(), 205U);
}

}  // namespace
}  // namespace warifu::api::client_tokens
