#include "audit/rows.h"

#include <algorithm>
#include <array>

#include "identity/accounts.h"
#include "store/keys.h"

namespace warifu::audit::rows {
namespace {

using store::Partition;

constexpr std::string_view kRecords = "trail/r/";  // region, complement of time and sequence, random → record
constexpr std::string_view kIndex = "trail/i/";   // region, attribute, hash of value, complement of ten seconds → empty
constexpr std::string_view kPlaces = "trail/p/";  // in the system partition: account, region → empty
constexpr char kFormat = 1;
constexpr std::int64_t kBucketMs = 10'000;
constexpr std::size_t kResourcesMax = 255;

std::uint64_t bucket_of(Timestamp time) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(time.ms, 0) / kBucketMs);
}
Timestamp start_of(std::uint64_t bucket) { return {static_cast<std::int64_t>(bucket) * kBucketMs}; }

/// FNV-1a, 64 bits: values that share a hash are told apart by the record.
std::uint64_t hash_of(std::string_view value) {
  std::uint64_t hash = 0xCBF29CE484222325;
  for (const char c : value) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3;
  return hash;
}

std::string records_of(std::string_view region) {
  std::string key(kRecords);
  store::append_text(key, region);
  return key;
}

std::string index_of(std::string_view region, Attribute attribute, std::string_view value) {
  std::string key(kIndex);
  store::append_text(key, region);
  key.push_back(static_cast<char>(attribute));
  store::append_u64(key, hash_of(value));
  return key;
}

std::string index_key(std::string_view region, Attribute attribute, std::string_view value, std::uint64_t bucket) {
  std::string key = index_of(region, attribute, value);
  store::append_u64(key, ~bucket);
  return key;
}

std::string place_key(const AccountId& account, std::string_view region) {
  std::string key(kPlaces);
  store::append_text(key, account.str());
  store::append_text(key, region);
  return key;
}

std::string_view words(bool read_only) { return read_only ? "true" : "false"; }

/// Calls `visit` for each value by which a record is found, but its id.
template <class Visit>
void each_value(const Attributes& attributes, const Visit& visit) {
  visit(Attribute::kEventName, std::string_view(attributes.event_name));
  visit(Attribute::kReadOnly, words(attributes.read_only));
  visit(Attribute::kEventSource, std::string_view(attributes.event_source));
  if (!attributes.username.empty()) visit(Attribute::kUsername, std::string_view(attributes.username));
  if (!attributes.access_key_id.empty()) visit(Attribute::kAccessKeyId, std::string_view(attributes.access_key_id));
  for (const Resource& resource : attributes.resources) {
    visit(Attribute::kResourceType, std::string_view(resource.type));
    visit(Attribute::kResourceName, std::string_view(resource.name));
    if (!resource.arn.empty() && resource.arn != resource.name) {
      visit(Attribute::kResourceName, std::string_view(resource.arn));
    }
  }
}

std::string value_of(const Row& row) {
  const Attributes& it = row.attributes;
  std::string value(1, kFormat);
  value.push_back(it.read_only ? '\1' : '\0');
  for (const std::string* text : {&it.event_name, &it.event_source, &it.username, &it.access_key_id}) {
    store::append_text(value, *text);
  }
  const std::size_t count = std::min(it.resources.size(), kResourcesMax);
  value.push_back(static_cast<char>(count));
  for (std::size_t i = 0; i < count; ++i) {
    const Resource& resource = it.resources[i];
    for (const std::string* text : {&resource.type, &resource.name, &resource.arn}) store::append_text(value, *text);
  }
  return value.append(row.json);
}

Error unreadable() { return internal_error("a record of the trail cannot be read"); }

Result<std::string> take(std::string_view& rest) {
  auto text = store::take_text(rest);
  if (!text) return fail(unreadable());
  return std::move(*text);
}

