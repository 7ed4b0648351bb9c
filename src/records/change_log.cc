#include "records/change_log.h"

#include <algorithm>

#include "records/bytes.h"
#include "store/keys.h"

namespace warifu::records {
namespace {

constexpr std::uint8_t kFormat = 1;
constexpr std::size_t kOrderSize = 8;

Error bad_row(std::string_view kind) { return internal_error(std::string(kind) + " row does not parse"); }

RecordId take_id(Bytes& bytes) {
  RecordId id;
  const std::string_view raw = bytes.take(id.bytes.size());
  std::ranges::copy(raw, id.bytes.begin());
  return id;
}

void append_id(std::string& out, const RecordId& id) { out.append(id.bytes.data(), id.bytes.size()); }

Result<std::vector<Change>> decode_changes(std::string_view value) {
  Bytes bytes(value);
  const auto format = bytes.number<std::uint8_t>();
  std::vector<Change> changes;
  while (bytes.ok() && !bytes.rest().empty()) {
    Change change{.put = bytes.number<std::uint8_t>() != 0};
    change.shard = bytes.counted();
    change.order = bytes.number<std::uint64_t>();
    change.id = take_id(bytes);
    changes.push_back(std::move(change));
  }
  if (!bytes.ok() || format != kFormat) return fail(bad_row("record change"));
  return changes;
}

}  // namespace

namespace keys {

std::string record(const RecordId& id) { return "r" + std::string(id.bytes.data(), id.bytes.size()); }

std::string expiry(Timestamp expires, const RecordId& id) {
  std::string key = "y";
  store::append_u64(key, static_cast<std::uint64_t>(std::max<std::int64_t>(expires.ms, 0)));
  append_id(key, id);
  return key;
}

std::string expiries() { return "y"; }
std::string head() { return "n"; }

std::string change(std::uint64_t number) {
  std::string key = "l";
  store::append_u64(key, number);
  return key;
}

ShardName shard(std::string_view name_space, std::string_view strategy) {
  std::string key = "x";
  store::append_text(key, name_space);
  store::append_text(key, strategy);
  return key;
}

std::string row(std::string_view shard_name, std::uint64_t order) {
  std::string key(shard_name);
  store::append_u64(key, ~order);
  return key;
}

std::string scope(const Scope& scope) {
  if (scope.exact && scope.strategy) return shard(scope.path, *scope.strategy);
  std::string key = "x";
  store::append_text(key, scope.path);
  if (!scope.exact) key.pop_back();  // the end of the name: longer ones follow
  return key;
}

bool of_strategy(std::string_view shard_name, const std::optional<std::string>& strategy) {
  if (!strategy) return true;
  // The zero byte before it ends the namespace, and a text has none inside.
  std::string end(1, '\0');
  store::append_text(end, *strategy);
  return shard_name.ends_with(end);
}

std::string_view shard_of(std::string_view row_key) {
  if (row_key.size() < 1 + kOrderSize || row_key.front() != 'x') return {};
  return row_key.substr(0, row_key.size() - kOrderSize);
}

std::uint64_t order_of(std::string_view row_key) {
  std::string_view tail = row_key.substr(row_key.size() - std::min(row_key.size(), kOrderSize));
  return ~store::take_u64(tail).value_or(0);
}

}  // namespace keys

Result<Head> read_head(store::Reader& reader, const store::Partition& partition) {
  const std::optional<std::string> value = TRY(reader.get(partition, keys::head()));
  if (!value) return Head{};
  Bytes bytes(*value);
  const auto format = bytes.number<std::uint8_t>();
  const Head head{.orders = bytes.number<std::uint64_t>(), .changes = bytes.number<std::uint64_t>()};
  if (!bytes.ok() || format != kFormat) return fail(bad_row("record head"));
  return head;
}

Result<> append_changes(store::Txn& txn, const store::Partition& partition, Head head,
                        const std::vector<Change>& changes) {
  if (changes.empty()) return {};
  ++head.changes;
  std::string value;
  append_number(value, kFormat);
  append_number(value, head.orders);
  append_number(value, head.changes);
  TRY(txn.put(partition, keys::head(), value));

  std::string entry;
  append_number(entry, kFormat);
  for (const Change& change : changes) {
    append_number(entry, static_cast<std::uint8_t>(change.put ? 1 : 0));
    append_counted(entry, change.shard);
    append_number(entry, change.order);
    append_id(entry, change.id);
  }
  TRY(txn.put(partition, keys::change(head.changes), entry));
  if (head.changes <= kChangesKept) return {};
  return txn.erase(partition, keys::change(head.changes - kChangesKept));
}

Result<bool> changes_between(store::Reader& reader, const store::Partition& partition, std::uint64_t after,
                             std::uint64_t upto, const std::function<Result<>(const Change&)>& visit) {
  if (after >= upto) return true;
  const std::optional<std::string> oldest = TRY(reader.get(partition, keys::change(after + 1)));
  if (!oldest) return false;
  Result<> outcome;
  TRY(reader.scan(partition, {.begin = keys::change(after + 1), .end = keys::change(upto + 1)},
                  [&](std::string_view, std::string_view value) {
                    const Result<std::vector<Change>> changes = decode_changes(value);
                    if (!changes) {
                      outcome = fail(changes.error());
                      return false;
                    }
                    for (const Change& change : *changes) {
                      outcome = visit(change);
                      if (!outcome) return false;
                    }
                    return true;
                  }));
  TRY(std::move(outcome));
  return true;
}

std::string encode_row(const Record& record, std::string_view entry) {
  std::string value;
  append_id(value, record.id);
  append_counted(value, encode_attributes(record));
  value += entry;
  return value;
}

Result<IndexRow> decode_row(std::string_view value) {
  Bytes bytes(value);
  IndexRow row{.id = take_id(bytes), .attributes = bytes.counted(), .entry = bytes.rest()};
  if (!bytes.ok()) return fail(bad_row("record index"));
  return row;
}

Result<std::vector<ShardName>> shards_of(store::Reader& reader, const store::Partition& partition, const Scope& scope) {
  std::vector<ShardName> found;
  store::Range range = store::prefix_range(keys::scope(scope));
  // One look at each shard's first row, whatever it holds.
  for (bool more = true; more;) {
    more = false;
    TRY(reader.scan(partition, range, [&](std::string_view key, std::string_view) {
      const std::string_view name = keys::shard_of(key);
      if (name.empty()) return false;
      if (keys::of_strategy(name, scope.strategy)) found.emplace_back(name);
      range.begin = store::prefix_end(name);
      more = true;
      return false;
    }));
  }
  return found;
}

}  // namespace warifu::records
