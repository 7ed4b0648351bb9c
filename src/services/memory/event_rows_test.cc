#include "services/memory/event_rows.h"

#include <gtest/gtest.h>

#include "services/memory/filters.h"

namespace warifu::services::memory {
namespace {

const TokenDigest kToken{'t', 'o', 'k', 'e', 'n'};

EventContent sample() {
  return {.skip_extraction = true,
          .branch = Branch{.name = "b2", .root_event_id = "0000001783165130534#3f3e979a"},
          .metadata = {{"agentId", "a"}, {"stateType", ""}},
          .namespace_variables = {{"team", "red"}},
          .payload = R"([{"blob":"x"}])"};
}

EventView parsed(std::string&&) = delete;  // it would answer views of nothing
EventView parsed(const std::string& row) {
  const Result<EventView> view = EventView::parse(row);
  EXPECT_TRUE(view.has_value());
  return view.value_or(EventView{});
}

TEST(EventRows, GiveBackWhatWasPutIn) {
  std::string row = encode_event({1000}, kToken, sample());
  set_expires(row, {5000});
  set_token_row(row, true);
  const EventView view = parsed(row);
  EXPECT_EQ(view.created.ms, 1000);
  EXPECT_EQ(view.expires.ms, 5000);
  EXPECT_EQ(view.token, std::string_view(kToken.data(), kToken.size()));
  EXPECT_TRUE(view.token_row);
  EXPECT_TRUE(view.skip_extraction);
  EXPECT_EQ(view.branch, "b2");
  EXPECT_EQ(view.root_event_id, "0000001783165130534#3f3e979a");
  EXPECT_EQ(view.payload, R"([{"blob":"x"}])");
  NamedValues metadata;
  each_pair(view.metadata, [&](std::string_view key, std::string_view value) { metadata.emplace_back(key, value); });
  EXPECT_EQ(metadata, sample().metadata);
  NamedValues variables;
  each_pair(view.namespace_variables, [&](std::string_view k, std::string_view v) { variables.emplace_back(k, v); });
  EXPECT_EQ(variables, sample().namespace_variables);
}

TEST(EventRows, OnMainHaveNoRoot) {
  const std::string row = encode_event({1}, {}, {.payload = "[]"});
  const EventView view = parsed(row);
  EXPECT_EQ(view.branch, "main");
  EXPECT_EQ(view.root_event_id, "");
  EXPECT_EQ(view.payload, "[]");
}

TEST(EventRows, HaveEqualContentWhateverTheirStamps) {
  std::string a = encode_event({1}, kToken, sample());
  std::string b = encode_event({2}, {}, sample());
  set_expires(a, {7});
  set_token_row(b, true);
  EXPECT_EQ(parsed(a).content, parsed(b).content);
  set_root(b, "0000001783165130534#00000000");
  EXPECT_NE(parsed(a).content, parsed(b).content);
}

TEST(EventRows, CutAnywhereBeforeThePayloadAreRefused) {
  const std::string row = encode_event({1}, kToken, sample());
  const std::size_t payload = sample().payload.size();
  for (std::size_t n = 0; n < row.size() - payload; ++n) {
    EXPECT_FALSE(EventView::parse(row.substr(0, n)).has_value()) << n;
  }
  EXPECT_TRUE(EventView::parse(row.substr(0, row.size() - payload)).has_value());
  EXPECT_FALSE(EventView::parse("\x02" + row.substr(1)).has_value()) << "another format";
}

TEST(EventRows, AreLiveUntilTheyExpire) {
  std::string row = encode_event({1}, {}, {.payload = "[]"});
  set_expires(row, {100});
  EXPECT_TRUE(parsed(row).live({99}));
  EXPECT_FALSE(parsed(row).live({100}));
}

struct FilterCase {
  const char* what;
  EventFilter filter;
  bool matches;
};

TEST(Filters, HoldAllMetadataAndOneBranch) {
  const std::string row = encode_event({1}, {}, sample());
  const std::string id = "0000001783165130600#00000001";
  using enum MetadataOperator;
  const std::vector<FilterCase> cases{
      {"nothing asked", {}, true},
      {"equal", {.metadata = {{"agentId", kEqualsTo, "a"}}}, true},
      {"equal to the empty text", {.metadata = {{"stateType", kEqualsTo, ""}}}, true},
      {"not equal", {.metadata = {{"agentId", kEqualsTo, "b"}}}, false},
      {"an absent key equals nothing", {.metadata = {{"other", kEqualsTo, ""}}}, false},
      {"exists", {.metadata = {{"stateType", kExists}}}, true},
      {"exists not", {.metadata = {{"other", kExists}}}, false},
      {"not exists", {.metadata = {{"other", kNotExists}}}, true},
      {"not exists, but does", {.metadata = {{"agentId", kNotExists}}}, false},
      {"a prefix is another key", {.metadata = {{"agent", kExists}}}, false},
      {"and", {.metadata = {{"agentId", kExists}, {"other", kExists}}}, false},
      {"its branch", {.branches = {{.branch = "b2"}}}, true},
      {"another branch", {.branches = {{.branch = "main"}, {.branch = "b"}}}, false},
      {"before the cut", {.branches = {{.branch = "b2", .last_event_id = id}}}, true},
      {"after the cut", {.branches = {{.branch = "b2", .last_event_id = "0000001783165130599#ffffffff"}}}, false},
  };
  for (const FilterCase& c : cases) EXPECT_EQ(matches(c.filter, parsed(row), id), c.matches) << c.what;
}

TEST(Filters, ForAnAbsentKeyTakeEventsWithoutMetadata) {
  const std::string row = encode_event({1}, {}, {.payload = "[]"});
  EXPECT_TRUE(matches({.metadata = {{"stateType", MetadataOperator::kNotExists}}}, parsed(row), ""));
}

}  // namespace
}  // namespace warifu::services::memory
