#include "records/rows.h"

#include <algorithm>

#include "records/bytes.h"
#include "records/change_log.h"
#include "records/namespaces.h"
#include "store/keys.h"

namespace warifu::records {
namespace {

constexpr std::uint8_t kFormat = 1;
/// Rows that a filtered listing looks at before it is content with what it found.
constexpr std::size_t kLookedAtMax = 20'000;

std::string encode(const Record& record) {
  std::string value;
  append_number(value, kFormat);
  append_number(value, record.order);
  append_counted(value, record.name_space);
  append_counted(value, record.strategy);
  append_counted(value, encode_attributes(record));
  append_counted(value, record.text);
  append_counted(value, record.index_text);
  return value;
}

Result<Record> decode(const RecordId& id, std::string_view value) {
  Bytes bytes(value);
  const auto format = bytes.number<std::uint8_t>();
  Record record{.id = id, .order = bytes.number<std::uint64_t>()};
  record.name_space = bytes.counted();
  record.strategy = bytes.counted();
  const bool attributes = decode_attributes(bytes.counted(), record);
  record.text = bytes.counted();
  record.index_text = bytes.counted();
  if (!bytes.ok() || !attributes || format != kFormat) return fail(internal_error("memory record row does not parse"));
  return record;
}

/// Takes a record's rows away but for its own, and notes that.
Result<> take_out(store::Txn& txn, const store::Partition& partition, const Record& record,
                  std::vector<Change>& changes) {
  ShardName shard = keys::shard(record.name_space, record.strategy);
  TRY(txn.erase(partition, keys::row(shard, record.order)));
  if (record.expires) TRY(txn.erase(partition, keys::expiry(*record.expires, record.id)));
  changes.push_back({.put = false, .shard = std::move(shard), .order = record.order, .id = record.id});
  return {};
}

bool same_place(const Record& a, const Record& b) { return a.name_space == b.name_space && a.strategy == b.strategy; }

Result<> put_one(store::Txn& txn, const store::Partition& partition, const Prepared& prepared, Head& head,
                 std::vector<Change>& changes) {
  Record record = prepared.record;
  const std::optional<Record> old = TRY(find(txn, partition, record.id));
  record.order = old ? old->order : ++head.orders;
  if (old && !same_place(*old, record)) {
    TRY(take_out(txn, partition, *old, changes));
  } else if (old && old->expires) {
    TRY(txn.erase(partition, keys::expiry(*old->expires, record.id)));
  }
  ShardName shard = keys::shard(record.name_space, record.strategy);
  TRY(txn.put(partition, keys::record(record.id), encode(record)));
  TRY(txn.put(partition, keys::row(shard, record.order), encode_row(record, prepared.entry)));
  if (record.expires) TRY(txn.put(partition, keys::expiry(*record.expires, record.id), ""));
  changes.push_back({.put = true, .shard = std::move(shard), .order = record.order, .id = record.id});
  return {};
}

}  // namespace

Result<> put(store::Txn& txn, const store::Partition& partition, const Prepared& prepared) {
  return put_all(txn, partition, {&prepared, 1});
}

Result<> put_all(store::Txn& txn, const store::Partition& partition, std::span<const Prepared> prepared) {
  Head head = TRY(read_head(txn, partition));
  std::vector<Change> changes;
  for (const Prepared& one : prepared) TRY(put_one(txn, partition, one, head, changes));
  return append_changes(txn, partition, head, changes);
}

Result<bool> erase(store::Txn& txn, const store::Partition& partition, const RecordId& id) {
  return TRY(erase_all(txn, partition, {&id, 1})) == 1;
}

Result<std::size_t> erase_all(store::Txn& txn, const store::Partition& partition, std::span<const RecordId> ids) {
  std::size_t erased = 0;
  std::vector<Change> changes;
  for (const RecordId& id : ids) {
    const std::optional<Record> record = TRY(find(txn, partition, id));
    if (!record) continue;
    TRY(take_out(txn, partition, *record, changes));
    TRY(txn.erase(partition, keys::record(id)));
    ++erased;
  }
  const Head head = TRY(read_head(txn, partition));
  TRY(append_changes(txn, partition, head, changes));
  return erased;
}

namespace {

/// Of what is due at `now`.
store::Range expired_range(Timestamp now) {
  std::string last = keys::expiries();
  store::append_u64(last, static_cast<std::uint64_t>(std::max<std::int64_t>(now.ms, 0)));
  return {.begin = keys::expiries(), .end = store::prefix_end(last)};
}

}  // namespace

Result<bool> any_expired(store::Reader& reader, const store::Partition& partition, Timestamp now) {
  bool found = false;
  TRY(reader.scan(partition, expired_range(now), [&](std::string_view, std::string_view) {
    found = true;
    return false;
  }));
  return found;
}

Result<std::size_t> erase_expired(store::Txn& txn, const store::Partition& partition, Timestamp now,
                                  std::size_t limit) {
  std::vector<RecordId> due;
  TRY(txn.scan(partition, expired_range(now), [&](std::string_view key, std::string_view) {
    RecordId id;
    if (due.size() == limit || key.size() < id.bytes.size()) return false;
    std::ranges::copy(key.substr(key.size() - id.bytes.size()), id.bytes.begin());
    due.push_back(id);
    return true;
  }));
  return erase_all(txn, partition, due);
}

Result<std::optional<Record>> find(store::Reader& reader, const store::Partition& partition, const RecordId& id) {
  const std::optional<std::string> value = TRY(reader.get(partition, keys::record(id)));
  if (!value) return std::optional<Record>();
  return TRY(decode(id, *value));
}

namespace {

/// A walk through the index rows of a scope.
class Listing {
 public:
  Listing(const Scope& scope, const Conditions& conditions, std::size_t limit, Timestamp now)
      : scope_(scope), conditions_(conditions), limit_(limit), now_(now) {}

