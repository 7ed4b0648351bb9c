#include "store/rocksdb.h"

#include <fmt/format.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <vector>

#include "base/check.h"
#include "base/log.h"
#include "store/changes.h"
#include "store/committer.h"
#include "store/format.h"
#include "store/rocksdb_tuning.h"
#include "store/rocksdb_txn.h"

namespace warifu::store {
namespace {

constexpr auto kRecoverEvery = std::chrono::milliseconds(200);
/// What must fit, beside the rows of the log, on a disk that was full before we open the database again on it.
constexpr std::uint64_t kProbeBytes = std::uint64_t{4} << 20U;
/// What is written before we open it at a start, in case a quota bounds more than the free space does.
constexpr std::uint64_t kStartBytes = std::uint64_t{1} << 20U;

Error open_error(const std::string& path, const rocksdb::Status& status) {
  const std::string reason = status.ToString();
  if (status.IsIOError() && (reason.contains("lock hold by current process") || reason.contains("While lock file"))) {
    return conflict(fmt::format("data folder `{}` is in use by another process", path));
  }
  if (status.IsCorruption()) return internal_error(fmt::format("data in `{}` is damaged: {}", path, reason));
  return unavailable(fmt::format("cannot open data folder `{}`: {}", path, reason));
}

Result<std::unique_ptr<rocksdb::DB>> open_database(const std::string& path, const RocksdbOptions& options) {
  rocksdb::DB* db = nullptr;
  const rocksdb::Status status = rocksdb::DB::Open(tuned(options), path + "/rocks", &db);
  if (!status.ok()) return fail(open_error(path, status));
  return std::unique_ptr<rocksdb::DB>(db);
}

/// Whether the disk takes `bytes` more: asked by writing them, since free space may be bounded by a quota.
rocksdb::Status probe_room(const std::string& path, rocksdb::Env* env, std::uint64_t bytes, bool sync) {
  if (env == nullptr) env = rocksdb::Env::Default();
  const std::string name = path + "/room";
  rocksdb::Status status;
  {
    std::unique_ptr<rocksdb::WritableFile> file;
    status = env->NewWritableFile(name, &file, {});
    if (!status.ok()) return status;
    const std::string chunk(std::min<std::uint64_t>(bytes, kProbeBytes), '\0');
    for (std::uint64_t written = 0; status.ok() && written < bytes; written += chunk.size()) {
      status = file->Append(chunk);
    }
    if (status.ok() && sync) status = file->Sync();
    const rocksdb::Status closed = file->Close();
    if (status.ok()) status = closed;
  }
  const rocksdb::Status erased = env->DeleteFile(name);
  return status.ok() ? erased : status;
}

/// What opening the database may write: tables of all rows that are in its log, and some small files.
std::uint64_t bytes_to_open(const std::string& path, rocksdb::Env* env) {
  if (env == nullptr) env = rocksdb::Env::Default();
  std::vector<rocksdb::Env::FileAttributes> files;
  std::uint64_t bytes = kProbeBytes;
  if (!env->GetChildrenFileAttributes(path + "/rocks", &files).ok()) return bytes;
  for (const auto& file : files) {
    if (file.name.ends_with(".log")) bytes += file.size_bytes;
  }
  return bytes;
}

/// Refuses to open where the disk could run full meanwhile: RocksDB may abort then.
Result<> require_room(const std::string& path, rocksdb::Env* env) {
  if (env == nullptr) env = rocksdb::Env::Default();
  std::uint64_t free_bytes = 0;
  const bool scarce = env->GetFreeSpace(path, &free_bytes).ok() && free_bytes < bytes_to_open(path, env);
  if (!scarce && !probe_room(path, env, kStartBytes, /*sync=*/false).IsNoSpace()) return {};
  return fail(unavailable(fmt::format("cannot open data folder `{}`: its disk is full", path)));
}

class RocksdbDb final : public Db, private GroupWriter {
 public:
  RocksdbDb(std::unique_ptr<rocksdb::DB> db, std::string path, const RocksdbOptions& options)
      : path_(std::move(path)), options_(options), db_(std::move(db)) {
    write_options_.sync = options.durability == Durability::kSync;
    snapshots_.resume(*db_, moment_);
  }

  ~RocksdbDb() override {
    committer_.reset();
    snapshots_.suspend();
    // What is in a table need not be replayed at the next start.
    if (db_ && !stopped_ && !full_) (void)db_->Flush({});
  }

