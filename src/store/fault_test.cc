#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "store/faulty_disk.h"
#include "store/rocksdb.h"
#include "store/test_folder.h"

// Disks that fill up, fail and lose power: every acknowledged write survives, none is seen half.
namespace warifu::store {
namespace {

using Mode = FaultyDisk::Mode;

constexpr int kWriters = 4;
const AccountId kOne = *AccountId::parse("111111111111");
const Partition kLeft = Partition::account(kOne);
const Partition kRight = Partition::memory(kOne, "arn");

/// Writes the number `n` under the writer's name in two partitions, and a row of its own.
Result<> write_pair(Db& db, int writer, int n) {
  return db.write_blocking([&](Txn& txn) -> Result<> {
    const std::string name = "w" + std::to_string(writer);
    TRY(txn.put(kLeft, name, std::to_string(n)));
    TRY(txn.put(kRight, name + "/" + std::to_string(n), std::string(static_cast<std::size_t>(n % 7) * 300, 'v')));
    return txn.put(kRight, name, std::to_string(n));
  });
}

int number(Reader& reader, const Partition& partition, int writer) {
  const auto value = reader.get(partition, "w" + std::to_string(writer));
  return value && *value ? std::stoi(**value) : 0;
}

/// What the world was told: the newest write that was acknowledged, and the newest that a reader saw.
struct Witness {
  std::array<std::atomic<int>, kWriters> acknowledged{};
  std::array<std::atomic<int>, kWriters> seen{};

  void check(Db& db) {
    const Result<> done = db.read([&](Reader& reader) -> Result<> {
      for (int writer = 0; writer < kWriters; ++writer) {
        const int there = number(reader, kLeft, writer);
        const auto index = static_cast<std::size_t>(writer);
        EXPECT_GE(there, acknowledged[index]) << "an acknowledged write is lost";
        EXPECT_GE(there, seen[index]) << "a reader saw what was not durable";
        EXPECT_EQ(there, number(reader, kRight, writer)) << "half a transaction";
        for (int n = 1; n <= there; ++n) {
          const auto row = reader.get(kRight, "w" + std::to_string(writer) + "/" + std::to_string(n));
          EXPECT_TRUE(row.has_value() && row->has_value()) << "a row is lost: " << writer << "/" << n;
        }
        acknowledged[index] = there;
      }
      return {};
    });
    EXPECT_TRUE(done.has_value());
  }
};

class Fault : public testing::Test {
 protected:
  std::unique_ptr<Db> open() {
    // Small buffers, so that tables are written and logs change while the disk fails.
    auto db = open_rocksdb(folder_.path(), {.write_buffer_bytes = 64 * 1024, .env = disk_.env()});
    EXPECT_TRUE(db.has_value()) << db.error().message;
    return db ? std::move(*db) : nullptr;
  }

  /// Writes from many threads until the disk fails them; returns once all have.
  void write_until_it_fails(Db& db, Mode failure, std::chrono::milliseconds after) {
    std::vector<std::jthread> threads;
    for (int writer = 0; writer < kWriters; ++writer) {
      threads.emplace_back([&, writer] {
        const auto index = static_cast<std::size_t>(writer);
        for (int n = witness_.acknowledged[index] + 1;; ++n) {
          if (!write_pair(db, writer, n)) return;
          witness_.acknowledged[index] = n;
        }
      });
    }
    threads.emplace_back([&] {
      for (;;) {
        const Result<> done = db.read([&](Reader& reader) -> Result<> {
          for (int i = 0; i < kWriters; ++i) witness_.seen[static_cast<std::size_t>(i)] = number(reader, kRight, i);
          return {};
        });
        if (!done || failed_) return;
      }
    });
    std::this_thread::sleep_for(after);
    disk_.set(failure);
    for (int i = 0; i < kWriters; ++i) threads[static_cast<std::size_t>(i)].join();
    failed_ = true;
    threads.back().join();
    failed_ = false;
  }

