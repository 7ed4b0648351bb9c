#include "identity/resource_policies.h"

#include "identity/principals.h"
#include "identity/table.h"
#include "policy/document.h"

namespace warifu::identity {

Result<std::optional<ResourcePolicy>> find_resource_policy(store::Reader& reader, const AccountId& owner,
                                                           std::string_view arn) {
  std::optional<ResourcePolicyRow> row =
      TRY(get_kept_row<ResourcePolicyRow>(reader, store::Partition::account(owner), key_of(kResourcePolicy, arn)));
  if (!row) return std::nullopt;
  return ResourcePolicy{std::move(row->document), row->updated, static_cast<std::uint64_t>(row->version)};
}

Result<> put_resource_policy(store::Txn& txn, const AccountId& owner, std::string_view arn, std::string_view document,
                             Timestamp now) {
  const std::uint64_t version = TRY(next_policy_version(txn, owner));
  TRY(txn.erase(store::Partition::account(owner), key_of(kWrittenPolicy, arn)));
  return put_row(txn, store::Partition::account(owner), key_of(kResourcePolicy, arn),
                 ResourcePolicyRow{std::string(document), now, static_cast<std::int64_t>(version)});
}

Result<> put_bound_resource_policy(store::Txn& txn, const AccountId& owner, std::string_view arn,
                                   std::string_view document, Timestamp now) {
  const std::optional<std::string> bound = TRY(bind_principals(txn, document));
  TRY(put_resource_policy(txn, owner, arn, bound ? *bound : document, now));
  // Beside, not within: decisions read the one row, its owner alone the other.
  return bound ? txn.put(store::Partition::account(owner), key_of(kWrittenPolicy, arn), document) : Result<>{};
}

Result<std::optional<std::string>> shown_resource_policy(store::Reader& reader, const AccountId& owner,
                                                         std::string_view arn) {
  std::optional<ResourcePolicy> policy = TRY(find_resource_policy(reader, owner, arn));
  if (!policy) return std::nullopt;
  std::optional<std::string> written = TRY(reader.get(store::Partition::account(owner), key_of(kWrittenPolicy, arn)));
  if (!written) return std::move(policy->document);
  std::string named = TRY(principals_to_arns(reader, policy->document));
  const auto same = [](policy::PrincipalType, std::string_view text) -> Result<std::string> {
    return std::string(text);
  };
  const std::string compact = TRY(policy::map_principals(*written, same));
  return named == compact ? std::move(*written) : std::move(named);
}

Result<bool> erase_resource_policy(store::Txn& txn, const AccountId& owner, std::string_view arn) {
  const store::Partition partition = store::Partition::account(owner);
  const std::string key = key_of(kResourcePolicy, arn);
  if (!TRY(txn.get(partition, key))) return false;
  TRY(txn.erase(partition, key));
  TRY(txn.erase(partition, key_of(kWrittenPolicy, arn)));
  return true;
}

}  // namespace warifu::identity
