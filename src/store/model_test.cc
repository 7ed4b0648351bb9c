#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>

#include "base/random.h"
#include "store/keys.h"
#include "store/memory.h"
#include "store/rocksdb.h"
#include "store/test_folder.h"

// Seeded random operations against std::map, with reopening: what the engine holds must be what the map holds.
namespace warifu::store {
namespace {

using Model = std::map<std::string, std::string>;  // by flat key

const Error kChangedMind{.code = ErrorCode::kConflict, .message = "changed its mind"};

class Player {
 public:
  explicit Player(std::uint64_t seed) : random_(seed) {
    const AccountId one = *AccountId::parse("111111111111");
    partitions_ = {Partition::account(one), Partition::memory(one, "a"), Partition::memory(one, "ab"),
                   Partition::system()};
  }

  /// One transaction of up to eight operations, a fifth of which fail at their end.
  void transact(Db& db) {
    const bool fails = random_.below(5) == 0;
    Model after = model_;
    const Result<> outcome = db.write_blocking([&](Txn& txn) -> Result<> {
      for (std::uint64_t n = random_.below(8) + 1; n > 0; --n) step(txn, after);
      if (fails) return fail(kChangedMind);
      return {};
    });
    ASSERT_EQ(outcome.has_value(), !fails);
    if (!fails) model_ = std::move(after);
  }

  void compare_everything(Db& db) {
    const Result<> done = db.read([&](Reader& reader) -> Result<> {
      for (const Partition& partition : partitions_) {
        compare_scan(reader, model_, partition, {});
        compare_scan(reader, model_, partition, {.begin = "", .end = "", .direction = Direction::kBackward});
      }
      for (int i = 0; i < 20; ++i) look(reader, model_);
      return {};
    });
    ASSERT_TRUE(done.has_value());
  }

  std::uint64_t below(std::uint64_t bound) { return random_.below(bound); }

 private:
  const Partition& any_partition() { return partitions_[random_.below(partitions_.size())]; }

  // Few and close keys, so that operations meet; zero and 0xff bytes among them.
  std::string any_key() { return random_.text(random_.below(3), std::string_view("\0\1ab\xff", 5)); }

  void step(Txn& txn, Model& model) {
    if (random_.below(3) == 0) return look(txn, model);
    const Partition& partition = any_partition();
    const std::string key = any_key();
    if (random_.below(3) == 0) {
      EXPECT_TRUE(txn.erase(partition, key).has_value());
      model.erase(flat_key(partition, key));
    } else {
      const std::string value = random_.text(random_.below(20) == 0 ? 5000 : random_.below(10), kAlphanumeric);
      EXPECT_TRUE(txn.put(partition, key, value).has_value());
      model[flat_key(partition, key)] = value;
    }
  }

  void look(Reader& reader, const Model& model) {
    const Partition& partition = any_partition();
    if (random_.below(2) == 0) {
      const std::string key = any_key();
      const auto value = reader.get(partition, key);
      const auto it = model.find(flat_key(partition, key));
      ASSERT_TRUE(value.has_value());
      EXPECT_EQ(*value, it == model.end() ? std::nullopt : std::optional(it->second));
      return;
    }
    Range range{.begin = any_key(), .end = any_key()};
    if (random_.below(2) == 0) range.direction = Direction::kBackward;
    compare_scan(reader, model, partition, range);
  }

  void compare_scan(Reader& reader, const Model& model, const Partition& partition, const Range& range) {
    std::vector<std::pair<std::string, std::string>> expected;
    for (const auto& [flat, value] : model) {
      const std::string prefix = flat_key(partition, "");
      if (!flat.starts_with(prefix)) continue;
      const std::string key = flat.substr(prefix.size());
      if (key >= range.begin && (range.end.empty() || key < range.end)) expected.emplace_back(key, value);
    }
    if (range.direction == Direction::kBackward) std::ranges::reverse(expected);
    const std::size_t stop = random_.below(3) == 0 ? random_.below(4) + 1 : SIZE_MAX;
    if (expected.size() > stop) expected.resize(stop);
    std::vector<std::pair<std::string, std::string>> seen;
    const Result<> done = reader.scan(partition, range, [&](std::string_view key, std::string_view value) {
      seen.emplace_back(key, value);
      return seen.size() < stop;
    });
    ASSERT_TRUE(done.has_value());
    EXPECT_EQ(seen, expected);
  }

  SeededRandom random_;
  std::vector<Partition> partitions_;
  Model model_;
};

TEST(StoreModel, TheMemoryEngineHoldsWhatAMapHolds) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    Player player(seed);
    const auto db = open_memory();
    for (int i = 0; i < 200; ++i) player.transact(*db);
    player.compare_everything(*db);
    ASSERT_FALSE(testing::Test::HasFailure());
  }
}

TEST(StoreModel, TheRocksdbEngineHoldsWhatAMapHoldsAcrossReopening) {
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    const TestFolder folder;
    Player player(seed);
    // A small buffer, so that rows move to tables meanwhile.
    const RocksdbOptions options{.durability = Durability::kOs, .write_buffer_bytes = 64 * 1024};
    auto db = open_rocksdb(folder.path(), options).value();
    for (int i = 0; i < 400; ++i) {
      player.transact(*db);
      if (player.below(60) != 0) continue;
      db.reset();
      db = open_rocksdb(folder.path(), options).value();
      player.compare_everything(*db);
    }
    player.compare_everything(*db);
    ASSERT_FALSE(testing::Test::HasFailure());
  }
}

}  // namespace
}  // namespace warifu::store
