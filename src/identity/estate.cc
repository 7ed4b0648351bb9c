#include "identity/estate.h"

#include <fmt/format.h>

#include <algorithm>

#include "identity/aws_policies.h"
#include "identity/holders.h"
#include "identity/resource_policies.h"
#include "identity/table.h"
#include "identity/tags.h"
#include "json/value.h"

namespace warifu::identity {
namespace {

/// Trust until every role is there: nobody's.
constexpr std::string_view kNoTrust = R"({"Version":"2012-10-17","Statement":[]})";

std::string_view word_of(EntityKind kind) {
  switch (kind) {
    case EntityKind::kUser:
      return "user";
    case EntityKind::kGroup:
      return "group";
    case EntityKind::kRole:
      return "role";
    case EntityKind::kPolicy:
      return "policy";
    case EntityKind::kInstanceProfile:
      return "instance profile";
  }
  return "entity";
}

Error with_entity(Error error, EntityKind kind, std::string_view name) {
  error.message = fmt::format("{} `{}`: {}", word_of(kind), name, error.message);
  return error;
}

/// `present`: the entity of the same name. Fails unless name and id are free or this very entity's.
template <class T>
Result<> require_place(store::Txn& txn, const AccountId& account, const Noun& noun, const T& entity,
                       const std::optional<T>& present) {
  if (present && present->id != entity.id) {
    return fail(conflict(fmt::format("{} `{}` is here with the id {}, not {}", word_of(noun.kind), entity.name,
                                     present->id, entity.id)));
  }
  const auto owner = TRY(get_row<OwnerRow>(txn, store::Partition::system(), key_of(kById, entity.id)));
  if (owner && owner->account != account.str()) {
    return fail(conflict(fmt::format("{} `{}`: its id {} is account {}'s here", word_of(noun.kind), entity.name,
                                     entity.id, owner->account)));
  }
  return {};
}

/// Under its name and path, whatever they were before.
template <class T>
Result<> put_entity(store::Txn& txn, const AccountId& account, const Noun& noun, const T& entity) {
  const store::Partition partition = store::Partition::account(account);
  const std::string lower = to_lower(entity.name);
  const std::optional<T> present = TRY(named_by_key<T>(txn, account, noun, lower));
  TRY(require_place(txn, account, noun, entity, present));
  if (const std::optional<T> old = TRY(named_by_id<T>(txn, account, noun, entity.id))) {
    TRY(erase_all_tags(txn, account, old->arn));
    TRY(erase_resource_policy(txn, account, old->arn));
    if (to_lower(old->name) != lower) TRY(txn.erase(partition, key_of(noun.prefix, to_lower(old->name))));
  }
  TRY(put_row(txn, store::Partition::system(), key_of(kById, entity.id), OwnerRow{account.str(), ""}));
  return store_named(txn, account, noun, entity);
}

/// Users and roles: with the boundary that they have.
template <class T>
Result<> put_bounded(store::Txn& txn, const AccountId& account, const Noun& noun, const T& entity) {
  const std::optional<T> old = TRY(named_by_id<T>(txn, account, noun, entity.id));
  const std::string was = old ? old->boundary_arn : std::string{};
  TRY(put_entity(txn, account, noun, entity));
  if (was.empty() && entity.boundary_arn.empty()) return {};
  const Holder holder{noun.kind, entity.id, entity.name};
  const Result<> linked = link_boundary(txn, account, holder, was, entity.boundary_arn);
  return linked ? linked : fail(with_entity(linked.error(), noun.kind, entity.name));
}

Result<> put_holdings(store::Txn& txn, const AccountId& account, const Holder& holder, const EstateHoldings& holds) {
  const store::Partition partition = store::Partition::account(account);
  TRY(strip(txn, account, holder));
  for (const InlinePolicy& policy : holds.inline_policies) {
    TRY(put_row(txn, partition, edge_key(kInline, holder.id, policy.name), InlineRow{policy.document}));
  }
  for (const std::string& arn : holds.attached) {
    if (!TRY(find_policy(txn, account, arn))) {
      return fail(not_found(fmt::format("{} `{}`: the attached policy {} is neither in the file nor known here",
                                        word_of(holder.kind), holder.name, arn)));
    }
    TRY(txn.put(partition, edge_key(kAttachments, holder.id, arn), ""));
    TRY(put_row(txn, partition, edge_key(kAttachedTo, arn, holder.id), IdRow{holder.kind, ""}));
  }
  return bump_identity_version(txn, account);
}

Result<> put_entity_tags(store::Txn& txn, const AccountId& account, EntityKind kind, std::string_view name,
                         std::string_view arn, const Tags& tags) {
  TRY(erase_all_tags(txn, account, arn));
  const Result<> put = put_principal_tags(txn, account, arn, tags);
  return put ? put : fail(with_entity(put.error(), kind, name));
}

/// Whether the program's own text of an AWS policy says the same.
bool is_built_in(const EstatePolicy& estate) {
  const AwsPolicy* const aws = find_aws_policy(estate.policy.arn);
  if (aws == nullptr || estate.versions.size() != 1) return false;
  const auto ours = json::parse(aws->document);
  const auto theirs = json::parse(estate.versions.front().document);
  return ours && theirs && *ours == *theirs;
}

Result<> put_policy(store::Txn& txn, const AccountId& account, const EstatePolicy& estate) {
  const store::Partition partition = store::Partition::account(account);
  const ManagedPolicy& policy = estate.policy;
  if (policy.aws_owned) {
    const std::string key = key_of(kImportedAwsPolicy, policy.arn);
    TRY(txn.erase(partition, key));
    if (is_built_in(estate)) return bump_identity_version(txn, account);
    TRY(put_row(txn, partition, key, policy));
    TRY(bump_identity_version(txn, account));
  } else {
    TRY(put_entity(txn, account, kPolicies, policy));
    TRY(put_tags(txn, account, policy.arn, estate.tags));
  }
  TRY(erase_prefix(txn, partition, edge_key(kVersionsOfPolicy, policy.id, "")));
  for (const PolicyVersion& version : estate.versions) {
    TRY(put_row(txn, partition, version_key(policy.id, version.number),
                PolicyVersionRow{version.document, version.created}));
  }
  return {};
}

Result<> put_group(store::Txn& txn, const AccountId& account, const EstateGroup& estate) {
  TRY(put_entity(txn, account, kGroups, estate.group));
  return put_holdings(txn, account, {EntityKind::kGroup, estate.group.id, estate.group.name}, estate.holds);
}

Result<> put_memberships(store::Txn& txn, const AccountId& account, const User& user,
                         const std::vector<std::string>& groups) {
  const store::Partition partition = store::Partition::account(account);
  const Edges old = TRY(edges_of(txn, account, kGroupsOfUser, user.id));
  for (const auto& [group, value] : old) {
    TRY(txn.erase(partition, edge_key(kGroupsOfUser, user.id, group)));
    TRY(txn.erase(partition, edge_key(kUsersOfGroup, group, user.id)));
  }
  for (const std::string& name : groups) {
    const auto group = TRY(find_named<Group>(txn, account, kGroups, name));
    if (!group) return fail(not_found(fmt::format("user `{}`: there is no group `{}`", user.name, name)));
    TRY(txn.put(partition, edge_key(kGroupsOfUser, user.id, group->id), ""));
    TRY(txn.put(partition, edge_key(kUsersOfGroup, group->id, user.id), ""));
  }
  return {};
}

Result<> put_user(store::Txn& txn, const AccountId& account, const EstateUser& estate) {
  const User& user = estate.user;
  TRY(put_bounded(txn, account, kUsers, user));
  TRY(put_holdings(txn, account, {EntityKind::kUser, user.id, user.name}, estate.holds));
  TRY(put_memberships(txn, account, user, estate.groups));
  return put_entity_tags(txn, account, EntityKind::kUser, user.name, user.arn, estate.holds.tags);
}

Result<> put_profiles(store::Txn& txn, const AccountId& account, const EstateRole& estate) {
  const store::Partition partition = store::Partition::account(account);
  const Edges old = TRY(edges_of(txn, account, kProfilesOfRole, estate.role.id));
  for (const auto& [profile_id, value] : old) {
    TRY(txn.erase(partition, edge_key(kProfilesOfRole, estate.role.id, profile_id)));
    auto profile = TRY(named_by_id<InstanceProfile>(txn, account, kProfiles, profile_id));
    if (!profile) continue;
    std::erase(profile->role_ids, estate.role.id);
    TRY(store_named(txn, account, kProfiles, *profile));
  }
  for (InstanceProfile profile : estate.profiles) {
    profile.role_ids = {estate.role.id};
    TRY(put_entity(txn, account, kProfiles, profile));
    TRY(txn.put(partition, edge_key(kProfilesOfRole, estate.role.id, profile.id), ""));
  }
  return {};
}

/// All but the trust policy, which may name roles that come later.
Result<> put_role(store::Txn& txn, const AccountId& account, const EstateRole& estate, Timestamp now) {
  Role role = estate.role;
  // Details of an account do not tell these.
  if (const auto old = TRY(named_by_id<Role>(txn, account, kRoles, role.id))) {
    role.description = old->description;
    role.max_session_seconds = old->max_session_seconds;
  }
  TRY(put_bounded(txn, account, kRoles, role));
  TRY(put_resource_policy(txn, account, role.arn, kNoTrust, now));
  TRY(put_holdings(txn, account, {EntityKind::kRole, role.id, role.name}, estate.holds));
  TRY(put_profiles(txn, account, estate));
  return put_entity_tags(txn, account, EntityKind::kRole, role.name, role.arn, estate.holds.tags);
}

}  // namespace

Result<> put_estate(store::Txn& txn, const AccountId& account, const Estate& estate, Timestamp now) {
  for (const EstatePolicy& policy : estate.policies) TRY(put_policy(txn, account, policy));
  for (const EstateGroup& group : estate.groups) TRY(put_group(txn, account, group));
  for (const EstateUser& user : estate.users) TRY(put_user(txn, account, user));
  for (const EstateRole& role : estate.roles) TRY(put_role(txn, account, role, now));
  for (const EstateRole& role : estate.roles) {
    const Result<> put = put_bound_resource_policy(txn, account, role.role.arn, role.trust, now);
    if (!put) return fail(with_entity(put.error(), EntityKind::kRole, role.role.name));
  }
  return bump_identity_version(txn, account);
}

Result<std::vector<ManagedPolicy>> imported_aws_policies(store::Reader& reader, const AccountId& account) {
  std::vector<std::string> arns;
  TRY(reader.scan(store::Partition::account(account), store::prefix_range(kImportedAwsPolicy),
                  [&](std::string_view key, std::string_view) {
                    arns.emplace_back(key.substr(kImportedAwsPolicy.size()));
                    return true;
                  }));
  std::vector<ManagedPolicy> policies;
  for (const std::string& arn : arns) policies.push_back(TRY(require_policy(reader, account, arn)));
  return policies;
}

}  // namespace warifu::identity