/// What stands before the JSON; `rest` is the JSON afterwards.
Result<Attributes> attributes_of(std::string_view& rest) {
  if (rest.size() < 2 || rest[0] != kFormat) return fail(unreadable());
  Attributes out;
  out.read_only = rest[1] != '\0';
  rest.remove_prefix(2);
  for (std::string* text : {&out.event_name, &out.event_source, &out.username, &out.access_key_id}) {
    *text = TRY(take(rest));
  }
  if (rest.empty()) return fail(unreadable());
  const std::size_t count = static_cast<unsigned char>(rest[0]);
  rest.remove_prefix(1);
  for (std::size_t i = 0; i < count; ++i) {
    Resource resource;
    for (std::string* text : {&resource.type, &resource.name, &resource.arn}) *text = TRY(take(rest));
    out.resources.push_back(std::move(resource));
  }
  return out;
}

bool matches(const Attributes& attributes, Attribute attribute, std::string_view value) {
  bool found = false;
  each_value(attributes,
             [&](Attribute which, std::string_view text) { found = found || (which == attribute && text == value); });
  return found;
}

/// The id behind a record's key.
std::optional<EventId> id_of(std::string_view key_rest) {
  std::string_view rest = key_rest;
  const auto order = store::take_u64(rest);
  return order ? EventId::of_key(~*order, rest) : std::nullopt;
}

/// One search: pages through the rows of [begin, end).
class Search {
 public:
  Search(store::Reader& reader, const AccountId& account, const Query& query)
      : reader_(reader), partition_(Partition::account(account)), query_(query), prefix_(records_of(query.region)) {
    const std::string behind = query.after ? query.after->key() + '\0' : std::string();
    begin_ = std::max(EventId::first_key(query.to), behind);
    end_ = EventId::end_key(query.from);
  }

  Result<Page> run() {
    if (begin_ >= end_) return std::move(page_);
    if (!query_.attribute) {
      TRY(look(begin_, end_));
    } else if (query_.attribute->first == Attribute::kEventId) {
      TRY(look_up(query_.attribute->second));
    } else {
      TRY(look_where_it_occurs());
    }
    return std::move(page_);
  }

 private:
  [[nodiscard]] bool done() const { return page_.next.has_value(); }

  Result<> look_up(std::string_view text) {
    const auto id = EventId::parse(text);
    if (!id || id->key() < begin_ || id->key() >= end_) return {};
    const auto value = TRY(reader_.get(partition_, prefix_ + id->key()));
    if (!value) return {};
    std::string_view rest = *value;
    Attributes attributes = TRY(attributes_of(rest));
    page_.found.push_back({*id, std::move(attributes), std::string(rest)});
    return {};
  }

  Result<> look_where_it_occurs() {
    const auto& [attribute, value] = *query_.attribute;
    const std::string index = index_of(query_.region, attribute, value);
    Timestamp latest = query_.after && query_.after->time() < query_.to ? query_.after->time() : query_.to;
    while (!done()) {
      const auto bucket = TRY(next_bucket(index, bucket_of(latest)));
      if (!bucket) return {};
      const Timestamp start = start_of(*bucket);
      const std::string begin = std::max(begin_, EventId::first_key({start.ms + kBucketMs - 1}));
      const std::string end = std::min(end_, EventId::end_key(start));
      if (begin < end) TRY(look(begin, end));
      if (*bucket == 0) return {};
      latest = {start.ms - 1};
      if (latest < query_.from) return {};
    }
    return {};
  }

  Result<std::optional<std::uint64_t>> next_bucket(const std::string& index, std::uint64_t from) {
    store::Range range = store::prefix_range(index);
    store::append_u64(range.begin, ~from);
    std::optional<std::uint64_t> bucket;
    TRY(reader_.scan(partition_, range, [&](std::string_view key, std::string_view) {
      key.remove_prefix(index.size());
      const auto complement = store::take_u64(key);
      if (complement) bucket = ~*complement;
      return false;
    }));
    return bucket;
  }

  Result<> look(const std::string& begin, const std::string& end) {
    Result<> outcome;
    const store::Range range{.begin = prefix_ + begin, .end = prefix_ + end};
    TRY(reader_.scan(partition_, range, [&](std::string_view key, std::string_view value) {
      outcome = look_at(key.substr(prefix_.size()), value);
      return outcome.has_value() && !done();
    }));
    return outcome;
  }