  const TestFolder folder_;
  FaultyDisk disk_;
  Witness witness_;
  std::atomic<bool> failed_ = false;
};

TEST_F(Fault, PowerLossKeepsWhatWasAcknowledgedAndNothingHalf) {
  SeededRandom random(1);
  for (int round = 0; round < 6; ++round) {
    SCOPED_TRACE(round);
    auto db = open();
    ASSERT_NE(db, nullptr);
    witness_.check(*db);
    write_until_it_fails(*db, Mode::kOff, std::chrono::milliseconds(5 + random.below(40)));
    db.reset();
    disk_.lose_unsynced(random);
    disk_.set(Mode::kHealthy);
  }
  const auto db = open();
  ASSERT_NE(db, nullptr);
  witness_.check(*db);
  EXPECT_GT(witness_.acknowledged[0], 20);
}

class StoppingFault : public Fault, public testing::WithParamInterface<Mode> {};

TEST_P(StoppingFault, StopsTheEngineUntilItIsOpenedAgain) {
  for (int round = 0; round < 2; ++round) {
    auto db = open();
    ASSERT_NE(db, nullptr);
    witness_.check(*db);
    write_until_it_fails(*db, GetParam(), std::chrono::milliseconds(15));
    disk_.set(Mode::kHealthy);
    const Result<> again = write_pair(*db, 0, 1);
    ASSERT_FALSE(again.has_value());
    EXPECT_EQ(again.error().code, ErrorCode::kUnavailable);
    const auto read = db->read([](Reader& reader) { return reader.get(kLeft, "w0"); });
    ASSERT_FALSE(read.has_value());
    EXPECT_EQ(read.error().code, ErrorCode::kUnavailable);
    db.reset();
  }
  const auto db = open();
  ASSERT_NE(db, nullptr);
  witness_.check(*db);
}
INSTANTIATE_TEST_SUITE_P(Disk, StoppingFault, testing::Values(Mode::kFailAppend, Mode::kFailSync));

class FullDisk : public Fault {
 protected:
  void expect_refused(Db& db) {
    const Result<> refused = write_pair(db, 0, witness_.acknowledged[0] + 1);
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, ErrorCode::kUnavailable);
    EXPECT_EQ(refused.error().message, "the disk is full");
    witness_.check(db);
  }

  void make_room(Db& db) {
    disk_.set(Mode::kHealthy);
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!write_pair(db, 0, witness_.acknowledged[0] + 1)) {
      ASSERT_LT(std::chrono::steady_clock::now(), give_up) << "writes did not resume";
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    witness_.acknowledged[0] += 1;
    witness_.check(db);
  }

  void reopen_after_power_loss(std::unique_ptr<Db>& db) {
    disk_.set(Mode::kOff);
    db.reset();
    disk_.lose_unsynced(random_);
    disk_.set(Mode::kHealthy);
    db = open();
    ASSERT_NE(db, nullptr);
    witness_.check(*db);
  }

  SeededRandom random_{3};
};

TEST_F(FullDisk, FailsWritesWhileReadsGoOnUntilThereIsRoom) {
  auto db = open();
  for (int round = 0; round < 2; ++round) {
    write_until_it_fails(*db, Mode::kFull, std::chrono::milliseconds(20));
    expect_refused(*db);
    make_room(*db);
  }
  reopen_after_power_loss(db);
}

TEST_F(FullDisk, WithNothingInMemoryResumesOnASoundLog) {
  auto db = open();
  disk_.set(Mode::kFull);
  expect_refused(*db);
  make_room(*db);
  reopen_after_power_loss(db);
}

TEST_F(FullDisk, OnWhichOpeningAgainFailsAnswersSoUntilThereIsMoreRoom) {
  auto db = open();
  ASSERT_TRUE(write_pair(*db, 0, 1).has_value());
  witness_.acknowledged[0] = 1;
  disk_.set(Mode::kFull);
  expect_refused(*db);
  disk_.set(Mode::kScarce);
  std::this_thread::sleep_for(std::chrono::milliseconds(250));
  ASSERT_FALSE(write_pair(*db, 0, 2).has_value());
  const auto read = db->read([](Reader& reader) { return reader.get(kLeft, "w0"); });
  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error().code, ErrorCode::kUnavailable);
  make_room(*db);
  reopen_after_power_loss(db);
}

TEST_F(FullDisk, IsRefusedAtAStartAndLeftAsItIs) {
  auto db = open();
  ASSERT_TRUE(write_pair(*db, 0, 1).has_value());
  witness_.acknowledged[0] = 1;
  db.reset();
  disk_.set(Mode::kFull);
  RocksdbOptions options;
  options.env = disk_.env();
  const auto refused = open_rocksdb(folder_.path(), options);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::kUnavailable);
  EXPECT_TRUE(refused.error().message.ends_with("its disk is full")) << refused.error().message;
  disk_.set(Mode::kHealthy);
  db = open();
  ASSERT_NE(db, nullptr);
  witness_.check(*db);
}

TEST_F(FullDisk, AndPowerLossTogetherLoseNothing) {
  auto db = open();
  for (int round = 0; round < 3; ++round) {
    write_until_it_fails(*db, Mode::kFull, std::chrono::milliseconds(20));
    reopen_after_power_loss(db);
  }
}

}  // namespace
}  // namespace warifu::store
