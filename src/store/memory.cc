#include "store/memory.h"

#include <map>
#include <mutex>
#include <shared_mutex>
#include <utility>
#include <vector>

#include "store/changes.h"
#include "store/committer.h"
#include "store/keys.h"
#include "store/merge_scan.h"

namespace warifu::store {
namespace {

using Rows = std::map<std::string, std::string, std::less<>>;

/// The rows of a range in its direction.
class RowsCursor {
 public:
  RowsCursor(const Rows& rows, const FlatRange& range)
      : forward_(range.direction == Direction::kForward),
        begin_(rows.lower_bound(range.begin)),
        end_(range.empty() ? begin_ : rows.lower_bound(range.end)) {}
  [[nodiscard]] bool valid() const { return begin_ != end_; }
  [[nodiscard]] std::string_view key() const { return row()->first; }
  [[nodiscard]] std::string_view value() const { return row()->second; }
  void next() {
    if (forward_) {
      ++begin_;
    } else {
      --end_;
    }
  }

 private:
  [[nodiscard]] Rows::const_iterator row() const { return forward_ ? begin_ : std::prev(end_); }

  bool forward_;
  Rows::const_iterator begin_, end_;
};

class MemoryReader final : public Reader {
 public:
  MemoryReader(const Rows& rows, const ChangeTimes& times, Moment moment)
      : rows_(rows), times_(times), moment_(moment) {}

  Result<std::optional<std::string>> get(const Partition& partition, std::string_view key) override {
    const auto it = rows_.find(flat_key(partition, key));
    if (it == rows_.end()) return std::nullopt;
    return it->second;
  }

  Result<> scan(const Partition& partition, const Range& range, const Visitor& visit) override {
    const FlatRange flat = flat_range(partition, range);
    RowsCursor cursor(rows_, flat);
    merge_scan(cursor, {}, flat, visit);
    return {};
  }

  [[nodiscard]] Moment moment() const override { return moment_; }
  [[nodiscard]] bool unchanged(RowHash row, Moment since) const override { return times_.unchanged(row, since); }

 private:
  const Rows& rows_;
  const ChangeTimes& times_;
  const Moment moment_;
};

/// One closure's view of its group's changes over the rows.
class MemoryTxn final : public Txn {
 public:
  MemoryTxn(const Rows& rows, Changes& changes, const ChangeTimes& times, Moment moment)
      : rows_(rows), changes_(changes), times_(times), moment_(moment) {}

  Result<std::optional<std::string>> get(const Partition& partition, std::string_view key) override {
    const std::string flat = flat_key(partition, key);
    if (const auto* changed = changes_.find(flat)) return *changed;
    const auto it = rows_.find(flat);
    if (it == rows_.end()) return std::nullopt;
    return it->second;
  }

  Result<> scan(const Partition& partition, const Range& range, const Visitor& visit) override {
    const FlatRange flat = flat_range(partition, range);
    RowsCursor cursor(rows_, flat);
    merge_scan(cursor, changes_.in(flat), flat, visit);
    return {};
  }

  Result<> put(const Partition& partition, std::string_view key, std::string_view value) override {
    changes_.change(flat_key(partition, key), std::string(value));
    return {};
  }

  Result<> erase(const Partition& partition, std::string_view key) override {
    changes_.change(flat_key(partition, key), std::nullopt);
    return {};
  }

  [[nodiscard]] Moment moment() const override { return moment_; }
  [[nodiscard]] bool unchanged(RowHash row, Moment since) const override {
    return !changes_.may_hold(row) && times_.unchanged(row, since);
  }

 private:
  const Rows& rows_;
  Changes& changes_;
  const ChangeTimes& times_;
  const Moment moment_;
};

class MemoryDb final : public Db, private GroupWriter {
 public:
  Result<> read_with(const ReadBody& body) override {
    const std::shared_lock lock(mutex_);
    MemoryReader reader(rows_, times_, moment_);
    return body(reader);
  }

  void write_with(WriteBody body, Done done) override { committer_.submit(std::move(body), std::move(done)); }

 private:
  // Only the committer's thread changes `rows_`, so that it reads them without the lock.
  Result<> run(const WriteBody& body) override {
    MemoryTxn txn(rows_, changes_, times_, moment_);
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
    const std::unique_lock lock(mutex_);
    ++moment_;
    for (const auto& [key, value] : changes_.rows()) {
      times_.note(row_hash(key), moment_);
      if (value) {
        rows_.insert_or_assign(key, *value);
      } else {
        rows_.erase(key);
      }
    }
    changes_.clear();
    return {};
  }

  // The group costs no more memory here than it will once committed.
  std::size_t group_bytes() const override { return 0; }

  std::shared_mutex mutex_;
  Rows rows_;
  Changes changes_;
  ChangeTimes times_;
  Moment moment_ = 1;
  Committer committer_{*this};
};

}  // namespace

std::unique_ptr<Db> open_memory() { return std::make_unique<MemoryDb>(); }

}  // namespace warifu::store
