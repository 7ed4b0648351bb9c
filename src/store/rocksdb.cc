#include "store/rocksdb.h"

#include <fmt/format.h>
#include <rocksdb/db.h>
#include <rocksdb/utilities/write_batch_with_index.h>

#include <atomic>
#include <chrono>
#include <vector>

#include "base/log.h"
#include "store/committer.h"
#include "store/format.h"
#include "store/keys.h"
#include "store/merge_scan.h"
#include "store/rocksdb_tuning.h"
#include "store/snapshots.h"

namespace warifu::store {
namespace {

using rocksdb::Slice;

constexpr auto kResumeEvery = std::chrono::milliseconds(200);

Error read_error(const rocksdb::Status& status) {
  log::error("the store cannot read", {{"reason", status.ToString()}});
  if (status.IsCorruption()) return internal_error("stored data is damaged");
  return unavailable("the store cannot read its disk");
}

Slice slice(std::string_view text) { return {text.data(), text.size()}; }

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

std::optional<std::string> found(const rocksdb::PinnableSlice& value) { return std::string(value.data(), value.size()); }

class SnapshotReader final : public Reader {
 public:
  SnapshotReader(rocksdb::DB& db, Snapshots& snapshots) : db_(db), pin_(snapshots) {}

  Result<std::optional<std::string>> get(const Partition& partition, std::string_view key) override {
    rocksdb::ReadOptions options;
    options.snapshot = pin_.get();
    rocksdb::PinnableSlice value;
    const rocksdb::Status status = db_.Get(options, db_.DefaultColumnFamily(), flat_key(partition, key), &value);
    if (status.ok()) return found(value);
    if (status.IsNotFound()) return std::nullopt;
    return fail(read_error(status));
  }

  Result<> scan(const Partition& partition, const Range& range, const Visitor& visit) override {
    return scan_merged(db_, pin_.get(), {}, flat_range(partition, range), visit);
  }

 private:
  rocksdb::DB& db_;
  Snapshots::Pin pin_;
};

/// One closure's view of the group's batch over the database's latest state.
class BatchTxn final : public Txn {
 public:
  BatchTxn(rocksdb::DB& db, rocksdb::WriteBatchWithIndex& batch) : db_(db), batch_(batch) {}

  Result<std::optional<std::string>> get(const Partition& partition, std::string_view key) override {
    const std::string flat = flat_key(partition, key);
    rocksdb::PinnableSlice value;
    const rocksdb::Status status =
        empty() ? db_.Get({}, db_.DefaultColumnFamily(), flat, &value)
                : batch_.GetFromBatchAndDB(&db_, {}, db_.DefaultColumnFamily(), flat, &value);
    if (status.ok()) return found(value);
    if (status.IsNotFound()) return std::nullopt;
    return fail(read_error(status));
  }

  Result<> scan(const Partition& partition, const Range& range, const Visitor& visit) override {
    const FlatRange flat = flat_range(partition, range);
    return scan_merged(db_, nullptr, changes_in(flat), flat, visit);
  }

  Result<> put(const Partition& partition, std::string_view key, std::string_view value) override {
    return changed(batch_.Put(flat_key(partition, key), slice(value)));
  }

  Result<> erase(const Partition& partition, std::string_view key) override {
    return changed(batch_.Delete(flat_key(partition, key)));
  }

  [[nodiscard]] bool wrote() const { return wrote_; }

 private:
  [[nodiscard]] bool empty() const { return batch_.GetWriteBatch()->Count() == 0; }

  Result<> changed(const rocksdb::Status& status) {
    if (!status.ok()) return fail(internal_error("a row was not taken into the transaction"));
    wrote_ = true;
    return {};
  }

  [[nodiscard]] std::vector<ChangedRow> changes_in(const FlatRange& range) const {
    std::vector<ChangedRow> out;
    if (empty()) return out;
    const std::unique_ptr<rocksdb::WBWIIterator> it(batch_.NewIterator());
    for (it->Seek(range.begin); it->Valid(); it->Next()) {
      const rocksdb::WriteEntry entry = it->Entry();
      if (entry.key.compare(range.end) >= 0) break;
      out.push_back({entry.key.ToString(), std::nullopt});
      if (entry.type == rocksdb::kPutRecord) out.back().value = entry.value.ToString();
    }
    if (range.direction == Direction::kBackward) std::ranges::reverse(out);
    return out;
  }

