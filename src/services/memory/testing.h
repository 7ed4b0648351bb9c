#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "services/memory/events.h"
#include "services/memory/sessions.h"
#include "store/memory.h"

/// For tests of this module: an engine in memory with one memory's partition, and events made in one line.
namespace warifu::services::memory::testing {

inline constexpr Timestamp kNow{1'783'165'130'534};
inline constexpr std::int64_t kHour = 3'600'000;
inline constexpr std::int64_t kDay = 24 * kHour;
inline constexpr std::string_view kArn =
    "arn:aws:bedrock-agentcore:us-east-1:111111111111:memory/DemoMemory-NCd6eP6wJq";

struct Bench {
  std::unique_ptr<store::Db> db = store::open_memory();
  store::Partition partition = store::Partition::memory(*AccountId::parse("111111111111"), kArn);

  template <class F>
  auto write(F body) {
    return db->write_blocking([&](store::Txn& txn) { return body(txn); });
  }
  template <class F>
  auto read(F body) {
    return db->read([&](store::Reader& reader) { return body(reader); });
  }

  /// Inserts and answers the event's id; fails the test when that fails.
  std::string insert(events::Draft draft, Timestamp expires = {kNow.ms + kDay}) {
    const Result<events::Inserted> inserted = try_insert(std::move(draft), expires);
    EXPECT_TRUE(inserted.has_value()) << (inserted ? "" : inserted.error().message);
    return inserted ? inserted->event_id : "";
  }
  Result<events::Inserted> try_insert(events::Draft draft, Timestamp expires = {kNow.ms + kDay}) {
    return write([&](store::Txn& txn) { return events::insert(txn, partition, draft, expires); });
  }
  Result<> erase(SessionRef ref, std::string_view id, Timestamp now = kNow) {
    return write([&](store::Txn& txn) { return events::erase(txn, partition, ref, id, now); });
  }
  /// Payloads of a listing, newest first.
  std::vector<std::string> payloads(SessionRef ref, const EventFilter& filter = {}, Timestamp now = kNow) {
    const auto page =
        read([&](store::Reader& reader) { return events::list(reader, partition, ref, filter, "", 1000, true, now); });
    EXPECT_TRUE(page.has_value());
    std::vector<std::string> found;
    if (!page) return found;
    for (const events::Stored& stored : page->events) {
      found.emplace_back(EventView::parse(stored.row).value_or(EventView{}).payload);
    }
    return found;
  }
  std::size_t rows(std::string_view prefix = "") {
    std::size_t count = 0;
    const auto counted = read([&](store::Reader& reader) {
      return reader.scan(partition, store::prefix_range(prefix), [&](std::string_view, std::string_view) {
        ++count;
        return true;
      });
    });
    EXPECT_TRUE(counted.has_value());
    return count;
  }
};

struct Make {
  std::string payload = "[]";
  std::string actor = "alice";
  std::string session = "s1";
  Timestamp time = kNow;
  Timestamp now = kNow;
  std::string token{};
  bool token_row = false;
  std::optional<Branch> branch{};
  NamedValues metadata{};
};

inline events::Draft draft(const Make& make) {
  TokenDigest token{};
  std::copy_n(make.token.begin(), std::min(make.token.size(), token.size()), token.begin());
  const EventContent content{.branch = make.branch, .metadata = make.metadata, .payload = make.payload};
  return {.actor = make.actor,
          .session = make.session,
          .time = make.time,
          .now = make.now,
          .row = encode_event(make.now, token, content),
          .branch = make.branch,
          .token = token,
          .token_row = make.token_row,
          .first_suffix = 0x10,
          .step = 3};
}

}  // namespace warifu::services::memory::testing
