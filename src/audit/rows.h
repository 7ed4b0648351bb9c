#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "audit/record.h"
#include "base/ids.h"
#include "base/result.h"
#include "store/store.h"

/// Records in the store, by account and region, newest first. A record is one row; beside it lie rows that say in which
/// ten seconds a value of an attribute occurs, so that a search skips the time between. They are many records' own, so
/// in the steady state a record costs one key. `docs/storage.md` gives the bytes.
namespace warifu::audit::rows {

/// A row beside records: written by whoever writes one of its records, as often as they like.
struct Beside {
  store::Partition partition;
  std::string key;
};
[[nodiscard]] std::vector<Beside> beside(const Row& row);
/// The same rows lie beside both.
[[nodiscard]] bool together(const Row& a, const Row& b);

/// Writes the record alone. REQUIRES: the account is one of this server's.
[[nodiscard]] Result<> put_alone(store::Txn& txn, const Row& row);
/// Writes the record and what lies beside it; nothing for an account that this server does not have.
[[nodiscard]] Result<> put(store::Txn& txn, const Row& row);

enum class Attribute : std::uint8_t {
  kEventId,
  kEventName,
  kReadOnly,  // `true`, `false`
  kUsername,
  kResourceType,
  kResourceName,  // the name as shown, or the ARN
  kEventSource,
  kAccessKeyId,
};

struct Query {
  std::string region;
  std::optional<std::pair<Attribute, std::string>> attribute{};
  Timestamp from, to;              // both included
  std::optional<EventId> after{};  // go on behind this one, whether or not it is still there
  std::size_t count_max = 50;
};

struct Found {
  EventId id;
  Attributes attributes;
  std::string json;
};

struct Page {
  std::vector<Found> found;
  std::optional<EventId> next{};  // `after` of the next page; absent: there is no more
};

/// The newest records that match. Looks at no more than kLookedAtMax rows: a page may be short, or empty, and still
/// have a next one.
inline constexpr std::size_t kLookedAtMax = 5'000;
[[nodiscard]] Result<Page> find(store::Reader& reader, const AccountId& account, const Query& query);

/// An account and a region that may have records.
struct Place {
  AccountId account;
  std::string region;
};
[[nodiscard]] Result<std::vector<Place>> places(store::Reader& reader);
/// Erases up to `count_max` records of `place` from before `oldest`, oldest last, with what lay beside them; and the
/// place itself when nothing is left of it. How many were erased.
[[nodiscard]] Result<std::size_t> sweep(store::Txn& txn, const Place& place, Timestamp oldest, std::size_t count_max);

}  // namespace warifu::audit::rows
