#include "store/rocksdb.h"

#include <filesystem>
#include <fstream>
#include <utility>
#include <vector>

#include "base/random.h"
#include "store/conformance_cases.h"
#include "store/conformance_concurrency.h"
#include "store/memory.h"
#include "store/test_folder.h"

namespace warifu::store::conformance {
namespace {

Engine memory_engine() { return {.keeps = nullptr, .db = open_memory()}; }

Engine rocksdb_engine() {
  auto folder = std::make_shared<TestFolder>();
  auto db = open_rocksdb(folder->path());
  return {.keeps = folder, .db = std::move(db).value()};
}

INSTANTIATE_TEST_SUITE_P(Memory, StoreConformance, testing::Values(&memory_engine));
INSTANTIATE_TEST_SUITE_P(Rocksdb, StoreConformance, testing::Values(&rocksdb_engine));

}  // namespace
}  // namespace warifu::store::conformance

namespace warifu::store {
namespace {

using namespace std::string_view_literals;

const Partition kHere = Partition::account(*AccountId::parse("111111111111"));

Result<> put(Db& db, std::string_view key, std::string_view value) {
  return db.write_blocking([&](Txn& txn) -> Result<> { return txn.put(kHere, key, value); });
}

void stamp(const std::string& path, std::string_view text) {
  std::filesystem::create_directories(path);
  std::ofstream(path + "/FORMAT") << text;
}

TEST(Rocksdb, WhatWasWrittenIsThereAfterOpeningAgain) {
  const TestFolder folder;
  for (int i = 0; i < 3; ++i) {
    const auto db = open_rocksdb(folder.path()).value();
    const auto seen = db->read([](Reader& reader) { return reader.get(kHere, "k"); });
    EXPECT_EQ(*seen, i == 0 ? std::nullopt : std::optional(std::to_string(i - 1)));
    EXPECT_TRUE(put(*db, "k", std::to_string(i)).has_value());
  }
}

TEST(Rocksdb, TheSameFolderOpensOnceAtATime) {
  const TestFolder folder;
  auto first = open_rocksdb(folder.path());
  ASSERT_TRUE(first.has_value());
  const auto second = open_rocksdb(folder.path());
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, ErrorCode::kConflict);
  EXPECT_EQ(second.error().message, "data folder `" + folder.path() + "` is in use by another process");
  first->reset();
  EXPECT_TRUE(open_rocksdb(folder.path()).has_value());
}

TEST(Rocksdb, ANewerFormatIsRefused) {
  const TestFolder folder;
  stamp(folder.path(), "warifu-store 2\n");
  const auto db = open_rocksdb(folder.path());
  ASSERT_FALSE(db.has_value());
  EXPECT_EQ(db.error().code, ErrorCode::kUnsupported);
  EXPECT_EQ(db.error().message,
            "data folder `" + folder.path() +
                "` has format version 2, and this program reads up to 1: run a newer version of it");
}

TEST(Rocksdb, AStampThatIsNotOursIsRefused) {
  for (const char* text : {"", "hello", "warifu-store x", "warifu-store 0\n", "warifu-store -1"}) {
    const TestFolder folder;
    stamp(folder.path(), text);
    const auto db = open_rocksdb(folder.path());
    ASSERT_FALSE(db.has_value()) << text;
    EXPECT_EQ(db.error().code, ErrorCode::kUnsupported) << text;
  }
}

TEST(Rocksdb, DataWithoutAStampIsRefused) {
  const TestFolder folder;
  ASSERT_TRUE(open_rocksdb(folder.path()).has_value());
  std::filesystem::remove(folder.path() + "/FORMAT");
  const auto db = open_rocksdb(folder.path());
  ASSERT_FALSE(db.has_value());
  EXPECT_EQ(db.error().code, ErrorCode::kUnsupported);
}

TEST(Rocksdb, AFolderThatCannotBeMadeIsOneClearError) {
  const auto db = open_rocksdb("/proc/nowhere/store");
  ASSERT_FALSE(db.has_value());
  EXPECT_EQ(db.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(db.error().message, testing::HasSubstr("`/proc/nowhere/store`"));
}

TEST(Rocksdb, WorksWithoutSyncToo) {
  const TestFolder folder;
  {
    const auto db = open_rocksdb(folder.path(), {.durability = Durability::kOs}).value();
    EXPECT_TRUE(put(*db, "k", "v").has_value());
  }
  const auto db = open_rocksdb(folder.path()).value();
  EXPECT_EQ(*db->read([](Reader& reader) { return reader.get(kHere, "k"); }), "v");
}

TEST(Rocksdb, ReadersPinStatesWhileManyArePublished) {
  const TestFolder folder;
  const auto db = open_rocksdb(folder.path(), {.durability = Durability::kOs}).value();
  ASSERT_TRUE(put(*db, "n", "0").has_value());
  std::atomic<bool> writing = true;
  std::vector<std::jthread> readers;
  for (int i = 0; i < 4; ++i) {
    readers.emplace_back([&] {
      int last = 0;
      while (writing) {
        const auto seen = db->read([&](Reader& reader) -> Result<int> {
          const int first = std::stoi(*TRY(reader.get(kHere, "n")));
          EXPECT_EQ(std::stoi(*TRY(reader.get(kHere, "n"))), first);
          return first;
        });
        EXPECT_GE(*seen, last);
        last = *seen;
      }
    });
  }
  for (int i = 1; i <= 2000; ++i) ASSERT_TRUE(put(*db, "n", std::to_string(i)).has_value());
  writing = false;
}

// Filters answer for the parts of keys that end at a mark: where they say no, there must be no row.
TEST(Rocksdb, ScansFindRowsWhateverMarksTheirKeysHold) {
  const TestFolder folder;
  // Small, so that rows lie in memory and in tables of several levels.
  const auto db = open_rocksdb(folder.path(), {.write_buffer_bytes = 64 * 1024}).value();
  const auto model = open_memory();
  SeededRandom random(11);
  const auto any_key = [&] { return random.text(random.below(7), "ab#$\"\0"sv); };
  const auto rows_of = [&](Db& in, const Range& range) {
    std::string out;
    const auto scanned = in.read([&](Reader& reader) {
      return reader.scan(kHere, range, [&](std::string_view key, std::string_view) {
        out.append(key).append("\n");
        return true;
      });
    });
    EXPECT_TRUE(scanned.has_value());
    return out;
  };
  const std::string filling(700, 'x');
  for (int round = 0; round < 60; ++round) {
    std::vector<std::pair<std::string, bool>> changes;
    for (int i = 0; i < 20; ++i) changes.emplace_back(any_key(), random.below(3) > 0);
    for (Db* in : {db.get(), model.get()}) {
      ASSERT_TRUE(in->write_blocking([&](Txn& txn) -> Result<> {
                      for (const auto& [key, put] : changes)
                        TRY(put ? txn.put(kHere, key, filling) : txn.erase(kHere, key));
                      return {};
                    }).has_value());
    }
    for (int i = 0; i < 40; ++i) {
      const auto direction = random.below(2) == 0 ? Direction::kForward : Direction::kBackward;
      Range range = prefix_range(any_key(), direction);
      if (i % 2 == 0) range.end = any_key();
      ASSERT_EQ(rows_of(*db, range), rows_of(*model, range)) << range.begin << ".." << range.end;
    }
  }
}

}  // namespace
}  // namespace warifu::store
