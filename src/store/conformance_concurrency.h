#pragma once

#include "store/conformance.h"

/// The cases of the conformance suite that need many writers.
namespace warifu::store::conformance {

/// Runs `work(index)` on `count` threads at once.
inline void on_threads(int count, const std::function<void(int)>& work) {
  std::vector<std::jthread> threads;
  for (int i = 0; i < count; ++i) threads.emplace_back([&work, i] { work(i); });
}

inline Result<int> get_number(Reader& reader, const Partition& partition, std::string_view key) {
  const auto value = TRY(reader.get(partition, key));
  return value ? std::stoi(*value) : 0;
}

inline Result<int> count_rows(Reader& reader, const Partition& partition, const Range& range) {
  int count = 0;
  TRY(reader.scan(partition, range, [&](std::string_view, std::string_view) {
    ++count;
    return true;
  }));
  return count;
}

inline Result<> increment(Txn& txn, const Partition& partition, std::string_view key) {
  const int number = TRY(get_number(txn, partition, key));
  return txn.put(partition, key, std::to_string(number + 1));
}

TEST_P(StoreConformance, NoIncrementOfACounterIsLost) {
  on_threads(8, [&](int thread) {
    for (int i = 0; i < 50; ++i) {
      const Result<> done = db().write_blocking([&](Txn& txn) -> Result<> {
        TRY(increment(txn, here_, "shared"));
        return increment(txn, here_, "own" + std::to_string(thread));
      });
      EXPECT_TRUE(done.has_value());
    }
  });
  EXPECT_EQ(get("shared"), "400");
  EXPECT_EQ(get("own7"), "50");
}

TEST_P(StoreConformance, WriteSkewDoesNotHappen) {
  // Each of two doctors may go off call while the other stays: whoever asks second must be refused.
  for (int round = 0; round < 30; ++round) {
    put("on_call/a", "yes");
    put("on_call/b", "yes");
    on_threads(2, [&](int doctor) {
      (void)db().write_blocking([&](Txn& txn) -> Result<> {
        const auto other = TRY(txn.get(here_, doctor == 0 ? "on_call/b" : "on_call/a"));
        if (other != "yes") return fail(kAbort);
        return txn.put(here_, doctor == 0 ? "on_call/a" : "on_call/b", "no");
      });
    });
    EXPECT_EQ((get("on_call/a") == "yes" ? 1 : 0) + (get("on_call/b") == "yes" ? 1 : 0), 1) << "round " << round;
  }
}

TEST_P(StoreConformance, NoPhantomAppearsWhereAScanFoundRoom) {
  // At most three rows: each writer counts by scan, then inserts a key of its own.
  for (int round = 0; round < 10; ++round) {
    const Partition quota = Partition::memory(one_, "quota" + std::to_string(round));
    on_threads(8, [&](int thread) {
      (void)db().write_blocking([&](Txn& txn) -> Result<> {
        if (TRY(count_rows(txn, quota, {})) >= 3) return fail(kAbort);
        return txn.put(quota, "k" + std::to_string(thread), "");
      });
    });
    EXPECT_EQ(*db().read([&](Reader& reader) { return count_rows(reader, quota, {}); }), 3);
  }
}

TEST_P(StoreConformance, NoPhantomVanishesWhereAScanFoundSpares) {
  // At least two rows stay: each writer counts by scan, then erases a key of its own.
  for (int round = 0; round < 10; ++round) {
    for (int i = 0; i < 6; ++i) put("spare/" + std::to_string(i), "");
    on_threads(6, [&](int thread) {
      (void)db().write_blocking([&](Txn& txn) -> Result<> {
        if (TRY(count_rows(txn, here_, prefix_range("spare/"))) <= 2) return fail(kAbort);
        return txn.erase(here_, "spare/" + std::to_string(thread));
      });
    });
    EXPECT_EQ(rows(prefix_range("spare/")).size(), 2U);
  }
}

TEST_P(StoreConformance, OnlyOneWriterFindsAKeyAbsent) {
  for (int round = 0; round < 20; ++round) {
    const std::string key = "once" + std::to_string(round);
    std::atomic<int> winners = 0;
    on_threads(6, [&](int thread) {
      const Result<> done = db().write_blocking([&](Txn& txn) -> Result<> {
        if (TRY(txn.get(here_, key))) return fail(kAbort);
        return txn.put(here_, key, std::to_string(thread));
      });
      winners += done.has_value() ? 1 : 0;
    });
    EXPECT_EQ(winners, 1);
  }
}

TEST_P(StoreConformance, ATransactionAcrossPartitionsIsSeenWholeOrNotAtAll) {
  const Partition left = Partition::account(one_);
  const Partition right = Partition::account(two_);
  std::atomic<bool> writing = true;
  std::jthread writer([&] {
    for (int i = 1; i <= 200; ++i) {
      const Result<> done = db().write_blocking([&](Txn& txn) -> Result<> {
        TRY(txn.put(left, "n", std::to_string(i)));
        return txn.put(right, "n", std::to_string(i));
      });
      EXPECT_TRUE(done.has_value());
    }
    writing = false;
  });
  int last = 0;
  while (writing) {
    const auto pair = *db().read([&](Reader& reader) -> Result<std::pair<int, int>> {
      const int first = TRY(get_number(reader, left, "n"));
      return std::pair(first, TRY(get_number(reader, right, "n")));
    });
    ASSERT_EQ(pair.first, pair.second);
    ASSERT_GE(pair.first, last);  // what was once durable stays
    last = pair.first;
  }
}

TEST_P(StoreConformance, AClosureThatRunsAgainLeavesOneEffect) {
  engine_.db = std::make_unique<RerunningDb>(std::move(engine_.db));
  std::atomic<int> runs = 0;
  on_threads(4, [&](int thread) {
    for (int i = 0; i < 25; ++i) {
      const auto outcome = db().write_blocking([&](Txn& txn) -> Result<std::string> {
        ++runs;
        TRY(increment(txn, here_, "n"));
        TRY(txn.put(here_, "row/" + std::to_string(thread) + "/" + std::to_string(i), ""));
        return std::string("ran");
      });
      EXPECT_EQ(*outcome, "ran");
    }
  });
  EXPECT_EQ(runs, 200);
  EXPECT_EQ(get("n"), "100");
  EXPECT_EQ(rows(prefix_range("row/")).size(), 100U);
}

TEST_P(StoreConformance, ClosingTellsEveryWriterThatStillWaits) {
  std::atomic<int> told = 0;
  for (int i = 0; i < 100; ++i) {
    db().write_with([this, i](Txn& txn) { return txn.put(here_, std::to_string(i), ""); }, [&](Result<>) { ++told; });
  }
  engine_.db.reset();
  EXPECT_EQ(told, 100);
}

// One key goes up while readers look: a kept row may never lag behind the state that it is read in.
TEST_P(StoreConformance, AKeptRowNeverLagsBehindItsState) {
  put("n", "0");
  std::atomic<bool> writing = true;
  std::vector<std::jthread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      while (writing) {
        const auto same = db().read([&](Reader& reader) -> Result<bool> {
          const auto kept = *reader.get_kept(here_, "n");
          return kept == *reader.get(here_, "n");
        });
        ASSERT_TRUE(*same);
      }
    });
  }
  for (int i = 1; i <= 500; ++i) put(i % 2 == 0 ? "n" : "m", std::to_string(i));
  writing = false;
}

}  // namespace warifu::store::conformance
