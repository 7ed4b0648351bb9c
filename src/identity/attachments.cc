#include <fmt/format.h>

#include "identity/holders.h"
#include "identity/table.h"

namespace warifu::identity {
namespace {

std::string_view quota_word(EntityKind kind) {
  switch (kind) {
    case EntityKind::kUser:
      return "PoliciesPerUser";
    case EntityKind::kGroup:
      return "PoliciesPerGroup";
    case EntityKind::kRole:
      return "PoliciesPerRole";
    case EntityKind::kPolicy:
    case EntityKind::kInstanceProfile:
      break;
  }
  CHECK(false, "only users, groups and roles hold policies");
}

Result<> erase_attachment(store::Txn& txn, const AccountId& account, std::string_view holder_id, std::string_view arn) {
  const store::Partition partition = store::Partition::account(account);
  TRY(txn.erase(partition, edge_key(kAttachments, holder_id, arn)));
  return txn.erase(partition, edge_key(kAttachedTo, arn, holder_id));
}

}  // namespace

Result<> attach_policy(store::Txn& txn, const AccountId& account, const Holder& holder, std::string_view arn) {
  if (!TRY(find_policy(txn, account, arn))) {
    return fail(no_such_entity(fmt::format("Policy {} does not exist or is not attachable.", arn)));
  }
  const store::Partition partition = store::Partition::account(account);
  if (TRY(txn.get(partition, edge_key(kAttachments, holder.id, arn)))) return {};
  const Edges held = TRY(edges_of(txn, account, kAttachments, holder.id));
  if (held.size() >= kAttachedPoliciesMax) {
    return fail(
        limit_exceeded(fmt::format("Cannot exceed quota for {}: {}", quota_word(holder.kind), kAttachedPoliciesMax)));
  }
  TRY(txn.put(partition, edge_key(kAttachments, holder.id, arn), ""));
  TRY(put_row(txn, partition, edge_key(kAttachedTo, arn, holder.id), IdRow{holder.kind, ""}));
  return bump_identity_version(txn, account);
}

Result<> detach_policy(store::Txn& txn, const AccountId& account, const Holder& holder, std::string_view arn) {
  if (!TRY(txn.get(store::Partition::account(account), edge_key(kAttachments, holder.id, arn)))) {
    return fail(no_such_entity(fmt::format("Policy {} was not found.", arn)));
  }
  TRY(erase_attachment(txn, account, holder.id, arn));
  return bump_identity_version(txn, account);
}

Result<Slice<AttachedPolicy>> attached_policies(store::Reader& reader, const AccountId& account,
                                                std::string_view holder_id, const SliceQuery& query) {
  return slice_edges<AttachedPolicy>(
      reader, account, kAttachments, holder_id, query,
      [&](const std::string& arn, const std::string&) -> Result<std::optional<AttachedPolicy>> {
        const std::optional<EntityArn> parsed = parse_entity_arn(arn);
        if (!parsed || !parsed->path.starts_with(query.path_prefix)) return std::nullopt;
        return AttachedPolicy{std::string(parsed->name), arn};
      });
}

Result<std::vector<PolicyUser>> policy_users(store::Reader& reader, const AccountId& account, std::string_view arn,
                                             PolicyUsage usage) {
  const std::string_view family = usage == PolicyUsage::kAttached ? kAttachedTo : kBoundaryOf;
  std::vector<PolicyUser> users;
  const Edges edges = TRY(edges_of(reader, account, family, arn));
  for (const auto& [id, value] : edges) {
    const IdRow row = TRY(decode_row<IdRow>(value));
    users.push_back({row.kind, id});
  }
  return users;
}

Result<> require_bare(store::Reader& reader, const AccountId& account, const Holder& holder) {
  if (TRY(has_edges(reader, account, kAttachments, holder.id))) {
    return fail(delete_conflict("Cannot delete entity, must detach all policies first."));
  }
  if (TRY(has_edges(reader, account, kInline, holder.id))) {
    return fail(delete_conflict("Cannot delete entity, must delete policies first."));
  }
  return {};
}

Result<> strip(store::Txn& txn, const AccountId& account, const Holder& holder) {
  const Edges attached = TRY(edges_of(txn, account, kAttachments, holder.id));
  for (const auto& [arn, value] : attached) TRY(erase_attachment(txn, account, holder.id, arn));
  return erase_prefix(txn, store::Partition::account(account), edge_key(kInline, holder.id, ""));
}

Result<> link_boundary(store::Txn& txn, const AccountId& account, const Holder& holder, std::string_view old_arn,
                       std::string_view new_arn) {
  if (old_arn.empty() && new_arn.empty()) {
    return fail(no_such_entity(fmt::format("{} does not have a permissions boundary.", holder.name)));
  }
  const store::Partition partition = store::Partition::account(account);
  if (!new_arn.empty() && !TRY(find_policy(txn, account, new_arn))) {
    return fail(no_such_entity(fmt::format("Scope ARN: {} does not exist or is not attachable.", new_arn)));
  }
  if (!old_arn.empty()) TRY(txn.erase(partition, edge_key(kBoundaryOf, old_arn, holder.id)));
  if (!new_arn.empty()) {
    TRY(put_row(txn, partition, edge_key(kBoundaryOf, new_arn, holder.id), IdRow{holder.kind, ""}));
  }
  return {};
}

}  // namespace warifu::identity
