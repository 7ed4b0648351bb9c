#include "audit/denials.h"

#include <charconv>

#include <fmt/format.h>

#include "identity/accounts.h"
#include "store/keys.h"

namespace warifu::audit::denials {
namespace {

using json::Value;
using store::Partition;

constexpr std::string_view kRows = "why/r/";    // request id → the denial
constexpr std::string_view kByTime = "why/t/";  // time, request id → bytes, owner
constexpr std::string_view kOwners = "why/o/";  // in the owner's partition: request id → the caller's account

std::string row_key(std::string_view family, std::string_view request_id) {
  return std::string(family).append(request_id);
}

std::string time_key(Timestamp when, std::string_view request_id) {
  std::string key(kByTime);
  store::append_u64(key, static_cast<std::uint64_t>(std::max<std::int64_t>(when.ms, 0)));
  return key.append(request_id);
}

std::string text_of(const Denial& denial) {
  Value row = Value::object();
  row.set("when", Value::number(denial.when.ms))
      .set("service", Value::string(denial.service))
      .set("operation", Value::string(denial.operation))
      .set("message", Value::string(denial.message))
      .set("evidence", policy::to_json(*denial.evidence));
  return row.dump();
}

Result<Denial> denial_from(const std::string& text, const AccountId& caller, std::string_view request_id) {
  const Value row = TRY(json::parse(text));
  const Value* when = row.find("when");
  const Value* evidence = row.find("evidence");
  const auto ms = when != nullptr ? when->as_int64() : std::nullopt;
  if (!ms || evidence == nullptr) return fail(internal_error("a kept denial cannot be read"));
  return Denial{.request_id = std::string(request_id),
                .when = {*ms},
                .caller = caller,
                .service = row.find_string("service").value_or(""),
                .operation = row.find_string("operation").value_or(""),
                .message = row.find_string("message").value_or(""),
                .evidence = std::make_shared<const policy::Evidence>(TRY(policy::evidence_from(*evidence)))};
}

/// The other account that the denial concerns, where this server has it.
Result<std::optional<AccountId>> other_owner(store::Reader& reader, const Denial& denial) {
  auto owner = AccountId::parse(denial.evidence->resource_account);
  if (!owner || *owner == denial.caller || !TRY(identity::find_account(reader, *owner))) {
    return std::optional<AccountId>{};
  }
  return owner;
}

/// `1234 111111111111`.
struct TimeRow {
  std::size_t bytes = 0;
  std::optional<AccountId> owner;
};

TimeRow time_row(std::string_view text) {
  TimeRow row;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), row.bytes).ptr;
  const std::size_t used = static_cast<std::size_t>(end - text.data());
  if (used < text.size()) row.owner = AccountId::parse(text.substr(used + 1));
  return row;
}

struct Oldest {
  std::string key, request_id;
  std::uint64_t ms = 0;
  TimeRow row;
};

Result<std::vector<Oldest>> oldest(store::Reader& reader, const AccountId& account, std::size_t most) {
  std::vector<Oldest> found;
  TRY(reader.scan(Partition::account(account), store::prefix_range(kByTime),
                  [&](std::string_view key, std::string_view value) {
                    std::string_view rest = key.substr(kByTime.size());
                    const auto ms = store::take_u64(rest);
                    found.push_back({std::string(key), std::string(rest), ms.value_or(0), time_row(value)});
                    return found.size() < most;
                  }));
  return found;
}

}  // namespace

Result<std::optional<Denial>> find(store::Reader& reader, const AccountId& account, std::string_view request_id) {
  AccountId caller = account;
  if (const auto led = TRY(reader.get(Partition::account(account), row_key(kOwners, request_id)))) {
    const auto named = AccountId::parse(*led);
    if (!named) return fail(internal_error("a kept denial cannot be read"));
    caller = *named;
  }
  const auto row = TRY(reader.get(Partition::account(caller), row_key(kRows, request_id)));
  if (!row) return std::optional<Denial>{};
  return std::optional<Denial>(TRY(denial_from(*row, caller, request_id)));
}

Result<std::size_t> put(store::Txn& txn, const Denial& denial) {
  const std::string text = text_of(denial);
  const auto owner = TRY(other_owner(txn, denial));
  const Partition partition = Partition::account(denial.caller);
  TRY(txn.put(partition, row_key(kRows, denial.request_id), text));
  std::string place = std::to_string(text.size());
  if (owner) {
    place += " " + owner->str();
    TRY(txn.put(Partition::account(*owner), row_key(kOwners, denial.request_id), denial.caller.str()));
  }
  TRY(txn.put(partition, time_key(denial.when, denial.request_id), place));
  return text.size();
}

Result<Kept> kept(store::Reader& reader, const AccountId& account) {
  Kept sum;
  TRY(reader.scan(Partition::account(account), store::prefix_range(kByTime),
                  [&](std::string_view, std::string_view value) {
                    ++sum.count;
                    sum.bytes += time_row(value).bytes;
                    return true;
                  }));
  return sum;
}

Result<Kept> trim(store::Txn& txn, const AccountId& account, const Kept& now_kept, const DenialLimits& limits,
                  Timestamp now, std::size_t most) {
  Kept erased;
  const Partition partition = Partition::account(account);
  const std::int64_t oldest_ms = now.ms - limits.age_seconds_max * 1000;
  for (const Oldest& one : TRY(oldest(txn, account, most))) {
    const bool too_many = now_kept.count - std::min(erased.count, now_kept.count) > limits.count_max ||
                          now_kept.bytes - std::min(erased.bytes, now_kept.bytes) > limits.bytes_max;
    if (!too_many && static_cast<std::int64_t>(one.ms) >= oldest_ms) break;
    TRY(txn.erase(partition, row_key(kRows, one.request_id)));
    TRY(txn.erase(partition, one.key));
    if (one.row.owner) TRY(txn.erase(Partition::account(*one.row.owner), row_key(kOwners, one.request_id)));
    ++erased.count;
    erased.bytes += one.row.bytes;
  }
  return erased;
}

}  // namespace warifu::audit::denials
