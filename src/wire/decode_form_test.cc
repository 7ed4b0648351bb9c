#include "gen/iam/account.h"
#include "gen/iam/login_profiles.h"
#include "gen/iam/users.h"
#include "gen/sts/roles.h"
#include "wire/wire_testing.h"

namespace warifu::wire {
namespace {

using testing::decode_as;
using testing::form_request;
using testing::message_of;

auto create_user(const std::string& form) {
  return decode_as<model::iam::CreateUserInput>("iam", form_request("Action=CreateUser&Version=2010-05-08" + form));
}

TEST(DecodeForm, ListsMayBeSparseUnorderedAndEmpty) {
  const auto [input, result] = create_user(
      "&UserName=a&Tags.member.10.Key=z&Tags.member.10.Value=26&Tags.member.2.Value=v+w&Tags.member.2.Key=k");
  EXPECT_EQ(message_of(result), "ok");
  ASSERT_TRUE(input.tags.has_value());
  ASSERT_EQ(input.tags->size(), 2U);
  EXPECT_EQ((*input.tags)[0].key, "k");
  EXPECT_EQ((*input.tags)[0].value, "v w");
  EXPECT_EQ((*input.tags)[1].key, "z");
  EXPECT_TRUE(create_user("&UserName=a&Tags=").first.tags->empty());
  EXPECT_FALSE(create_user("&UserName=a").first.tags.has_value());
}

TEST(DecodeForm, IndicesThatAreNotPositiveNumbersAreIgnored) {
  const auto [input, result] = create_user(
      "&UserName=a&Tags.member.0.Key=a&Tags.member.x.Key=b&Tags.member.-1.Key=c&Tags.member.4294967296.Key=d");
  EXPECT_EQ(message_of(result), "ok");
  EXPECT_TRUE(input.tags->empty());
}

TEST(DecodeForm, ErrorsShowTheValueUnlessItIsSensitive) {
  EXPECT_EQ(message_of(create_user("&UserName=a%20b").second),
            "1 validation error detected: Value 'a b' at 'userName' failed to satisfy constraint: Member must satisfy "
            "regular expression pattern: [\\w+=,.@-]+");
  EXPECT_EQ(
      message_of(create_user("").second),
      "1 validation error detected: Value null at 'userName' failed to satisfy constraint: Member must not be null");
  const auto [input, result] = decode_as<model::iam::ChangePasswordInput>(
      "iam", form_request("Action=ChangePassword&OldPassword=%E2%82%ACsecret&NewPassword=x"));
  EXPECT_THAT(message_of(result), ::testing::Not(::testing::HasSubstr("secret")));
  EXPECT_THAT(message_of(result), ::testing::StartsWith("1 validation error detected: Value at 'oldPassword' failed"));
}

TEST(DecodeForm, AssumeRoleAnswersAsAwsWasSeenTo) {
  const auto [input, result] = decode_as<model::sts::AssumeRoleInput>(
      "sts", form_request("Action=AssumeRole&RoleArn=arn:aws:iam::111111111111:role/R&RoleSessionName=Session1:2"));
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().message,
            "1 validation error detected: Value 'Session1:2' at 'roleSessionName' failed to satisfy constraint: Member "
            "must satisfy regular "
            "expression pattern: [\\w+=,.@-]*");
  EXPECT_TRUE(result.error().reason.empty());
  EXPECT_TRUE(result.error().fields.empty());
}

TEST(DecodeForm, NestedListsOfStructuresAndTagsDecode) {
  const auto [input, result] = decode_as<model::sts::AssumeRoleInput>(
      "sts",
      form_request("Action=AssumeRole&Version=2011-06-15&RoleArn=arn:aws:iam::111111111111:role/"
                   "R&RoleSessionName=se&DurationSeconds=900"
                   "&PolicyArns.member.1.arn=arn:aws:iam::aws:policy/ReadOnlyAccess&TransitiveTagKeys.member.1=team"));
  EXPECT_EQ(message_of(result), "ok");
  EXPECT_EQ(input.duration_seconds, 900);
  ASSERT_EQ(input.policy_arns->size(), 1U);
  EXPECT_EQ((*input.policy_arns)[0].arn, "arn:aws:iam::aws:policy/ReadOnlyAccess");
  EXPECT_THAT(*input.transitive_tag_keys, ::testing::ElementsAre("team"));
}

TEST(DecodeForm, WhatCannotBeReadIsMalformedInput) {
  const std::string base = "Action=UpdateAccountPasswordPolicy";
  for (const std::string& form : {base + "&MinimumPasswordLength=abc", base + "&RequireSymbols=yes", base + "&x=%zz",
                                  base + "&x=%ff", base + "&MinimumPasswordLength.x=1"}) {
    const Result<> result = decode_as<model::iam::UpdateAccountPasswordPolicyInput>("iam", form_request(form)).second;
    ASSERT_FALSE(result.has_value()) << form;
    EXPECT_EQ(result.error().aws_name, "MalformedInput") << form;
  }
}

TEST(DecodeForm, FieldsAndDepthAreBounded) {
  std::string many = "&UserName=a";
  for (std::size_t i = 0; i < kFormFieldsMax - 3; ++i) many += "&x=1";
  EXPECT_EQ(message_of(create_user(many).second), "ok");
  EXPECT_EQ(message_of(create_user(many + "&x=1").second), "the request's parameters cannot be decoded");
  std::string deep = "&UserName=a&x";
  for (std::size_t i = 0; i < kDepthMax; ++i) deep += ".y";
  EXPECT_EQ(message_of(create_user(deep + "=1").second), "ok");
  EXPECT_EQ(message_of(create_user(deep + ".y=1").second), "a parameter name nests too deep");
}

TEST(DecodeForm, TheFirstOfTwoFieldsCounts) {
  EXPECT_EQ(create_user("&UserName=first&UserName=second").first.user_name, "first");
}

}  // namespace
}  // namespace warifu::wire
