#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "records/index.h"
#include "records/rows.h"
#include "search/embedder.h"
#include "store/memory.h"

/// For tests of this module: an engine in memory with one memory's partition, and records made in one line.
namespace warifu::records::testing {

inline constexpr Timestamp kNow{1'783'165'130'534};
inline constexpr std::string_view kArn =
    "arn:aws:bedrock-agentcore:us-east-1:111111111111:memory/DemoMemory-NCd6eP6wJq";

inline store::Partition partition_of(std::string_view arn = kArn) {
  return store::Partition::memory(*AccountId::parse("111111111111"), arn);
}

/// `number` decides the id.
inline RecordId id_of(std::size_t number) {
  RecordId id;
  for (std::size_t i = 0; i < 8; ++i) id.bytes[15 - i] = static_cast<char>((number >> (8 * i)) & 0xff);
  return id;
}

inline Record make(std::size_t number, std::string text, std::string name_space = "/actors/alice/",
                   std::string strategy = "facts-0123456789") {
  return {.id = id_of(number),
          .name_space = std::move(name_space),
          .strategy = std::move(strategy),
          .text = std::move(text),
          .index_text = {},
          .type = {},
          .created = kNow,
          .updated = kNow};
}

struct Bench {
  std::unique_ptr<store::Db> db = store::open_memory();
  store::Partition partition = partition_of();
  std::unique_ptr<search::Embedder> embedder = search::static_embedder();
  std::unique_ptr<Index> index = std::make_unique<Index>(std::vector{embedder.get()}, IndexOptions{});

  void put(const std::vector<Record>& records) {
    const auto prepared = prepare_all(records, *embedder);
    ASSERT_TRUE(prepared.has_value());
    const auto written =
        db->write_blocking([&](store::Txn& txn) -> Result<> { return put_all(txn, partition, *prepared); });
    ASSERT_TRUE(written.has_value());
  }
  void put(const Record& record) { put(std::vector{record}); }
  std::size_t erase(const std::vector<RecordId>& ids) {
    const auto erased = db->write_blocking([&](store::Txn& txn) { return erase_all(txn, partition, ids); });
    EXPECT_TRUE(erased.has_value());
    return erased.value_or(0);
  }
  std::optional<Record> find_one(std::size_t number) {
    const auto found = db->read([&](store::Reader& reader) { return find(reader, partition, id_of(number)); });
    EXPECT_TRUE(found.has_value());
    return found ? *found : std::nullopt;
  }
  ListedPage list_page(const Scope& scope, std::string_view after = "", std::size_t limit = 100,
                       const Conditions& conditions = {}, Timestamp now = kNow) {
    const auto page =
        db->read([&](store::Reader& reader) { return list(reader, partition, scope, conditions, after, limit, now); });
    EXPECT_TRUE(page.has_value()) << (page ? "" : page.error().message);
    return page ? *page : ListedPage{};
  }
  /// Texts of a listing, in order.
  std::vector<std::string> texts(const Scope& scope, const Conditions& conditions = {}, Timestamp now = kNow) {
    std::vector<std::string> out;
    for (const Record& record : list_page(scope, "", 1000, conditions, now).records) out.push_back(record.text);
    return out;
  }
  /// Texts of a search, the best first.
  std::vector<std::string> search(const Scope& scope, std::string text, std::size_t k = 10,
                                  const Conditions& conditions = {}, Timestamp now = kNow) {
    const auto found = index->search(
        *db, partition, {.scope = scope, .text = std::move(text), .k = k, .conditions = conditions, .now = now});
    EXPECT_TRUE(found.has_value()) << (found ? "" : found.error().message);
    std::vector<std::string> out;
    if (!found) return out;
    for (const Found& one : *found) out.push_back(one.record.text);
    return out;
  }
  std::size_t rows(std::string_view prefix = "") {
    std::size_t count = 0;
    EXPECT_TRUE(db->read([&](store::Reader& reader) {
      return reader.scan(partition, store::prefix_range(prefix), [&](std::string_view, std::string_view) {
        ++count;
        return true;
      });
    }));
    return count;
  }
};

inline Scope path(std::string text, std::optional<std::string> strategy = {}) {
  return {.path = std::move(text), .exact = false, .strategy = std::move(strategy)};
}
inline Scope exactly(std::string text, std::optional<std::string> strategy = {}) {
  return {.path = std::move(text), .exact = true, .strategy = std::move(strategy)};
}

}  // namespace warifu::records::testing
