#include "store/rocksdb_txn.h"

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

bool within_one_part(const FlatRange& range) {
  const std::string_view part = marked_part(range.begin);
  return !part.empty() && range.end <= prefix_end(part);
}

/// A scan that goes further than this is not a page: what it reads would push out of the cache what pages need.
constexpr std::size_t kRowsCached = 1'000;

/// Rows of a range of the database in its direction; the iterator goes before the database does.
class DbCursor {
 public:
  DbCursor(rocksdb::DB& db, const FlatRange& range, const rocksdb::Snapshot* snapshot)
      : db_(db), forward_(range.direction == Direction::kForward), lower_(range.begin), upper_(range.end) {
    options_.snapshot = snapshot;
    options_.iterate_lower_bound = &lower_;
    options_.iterate_upper_bound = &upper_;
    options_.prefix_same_as_start = forward_ && within_one_part(range);
    options_.total_order_seek = !options_.prefix_same_as_start;
    rows_.reset(db_.NewIterator(options_));
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
    if (++passed_ == kRowsCached) go_on_uncached();
  }
  [[nodiscard]] Result<> outcome() const {
    if (!rows_->status().ok()) return fail(read_error(rows_->status()));
    return {};
  }

 private:
  /// The same rows: the snapshot is held, or this is the committer, and nobody else writes.
  void go_on_uncached() {
    if (!rows_->Valid()) return;
    const std::string at = rows_->key().ToString();
    options_.fill_cache = false;
    rows_.reset(db_.NewIterator(options_));
    if (forward_) {
      rows_->Seek(at);
    } else {
      rows_->SeekForPrev(at);
    }
  }

  rocksdb::DB& db_;
  rocksdb::ReadOptions options_;
  bool forward_;
  Slice lower_, upper_;
  std::size_t passed_ = 0;
  std::unique_ptr<rocksdb::Iterator> rows_;
};

Result<> scan_merged(rocksdb::DB& db, const rocksdb::Snapshot* snapshot, const std::vector<ChangedRow>& changed,
                     const FlatRange& range, const Visitor& visit) {
  if (range.empty()) return {};
  DbCursor cursor(db, range, snapshot);
  merge_scan(cursor, changed, range, visit);
  return cursor.outcome();
}

Result<std::optional<std::string>> value_of(const rocksdb::Status& status, const rocksdb::PinnableSlice& value) {
  if (status.ok()) return std::string(value.data(), value.size());
  if (status.IsNotFound()) return std::nullopt;
  return fail(read_error(status));
}

}  // namespace

Result<std::optional<std::string>> SnapshotReader::get(const Partition& partition, std::string_view key) {
  rocksdb::ReadOptions options;
  options.snapshot = pin_.snapshot();
  rocksdb::PinnableSlice value;
  rocksdb::DB& db = *pin_.db();
  return value_of(db.Get(options, db.DefaultColumnFamily(), flat_key(partition, key), &value), value);
}

Result<> SnapshotReader::scan(const Partition& partition, const Range& range, const Visitor& visit) {
  return scan_merged(*pin_.db(), pin_.snapshot(), {}, flat_range(partition, range), visit);
}

Result<std::optional<std::string>> BatchTxn::get(const Partition& partition, std::string_view key) {
  const std::string flat = flat_key(partition, key);
  if (const auto* changed = changes_.find(flat)) return *changed;
  rocksdb::PinnableSlice value;
  return value_of(db_.Get({}, db_.DefaultColumnFamily(), flat, &value), value);
}

Result<> BatchTxn::scan(const Partition& partition, const Range& range, const Visitor& visit) {
  const FlatRange flat = flat_range(partition, range);
  return scan_merged(db_, nullptr, changes_.in(flat), flat, visit);
}

Result<> BatchTxn::put(const Partition& partition, std::string_view key, std::string_view value) {
  changes_.change(flat_key(partition, key), std::string(value));
  return {};
}

Result<> BatchTxn::erase(const Partition& partition, std::string_view key) {
  changes_.change(flat_key(partition, key), std::nullopt);
  return {};
}

}  // namespace warifu::store
