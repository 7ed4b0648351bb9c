#pragma once

#include <rocksdb/db.h>
#include <rocksdb/utilities/write_batch_with_index.h>

#include "store/keys.h"
#include "store/snapshots.h"
#include "store/store.h"

/// How the rocksdb engine reads and writes rows. Internal to the module. Not thread-safe.
namespace warifu::store {

/// Reads one published state.
class SnapshotReader final : public Reader {
 public:
  /// REQUIRES: both outlive this object.
  SnapshotReader(rocksdb::DB& db, const rocksdb::Snapshot* snapshot) : db_(db), snapshot_(snapshot) {}
  Result<std::optional<std::string>> get(const Partition& partition, std::string_view key) override;
  Result<> scan(const Partition& partition, const Range& range, const Visitor& visit) override;

 private:
  rocksdb::DB& db_;
  const rocksdb::Snapshot* snapshot_;
};

/// One closure's view of the group's batch over the database's latest state.
class BatchTxn final : public Txn {
 public:
  BatchTxn(rocksdb::DB& db, rocksdb::WriteBatchWithIndex& batch) : db_(db), batch_(batch) {}
  Result<std::optional<std::string>> get(const Partition& partition, std::string_view key) override;
  Result<> scan(const Partition& partition, const Range& range, const Visitor& visit) override;
  Result<> put(const Partition& partition, std::string_view key, std::string_view value) override;
  Result<> erase(const Partition& partition, std::string_view key) override;

  /// Whether the closure has changed the batch.
  [[nodiscard]] bool wrote() const { return wrote_; }

 private:
  rocksdb::DB& db_;
  rocksdb::WriteBatchWithIndex& batch_;
  bool wrote_ = false;
};

}  // namespace warifu::store
