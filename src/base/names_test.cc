#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/arn.h"
#include "base/ids.h"

namespace warifu {
namespace {

TEST(Arn, splits_at_the_first_five_colons) {
  const auto arn = ArnView::parse("arn:aws:bedrock-agentcore:us-east-1:111111111111:memory/Name-NCd6eP6wJq");
  ASSERT_TRUE(arn.has_value());
  EXPECT_EQ(arn->partition, "aws");
  EXPECT_EQ(arn->service, "bedrock-agentcore");
  EXPECT_EQ(arn->region, "us-east-1");
  EXPECT_EQ(arn->account, "111111111111");
  EXPECT_EQ(arn->resource, "memory/Name-NCd6eP6wJq");
  EXPECT_EQ(arn->resource_type(), "memory");
  EXPECT_EQ(arn->resource_id(), "Name-NCd6eP6wJq");
}

TEST(Arn, keeps_colons_and_slashes_of_the_resource) {
  const auto function = ArnView::parse("arn:aws:lambda:us-east-1:111111111111:function:f:PROD");
  ASSERT_TRUE(function.has_value());
  EXPECT_EQ(function->resource, "function:f:PROD");
  EXPECT_EQ(function->resource_type(), "");
  EXPECT_EQ(function->resource_id(), "function:f:PROD");
  const auto role = ArnView::parse("arn:aws:iam::111111111111:role/a/b/Name");
  ASSERT_TRUE(role.has_value());
  EXPECT_EQ(role->region, "");
  EXPECT_EQ(role->resource_type(), "role");
  EXPECT_EQ(role->resource_id(), "a/b/Name");
}

TEST(Arn, takes_owners_that_are_no_number) {
  EXPECT_EQ(ArnView::parse("arn:aws:iam::aws:policy/AdministratorAccess")->account, "aws");
  EXPECT_EQ(ArnView::parse("arn:aws:s3:::bucket")->account, "");
}

TEST(Arn, refuses_what_is_none) {
  for (const char* text : {"", "arn", "arn:aws:iam::1", "arn:aws:iam::111111111111:", "arn::iam::111111111111:role/x",
                           "arn:aws:::111111111111:role/x", "ARN:aws:iam::111111111111:role/x",
                           "xarn:aws:iam::1:role/x", ":::::x", "memory/Name-NCd6eP6wJq"}) {
    EXPECT_FALSE(ArnView::parse(text).has_value()) << text;
  }
}

TEST(Arn, joins_what_it_splits) {
  const std::string text = make_arn("iam", "", "111111111111", "role/x:y");
  EXPECT_EQ(text, "arn:aws:iam::111111111111:role/x:y");
  EXPECT_EQ(ArnView::parse(text)->resource, "role/x:y");
}

TEST(AccountIdTest, is_twelve_digits) {
  EXPECT_EQ(AccountId::parse("012345678901")->str(), "012345678901");
  for (const char* text :
       {"", "1", "01234567890", "0123456789012", "01234567890a", " 12345678901", "+12345678901", "-12345678901"}) {
    EXPECT_FALSE(AccountId::parse(text).has_value()) << text;
  }
  EXPECT_LT(*AccountId::parse("111111111111"), *AccountId::parse("222222222222"));
}

TEST(AccessKeyIdTest, is_four_to_128_word_characters) {
  EXPECT_TRUE(AccessKeyId::parse("test").has_value());
  EXPECT_TRUE(AccessKeyId::parse(std::string(128, 'A')).has_value());
  EXPECT_FALSE(AccessKeyId::parse("tes").has_value());
  EXPECT_FALSE(AccessKeyId::parse(std::string(129, 'A')).has_value());
  for (const char* text : {"AKIA-EXAMPLE", "AKIA EXAMPLE", "AKIA/EXAMPLE", "AKIA\xc3\xbc", "AKIA%"}) {
    EXPECT_FALSE(AccessKeyId::parse(text).has_value()) << text;
  }
}

TEST(AccessKeyIdTest, knows_temporary_credentials) {
  EXPECT_TRUE(AccessKeyId::parse("ASIAIOSFODNN7EXAMPLE")->temporary());
  EXPECT_FALSE(AccessKeyId::parse("AKIAIOSFODNN7EXAMPLE")->temporary());
  EXPECT_FALSE(AccessKeyId::parse("XASIA")->temporary());
}

}  // namespace
}  // namespace warifu
