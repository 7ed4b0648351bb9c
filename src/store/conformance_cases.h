#pragma once

#include "store/conformance.h"
#include "store/keys.h"

/// The cases of the conformance suite.
namespace warifu::store::conformance {

using namespace std::string_literals;
using testing::ElementsAre;

TEST_P(StoreConformance, AKeyThatNeverExistedIsAbsent) {
  EXPECT_EQ(get("nothing"), std::nullopt);
  EXPECT_EQ(keys(), "");
}

TEST_P(StoreConformance, WhatWasPutIsReadUntilItIsErased) {
  put("k", "1");
  EXPECT_EQ(get("k"), "1");
  put("k", "2");
  EXPECT_EQ(get("k"), "2");
  erase("k");
  EXPECT_EQ(get("k"), std::nullopt);
}

TEST_P(StoreConformance, ErasingWhatIsAbsentIsNoError) {
  erase("nothing");
  EXPECT_EQ(keys(), "");
}

TEST_P(StoreConformance, EmptyKeysAndEmptyValuesAreValues) {
  put("", "");
  put("k", "");
  EXPECT_EQ(get(""), "");
  EXPECT_EQ(get("k"), "");
  EXPECT_THAT(rows(), ElementsAre(Row{"", ""}, Row{"k", ""}));
}

TEST_P(StoreConformance, KeysAndValuesMayHoldAnyByte) {
  const std::vector<std::string> binary = {""s, "\0"s, "\0\0"s, "\0\1"s, "\1"s, "\x7f"s, "\x80"s, "\xff"s, "\xff\xff"s};
  for (const std::string& bytes : binary) put(bytes, bytes + "\0v"s);
  for (const std::string& bytes : binary) EXPECT_EQ(get(bytes), bytes + "\0v"s);
  std::vector<std::string> seen;
  for (const Row& row : rows()) seen.push_back(row.key);
  EXPECT_EQ(seen, binary);  // ordered as unsigned bytes
}

TEST_P(StoreConformance, LargeValuesComeBackWhole) {
  std::string large(10U << 20U, 'x');
  for (std::size_t i = 0; i < large.size(); i += 4093) large[i] = static_cast<char>(i);
  put("large", large);
  EXPECT_EQ(get("large"), large);
}

TEST_P(StoreConformance, AScanKeepsToItsBoundsInBothDirections) {
  for (const char* key : {"a", "b", "bb", "c", "d"}) put(key, key);
  struct Case {
    std::string begin, end, forward;
  };
  const Case cases[] = {{"", "", "a b bb c d"},
                        {"b", "", "b bb c d"},
                        {"", "c", "a b bb"},
                        {"b", "c", "b bb"},
                        {"ba", "cc", "bb c"},
                        {"c", "b", ""},
                        {"c", "c", ""},
                        {"e", "", ""},
                        {"", "a", ""},
                        {"d", "e", "d"},
                        {"", "\xff", "a b bb c d"}};
  for (const Case& c : cases) {
    EXPECT_EQ(keys({c.begin, c.end}), c.forward) << c.begin << ".." << c.end;
    auto reversed = rows({c.begin, c.end, Direction::kBackward});
    std::ranges::reverse(reversed);
    EXPECT_EQ(joined(reversed), c.forward) << c.begin << ".." << c.end << " backward";
  }
}

TEST_P(StoreConformance, AScanStopsWhenItsVisitorSaysSo) {
  for (const char* key : {"a", "b", "c"}) put(key, key);
  EXPECT_EQ(keys({}, 1), "a");
  EXPECT_EQ(keys({}, 2), "a b");
  EXPECT_EQ(keys({.begin = "", .end = "", .direction = Direction::kBackward}, 2), "c b");
}

TEST_P(StoreConformance, APrefixScanSeesItsPrefixAlone) {
  for (const char* key : {"s/", "s/1", "s/2", "s0", "s", "r/9"}) put(key, "");
  EXPECT_EQ(keys(prefix_range("s/")), "s/ s/1 s/2");
  EXPECT_EQ(keys(prefix_range("s/", Direction::kBackward)), "s/2 s/1 s/");
  put("\xff\xff", "");
  EXPECT_EQ(keys(prefix_range("\xff")), "\xff\xff");
}

TEST_P(StoreConformance, APartitionNeverSeesAnothersRows) {
  const std::vector<Partition> all = {Partition::account(one_),       Partition::account(two_),
                                      Partition::memory(one_, "arn"), Partition::memory(one_, "arn2"),
                                      Partition::memory(two_, "arn"), Partition::system()};
  for (const Partition& partition : all) put(partition, "k", partition.name());
  for (const Partition& partition : all) {
    for (const Direction direction : {Direction::kForward, Direction::kBackward}) {
      const auto seen = *db().read([&](Reader& reader) -> Result<std::vector<Row>> {
        return rows(reader, partition, {.begin = "", .end = "", .direction = direction});
      });
      EXPECT_THAT(seen, ElementsAre(Row{"k", partition.name()}));
    }
    EXPECT_EQ(get(partition, "k"), partition.name());
  }
}

TEST_P(StoreConformance, ATransactionSeesItsOwnWritesInGetAndScan) {
  for (const char* key : {"a", "c", "e"}) put(key, "old");
  const auto seen = db().write_blocking([&](Txn& txn) -> Result<std::string> {
    TRY(txn.put(here_, "b", "new"));
    TRY(txn.put(here_, "c", "new"));
    TRY(txn.erase(here_, "e"));
    TRY(txn.put(here_, "f", "gone"));
    TRY(txn.erase(here_, "f"));
    EXPECT_EQ(TRY(txn.get(here_, "b")), "new");
    EXPECT_EQ(TRY(txn.get(here_, "c")), "new");
    EXPECT_EQ(TRY(txn.get(here_, "e")), std::nullopt);
    EXPECT_EQ(joined(rows(txn, here_, {.begin = "", .end = "", .direction = Direction::kBackward})), "c b a");
    EXPECT_EQ(joined(rows(txn, here_, {.begin = "b", .end = "c"})), "b");
    EXPECT_THAT(rows(txn, here_, {.begin = "c"}), ElementsAre(Row{"c", "new"}));
    return joined(rows(txn, here_));
  });
  EXPECT_EQ(*seen, "a b c");
  EXPECT_EQ(keys(), "a b c");
}

TEST_P(StoreConformance, AVisitorMayWriteAndTheScanShowsTheStateItBeganWith) {
  for (const char* key : {"a", "b", "c"}) put(key, "");
  const Result<> done = db().write_blocking([&](Txn& txn) -> Result<> {
    TRY(txn.put(here_, "bb", ""));
    std::string seen;
    TRY(txn.scan(here_, {}, [&](std::string_view key, std::string_view) {
      seen += std::string(key) + " ";
      EXPECT_TRUE(txn.erase(here_, key).has_value());
      return txn.put(here_, std::string(key) + "x", "").has_value();
    }));
    EXPECT_EQ(seen, "a b bb c ");
    return {};
  });
  EXPECT_TRUE(done.has_value());
  EXPECT_EQ(keys(), "ax bbx bx cx");
}

TEST_P(StoreConformance, AFailedClosureWritesNothingAndItsErrorComesBack) {
  put("kept", "1");
  const auto outcome = db().write_blocking([&](Txn& txn) -> Result<int> {
    TRY(txn.put(here_, "new", "1"));
    TRY(txn.put(here_, "kept", "2"));
    TRY(txn.erase(here_, "kept"));
    return fail(kAbort);
  });
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(outcome.error().message, kAbort.message);
  EXPECT_EQ(get("kept"), "1");
  EXPECT_EQ(get("new"), std::nullopt);
}

TEST_P(StoreConformance, AClosureThatThrowsFailsAloneAndWritesNothing) {
  const auto outcome = db().write_blocking([&](Txn& txn) -> Result<int> {
    TRY(txn.put(here_, "new", "1"));
    throw std::runtime_error("thrown");
  });
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(outcome.error().code, ErrorCode::kInternal);
  EXPECT_EQ(get("new"), std::nullopt);
  put("after", "1");
  EXPECT_EQ(keys(), "after");
}

TEST_P(StoreConformance, AFailureInAGroupDisturbsNobodyElse) {
  // Queued together behind a closure that waits, so that they share a group.
  std::latch queued(1);
  std::latch told(201);
  std::atomic<int> failed = 0;
  db().write_with(
      [&](Txn&) -> Result<> {
        queued.wait();
        return {};
      },
      [&](Result<>) { told.count_down(); });
  for (int i = 0; i < 200; ++i) {
    const std::string key = "k" + std::to_string(1000 + i);
    db().write_with(
        [this, key, i](Txn& txn) -> Result<> {
          TRY(txn.put(here_, key, "v"));
          TRY(txn.put(here_, "last", key));
          if (i % 3 == 0) return fail(kAbort);
          return {};
        },
        [&](Result<> outcome) {
          failed += outcome.has_value() ? 0 : 1;
          told.count_down();
        });
  }
  queued.count_down();
  told.wait();
  EXPECT_EQ(failed, 67);
  EXPECT_EQ(rows(prefix_range("k")).size(), 133U);
  EXPECT_EQ(get("last"), "k1199");
}

TEST_P(StoreConformance, AReaderKeepsToOneStateWhileOthersWrite) {
  put("a", "1");
  put("b", "1");
  std::future<void> written;
  const auto outcome = db().read([&](Reader& reader) -> Result<std::string> {
    EXPECT_EQ(TRY(reader.get(here_, "a")), "1");
    written = std::async(std::launch::async, [&] {
      put("a", "2");
      put("b", "2");
      put("c", "2");
    });
    written.wait_for(std::chrono::milliseconds(30));
    EXPECT_EQ(TRY(reader.get(here_, "b")), "1");
    return joined(rows(reader, here_));
  });
  written.wait();
  EXPECT_EQ(*outcome, "a b");
  EXPECT_EQ(keys(), "a b c");
}

TEST_P(StoreConformance, AWriterReadsWhatItWroteAsSoonAsItIsTold) {
  for (int i = 0; i < 100; ++i) {
    put("k", std::to_string(i));
    ASSERT_EQ(get("k"), std::to_string(i));
  }
}

TEST_P(StoreConformance, AKeptRowIsAnsweredAsItIsNow) {
  const auto kept = [&](Reader& reader) { return *reader.get_kept(here_, "k"); };
  const auto read = [&] {
    return *db().read([&](Reader& r) -> Result<std::optional<std::string>> { return kept(r); });
  };
  EXPECT_EQ(read(), std::nullopt);
  for (const std::string value : {"1", "2", "2", ""}) {
    put("k", value);
    EXPECT_EQ(read(), value);
    put("another", value);
    EXPECT_EQ(read(), value);
  }
  erase("k");
  EXPECT_EQ(read(), std::nullopt);
}

TEST_P(StoreConformance, AKeptRowShowsWhatItsOwnTransactionWroteAndForgetsWhatWasTakenBack) {
  put("k", "0");
  for (const bool stands : {false, true, false}) {
    const std::string before = *get("k");
    const Result<> done = db().write_blocking([&](Txn& txn) -> Result<> {
      EXPECT_EQ(*txn.get_kept(here_, "k"), before);
      EXPECT_TRUE(txn.put(here_, "k", "new").has_value());
      EXPECT_EQ(*txn.get_kept(here_, "k"), "new");
      EXPECT_TRUE(txn.erase(here_, "k").has_value());
      EXPECT_EQ(*txn.get_kept(here_, "k"), std::nullopt);
      EXPECT_TRUE(txn.put(here_, "k", before + "+").has_value());
      EXPECT_EQ(*txn.get_kept(here_, "k"), before + "+");
      return stands ? Result<>{} : fail(kAbort);
    });
    EXPECT_EQ(done.has_value(), stands);
    const std::string after = stands ? before + "+" : before;
    const auto seen = db().write_blocking([&](Txn& txn) { return txn.get_kept(here_, "k"); });
    EXPECT_EQ(*seen, after);
    EXPECT_EQ(*db().read([&](Reader& reader) { return reader.get_kept(here_, "k"); }), after);
  }
}

TEST_P(StoreConformance, ARowIsProvenUnchangedOnlyWhileItIs) {
  const RowHash row = row_hash(flat_key(here_, "k"));
  struct Seen {
    Moment moment;
    bool unchanged;
  };
  const auto look = [&](Moment since) {
    return *db().read(
        [&](Reader& r) -> Result<Seen> { return Seen{r.moment(), since > 0 && r.unchanged(row, since)}; });
  };
  put("k", "1");
  const Moment first = look(0).moment;
  ASSERT_GT(first, 0U);
  EXPECT_TRUE(look(first).unchanged);
  put("other", "1");
  EXPECT_GT(look(first).moment, first);
  EXPECT_TRUE(look(first).unchanged);
  erase("k");
  EXPECT_FALSE(look(first).unchanged);
  const Moment second = look(0).moment;
  EXPECT_TRUE(look(second).unchanged);
  put("k", "1");
  EXPECT_FALSE(look(second).unchanged);
}

TEST_P(StoreConformance, ATransactionProvesNothingOfARowThatItsGroupWrote) {
  const RowHash row = row_hash(flat_key(here_, "k"));
  const Result<> done = db().write_blocking([&](Txn& txn) -> Result<> {
    EXPECT_TRUE(txn.unchanged(row, txn.moment()));
    EXPECT_TRUE(txn.put(here_, "k", "1").has_value());
    EXPECT_FALSE(txn.unchanged(row, txn.moment()));
    return {};
  });
  ASSERT_TRUE(done.has_value());
  // As the next closure sees it, whether its group is the same or not.
  EXPECT_TRUE(db().write_blocking([&](Txn& txn) -> Result<> {
                    EXPECT_EQ(*txn.get_kept(here_, "k"), "1");
                    return {};
                  })
                  .has_value());
}

}  // namespace warifu::store::conformance
