#include "policy/context.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>

namespace warifu::policy {
namespace {

using testing::ElementsAre;
using testing::Pair;

std::vector<std::string_view> values(const Context& context, std::string_view name) {
  const ContextValues* found = context.find(name);
  if (found == nullptr) return {};
  return {found->values.begin(), found->values.end()};
}

TEST(Keys, AreOneForEverySpellingOfCase) {
  const KeyId id = intern("test:Spelling/Of/Case");
  EXPECT_TRUE(id.known());
  EXPECT_EQ(intern("TEST:spelling/of/CASE"), id);
  EXPECT_EQ(lookup("test:spelling/of/case"), id);
  EXPECT_EQ(name_of(id), "test:Spelling/Of/Case");
}

TEST(Keys, ThatAreWellKnownHaveTheirPlace) {
  EXPECT_EQ(lookup("AWS:principalarn"), key("aws:PrincipalArn"));
  EXPECT_EQ(name_of(key("aws:SourceIp")), "aws:SourceIp");
  for (const std::string_view name : kWellKnownKeys) EXPECT_EQ(name_of(lookup(name)), name);
}

TEST(Keys, AreNotMadeByLookingUp) {
  const std::size_t before = interned_count();
  EXPECT_FALSE(lookup("test:never-interned").known());
  EXPECT_EQ(interned_count(), before);
  EXPECT_FALSE(intern(std::string(kKeyBytesMax + 1, 'k')).known());
  EXPECT_TRUE(intern(std::string(kKeyBytesMax, 'k')).known());
}

TEST(Keys, AgreeAcrossThreads) {
  constexpr std::size_t kKeys = 400;
  std::vector<std::vector<KeyId>> seen(4);
  {
    std::vector<std::jthread> threads;
    for (std::vector<KeyId>& ids : seen) {
      threads.emplace_back([&ids] {
        for (std::size_t i = 0; i < kKeys; ++i) ids.push_back(intern("test:thread/" + std::to_string(i)));
      });
    }
  }
  for (std::size_t i = 1; i < seen.size(); ++i) EXPECT_EQ(seen[i], seen[0]);
}

TEST(Context, KeepsSingleAndMultipleValuesApart) {
  Context context;
  context.set(key("aws:username"), "alice");
  const std::vector<std::string_view> tags = {"a", "b"};
  context.set_many(key("aws:TagKeys"), tags);
  EXPECT_FALSE(context.find(key("aws:username"))->multivalued);
  EXPECT_TRUE(context.find(key("aws:TagKeys"))->multivalued);
  EXPECT_THAT(values(context, "AWS:tagkeys"), ElementsAre("a", "b"));
  const std::vector<std::string_view> one = {"c"};
  context.set_many(key("aws:TagKeys"), one);
  EXPECT_TRUE(context.find(key("aws:TagKeys"))->multivalued);
  EXPECT_THAT(values(context, "aws:TagKeys"), ElementsAre("c"));
}

TEST(Context, TakesAnEmptySetForAnAbsentKey) {
  Context context;
  context.set_many(key("aws:TagKeys"), {});
  EXPECT_EQ(context.find(key("aws:TagKeys")), nullptr);
}

TEST(Context, ReplacesAKeySetAgain) {
  Context context;
  context.set("test:Replaced", "one");
  context.set("TEST:replaced", "two");
  EXPECT_THAT(values(context, "test:replaced"), ElementsAre("two"));
}

TEST(Context, ForgetsEverythingWhenCleared) {
  Context context;
  context.set(key("aws:username"), "alice");
  context.set_tag("aws:RequestTag/", "unheard-of", "x");
  context.clear();
  EXPECT_EQ(context.find(key("aws:username")), nullptr);
  EXPECT_EQ(context.find("aws:RequestTag/unheard-of"), nullptr);
  context.set(key("aws:userid"), "AIDA");
  EXPECT_EQ(context.find(key("aws:username")), nullptr);
}

TEST(Context, ServesPoliciesThatWereCompiledLater) {
  Context context;
  context.set_tag("aws:RequestTag/", "Born-Late", "x");
  EXPECT_FALSE(lookup("aws:RequestTag/born-late").known());
  const KeyId id = intern("aws:requesttag/BORN-LATE");
  ASSERT_NE(context.find(id), nullptr);
  EXPECT_EQ(context.find(id)->values[0], "x");
  context.set(id, "y");
  EXPECT_THAT(values(context, "aws:RequestTag/born-late"), ElementsAre("y"));
  context.set("aws:RequestTag/Born-late", "z");
  EXPECT_THAT(values(context, "aws:RequestTag/born-late"), ElementsAre("z"));
}

TEST(Context, DoesNotInternTagsOfRequests) {
  Context context;
  const std::size_t before = interned_count();
  for (int i = 0; i < 50; ++i) context.copy("aws:RequestTag/hostile" + std::to_string(i), "x");
  EXPECT_EQ(interned_count(), before);
  EXPECT_THAT(values(context, "aws:RequestTag/HOSTILE49"), ElementsAre("x"));
}

TEST(Context, FindsReplacesAndForgetsHundredsOfUnknownKeys) {
  Context context;
  for (const std::size_t keys : {9U, 300U, 8U, 40U}) {
    context.clear();
    const auto name = [](std::size_t i) { return "aws:RequestTag/Many" + std::to_string(i); };
    for (std::size_t i = 0; i < keys; ++i) context.copy(name(i), "old");
    for (std::size_t i = 0; i < keys; ++i) context.copy("AWS:requesttag/many" + std::to_string(i), std::to_string(i));
    for (std::size_t i = 0; i < keys; ++i) EXPECT_THAT(values(context, name(i)), ElementsAre(std::to_string(i)));
    EXPECT_EQ(context.find(name(keys)), nullptr);
    std::size_t seen = 0;
    context.for_each([&](std::string_view, const ContextValues&) { ++seen; });
    EXPECT_EQ(seen, keys);
  }
  const KeyId id = intern("aws:requestTag/many39");
  EXPECT_EQ(context.find(id)->values[0], "39");
}

TEST(Context, WritesTypedValuesAsText) {
  Context context;
  context.set_bool(key("aws:SecureTransport"), true);
  context.set_number(key("aws:EpochTime"), -17);
  context.set_time(key("aws:CurrentTime"), Timestamp{1'783'165'130'534});
  EXPECT_THAT(values(context, "aws:SecureTransport"), ElementsAre("true"));
  EXPECT_THAT(values(context, "aws:EpochTime"), ElementsAre("-17"));
  EXPECT_THAT(values(context, "aws:CurrentTime"), ElementsAre("2026-07-04T11:38:50Z"));
}

TEST(Context, KeepsCopies) {
  Context context;
  {
    const std::string gone(5'000, 'x');
    context.copy(key("aws:UserAgent"), gone);
    for (int i = 0; i < 100; ++i) (void)context.keep(gone.substr(0, 99));
  }
  EXPECT_EQ(values(context, "aws:UserAgent").at(0), std::string(5'000, 'x'));
}

TEST(Context, ShowsEveryKeyThatIsPresent) {
  Context context;
  context.set(key("aws:username"), "alice");
  context.set("test:Unknown Key", "x");
  context.set_many(key("aws:TagKeys"), {});
  std::vector<std::pair<std::string, std::string>> seen;
  context.for_each(
      [&](std::string_view name, const ContextValues& found) { seen.emplace_back(name, found.values[0]); });
  EXPECT_THAT(seen, ElementsAre(Pair("aws:username", "alice"), Pair("test:Unknown Key", "x")));
}

}  // namespace
}  // namespace warifu::policy
