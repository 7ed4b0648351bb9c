#include "records/filter.h"

#include <gtest/gtest.h>

#include "records/records_testing.h"

namespace warifu::records {
namespace {

using testing::kNow;

Record example() {
  Record record = testing::make(1, "text");
  record.type = "EPISODE";
  record.created = {1000};
  record.updated = {2000};
  record.metadata = {{"level", 5.0}, {"tags", StringList{"red", "blue"}}, {"team", "core"}};
  return record;
}

struct Case {
  const char* name;
  Condition condition;
  bool holds;
};

TEST(Filters, HoldAsTheirOperatorsSay) {
  const std::string attributes = encode_attributes(example());
  const std::string created(kCreatedAtKey), updated(kUpdatedAtKey), type(kRecordTypeKey);
  using enum Operator;
  for (const Case& one : std::vector<Case>{
           {"equal text", {"team", kEqualsTo, "core"}, true},
           {"another text", {"team", kEqualsTo, "cor"}, false},
           {"equal number", {"level", kEqualsTo, 5.0}, true},
           {"another number", {"level", kEqualsTo, 5.1}, false},
           {"number where text is", {"team", kEqualsTo, 5.0}, false},
           {"text where number is", {"level", kEqualsTo, "5"}, false},
           {"exists", {"level", kExists}, true},
           {"does not exist", {"colour", kExists}, false},
           {"absence", {"colour", kNotExists}, true},
           {"no absence", {"team", kNotExists}, false},
           {"equals an absent key", {"colour", kEqualsTo, "red"}, false},
           {"contains", {"tags", kContains, "blue"}, true},
           {"contains not", {"tags", kContains, "blu"}, false},
           {"contains all of a list", {"tags", kContains, StringList{"blue", "red"}}, true},
           {"contains but some of a list", {"tags", kContains, StringList{"blue", "green"}}, false},
           {"a text contains nothing", {"team", kContains, "core"}, false},
           {"greater", {"level", kGreater, 4.9}, true},
           {"not greater than itself", {"level", kGreater, 5.0}, false},
           {"greater or equal", {"level", kGreaterOrEqual, 5.0}, true},
           {"less", {"level", kLess, 5.1}, true},
           {"not less than itself", {"level", kLess, 5.0}, false},
           {"less or equal", {"level", kLessOrEqual, 5.0}, true},
           {"order of absent keys", {"colour", kLess, 5.0}, false},
           {"before", {created, kBefore, Timestamp{1001}}, true},
           {"not before itself", {created, kBefore, Timestamp{1000}}, false},
           {"after", {updated, kAfter, Timestamp{1999}}, true},
           {"not after itself", {updated, kAfter, Timestamp{2000}}, false},
           {"a time exists", {created, kExists}, true},
           {"a time is never absent", {updated, kNotExists}, false},
           {"record type", {type, kEqualsTo, "EPISODE"}, true},
           {"another record type", {type, kEqualsTo, "REFLECTION"}, false},
           {"an unknown system key is absent", {"x-amz-agentcore-memory-other", kNotExists}, true},
       }) {
    EXPECT_EQ(matches(attributes, {one.condition}, kNow), one.holds) << one.name;
  }
}

TEST(Filters, AllMustHold) {
  const std::string attributes = encode_attributes(example());
  const Condition yes{"team", Operator::kExists}, no{"team", Operator::kNotExists};
  EXPECT_TRUE(matches(attributes, {}, kNow));
  EXPECT_TRUE(matches(attributes, {yes, yes}, kNow));
  EXPECT_FALSE(matches(attributes, {yes, no}, kNow));
}

TEST(Filters, HideWhatIsPastItsExpiry) {
  Record record = example();
  record.expires = kNow;
  const std::string attributes = encode_attributes(record);
  EXPECT_TRUE(matches(attributes, {}, {kNow.ms - 1}));
  EXPECT_FALSE(matches(attributes, {}, kNow));
}

TEST(Filters, AttributesComeBackAsTheyWere) {
  Record record = example();
  record.expires = Timestamp{77};
  Record back;
  ASSERT_TRUE(decode_attributes(encode_attributes(record), back));
  EXPECT_EQ(back.metadata, record.metadata);
  EXPECT_EQ(back.expires, record.expires);
  EXPECT_EQ(back.created, record.created);
  EXPECT_EQ(back.updated, record.updated);
  EXPECT_EQ(back.type, record.type);
}

TEST(Filters, BrokenBytesMatchNothingThatAsks) {
  const std::string whole = encode_attributes(example());
  const Conditions conditions{{"team", Operator::kEqualsTo, "core"}};
  ASSERT_TRUE(matches(whole, conditions, kNow));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    Record ignored;
    EXPECT_FALSE(matches(std::string_view(whole).substr(0, size), conditions, kNow)) << size;
    EXPECT_FALSE(decode_attributes(std::string_view(whole).substr(0, size), ignored)) << size;
  }
}

}  // namespace
}  // namespace warifu::records
