#include "vault/sealed_db.h"

#include <filesystem>
#include <fstream>
#include <iterator>

#include "crypto/aead.h"
#include "crypto/hash.h"
#include "store/conformance_cases.h"
#include "store/conformance_concurrency.h"
#include "store/memory.h"
#include "store/rocksdb.h"
#include "store/test_folder.h"

namespace warifu::vault {
namespace {

using crypto::SecretBytes;
using store::Db;
using store::Partition;
using store::Reader;
using store::Txn;

std::shared_ptr<const MasterKey> master(char c = 'm') {
  return master_key_from(SecretBytes::copy_of(std::string(kMasterKeyBytes, c)));
}

}  // namespace
}  // namespace warifu::vault

namespace warifu::store::conformance {
namespace {

Engine sealed_memory() { return {.keeps = nullptr, .db = vault::open_sealed(open_memory(), vault::master()).value()}; }

Engine sealed_rocksdb() {
  auto folder = std::make_shared<TestFolder>();
  auto db = vault::open_sealed(open_rocksdb(folder->path()).value(), vault::master());
  return {.keeps = folder, .db = std::move(db).value()};
}

INSTANTIATE_TEST_SUITE_P(SealedMemory, StoreConformance, testing::Values(&sealed_memory));
INSTANTIATE_TEST_SUITE_P(SealedRocksdb, StoreConformance, testing::Values(&sealed_rocksdb));

}  // namespace
}  // namespace warifu::store::conformance

namespace warifu::vault {
namespace {

const AccountId kOne = *AccountId::parse("111111111111");
const AccountId kTwo = *AccountId::parse("222222222222");
const Partition kHere = Partition::account(kOne);
const Partition kMemory = Partition::memory(kOne, "arn:aws:bedrock-agentcore:us-east-1:111111111111:memory/M-1");
constexpr std::string_view kSecret = "the-plaintext-that-must-not-be-found";

/// Leaves the engine open when a sealed store over it is closed.
class Borrowed final : public Db {
 public:
  explicit Borrowed(std::shared_ptr<Db> db) : db_(std::move(db)) {}
  Result<> read_with(const ReadBody& body) override { return db_->read_with(body); }
  void write_with(WriteBody body, Done done) override { db_->write_with(std::move(body), std::move(done)); }

 private:
  std::shared_ptr<Db> db_;
};

class Sealed : public testing::Test {
 protected:
  static Result<> put(Db& db, const Partition& partition, std::string_view key, std::string_view value) {
    return db.write_blocking([&](Txn& txn) -> Result<> { return txn.put(partition, key, value); });
  }
  static Result<std::optional<std::string>> get(Db& db, const Partition& partition, std::string_view key) {
    return db.read([&](Reader& reader) { return reader.get(partition, key); });
  }
  Result<std::unique_ptr<Db>> open(char key = 'm') {
    return open_sealed(std::make_unique<Borrowed>(raw_), master(key));
  }
  std::string raw(const Partition& partition, std::string_view key) { return **get(*raw_, partition, key); }

