#include "services/memory/keys.h"

#include <gtest/gtest.h>

namespace warifu::services::memory {
namespace {

TEST(EventIds, AreWrittenAsTheServiceWritesThem) {
  const EventId id{.time = {1783165130534}, .suffix = 0x3f3e979a};
  EXPECT_EQ(id.str(), "0000001783165130534#3f3e979a");
  const auto read = EventId::parse(id.str());
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->time.ms, 1783165130534);
  EXPECT_EQ(read->suffix, 0x3f3e979aU);
}

TEST(EventIds, InAnyOtherFormAreNone) {
  for (const std::string_view text :
       {"", "#", "0000001783165130534", "0000001783165130534#3F3E979A", "1783165130534#3f3e979a",
        "0000001783165130534#3f3e979", "0000001783165130534#3f3e979aa", "-000001783165130534#3f3e979a",
        "0000001783165130534-3f3e979a", "9999999999999999999#00000000", "00000017831651305 4#3f3e979a",
        "0000001783165130534#0x3e979a"}) {
    EXPECT_FALSE(EventId::parse(text).has_value()) << text;
  }
}

TEST(EventIds, OrderByTimeThenSuffix) {
  const std::string first = EventId{.time = {9}, .suffix = UINT32_MAX}.str();
  const std::string second = EventId{.time = {10}, .suffix = 0}.str();
  const std::string third = EventId{.time = {10}, .suffix = 1}.str();
  EXPECT_LT(first, second);
  EXPECT_LT(second, third);
}

TEST(Keys, NoActorIsAPrefixOfAnother) {
  EXPECT_FALSE(keys::sessions("alice").starts_with(keys::sessions("al")));
  EXPECT_FALSE(keys::events({"al", "ice"}).starts_with(keys::events({"alice", ""})));
  EXPECT_NE(keys::events({"a", "b"}), keys::events({"ab", ""}));
  EXPECT_NE(keys::session({"a/b", "c"}), keys::session({"a", "b/c"}));
  EXPECT_NE(keys::session({std::string_view("a\0b", 3), "c"}), keys::session({"a", std::string_view("b\0c", 3)}));
}

TEST(Keys, OfOneKindShareNoPrefixWithAnotherKind) {
  const std::vector<std::string> kinds{
      keys::state(),  keys::actors(), keys::sessions("x"), keys::branches({"x", "y"}), keys::events({"x", "y"}),
      keys::token("")};
  for (const std::string& a : kinds) {
    for (const std::string& b : kinds) EXPECT_TRUE(&a == &b || a[0] != b[0]);
  }
}

TEST(Keys, GiveTheirLastNameBack) {
  for (const std::string_view actor : {std::string_view("alice"), std::string_view("team/user:1"),
                                       std::string_view("n\0u\1l", 5), std::string_view("")}) {
    EXPECT_EQ(keys::last_name(keys::actor(actor), keys::actors()), actor);
    EXPECT_EQ(keys::last_name(keys::session({"x", actor}), keys::sessions("x")), actor);
  }
  EXPECT_FALSE(keys::last_name(keys::session({"x", "y"}), keys::sessions("z")).has_value());
  EXPECT_FALSE(keys::last_name(keys::sessions("x"), keys::sessions("x")).has_value());
  EXPECT_FALSE(keys::last_name(keys::branch({"x", "y"}, "z"), keys::branches({"x", ""})).has_value());
}

}  // namespace
}  // namespace warifu::services::memory
