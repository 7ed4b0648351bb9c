#include "services/logs/sweep.h"

#include <string>
#include <vector>

#include "identity/accounts.h"
#include "services/logs/limits.h"
#include "services/logs/rows.h"

namespace warifu::services::logs::sweep {
namespace {

constexpr std::size_t kRows = 1'000;

store::Partition partition_of(const AccountId& owner) { return store::Partition::service(owner, "logs"); }

/// Erases up to kRows rows of the range; true when none is left.
Result<bool> erase_some(store::Txn& txn, const AccountId& owner, const store::Range& range) {
  std::size_t erased = 0;
  Result<> failure;
  TRY(txn.scan(partition_of(owner), range, [&](std::string_view key, std::string_view) {
    failure = txn.erase(partition_of(owner), key);
    return failure && ++erased < kRows;
  }));
  if (!failure) return std::unexpected(failure.error());
  return erased < kRows;
}

Result<> erase_all(store::Db& db, const AccountId& owner, const store::Range& range, const std::stop_token& stop) {
  for (bool done = false; !done && !stop.stop_requested();) {
    done = TRY(db.write_blocking([&](store::Txn& txn) { return erase_some(txn, owner, range); }));
  }
  return {};
}

struct Mark {
  std::string key;
  AccountId owner;
  bool group = false;
  std::string id;
};

Result<std::vector<Mark>> marks(store::Db& db) {
  return db.read([](store::Reader& reader) -> Result<std::vector<Mark>> {
    std::vector<Mark> found;
    const std::string prefix = keys::garbage();
    TRY(reader.scan(store::Partition::system(), store::prefix_range(prefix),
                    [&](std::string_view key, std::string_view) {
                      const std::string_view rest = key.substr(prefix.size());  // account /g/ id
                      const auto owner = AccountId::parse(rest.substr(0, 12));
                      if (owner && rest.size() > 15) {
                        found.push_back({.key = std::string(key),
                                         .owner = *owner,
                                         .group = rest[13] == 'g',
                                         .id = std::string(rest.substr(15))});
                      }
                      return true;
                    }));
    return found;
  });
}

/// Marks the events of a deleted group's streams, so that each is swept by itself, and erases the streams' rows.
Result<> sweep_group(store::Db& db, const Mark& mark, const std::stop_token& stop) {
  const GroupRef ref{.owner = mark.owner, .region = {}, .group = {}};
  const GroupRow row{.group = {}, .id = mark.id};
  for (bool done = false; !done && !stop.stop_requested();) {
    done = TRY(db.write_blocking([&](store::Txn& txn) -> Result<bool> {
      std::vector<StreamRow> streams;
      TRY(rows::each_stream(txn, ref, row, "", "", [&](const StreamRow& stream) {
        streams.push_back(stream);
        return streams.size() < kRows;
      }));
      for (const StreamRow& stream : streams) TRY(rows::erase_stream(txn, ref, row, stream));
      if (streams.size() == kRows) return false;
      TRY(txn.erase(store::Partition::system(), mark.key));
      return true;
    }));
  }
  return {};
}

Result<> sweep_stream(store::Db& db, const Mark& mark, const std::stop_token& stop) {
  TRY(erase_all(db, mark.owner, store::prefix_range(keys::events(mark.id)), stop));
  if (stop.stop_requested()) return {};
  return db.write_blocking([&](store::Txn& txn) { return txn.erase(store::Partition::system(), mark.key); });
}

/// Stream ids of groups with a retention, and up to when their events have expired.
struct Expired {
  std::string stream_id;
  std::int64_t before = 0;
};
Result<std::vector<Expired>> expired_streams(store::Reader& reader, const AccountId& owner, Timestamp now) {
  std::vector<GroupRow> groups;
  std::vector<Expired> found;
  // Over all regions: the family without one.
  TRY(rows::each_group_of_all_regions(reader, owner, [&](const GroupRow& group) {
    if (rows::oldest_shown(group, now) > 0) groups.push_back(group);
    return true;
  }));
  const GroupRef ref{.owner = owner, .region = {}, .group = {}};
  for (const GroupRow& group : groups) {
    TRY(rows::each_stream(reader, ref, group, "", "", [&](const StreamRow& stream) {
      found.push_back({.stream_id = stream.id, .before = rows::oldest_shown(group, now)});
      return true;
    }));
  }
  return found;
}

}  // namespace

Result<> deleted(store::Db& db, const std::stop_token& stop) {
  // A group's marks become its streams': twice is enough.
  for (int round = 0; round < 2; ++round) {
    for (const Mark& mark : TRY(marks(db))) {
      if (stop.stop_requested()) return {};
      TRY(mark.group ? sweep_group(db, mark, stop) : sweep_stream(db, mark, stop));
    }
  }
  return {};
}

Result<> expired(store::Db& db, Timestamp now, const std::stop_token& stop) {
  const auto accounts = TRY(db.read([](store::Reader& reader) { return identity::list_accounts(reader); }));
  for (const identity::Account& account : accounts) {
    const auto owner = AccountId::parse(account.id);
    if (!owner) continue;
    const auto streams = TRY(db.read([&](store::Reader& reader) { return expired_streams(reader, *owner, now); }));
    for (const Expired& stream : streams) {
      if (stop.stop_requested()) return {};
      const store::Range range{.begin = keys::events(stream.stream_id),
                               .end = keys::event(stream.stream_id, {.time = stream.before})};
      TRY(erase_all(db, *owner, range, stop));
    }
  }
  return {};
}

}  // namespace warifu::services::logs::sweep