  Result<> read_with(const ReadBody& body) override {
    if (stopped_) return fail(stopped_error());
    const Snapshots::Pin pin(snapshots_);
    if (!pin.ok()) return fail(full_error());
    SnapshotReader reader(pin, times_);
    return body(reader);
  }

  void write_with(WriteBody body, Done done) override { committer_->submit(std::move(body), std::move(done)); }

 private:
  static Error stopped_error() { return unavailable("the store has stopped after a failed write"); }
  static Error full_error() { return unavailable("the disk is full"); }

  Result<> run(const WriteBody& body) override {
    TRY(check_writable());
    BatchTxn txn(*db_, changes_, times_, moment_);
    Result<> outcome;
    try {
      outcome = body(txn);
    } catch (const std::exception& e) {
      outcome = fail(internal_error(e.what()));
    }
    if (outcome) {
      changes_.keep();
    } else {
      changes_.roll_back();
    }
    return outcome;
  }

  Result<> commit() override {
    if (changes_.rows().empty()) return {};
    fill_batch();
    const rocksdb::Status status = db_->Write(write_options_, &batch_);
    batch_.Clear();
    changes_.clear();
    if (!status.ok()) return fail(write_error(status));
    // Published only now: a reader never sees what a crash could still take away.
    snapshots_.publish(moment_);
    return {};
  }

  // In order of keys, which the memtable takes faster. A group that fails has changed its rows too: they may be there
  // when the database is opened again.
  void fill_batch() {
    ++moment_;
    for (const auto& [key, value] : changes_.rows()) {
      times_.note(row_hash(key), moment_);
      const rocksdb::Status status = value ? batch_.Put(key, *value) : batch_.Delete(key);
      CHECK(status.ok(), "a row was not taken into the batch");
    }
  }

  std::size_t group_bytes() const override { return changes_.bytes(); }

  Error write_error(const rocksdb::Status& status) {
    log::error("the store cannot write", {{"reason", status.ToString()}});
    if (status.IsNoSpace()) {
      full_ = true;
      recover_at_ = std::chrono::steady_clock::now() + kRecoverEvery;
      return full_error();
    }
    stopped_ = true;
    return stopped_error();
  }

  Result<> check_writable() {
    if (stopped_) return fail(stopped_error());
    if (!full_) return {};
    if (std::chrono::steady_clock::now() < recover_at_) return fail(full_error());
    // Asked before the database is closed, so that reads go on where opening it would fail.
    const std::uint64_t needed = bytes_to_open(path_, options_.env);
    if (!probe_room(path_, options_.env, needed, /*sync=*/true).ok() || !open_again()) {
      recover_at_ = std::chrono::steady_clock::now() + kRecoverEvery;
      return fail(full_error());
    }
    full_ = false;
    log::info("the store has room and writes again");
    return {};
  }

  // The log's end may be cut where the disk was full, and only opening anew is sure to leave it behind.
  bool open_again() {
    snapshots_.suspend();
    db_.reset();
    auto opened = open_database(path_, options_);
    if (!opened) {
      log::error("the store cannot be opened again", {{"reason", opened.error().message}});
      snapshots_.refuse();
      return false;
    }
    db_ = std::move(*opened);
    snapshots_.resume(*db_, ++moment_);
    return true;
  }

  const std::string path_;
  const RocksdbOptions options_;
  rocksdb::WriteOptions write_options_;
  std::atomic<bool> stopped_ = false;
  ChangeTimes times_;
  // What follows belongs to the committer's thread; readers reach the database through their pins.
  std::unique_ptr<rocksdb::DB> db_;
  Snapshots snapshots_;
  Changes changes_;
  rocksdb::WriteBatch batch_;
  Moment moment_ = 1;  // of the newest commit
  bool full_ = false;
  std::chrono::steady_clock::time_point recover_at_;
  std::unique_ptr<Committer> committer_ = std::make_unique<Committer>(static_cast<GroupWriter&>(*this));
};

}  // namespace

Result<std::unique_ptr<Db>> open_rocksdb(const std::string& path, const RocksdbOptions& options) {
  TRY(check_format(path));
  TRY(require_room(path, options.env));
  std::unique_ptr<rocksdb::DB> db = TRY(open_database(path, options));
  return std::make_unique<RocksdbDb>(std::move(db), path, options);
}

}  // namespace warifu::store