  /// False: the scan is to stop, for good or to go on at `resume`.
  bool visit(std::string_view key, std::string_view value) {
    const std::string_view shard = keys::shard_of(key);
    if (!keys::of_strategy(shard, scope_.strategy)) {
      resume_ = store::prefix_end(shard);
      return false;
    }
    const Result<IndexRow> row = decode_row(value);
    if (!row) {
      outcome_ = fail(row.error());
      return false;
    }
    ++looked_at_;
    if (!matches(row->attributes, conditions_, now_)) {
      expired_ += matches(row->attributes, {}, now_) ? 0 : 1;
    } else if (found_.size() == limit_) {
      more_ = true;
      return false;
    } else {
      found_.push_back(row->id);
      last_ = key;
    }
    more_ = looked_at_ >= kLookedAtMax && !found_.empty();
    return !more_;
  }

  [[nodiscard]] std::optional<std::string> take_resume() { return std::exchange(resume_, std::nullopt); }
  [[nodiscard]] const Result<>& outcome() const { return outcome_; }
  [[nodiscard]] const std::vector<RecordId>& found() const { return found_; }
  [[nodiscard]] std::size_t expired() const { return expired_; }
  /// Empty: nothing follows.
  [[nodiscard]] std::string after() const { return more_ ? last_ : std::string(); }

 private:
  const Scope& scope_;
  const Conditions& conditions_;
  const std::size_t limit_;
  const Timestamp now_;
  std::vector<RecordId> found_;
  std::string last_;
  std::optional<std::string> resume_;
  std::size_t looked_at_ = 0, expired_ = 0;
  bool more_ = false;
  Result<> outcome_;
};

}  // namespace

bool lies_in(const Scope& scope, const Record& record) {
  if (scope.strategy && *scope.strategy != record.strategy) return false;
  return scope.exact ? record.name_space == scope.path : under(scope.path, record.name_space);
}

Result<ListedPage> list(store::Reader& reader, const store::Partition& partition, const Scope& scope,
                        const Conditions& conditions, std::string_view after, std::size_t limit, Timestamp now) {
  const std::string prefix = keys::scope(scope);
  store::Range range = store::prefix_range(prefix);
  if (!after.empty()) {
    if (!after.starts_with(prefix)) return fail(validation_error("invalid nextToken"));
    range.begin = std::string(after) + '\0';
  }
  Listing listing(scope, conditions, limit, now);
  for (std::optional<std::string> begin = range.begin; begin; begin = listing.take_resume()) {
    range.begin = *begin;
    TRY(reader.scan(partition, range,
                    [&](std::string_view key, std::string_view value) { return listing.visit(key, value); }));
    TRY(Result<>(listing.outcome()));
  }
  ListedPage page{.records = {}, .after = listing.after(), .expired = listing.expired()};
  for (const RecordId& id : listing.found()) {
    std::optional<Record> record = TRY(find(reader, partition, id));
    if (record) page.records.push_back(*std::move(record));
  }
  return page;
}

}  // namespace warifu::records