  rocksdb::DB& db_;
  rocksdb::WriteBatchWithIndex& batch_;
  bool wrote_ = false;
};

class RocksdbDb final : public Db, private GroupWriter {
 public:
  RocksdbDb(std::unique_ptr<rocksdb::DB> db, Durability durability) : db_(std::move(db)) {
    write_options_.sync = durability == Durability::kSync;
  }

  ~RocksdbDb() override {
    committer_.reset();
    // What is in a table need not be replayed at the next start.
    if (!stopped_ && !full_) (void)db_->Flush({});
  }

  Result<> read_with(const ReadBody& body) override {
    if (stopped_) return fail(stopped_error());
    SnapshotReader reader(*db_, snapshots_);
    return body(reader);
  }

  void write_with(WriteBody body, Done done) override { committer_->submit(std::move(body), std::move(done)); }

 private:
  static Error stopped_error() { return unavailable("the store has stopped after a failed write"); }

  Result<> run(const WriteBody& body) override {
    TRY(check_writable());
    batch_.SetSavePoint();
    BatchTxn txn(*db_, batch_);
    Result<> outcome;
    try {
      outcome = body(txn);
    } catch (const std::exception& e) {
      outcome = fail(internal_error(e.what()));
    }
    // Rolling back rebuilds the batch's index; most closures that fail have written nothing.
    if (outcome || !txn.wrote()) {
      (void)batch_.PopSavePoint();
    } else {
      (void)batch_.RollbackToSavePoint();
    }
    return outcome;
  }

  Result<> commit() override {
    if (batch_.GetWriteBatch()->Count() == 0) return {};
    const rocksdb::Status status = db_->Write(write_options_, batch_.GetWriteBatch());
    batch_.Clear();
    if (!status.ok()) return fail(write_error(status));
    // Published only now: a reader never sees what a crash could still take away.
    snapshots_.publish();
    return {};
  }

  std::size_t group_bytes() const override { return batch_.GetDataSize(); }

  Error write_error(const rocksdb::Status& status) {
    log::error("the store cannot write", {{"reason", status.ToString()}});
    if (status.IsNoSpace()) {
      full_ = true;
      resume_at_ = std::chrono::steady_clock::now() + kResumeEvery;
      return full_error();
    }
    stopped_ = true;
    return stopped_error();
  }

  static Error full_error() { return unavailable("the disk is full"); }

  Result<> check_writable() {
    if (stopped_) return fail(stopped_error());
    if (!full_) return {};
    const auto now = std::chrono::steady_clock::now();
    if (now < resume_at_) return fail(full_error());
    resume_at_ = now + kResumeEvery;
    // Flushes the rows in memory, which leaves behind the log whose end the full disk cut.
    if (!db_->Resume().ok() || !db_->Flush({}).ok()) return fail(full_error());
    full_ = false;
    log::info("the store writes again");
    return {};
  }

  std::unique_ptr<rocksdb::DB> db_;
  Snapshots snapshots_{*db_};
  rocksdb::WriteOptions write_options_;
  std::atomic<bool> stopped_ = false;
  // What follows belongs to the committer's thread.
  rocksdb::WriteBatchWithIndex batch_{rocksdb::BytewiseComparator(), 0, /*overwrite_key=*/true};
  bool full_ = false;
  std::chrono::steady_clock::time_point resume_at_;
  std::unique_ptr<Committer> committer_ = std::make_unique<Committer>(static_cast<GroupWriter&>(*this));
};

Error open_error(const std::string& path, const rocksdb::Status& status) {
  const std::string reason = status.ToString();
  if (status.IsIOError() && (reason.contains("lock hold by current process") || reason.contains("While lock file"))) {
    return conflict(fmt::format("data folder `{}` is in use by another process", path));
  }
  if (status.IsCorruption()) return internal_error(fmt::format("data in `{}` is damaged: {}", path, reason));
  return unavailable(fmt::format("cannot open data folder `{}`: {}", path, reason));
}

}  // namespace

Result<std::unique_ptr<Db>> open_rocksdb(const std::string& path, const RocksdbOptions& options) {
  TRY(check_format(path));
  rocksdb::DB* db = nullptr;
  const rocksdb::Status status = rocksdb::DB::Open(tuned(options), path + "/rocks", &db);
  if (!status.ok()) return fail(open_error(path, status));
  return std::make_unique<RocksdbDb>(std::unique_ptr<rocksdb::DB>(db), options.durability);
}

}  // namespace warifu::store
