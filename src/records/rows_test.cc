#include "records/rows.h"

#include <gtest/gtest.h>

#include "records/change_log.h"
#include "records/records_testing.h"

namespace warifu::records {
namespace {

using ::testing::ElementsAre;
using testing::exactly;
using ::testing::IsEmpty;
using testing::kNow;
using testing::make;
using testing::path;

class RowsTest : public ::testing::Test {
 protected:
  testing::Bench bench;
};

TEST_F(RowsTest, ARecordComesBackAsItWasPut) {
  Record record = make(1, "the user loves matcha");
  record.index_text = "how was Kyoto? I loved the matcha";
  record.type = "FACT";
  record.expires = kNow.plus_seconds(10);
  record.metadata = {{"level", 2.5}, {"tags", StringList{"a", "b"}}, {"team", "core"}};
  bench.put(record);
  const auto found = bench.find_one(1);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->text, record.text);
  EXPECT_EQ(found->index_text, record.index_text);
  EXPECT_EQ(found->name_space, record.name_space);
  EXPECT_EQ(found->strategy, record.strategy);
  EXPECT_EQ(found->type, record.type);
  EXPECT_EQ(found->metadata, record.metadata);
  EXPECT_EQ(found->expires, record.expires);
  EXPECT_EQ(found->created, record.created);
  EXPECT_EQ(found->order, 1U);
  EXPECT_FALSE(bench.find_one(2));
}

TEST_F(RowsTest, AScopeHoldsWholeSegmentsOnly) {
  bench.put({make(1, "al", "/actors/al/"), make(2, "al's own", "/actors/al/own/"), make(3, "alice", "/actors/alice/"),
             make(4, "root", "/")});
  EXPECT_THAT(bench.texts(path("/actors/al/")), ElementsAre("al", "al's own"));
  EXPECT_THAT(bench.texts(exactly("/actors/al/")), ElementsAre("al"));
  EXPECT_THAT(bench.texts(exactly("/actors/")), IsEmpty());
  EXPECT_THAT(bench.texts(path("/actors/")), ElementsAre("al", "al's own", "alice"));
  EXPECT_THAT(bench.texts(path("/")), ElementsAre("root", "al", "al's own", "alice"));
  EXPECT_THAT(bench.texts(exactly("/")), ElementsAre("root"));
}

TEST_F(RowsTest, AScopeOfAStrategyHoldsNothingElse) {
  bench.put({make(1, "fact a", "/a/", "facts"), make(2, "preference a", "/a/", "preferences"),
             make(3, "none a", "/a/", ""), make(4, "fact b", "/b/", "facts"), make(5, "longer", "/b/", "facts2")});
  EXPECT_THAT(bench.texts(path("/", "facts")), ElementsAre("fact a", "fact b"));
  EXPECT_THAT(bench.texts(exactly("/a/", "preferences")), ElementsAre("preference a"));
  EXPECT_THAT(bench.texts(path("/", "")), ElementsAre("none a"));
  EXPECT_THAT(bench.texts(path("/", "fact")), IsEmpty());
}

TEST_F(RowsTest, TheNewestArrivalOfANamespaceComesFirst) {
  bench.put({make(5, "first"), make(4, "second"), make(3, "third")});
  bench.put(make(5, "first, changed"));
  EXPECT_THAT(bench.texts(path("/")), ElementsAre("third", "second", "first, changed")) << "a change keeps its place";
}

TEST_F(RowsTest, PagesFollowEachOtherWhileRecordsGo) {
  std::vector<Record> records;
  for (std::size_t i = 0; i < 10; ++i) records.push_back(make(i, std::to_string(i)));
  bench.put(records);
  const ListedPage first = bench.list_page(path("/"), "", 4);
  ASSERT_EQ(first.records.size(), 4U);
  EXPECT_EQ(first.records.back().text, "6");
  // The one that the token names, and the next one.
  EXPECT_EQ(bench.erase({testing::id_of(6), testing::id_of(5)}), 2U);
  const ListedPage second = bench.list_page(path("/"), first.after, 4);
  ASSERT_EQ(second.records.size(), 4U);
  EXPECT_EQ(second.records.front().text, "4");
  const ListedPage third = bench.list_page(path("/"), second.after, 4);
  EXPECT_EQ(third.records.size(), 1U);
  EXPECT_EQ(third.after, "");
}

TEST_F(RowsTest, AFullPageThatIsTheLastHasNoPosition) {
  bench.put({make(1, "a"), make(2, "b")});
  EXPECT_EQ(bench.list_page(path("/"), "", 2).after, "");
  EXPECT_NE(bench.list_page(path("/"), "", 1).after, "");
}

TEST_F(RowsTest, APositionOfAnotherScopeIsRefused) {
  bench.put({make(1, "a", "/a/"), make(2, "b", "/a/"), make(3, "c", "/b/")});
  const std::string after = bench.list_page(exactly("/a/"), "", 1).after;
  for (const Scope& scope : {exactly("/b/"), path("/b/"), exactly("/a/", "other")}) {
    const auto page =
        bench.db->read([&](store::Reader& reader) { return list(reader, bench.partition, scope, {}, after, 1, kNow); });
    ASSERT_FALSE(page.has_value());
    EXPECT_EQ(page.error().code, ErrorCode::kValidation);
  }
}

TEST_F(RowsTest, FiltersChooseAcrossNamespaces) {
  Record red = make(1, "red", "/a/"), blue = make(2, "blue", "/b/");
  red.metadata = {{"colour", "red"}};
  blue.metadata = {{"colour", "blue"}};
  bench.put({red, blue, make(3, "grey", "/c/")});
  EXPECT_THAT(bench.texts(path("/"), {{"colour", Operator::kEqualsTo, "blue"}}), ElementsAre("blue"));
  EXPECT_THAT(bench.texts(path("/"), {{"colour", Operator::kNotExists}}), ElementsAre("grey"));
}

TEST_F(RowsTest, AnExpiredRecordIsHiddenAtOnceAndErasedLater) {
  Record record = make(1, "short");
  record.expires = kNow.plus_seconds(5);
  Record later = make(2, "longer");
  later.expires = kNow.plus_seconds(50);
  bench.put({record, later, make(3, "for ever")});
  EXPECT_EQ(bench.texts(path("/")).size(), 3U);
  const Timestamp then = kNow.plus_seconds(5);
  EXPECT_THAT(bench.texts(path("/"), {}, then), ElementsAre("for ever", "longer"));
  EXPECT_EQ(bench.list_page(path("/"), "", 10, {}, then).expired, 1U);
  const auto erase_due = [&](Timestamp now, std::size_t limit) {
    return bench.db->write_blocking([&](store::Txn& txn) { return erase_expired(txn, bench.partition, now, limit); });
  };
  EXPECT_EQ(erase_due({then.ms - 1}, 10), 0U);
  EXPECT_EQ(erase_due(then, 0), 0U);
  EXPECT_EQ(erase_due(then, 10), 1U);
  EXPECT_FALSE(bench.find_one(1));
  EXPECT_EQ(erase_due(then.plus_seconds(100), 10), 1U);
  EXPECT_EQ(bench.rows("r"), 1U);
  EXPECT_EQ(bench.rows("x"), 1U);
  EXPECT_EQ(bench.rows("y"), 0U);
}

TEST_F(RowsTest, AnExpiryThatChangesLeavesNoRowBehind) {
  Record record = make(1, "short");
  record.expires = kNow.plus_seconds(5);
  bench.put(record);
  record.expires = kNow.plus_seconds(9);
  bench.put(record);
  EXPECT_EQ(bench.rows("y"), 1U);
  record.expires.reset();
  bench.put(record);
  EXPECT_EQ(bench.rows("y"), 0U);
}

TEST_F(RowsTest, ErasedRecordsLeaveNothing) {
  bench.put({make(1, "a"), make(2, "b")});
  EXPECT_EQ(bench.erase({testing::id_of(1), testing::id_of(9)}), 1U);
  EXPECT_EQ(bench.rows("r"), 1U);
  EXPECT_EQ(bench.rows("x"), 1U);
  EXPECT_EQ(bench.erase({testing::id_of(1)}), 0U);
}

TEST_F(RowsTest, AMovedRecordIsInOnePlace) {
  bench.put({make(1, "a", "/a/"), make(2, "b", "/a/")});
  bench.put(make(1, "a", "/b/"));
  EXPECT_THAT(bench.texts(path("/a/")), ElementsAre("b"));
  EXPECT_THAT(bench.texts(path("/b/")), ElementsAre("a"));
  EXPECT_EQ(bench.find_one(1)->order, 1U);
}

TEST_F(RowsTest, TheLogTellsWhatChanged) {
  bench.put({make(1, "a", "/a/"), make(2, "b", "/a/")});
  bench.put(make(1, "a", "/b/"));
  bench.erase({testing::id_of(2)});
  std::vector<std::string> told;
  const auto read = bench.db->read([&](store::Reader& reader) -> Result<> {
    const Head head = TRY(read_head(reader, bench.partition));
    EXPECT_EQ(head.changes, 3U);
    EXPECT_EQ(head.orders, 2U);
    const bool all =
        TRY(changes_between(reader, bench.partition, 1, head.changes, [&](const Change& change) -> Result<> {
          told.push_back(fmt::format("{}{}", change.put ? '+' : '-', change.order));
          return {};
        }));
    EXPECT_TRUE(all);
    return {};
  });
  ASSERT_TRUE(read.has_value());
  EXPECT_THAT(told, ElementsAre("-1", "+1", "-2"));
}

TEST_F(RowsTest, ADamagedRowIsSaid) {
  bench.put(make(1, "a"));
  const auto damaged = bench.db->write_blocking(
      [&](store::Txn& txn) { return txn.put(bench.partition, keys::record(testing::id_of(1)), "\x02rest"); });
  ASSERT_TRUE(damaged.has_value());
  const auto found =
      bench.db->read([&](store::Reader& reader) { return find(reader, bench.partition, testing::id_of(1)); });
  ASSERT_FALSE(found.has_value());
  EXPECT_EQ(found.error().code, ErrorCode::kInternal);
}

}  // namespace
}  // namespace warifu::records
