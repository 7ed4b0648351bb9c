#include "identity/gather.h"

#include "identity/accounts.h"
#include "identity/organizations.h"
#include "identity/policies.h"
#include "identity/roles.h"
#include "identity/table.h"
#include "identity/tags.h"
#include "identity/users.h"

namespace warifu::identity {
namespace {

/// Everything at once: policies are bounded per holder, and authorization needs them all.
constexpr SliceQuery everything() { return {.items_max = static_cast<std::size_t>(-1)}; }

Result<HeldPolicy> require_document(store::Reader& reader, const AccountId& account, std::string_view arn) {
  std::optional<HeldPolicy> held = TRY(managed_document(reader, account, arn));
  if (!held) return fail(internal_error("an attached policy has no document"));
  return std::move(*held);
}

Result<> gather_holder(store::Reader& reader, const AccountId& account, std::string_view holder_id,
                       std::string_view group, std::vector<HeldPolicy>& out) {
  const bool of_group = !group.empty();
  Slice<InlinePolicy> inlines = TRY(list_inline_policies(reader, account, holder_id, everything()));
  for (InlinePolicy& policy : inlines.items) {
    out.push_back({of_group ? HeldAs::kGroupInline : HeldAs::kInline, std::move(policy.name), "", std::string(group),
                   std::move(policy.document)});
  }
  const Slice<AttachedPolicy> attached = TRY(attached_policies(reader, account, holder_id, everything()));
  for (const AttachedPolicy& policy : attached.items) {
    HeldPolicy held = TRY(require_document(reader, account, policy.arn));
    held.as = of_group ? HeldAs::kGroupAttached : HeldAs::kAttached;
    held.group = group;
    out.push_back(std::move(held));
  }
  return {};
}

template <class T>
Result<PrincipalPolicies> gather_entity(store::Reader& reader, const AccountId& account, EntityKind kind,
                                        const T& entity) {
  PrincipalPolicies out{.kind = kind, .name = entity.name, .path = entity.path, .id = entity.id, .arn = entity.arn};
  out.tags = TRY(tags_of(reader, account, entity.arn));
  TRY(gather_holder(reader, account, entity.id, "", out.identity));
  if (!entity.boundary_arn.empty()) {
    out.boundary = TRY(require_document(reader, account, entity.boundary_arn));
    out.boundary->as = HeldAs::kBoundary;
  }
  out.organizations = TRY(organizations_state(reader)).count > 0;
  out.version = TRY(identity_version(reader, account));
  return out;
}

}  // namespace

Result<std::optional<PrincipalPolicies>> gather(store::Reader& reader, const AccountId& account,
                                                std::string_view unique_id) {
  if (const std::optional<Role> role = TRY(role_by_id(reader, account, unique_id))) {
    PrincipalPolicies out = TRY(gather_entity(reader, account, EntityKind::kRole, *role));
    out.max_session_seconds = role->max_session_seconds;
    out.service_linked = !role->linked_service.empty();
    return out;
  }
  const std::optional<User> user = TRY(user_by_id(reader, account, unique_id));
  if (!user) return std::nullopt;
  PrincipalPolicies out = TRY(gather_entity(reader, account, EntityKind::kUser, *user));
  const Slice<Group> groups = TRY(groups_of_user(reader, account, user->id, everything()));
  for (const Group& group : groups.items) {
    TRY(gather_holder(reader, account, group.id, group.name, out.identity));
  }
  return out;
}

Result<std::optional<HeldPolicy>> managed_document(store::Reader& reader, const AccountId& account,
                                                   std::string_view policy_arn) {
  const std::optional<ManagedPolicy> policy = TRY(find_policy(reader, account, policy_arn));
  if (!policy) return std::nullopt;
  std::optional<PolicyVersion> version =
      TRY(find_policy_version(reader, account, *policy, "v" + std::to_string(policy->default_version)));
  if (!version) return std::nullopt;
  return HeldPolicy{HeldAs::kAttached, policy->name, policy->arn, "", std::move(version->document)};
}

}  // namespace warifu::identity