  Result<> look_at(std::string_view key, std::string_view value) {
    auto id = id_of(key);
    if (!id) return fail(unreadable());
    if (++looked_at_ > kLookedAtMax) {
      page_.next = last_;
      return {};
    }
    Attributes attributes = TRY(attributes_of(value));
    const auto& asked = query_.attribute;
    if (!asked || matches(attributes, asked->first, asked->second)) {
      if (page_.found.size() == query_.count_max) {
        page_.next = page_.found.back().id;
        return {};
      }
      page_.found.push_back({*id, std::move(attributes), std::string(value)});
    }
    last_ = std::move(id);
    return {};
  }

  store::Reader& reader_;
  const Partition partition_;
  const Query& query_;
  const std::string prefix_;
  std::string begin_, end_;  // of keys below prefix_
  std::size_t looked_at_ = 0;
  std::optional<EventId> last_;
  Page page_;
};

struct Old {
  std::string key;
  EventId id;
  Attributes attributes;
};

}  // namespace

std::vector<Beside> beside(const Row& row) {
  const std::uint64_t bucket = bucket_of(row.id.time());
  std::vector<Beside> out{{Partition::system(), place_key(row.account, row.region)}};
  each_value(row.attributes, [&](Attribute attribute, std::string_view value) {
    out.push_back({Partition::account(row.account), index_key(row.region, attribute, value, bucket)});
  });
  return out;
}

bool together(const Row& a, const Row& b) {
  return bucket_of(a.id.time()) == bucket_of(b.id.time()) && a.account == b.account && a.region == b.region &&
         a.attributes == b.attributes;
}

Result<> put_alone(store::Txn& txn, const Row& row) {
  return txn.put(Partition::account(row.account), records_of(row.region) + row.id.key(), value_of(row));
}

Result<> put(store::Txn& txn, const Row& row) {
  if (!TRY(identity::find_account(txn, row.account))) return {};
  TRY(put_alone(txn, row));
  for (const Beside& one : beside(row)) TRY(txn.put(one.partition, one.key, {}));
  return {};
}

Result<Page> find(store::Reader& reader, const AccountId& account, const Query& query) {
  return Search(reader, account, query).run();
}

Result<std::vector<Place>> places(store::Reader& reader) {
  std::vector<Place> out;
  TRY(reader.scan(Partition::system(), store::prefix_range(kPlaces), [&](std::string_view key, std::string_view) {
    key.remove_prefix(kPlaces.size());
    const auto number = store::take_text(key);
    auto region = store::take_text(key);
    const auto account = AccountId::parse(number.value_or(""));
    if (account && region) out.push_back({*account, std::move(*region)});
    return true;
  }));
  return out;
}

Result<std::size_t> sweep(store::Txn& txn, const Place& place, Timestamp oldest, std::size_t count_max) {
  const Partition partition = Partition::account(place.account);
  const std::string prefix = records_of(place.region);
  const store::Range all = store::prefix_range(prefix);
  std::vector<Old> old;
  bool readable = true;
  TRY(txn.scan(partition, {.begin = prefix + EventId::end_key(oldest), .end = all.end},
               [&](std::string_view key, std::string_view value) {
                 const auto id = id_of(key.substr(prefix.size()));
                 auto attributes = attributes_of(value);
                 readable = id && attributes;
                 if (readable) old.push_back({std::string(key), *id, std::move(*attributes)});
                 return readable && old.size() < count_max;
               }));
  if (!readable) return fail(unreadable());
  for (const Old& one : old) {
    TRY(txn.erase(partition, one.key));
    for (const Beside& row : beside({place.account, place.region, one.id, one.attributes, {}})) {
      if (row.partition == partition) TRY(txn.erase(row.partition, row.key));
    }
  }
  if (old.size() == count_max) return old.size();
  bool empty = true;
  TRY(txn.scan(partition, all, [&](std::string_view, std::string_view) { return empty = false; }));
  if (empty) TRY(txn.erase(Partition::system(), place_key(place.account, place.region)));
  return old.size();
}

}  // namespace warifu::audit::rows
