#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/encoding.h"
#include "identity/accounts.h"
#include "identity/errors.h"
#include "identity/row.h"
#include "store/store.h"

/// How identity rows are keyed, read and written: rows by a name that is unique without case (nouns), and rows that
/// lead from one entity to another (edges). Internal to the module.
namespace warifu::identity {

/// A family of named entities. `missing` and `taken` are AWS's texts with `{}` for the name.
struct Noun {
  EntityKind kind;
  std::string_view prefix;
  std::string_view missing_before, missing_after;
  std::string_view taken_before, taken_after;
};
inline constexpr Noun kUsers{EntityKind::kUser,   "id/u/",           "The user with name ",
                             " cannot be found.", "User with name ", " already exists."};
inline constexpr Noun kGroups{EntityKind::kGroup, "id/g/",           "The group with name ", " cannot be found.",
                              "Group with name ", " already exists."};
inline constexpr Noun kRoles{EntityKind::kRole,   "id/r/",           "The role with name ",
                             " cannot be found.", "Role with name ", " already exists."};
inline constexpr Noun kPolicies{EntityKind::kPolicy, "id/p/",
                                "Policy ",           " was not found.",
                                "A policy called ",  " already exists. Duplicate names are not allowed."};
inline constexpr Noun kProfiles{EntityKind::kInstanceProfile, "id/i/",
                                "Instance Profile ",          " cannot be found.",
                                "Instance Profile ",          " already exists."};

[[nodiscard]] inline Error missing(const Noun& noun, std::string_view name) {
  return no_such_entity(std::string(noun.missing_before).append(name).append(noun.missing_after));
}

/// Families of edges. Key: family, left, NUL, right: neither ids nor ARNs hold a NUL.
inline constexpr std::string_view kGroupsOfUser = "id/ug/";      // user id → group id
inline constexpr std::string_view kUsersOfGroup = "id/gu/";      // group id → user id
inline constexpr std::string_view kAttachments = "id/at/";       // holder id → policy ARN
inline constexpr std::string_view kAttachedTo = "id/ta/";        // policy ARN → holder id
inline constexpr std::string_view kBoundaryOf = "id/tb/";        // policy ARN → holder id
inline constexpr std::string_view kProfilesOfRole = "id/ri/";    // role id → profile id
inline constexpr std::string_view kInline = "id/ip/";            // holder id → inline policy name
inline constexpr std::string_view kKeysOfUser = "id/k/";         // user id → access key id
inline constexpr std::string_view kVersionsOfPolicy = "id/pv/";  // policy id → version, six digits
/// Other rows.
inline constexpr std::string_view kById = "id/n/";      // unique id → kind, name; also in `system`: → account
inline constexpr std::string_view kKeyOwner = "id/k/";  // in `system`: access key id → account, user id
inline constexpr std::string_view kLastUse = "id/lu/";
inline constexpr std::string_view kDeletionTask = "id/d/";
inline constexpr std::string_view kOidc = "id/o/";
inline constexpr std::string_view kImportedAwsPolicy = "id/ap/";  // ARN → an AWS policy as an estate brought it
inline constexpr std::string_view kVersionKey = "id/v";
inline constexpr std::string_view kPolicyCounterKey = "id/c";
inline constexpr std::string_view kResourcePolicy = "rp/";
inline constexpr std::string_view kWrittenPolicy = "rpw/";
inline constexpr std::string_view kTag = "tag/";

[[nodiscard]] inline std::string key_of(std::string_view family, std::string_view rest) {
  return std::string(family).append(rest);
}
[[nodiscard]] inline std::string edge_key(std::string_view family, std::string_view left, std::string_view right) {
  std::string key = std::string(family).append(left);
  key.push_back('\0');
  return key.append(right);
}

template <class T>
[[nodiscard]] Result<std::optional<T>> get_row(store::Reader& reader, const store::Partition& partition,
                                               std::string_view key) {
  const std::optional<std::string> bytes = TRY(reader.get(partition, key));
  if (!bytes) return std::nullopt;
  return TRY(decode_row<T>(*bytes));
}
/// As `get_row`, for rows that every decision reads.
template <class T>
[[nodiscard]] Result<std::optional<T>> get_kept_row(store::Reader& reader, const store::Partition& partition,
                                                    std::string_view key) {
  const std::optional<std::string> bytes = TRY(reader.get_kept(partition, key));
  if (!bytes) return std::nullopt;
  return TRY(decode_row<T>(*bytes));
}

template <class T>
[[nodiscard]] Result<> put_row(store::Txn& txn, const store::Partition& partition, std::string_view key, const T& row) {
  return txn.put(partition, key, encode_row<T>(row));
}

/// The right sides and values of `left`'s edges, in order, those after `after`.
using Edges = std::vector<std::pair<std::string, std::string>>;
[[nodiscard]] Result<Edges> edges_of(store::Reader& reader, const AccountId& account, std::string_view family,
                                     std::string_view left, std::string_view after = {});
[[nodiscard]] Result<bool> has_edges(store::Reader& reader, const AccountId& account, std::string_view family,
                                     std::string_view left);
/// The row of a managed policy's version.
[[nodiscard]] std::string version_key(std::string_view policy_id, std::int64_t number);
/// A counter row: 8 bytes, big-endian.
[[nodiscard]] Result<> set_counter(store::Txn& txn, const AccountId& account, std::string_view key,
                                   std::uint64_t value);
/// Advances the account's counter of resource policy texts.
[[nodiscard]] Result<std::uint64_t> next_policy_version(store::Txn& txn, const AccountId& account);
/// Erases all rows whose key starts with `prefix`.
[[nodiscard]] Result<> erase_prefix(store::Txn& txn, const store::Partition& partition, std::string_view prefix);

/// One slice of `left`'s edges; `convert` answers nullopt for what the query filters out.
template <class T, class F>
[[nodiscard]] Result<Slice<T>> slice_edges(store::Reader& reader, const AccountId& account, std::string_view family,
                                           std::string_view left, const SliceQuery& query, F convert) {
  const Edges edges = TRY(edges_of(reader, account, family, left, query.after));
  Slice<T> slice;
  std::string last;
  for (const auto& [right, value] : edges) {
    std::optional<T> item = TRY(convert(right, value));
    if (!item) continue;
    if (slice.items.size() == query.items_max) {
      slice.next = last;
      break;
    }
    last = right;
    slice.items.push_back(std::move(*item));
  }
  return slice;
}

template <class T>
[[nodiscard]] Result<std::optional<T>> named_by_key(store::Reader& reader, const AccountId& account, const Noun& noun,
                                                    std::string_view lower_name) {
  std::optional<T> row = TRY(get_row<T>(reader, store::Partition::account(account), key_of(noun.prefix, lower_name)));
  if (row) row->arn = entity_arn(noun.kind, account, row->path, row->name);
  return row;
}

template <class T>
[[nodiscard]] Result<std::optional<T>> find_named(store::Reader& reader, const AccountId& account, const Noun& noun,
                                                  std::string_view name) {
  std::optional<T> row = TRY(named_by_key<T>(reader, account, noun, to_lower(name)));
  if (row && row->name != name) return std::nullopt;
  return row;
}

template <class T>
[[nodiscard]] Result<T> require_named(store::Reader& reader, const AccountId& account, const Noun& noun,
                                      std::string_view name) {
  std::optional<T> row = TRY(find_named<T>(reader, account, noun, name));
  if (!row) return fail(missing(noun, name));
  return std::move(*row);
}

template <class T>
[[nodiscard]] Result<std::optional<T>> named_by_id(store::Reader& reader, const AccountId& account, const Noun& noun,
                                                   std::string_view id) {
  const std::optional<IdRow> row = TRY(get_row<IdRow>(reader, store::Partition::account(account), key_of(kById, id)));
  if (!row || row->kind != noun.kind) return std::nullopt;
  return named_by_key<T>(reader, account, noun, row->name);
}

/// Overwrites an entity under its present name, and its id row.
template <class T>
[[nodiscard]] Result<> store_named(store::Txn& txn, const AccountId& account, const Noun& noun, const T& entity) {
  const store::Partition partition = store::Partition::account(account);
  const std::string lower = to_lower(entity.name);
  TRY(put_row(txn, partition, key_of(noun.prefix, lower), entity));
  TRY(put_row(txn, partition, key_of(kById, entity.id), IdRow{noun.kind, lower}));
  return bump_identity_version(txn, account);
}

template <class T>
[[nodiscard]] Result<> insert_named(store::Txn& txn, const AccountId& account, const Noun& noun, const T& entity) {
  const std::optional<T> present = TRY(named_by_key<T>(txn, account, noun, to_lower(entity.name)));
  if (present) {
    return fail(already_exists(std::string(noun.taken_before).append(entity.name).append(noun.taken_after)));
  }
  TRY(put_row(txn, store::Partition::system(), key_of(kById, entity.id), OwnerRow{account.str(), ""}));
  return store_named(txn, account, noun, entity);
}

template <class T>
[[nodiscard]] Result<> erase_named(store::Txn& txn, const AccountId& account, const Noun& noun, const T& entity) {
  const store::Partition partition = store::Partition::account(account);
  TRY(txn.erase(partition, key_of(noun.prefix, to_lower(entity.name))));
  TRY(txn.erase(partition, key_of(kById, entity.id)));
  TRY(txn.erase(store::Partition::system(), key_of(kById, entity.id)));
  TRY(txn.erase(partition, key_of(kTag, entity.arn)));
  return bump_identity_version(txn, account);
}

/// Moves the row and its tags to a new name and path (kept where empty).
template <class T>
[[nodiscard]] Result<T> rename_named(store::Txn& txn, const AccountId& account, const Noun& noun, std::string_view name,
                                     std::string_view new_name, std::string_view new_path) {
  const T old = TRY(require_named<T>(txn, account, noun, name));
  T renamed = old;
  if (!new_name.empty()) renamed.name = new_name;
  if (!new_path.empty()) renamed.path = new_path;
  renamed.arn = entity_arn(noun.kind, account, renamed.path, renamed.name);
  const store::Partition partition = store::Partition::account(account);
  if (to_lower(renamed.name) != to_lower(old.name)) {
    const std::optional<T> present = TRY(named_by_key<T>(txn, account, noun, to_lower(new_name)));
    if (present) {
      return fail(already_exists(std::string(noun.taken_before).append(new_name).append(noun.taken_after)));
    }
    TRY(txn.erase(partition, key_of(noun.prefix, to_lower(old.name))));
  }
  if (const std::optional<std::string> tags = TRY(txn.get(partition, key_of(kTag, old.arn)))) {
    TRY(txn.erase(partition, key_of(kTag, old.arn)));
    TRY(txn.put(partition, key_of(kTag, renamed.arn), *tags));
  }
  TRY(store_named(txn, account, noun, renamed));
  return renamed;
}

/// In order of their names without case.
template <class T>
[[nodiscard]] Result<Slice<T>> list_named(store::Reader& reader, const AccountId& account, const Noun& noun,
                                          const SliceQuery& query) {
  store::Range range = store::prefix_range(noun.prefix);
  if (!query.after.empty()) range.begin = edge_key(noun.prefix, query.after, "");
  Slice<T> slice;
  Result<> failure;
  TRY(reader.scan(store::Partition::account(account), range, [&](std::string_view, std::string_view value) {
    Result<T> row = decode_row<T>(value);
    if (!row) {
      failure = std::unexpected(row.error());
      return false;
    }
    if (!row->path.starts_with(query.path_prefix)) return true;
    if (slice.items.size() == query.items_max) {
      slice.next = to_lower(slice.items.back().name);
      return false;
    }
    row->arn = entity_arn(noun.kind, account, row->path, row->name);
    slice.items.push_back(std::move(*row));
    return true;
  }));
  if (!failure) return std::unexpected(failure.error());
  return slice;
}

}  // namespace warifu::identity
