#include "store/rocksdb_txn.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "base/log.h"
#include "store/merge_scan.h"

namespace warifu::store {
namespace {

using rocksdb::Slice;

Error read_error(const rocksdb::Status& status) {
  log::error("the store cannot read", {{"reason", status.ToString()}});
  if (status.IsCorruption()) return internal_error("stored data is damaged");
  return unavailable("the store cannot read its disk");
}

/// Rows of a range of the database in its direction; the iterator goes before the database does.
class DbCursor {
 public:
  DbCursor(rocksdb::DB& db, const FlatRange& range, const rocksdb::Snapshot* snapshot)
      : forward_(range.direction == Direction::kForward), lower_(range.begin), upper_(range.end) {
    rocksdb::ReadOptions options;
    options.snapshot = snapshot;
    options.iterate_lower_bound = &lower_;
    options.iterate_upper_bound = &upper_;
    rows_.reset(db.NewIterator(options));
    if (forward_) {
      rows_->Seek(lower_);
    } else {
      rows_->SeekToLast();
    }
  }
  [[nodiscard]] bool valid() const { return rows_->Valid(); }
  [[nodiscard]] std::string_view key() const { return rows_->key().ToStringView(); }
  [[nodiscard]] std::string_view value() const { return rows_->value().ToStringView(); }
  void next() {
    if (forward_) {
      rows_->Next();
    } else {
      rows_->Prev();
    }
  }
  [[nodiscard]] Result<> outcome() const {
    if (!rows_->status().ok()) return fail(read_error(rows_->status()));
    return {};
  }

 private:
  bool forward_;
  Slice lower_, upper_;
  std::unique_ptr<rocksdb::Iterator> rows_;
};

Result<> scan_merged(rocksdb::DB& db, const rocksdb::Snapshot* snapshot, const std::vector<ChangedRow>& changed,
                     const FlatRange& range, const Visitor& visit) {
  if (range.empty()) return {};
  DbCursor cursor(db, range, snapshot);
  merge_scan(cursor, changed, range, visit);
  return cursor.outcome();
}

[[nodiscard]] bool empty(rocksdb::WriteBatchWithIndex& batch) { return batch.GetWriteBatch()->Count() == 0; }

std::vector<ChangedRow> changes_in(rocksdb::WriteBatchWithIndex& batch, const FlatRange& range) {
  std::vector<ChangedRow> out;
  if (empty(batch)) return out;
  const std::unique_ptr<rocksdb::WBWIIterator> it(batch.NewIterator());
  for (it->Seek(range.begin); it->Valid(); it->Next()) {
    const rocksdb::WriteEntry entry = it->Entry();
    if (entry.key.compare(range.end) >= 0) break;
    out.push_back({entry.key.ToString(), std::nullopt});
    if (entry.type == rocksdb::kPutRecord) out.back().value = entry.value.ToString();
  }
  if (range.direction == Direction::kBackward) std::ranges::reverse(out);
  return out;
}

Result<std::optional<std::string>> value_of(const rocksdb::Status& status, const rocksdb::PinnableSlice& value) {
  if (status.ok()) return std::string(value.data(), value.size());
  if (status.IsNotFound()) return std::nullopt;
  return fail(read_error(status));
}

Result<> outcome_of(const rocksdb::Status& status) {
  if (!status.ok()) return fail(internal_error("a row was not taken into the transaction"));
  return {};
}

}  // namespace

Result<std::optional<std::string>> SnapshotReader::get(const Partition& partition, std::string_view key) {
  rocksdb::ReadOptions options;
  options.snapshot = snapshot_;
  rocksdb::PinnableSlice value;
  return value_of(db_.Get(options, db_.DefaultColumnFamily(), flat_key(partition, key), &value), value);
}

Result<> SnapshotReader::scan(const Partition& partition, const Range& range, const Visitor& visit) {
  return scan_merged(db_, snapshot_, {}, flat_range(partition, range), visit);
}

Result<std::optional<std::string>> BatchTxn::get(const Partition& partition, std::string_view key) {
  const std::string flat = flat_key(partition, key);
  rocksdb::PinnableSlice value;
  rocksdb::ColumnFamilyHandle* const family = db_.DefaultColumnFamily();
  if (empty(batch_)) return value_of(db_.Get({}, family, flat, &value), value);
  return value_of(batch_.GetFromBatchAndDB(&db_, {}, family, flat, &value), value);
}

Result<> BatchTxn::scan(const Partition& partition, const Range& range, const Visitor& visit) {
  const FlatRange flat = flat_range(partition, range);
  return scan_merged(db_, nullptr, changes_in(batch_, flat), flat, visit);
}

Result<> BatchTxn::put(const Partition& partition, std::string_view key, std::string_view value) {
  wrote_ = true;
  return outcome_of(batch_.Put(flat_key(partition, key), Slice(value.data(), value.size())));
}

Result<> BatchTxn::erase(const Partition& partition, std::string_view key) {
  wrote_ = true;
  return outcome_of(batch_.Delete(flat_key(partition, key)));
}

}  // namespace warifu::store
