#pragma once

#include <rocksdb/db.h>

#include "store/changes.h"
#include "store/keys.h"
#include "store/snapshots.h"
#include "store/store.h"

/// How the rocksdb engine reads and writes rows. Internal to the module. Not thread-safe.
namespace warifu::store {

/// Reads one published state. REQUIRES: what it is made of outlives it.
class SnapshotReader final : public Reader {
 public:
  SnapshotReader(const Snapshots::Pin& pin, const ChangeTimes& times) : pin_(pin), times_(times) {}
  Result<std::optional<std::string>> get(const Partition& partition, std::string_view key) override;
  Result<> scan(const Partition& partition, const Range& range, const Visitor& visit) override;
  [[nodiscard]] Moment moment() const override { return pin_.moment(); }
  [[nodiscard]] bool unchanged(RowHash row, Moment since) const override { return times_.unchanged(row, since); }

 private:
  const Snapshots::Pin& pin_;
  const ChangeTimes& times_;
};

/// One closure's view of its group's changes over the database's latest state, committed at `moment`.
class BatchTxn final : public Txn {
 public:
  BatchTxn(rocksdb::DB& db, Changes& changes, const ChangeTimes& times, Moment moment)
      : db_(db), changes_(changes), times_(times), moment_(moment) {}
  Result<std::optional<std::string>> get(const Partition& partition, std::string_view key) override;
  Result<> scan(const Partition& partition, const Range& range, const Visitor& visit) override;
  Result<> put(const Partition& partition, std::string_view key, std::string_view value) override;
  Result<> erase(const Partition& partition, std::string_view key) override;
  [[nodiscard]] Moment moment() const override { return moment_; }
  [[nodiscard]] bool unchanged(RowHash row, Moment since) const override {
    return !changes_.may_hold(row) && times_.unchanged(row, since);
  }

 private:
  rocksdb::DB& db_;
  Changes& changes_;
  const ChangeTimes& times_;
  const Moment moment_;
};

}  // namespace warifu::store
