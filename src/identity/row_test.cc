#include "identity/row.h"

#include <gtest/gtest.h>

namespace warifu::identity {
namespace {

AccessKey sample() {
  return {.id = "AKIA1", .user_id = "AIDA1", .secret = std::string(200, 's'), .active = false, .created = {-5}};
}

TEST(Row, ComesBackAsItWasWritten) {
  const Result<AccessKey> key = decode_row<AccessKey>(encode_row(sample()));
  ASSERT_TRUE(key);
  EXPECT_EQ(key->secret, sample().secret);
  EXPECT_FALSE(key->active);
  EXPECT_EQ(key->created.ms, -5);
  const Result<TagsRow> tags = decode_row<TagsRow>(encode_row(TagsRow{{{"k", "v"}, {"", ""}}}));
  ASSERT_TRUE(tags);
  EXPECT_EQ(tags->tags.size(), 2U);
}

TEST(Row, TakesAnEndBetweenFieldsAsDefaultsAndAnEndWithinAFieldAsDamage) {
  const std::string bytes = encode_row(sample());
  std::size_t accepted = 0;
  for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
    accepted += decode_row<AccessKey>(std::string_view(bytes).substr(0, cut)).has_value() ? 1U : 0U;
  }
  EXPECT_EQ(accepted, 5U) << "after the version byte and after each field but the last";
}

TEST(Row, RefusesUnknownVersionsAndCountsPastItsEnd) {
  EXPECT_FALSE(decode_row<AccessKey>(""));
  EXPECT_FALSE(decode_row<AccessKey>("\2"));
  EXPECT_FALSE(decode_row<TagsRow>("\1\xff\xff\xff\xff\x0f"));
  EXPECT_FALSE(decode_row<TagsRow>("\1\xff\xff\xff\xff\xff\xff"));
  EXPECT_FALSE(
      decode_row<AccessKey>("\1\x05"
                            "abc"));
}

TEST(Names, EntityArnsAreReadBack) {
  const AccountId account = *AccountId::parse("111111111111");
  for (const char* path : {"/", "/a/", "/a/b/"}) {
    const std::string arn = entity_arn(EntityKind::kRole, account, path, "n");
    const std::optional<EntityArn> parsed = parse_entity_arn(arn);
    ASSERT_TRUE(parsed) << arn;
    EXPECT_EQ(parsed->path, path);
    EXPECT_EQ(parsed->name, "n");
    EXPECT_EQ(parsed->account, "111111111111");
  }
  for (const char* other : {"arn:aws:iam::111111111111:root", "arn:aws:iam::111111111111:role/",
                            "arn:aws:iam:us-east-1:111111111111:role/x", "arn:aws:sts::111111111111:role/x",
                            "arn:aws:iam::111111111111:server-certificate/x", "x"}) {
    EXPECT_FALSE(parse_entity_arn(other)) << other;
  }
}

}  // namespace
}  // namespace warifu::identity
