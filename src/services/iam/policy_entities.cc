#include "identity/roles.h"
#include "identity/users.h"
#include "services/iam/nouns.h"
#include "services/iam/policy_shapes.h"

namespace warifu::services::iam {
namespace {

/// One user, group or role that uses a policy, whatever its kind.
struct Entity {
  identity::EntityKind kind;
  std::string name, id, path;
};

template <class T>
void add_entity(std::vector<Entity>& out, identity::EntityKind kind, const std::optional<T>& found) {
  if (found) out.push_back({kind, found->name, found->id, found->path});
}

Result<std::vector<Entity>> entities_of(store::Reader& reader, const AccountId& account, std::string_view arn,
                                        identity::PolicyUsage usage) {
  std::vector<Entity> out;
  const std::vector<identity::PolicyUser> users = TRY(identity::policy_users(reader, account, arn, usage));
  for (const identity::PolicyUser& user : users) {
    if (user.kind == identity::EntityKind::kUser) {
      add_entity(out, user.kind, TRY(identity::user_by_id(reader, account, user.id)));
    } else if (user.kind == identity::EntityKind::kGroup) {
      add_entity(out, user.kind, TRY(identity::group_by_id(reader, account, user.id)));
    } else {
      add_entity(out, user.kind, TRY(identity::role_by_id(reader, account, user.id)));
    }
  }
  return out;
}

std::string_view filter_word(identity::EntityKind kind) {
  if (kind == identity::EntityKind::kUser) return "User";
  return kind == identity::EntityKind::kGroup ? "Group" : "Role";
}

m::ListEntitiesForPolicyOutput shown_entities(const std::vector<Entity>& entities) {
  m::ListEntitiesForPolicyOutput output{.policy_groups = std::vector<m::PolicyGroup>{},
                                        .policy_users = std::vector<m::PolicyUser>{},
                                        .policy_roles = std::vector<m::PolicyRole>{}};
  for (const Entity& entity : entities) {
    if (entity.kind == identity::EntityKind::kUser) {
      output.policy_users->push_back({entity.name, entity.id});
    } else if (entity.kind == identity::EntityKind::kGroup) {
      output.policy_groups->push_back({entity.name, entity.id});
    } else {
      output.policy_roles->push_back({entity.name, entity.id});
    }
  }
  return output;
}

/// Entities that use the policy in the way asked for; both ways when nothing is asked for, each entity once.
Result<std::vector<Entity>> entities_asked_for(store::Reader& reader, const AccountId& account,
                                               const m::ListEntitiesForPolicyInput& input) {
  std::vector<Entity> all;
  const std::string usage = input.policy_usage_filter.value_or("");
  if (usage != "PermissionsBoundary") {
    all = TRY(entities_of(reader, account, input.policy_arn, identity::PolicyUsage::kAttached));
  }
  if (usage != "PermissionsPolicy") {
    const auto bounded = TRY(entities_of(reader, account, input.policy_arn, identity::PolicyUsage::kBoundary));
    for (const Entity& entity : bounded) {
      if (std::ranges::find(all, entity.id, &Entity::id) == all.end()) all.push_back(entity);
    }
  }
  const std::string kind = input.entity_filter.value_or("");
  const std::string path = input.path_prefix.value_or("/");
  std::erase_if(all, [&](const Entity& entity) {
    const bool other_kind = (kind == "User" || kind == "Group" || kind == "Role") && filter_word(entity.kind) != kind;
    return other_kind || !entity.path.starts_with(path);
  });
  return all;
}

Task<Result<m::ListEntitiesForPolicyOutput>> list_entities_for_policy(api::Call& call,
                                                                      m::ListEntitiesForPolicyInput input) {
  const identity::SliceQuery query = CO_TRY(slice_query(call, input));
  co_return call.db().read([&](store::Reader& reader) -> Result<m::ListEntitiesForPolicyOutput> {
    TRY(identity::require_policy(reader, call.account(), input.policy_arn));
    const auto slice = slice_of(TRY(entities_asked_for(reader, call.account(), input)), query);
    m::ListEntitiesForPolicyOutput output = shown_entities(slice.items);
    set_page(call, slice.next, output);
    return output;
  });
}

}  // namespace

void bind_policy_entities(api::Registry& registry) {
  registry.bind(m::ops::kListEntitiesForPolicy, list_entities_for_policy);
}

}  // namespace warifu::services::iam
