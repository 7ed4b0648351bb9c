#include "identity/resource_policies.h"

#include "identity/table.h"

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
  return put_row(txn, store::Partition::account(owner), key_of(kResourcePolicy, arn),
                 ResourcePolicyRow{std::string(document), now, static_cast<std::int64_t>(version)});
}

Result<bool> erase_resource_policy(store::Txn& txn, const AccountId& owner, std::string_view arn) {
  const store::Partition partition = store::Partition::account(owner);
  const std::string key = key_of(kResourcePolicy, arn);
  if (!TRY(txn.get(partition, key))) return false;
  TRY(txn.erase(partition, key));
  return true;
}

}  // namespace warifu::identity