  std::shared_ptr<Db> raw_ = store::open_memory();
};

TEST_F(Sealed, AValueThatWasMovedOrChangedDoesNotOpen) {
  const auto db = open().value();
  ASSERT_TRUE(put(*db, kHere, "a", kSecret).has_value());
  ASSERT_TRUE(put(*db, kHere, "b", "other").has_value());
  ASSERT_TRUE(put(*db, kMemory, "a", "other").has_value());
  ASSERT_TRUE(put(*db, Partition::account(kTwo), "a", "other").has_value());
  const std::string sealed = raw(kHere, "a");
  EXPECT_EQ(*get(*db, kHere, "a"), kSecret);

  struct Case {
    const char* what;
    Partition partition;
    std::string key, value;
  };
  std::string flipped = sealed;
  flipped.back() = static_cast<char>(flipped.back() ^ 1);
  std::string other_version = sealed;
  other_version[4] = 2;
  const Case cases[] = {
      {"another key", kHere, "b", sealed},
      {"another partition of the account", kMemory, "a", sealed},
      {"another account", Partition::account(kTwo), "a", sealed},
      {"the server's partition", Partition::system(), "a", sealed},
      {"a new key", kHere, "c", sealed},
      {"a changed byte", kHere, "a", flipped},
      {"a key version that is not there", kHere, "a", other_version},
      {"cut", kHere, "a", sealed.substr(0, sealed.size() - 1)},
      {"cut to the header", kHere, "a", sealed.substr(0, 5)},
      {"empty", kHere, "a", ""},
      {"plain", kHere, "a", "plain text"},
  };
  for (const Case& c : cases) {
    ASSERT_TRUE(put(*raw_, c.partition, c.key, c.value).has_value());
    const auto value = get(*db, c.partition, c.key);
    ASSERT_FALSE(value.has_value()) << c.what;
    EXPECT_EQ(value.error().code, ErrorCode::kInternal) << c.what;
    const Result<> scan = db->read(
        [&](Reader& reader) { return reader.scan(c.partition, {.begin = c.key}, [](auto, auto) { return true; }); });
    EXPECT_FALSE(scan.has_value()) << c.what;
    ASSERT_TRUE(put(*raw_, kHere, "a", sealed).has_value());
  }
  EXPECT_EQ(*get(*db, kHere, "a"), kSecret);
}

TEST_F(Sealed, TheSameValueIsNeverStoredTwiceAlike) {
  const auto db = open().value();
  ASSERT_TRUE(put(*db, kHere, "a", kSecret).has_value());
  const std::string first = raw(kHere, "a");
  ASSERT_TRUE(put(*db, kHere, "a", kSecret).has_value());
  EXPECT_NE(raw(kHere, "a"), first);
  EXPECT_EQ(first.size(), kSecret.size() + 33);
}

TEST_F(Sealed, WhatWasWrittenOpensAfterOpeningAgainUnderTheSameMasterKeyOnly) {
  ASSERT_TRUE(put(*open().value(), kMemory, "a", kSecret).has_value());
  ASSERT_TRUE(put(*open().value(), Partition::system(), "s", kSecret).has_value());
  EXPECT_EQ(*get(*open().value(), kMemory, "a"), kSecret);
  EXPECT_EQ(*get(*open().value(), Partition::system(), "s"), kSecret);
  const auto wrong = open('w');
  ASSERT_FALSE(wrong.has_value());
  EXPECT_EQ(wrong.error().message, "the data is sealed under another master key");
}

TEST_F(Sealed, ADataKeyThatWasRolledBackSealsNothing) {
  const auto db = open().value();
  const auto failed = db->write_blocking([&](Txn& txn) -> Result<> {
    TRY(txn.put(kHere, "a", "rolled back"));
    EXPECT_EQ(*txn.get(kHere, "a"), "rolled back");
    return fail(conflict("changed its mind"));
  });
  ASSERT_FALSE(failed.has_value());
  ASSERT_TRUE(put(*db, kHere, "a", kSecret).has_value());
  EXPECT_EQ(*get(*db, kHere, "a"), kSecret);
  EXPECT_EQ(*get(*open().value(), kHere, "a"), kSecret);
}

TEST_F(Sealed, ManyWritersMakeOneDataKeyForANewAccount) {
  const auto db = open().value();
  store::conformance::on_threads(8, [&](int thread) {
    const Partition mine = Partition::memory(kOne, "m" + std::to_string(thread % 3));
    for (int i = 0; i < 20; ++i) {
      const std::string key = std::to_string(thread) + "/" + std::to_string(i);
      EXPECT_TRUE(put(*db, mine, key, key).has_value());
      EXPECT_EQ(*get(*db, mine, key), key);
    }
  });
  const auto again = open().value();
  EXPECT_EQ(*get(*again, Partition::memory(kOne, "m1"), "4/7"), "4/7");
  EXPECT_EQ(*get(*again, Partition::memory(kOne, "m2"), "5/0"), "5/0");
}

TEST_F(Sealed, TheVaultsOwnRowsAreNobodyElses) {
  const auto db = open().value();
  ASSERT_TRUE(put(*db, kHere, "a", kSecret).has_value());
  ASSERT_TRUE(get(*raw_, Partition::system(), "vault/key/111111111111")->has_value());
  EXPECT_EQ(*get(*db, Partition::system(), "vault/key/111111111111"), std::nullopt);
  EXPECT_FALSE(put(*db, Partition::system(), "vault/key/111111111111", "mine").has_value());
  EXPECT_FALSE(db->write_blocking([](Txn& txn) { return txn.erase(Partition::system(), "vault/check"); }).has_value());
  int rows = 0;
  ASSERT_TRUE(db->read([&](Reader& reader) {
                  return reader.scan(Partition::system(), {}, [&](auto, auto) { return ++rows > 0; });
                }).has_value());
  EXPECT_EQ(rows, 0);
}

TEST_F(Sealed, DamagedDataKeysAreAnErrorAndNoNewOnesAreMade) {
  ASSERT_TRUE(put(*open().value(), kHere, "a", kSecret).has_value());
  const std::string sound = raw(Partition::system(), "vault/key/111111111111");
  for (const std::string& bad :
       {std::string(), sound.substr(1), sound.substr(0, 20), sound + "x", std::string(8, '\xff')}) {
    ASSERT_TRUE(put(*raw_, Partition::system(), "vault/key/111111111111", bad).has_value());
    const auto db = open().value();
    EXPECT_FALSE(get(*db, kHere, "a").has_value());
    EXPECT_FALSE(put(*db, kHere, "b", "x").has_value());
  }
  ASSERT_TRUE(put(*raw_, Partition::system(), "vault/key/111111111111", sound).has_value());
  EXPECT_EQ(*get(*open().value(), kHere, "a"), kSecret);
}

TEST_F(Sealed, BytesAreAsTheDocumentSays) {
  ASSERT_TRUE(put(*open().value(), kMemory, "k", kSecret).has_value());
  // docs/storage.md: version 1, length 40, the wrapped data key.
  const std::string row = raw(Partition::system(), "vault/key/111111111111");
  ASSERT_EQ(row.size(), 48U);
  EXPECT_EQ(row.substr(0, 8), std::string("\0\0\0\1\0\0\0\x28", 8));
  const SecretBytes data_key = master()->unwrap(row.substr(8)).value();
  const crypto::Aead key(crypto::hkdf_sha256(data_key.bytes(), {}, "warifu/v1/partition/" + kMemory.name(), 32));
  const std::string sealed = raw(kMemory, "k");
  EXPECT_EQ(sealed.substr(0, 5), std::string("\1\0\0\0\1", 5));
  EXPECT_EQ(key.open(sealed.substr(5), kMemory.name() + std::string("\0k", 2)), kSecret);
}

TEST(SealedFolder, HoldsNoPlaintext) {
  const store::TestFolder folder;
  const auto write_and_close = [&](bool sealed) {
    std::unique_ptr<Db> db = store::open_rocksdb(folder.path()).value();
    if (sealed) db = open_sealed(std::move(db), master()).value();
    const Result<> done = db->write_blocking([&](Txn& txn) -> Result<> {
      for (const Partition& partition : {kHere, kMemory, Partition::system()}) {
        TRY(txn.put(partition, sealed ? "sealed" : "plain", kSecret));
      }
      return {};
    });
    EXPECT_TRUE(done.has_value());
  };
  const auto files_with_secret = [&] {
    int found = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder.path())) {
      if (!entry.is_regular_file()) continue;
      std::ifstream file(entry.path(), std::ios::binary);
      const std::string bytes(std::istreambuf_iterator<char>(file), {});
      found += bytes.contains(kSecret) ? 1 : 0;
    }
    return found;
  };
  write_and_close(true);
  EXPECT_EQ(files_with_secret(), 0);
  write_and_close(false);
  EXPECT_GT(files_with_secret(), 0) << "the search itself does not work";
}

}  // namespace
}  // namespace warifu::vault
