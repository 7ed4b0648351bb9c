#include "store/memory.h"

#include <map>
#include <mutex>
#include <shared_mutex>
#include <utility>
#include <vector>

#include "store/committer.h"
#include "store/keys.h"
#include "store/merge_scan.h"

namespace warifu::store {
namespace {

using Rows = std::map<std::string, std::string, std::less<>>;
using Changes = std::map<std::string, std::optional<std::string>, std::less<>>;

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

std::vector<ChangedRow> changes_in(const Changes& changes, const FlatRange& range) {
  std::vector<ChangedRow> out;
  if (range.empty()) return out;
  const auto end = changes.lower_bound(range.end);
  for (auto it = changes.lower_bound(range.begin); it != end; ++it) out.push_back({it->first, it->second});
  if (range.direction == Direction::kBackward) std::ranges::reverse(out);
  return out;
}

class MemoryReader final : public Reader {
 public:
  explicit MemoryReader(const Rows& rows) : rows_(rows) {}

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

 private:
  const Rows& rows_;
};

/// What a group has changed so far, and how to take back what its current closure changed.
class MemoryTxn final : public Txn {
 public:
  MemoryTxn(const Rows& rows, Changes& changes) : rows_(rows), changes_(changes) {}

  Result<std::optional<std::string>> get(const Partition& partition, std::string_view key) override {
    const std::string flat = flat_key(partition, key);
    if (const auto changed = changes_.find(flat); changed != changes_.end()) return changed->second;
    const auto it = rows_.find(flat);
    if (it == rows_.end()) return std::nullopt;
    return it->second;
  }

  Result<> scan(const Partition& partition, const Range& range, const Visitor& visit) override {
    const FlatRange flat = flat_range(partition, range);
    RowsCursor cursor(rows_, flat);
    merge_scan(cursor, changes_in(changes_, flat), flat, visit);
    return {};
  }

  Result<> put(const Partition& partition, std::string_view key, std::string_view value) override {
    change(flat_key(partition, key), std::string(value));
    return {};
  }

  Result<> erase(const Partition& partition, std::string_view key) override {
    change(flat_key(partition, key), std::nullopt);
    return {};
  }

  void roll_back() {
    for (auto it = undo_.rbegin(); it != undo_.rend(); ++it) {
      if (it->second) {
        changes_[it->first] = std::move(*it->second);
      } else {
        changes_.erase(it->first);
      }
    }
    undo_.clear();
  }

 private:
  void change(std::string flat, std::optional<std::string> value) {
    const auto it = changes_.find(flat);
    if (it == changes_.end()) {
      undo_.emplace_back(flat, std::nullopt);
      changes_.emplace(std::move(flat), std::move(value));
      return;
    }
    undo_.emplace_back(std::move(flat), std::exchange(it->second, std::move(value)));
  }

  const Rows& rows_;
  Changes& changes_;
  // The key, and what `changes_` had for it: nothing, or a value or an erasure.
  std::vector<std::pair<std::string, std::optional<std::optional<std::string>>>> undo_;
};

class MemoryDb final : public Db, private GroupWriter {
 public:
  Result<> read_with(const ReadBody& body) override {
    const std::shared_lock lock(mutex_);
    MemoryReader reader(rows_);
    return body(reader);
  }

  void write_with(WriteBody body, Done done) override { committer_.submit(std::move(body), std::move(done)); }

 private:
  // Only the committer's thread changes `rows_`, so that it reads them without the lock.
  Result<> run(const WriteBody& body) override {
    MemoryTxn txn(rows_, changes_);
    Result<> outcome;
    try {
      outcome = body(txn);
    } catch (const std::exception& e) {
      outcome = fail(internal_error(e.what()));
    }
    if (!outcome) txn.roll_back();
    return outcome;
  }

  Result<> commit() override {
    const std::unique_lock lock(mutex_);
    for (auto& [key, value] : changes_) {
      if (value) {
        rows_.insert_or_assign(key, std::move(*value));
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
  Committer committer_{*this};
};

}  // namespace

std::unique_ptr<Db> open_memory() { return std::make_unique<MemoryDb>(); }

}  // namespace warifu::store
