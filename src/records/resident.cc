#include "records/resident.h"

#include <set>

#include "search/entry.h"

namespace warifu::records {
namespace {

/// What a slot costs beside its shard: the map's node and the name.
constexpr std::size_t kSlotBytes = 160;

search::Key key_of(const RecordId& id, std::uint64_t order) { return {.id = id.bytes, .order = order}; }

}  // namespace

Result<std::optional<Resident::Wanted>> Resident::wanted(store::Reader& reader, const Scope& scope,
                                                         std::uint64_t search) const {
  Wanted out;
  const auto take = [&](const ShardName& name, const Slot* slot) {
    if (slot == nullptr || slot->shard == nullptr) {
      out.missing.push_back(name);
      return;
    }
    slot->used = search;
    out.slots.push_back(slot);
    out.records += slot->shard->size();
  };
  if (complete_) {
    const std::string prefix = keys::scope(scope);
    for (auto at = slots_.lower_bound(prefix); at != slots_.end() && at->first.starts_with(prefix); ++at) {
      if (keys::of_strategy(at->first, scope.strategy)) take(at->first, &at->second);
    }
    return std::optional(std::move(out));
  }
  // One namespace has a handful of shards, and need not wait for the names of all others.
  if (!scope.exact) return std::optional<Wanted>();
  const std::vector<ShardName> names = TRY(shards_of(reader, partition_, scope));
  for (const ShardName& name : names) {
    const auto at = slots_.find(name);
    take(name, at == slots_.end() ? nullptr : &at->second);
  }
  return std::optional(std::move(out));
}

Result<> Resident::apply(store::Reader& reader, const Change& change, search::Shard& shard) const {
  // The row as it is now: it may have changed again since, and then the log says so further on.
  if (change.put) {
    const std::optional<std::string> value = TRY(reader.get(partition_, keys::row(change.shard, change.order)));
    if (value) {
      const IndexRow row = TRY(decode_row(*value));
      const search::Entry entry = TRY(search::decode(row.entry));
      shard.put(key_of(row.id, change.order), row.attributes, entry);
      return {};
    }
  }
  shard.erase(change.id.bytes);
  return {};
}

Result<> Resident::catch_up(store::Reader& reader, const Head& head) {
  if (!known_) {
    known_ = true;
    stands_at_ = head.changes;
    return {};
  }
  if (stands_at_ >= head.changes) return {};
  std::set<Slot*> touched;
  const Result<bool> told =
      changes_between(reader, partition_, stands_at_, head.changes, [&](const Change& change) -> Result<> {
        auto at = slots_.find(change.shard);
        if (at == slots_.end() && change.put && complete_) {
          at = slots_.try_emplace(change.shard).first;
          // It begins with this change: nothing older can lie in it.
          at->second.shard = std::make_unique<search::Shard>();
          touched.insert(&at->second);
        }
        if (at == slots_.end() || at->second.shard == nullptr) return {};
        touched.insert(&at->second);
        return apply(reader, change, *at->second.shard);
      });
  // Half applied is of no use to anybody.
  if (!told || !*told) forget();
  if (!told) return fail(told.error());
  for (Slot* slot : touched) {
    if (*told) measure(*slot);
  }
  known_ = true;
  stands_at_ = head.changes;
  return {};
}

Result<> Resident::learn_names(store::Reader& reader) {
  if (complete_) return {};
  const std::vector<ShardName> names = TRY(shards_of(reader, partition_, Scope{.path = "/"}));
  for (const ShardName& name : names) measure(slots_.try_emplace(name).first->second);
  complete_ = true;
  return {};
}

Result<> Resident::take_in(store::Reader& reader, const Head& head, std::uint64_t base, std::vector<Loaded> loaded,
                           std::uint64_t search) {
  if (loaded.empty()) return {};
  std::map<std::string_view, search::Shard*> by_name;
  for (Loaded& one : loaded) by_name.emplace(one.name, &one.shard);
  const bool told = TRY(changes_between(reader, partition_, base, head.changes, [&](const Change& change) -> Result<> {
    const auto at = by_name.find(change.shard);
    return at == by_name.end() ? Result<>{} : apply(reader, change, *at->second);
  }));
  if (!told) return {};
  for (Loaded& one : loaded) {
    Slot& slot = slots_.try_emplace(one.name).first->second;
    if (slot.shard != nullptr) continue;
    slot.used = search;
    slot.shard = std::make_unique<search::Shard>(std::move(one.shard));
    measure(slot);
  }
  return {};
}

void Resident::measure(Slot& slot) {
  const std::size_t now = kSlotBytes + (slot.shard == nullptr ? 0 : slot.shard->bytes());
  bytes_ += now - slot.bytes;
  slot.bytes = now;
}

void Resident::evict(const ShardName& name) {
  const auto at = slots_.find(name);
  if (at == slots_.end()) return;
  at->second.shard = nullptr;
  measure(at->second);
  if (complete_) return;
  bytes_ -= at->second.bytes;
  slots_.erase(at);
}

void Resident::forget() {
  slots_.clear();
  bytes_ = 0;
  known_ = complete_ = false;
}

Result<std::vector<Resident::Loaded>> load_shards(store::Reader& reader, const store::Partition& partition,
                                                  std::span<const ShardName> names) {
  std::vector<Resident::Loaded> loaded;
  loaded.reserve(names.size());
  for (const ShardName& name : names) {
    Resident::Loaded one{.name = name, .shard = {}};
    Result<> outcome;
    TRY(reader.scan(partition, store::prefix_range(name), [&](std::string_view key, std::string_view value) {
      const Result<IndexRow> row = decode_row(value);
      const Result<search::Entry> entry = row ? search::decode(row->entry) : fail(row.error());
      if (!entry) {
        outcome = fail(entry.error());
        return false;
      }
      one.shard.put(key_of(row->id, keys::order_of(key)), row->attributes, *entry);
      return true;
    }));
    TRY(std::move(outcome));
    loaded.push_back(std::move(one));
  }
  return loaded;
}

}  // namespace warifu::records
