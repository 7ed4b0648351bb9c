#include "services/iam/shared.h"

#include <fmt/format.h>

#include "base/encoding.h"
#include "identity/access_keys.h"
#include "identity/roles.h"
#include "identity/tags.h"
#include "identity/users.h"

namespace warifu::services::iam {
namespace {

constexpr std::int32_t kItemsDefault = 100;
constexpr std::int32_t kItemsMax = 1'000;

}  // namespace

std::string encoded_document(std::string_view document) { return percent_encode(document); }

Result<> check_document(std::string_view document, policy::Kind kind) {
  const Result<policy::Policy> parsed = policy::parse(document, kind);
  if (!parsed) return fail(identity::malformed_policy(parsed.error().message));
  return {};
}

Result<identity::Tags> tags_from(const std::optional<std::vector<m::Tag>>& tags) {
  identity::Tags out;
  for (const m::Tag& tag : tags.value_or(std::vector<m::Tag>{})) {
    for (const identity::Tag& earlier : out) {
      if (iequals(earlier.key, tag.key)) {
        return fail(
            identity::invalid_input("Duplicate tag keys found. Please note that Tag keys are case insensitive."));
      }
    }
    if (to_lower(tag.key).starts_with("aws:")) {
      return fail(identity::invalid_input("Tag keys that begin with aws: are reserved."));
    }
    out.push_back({tag.key, tag.value});
  }
  if (out.size() > identity::kTagsMax) {
    return fail(identity::limit_exceeded("The number of tags has reached the maximum limit."));
  }
  return out;
}

std::vector<m::Tag> shown_tags(const identity::Tags& tags) {
  std::vector<m::Tag> out;
  for (const identity::Tag& tag : tags) out.push_back({tag.key, tag.value});
  return out;
}

std::optional<std::vector<m::Tag>> shown_tags_or_absent(const identity::Tags& tags) {
  if (tags.empty()) return std::nullopt;
  return shown_tags(tags);
}

std::optional<m::AttachedPermissionsBoundary> shown_boundary(const std::string& arn) {
  if (arn.empty()) return std::nullopt;
  return m::AttachedPermissionsBoundary{"Policy", arn};
}

m::User shown_user(const identity::User& user) {
  return {.path = user.path, .user_name = user.name, .user_id = user.id, .arn = user.arn, .create_date = user.created};
}

Result<m::Role> shown_role(store::Reader& reader, const AccountId& account, const identity::Role& role) {
  const std::string trust = TRY(identity::trust_policy(reader, account, role));
  m::Role out{.path = role.path,
              .role_name = role.name,
              .role_id = role.id,
              .arn = role.arn,
              .create_date = role.created,
              .assume_role_policy_document = encoded_document(trust)};
  if (!role.description.empty()) out.description = role.description;
  out.max_session_duration = static_cast<std::int32_t>(role.max_session_seconds);
  return out;
}

Result<m::User> whole_user(store::Reader& reader, const AccountId& account, const identity::User& user) {
  m::User out = shown_user(user);
  out.permissions_boundary = shown_boundary(user.boundary_arn);
  const identity::Tags tags = TRY(identity::tags_of(reader, account, user.arn));
  out.tags = shown_tags_or_absent(tags);
  return out;
}

Result<m::Role> whole_role(store::Reader& reader, const AccountId& account, const identity::Role& role) {
  m::Role out = TRY(shown_role(reader, account, role));
  out.permissions_boundary = shown_boundary(role.boundary_arn);
  const identity::Tags tags = TRY(identity::tags_of(reader, account, role.arn));
  out.tags = shown_tags_or_absent(tags);
  const identity::LastUsed use = TRY(identity::last_used(reader, account, role.id));
  out.role_last_used = m::RoleLastUsed{};
  if (use.when.ms != 0) out.role_last_used = m::RoleLastUsed{use.when, use.region};
  return out;
}

Result<identity::Role> require_changeable_role(store::Reader& reader, const AccountId& account, std::string_view name) {
  identity::Role role = TRY(identity::require_role(reader, account, name));
  if (!role.linked_service.empty()) {
    return fail(identity::unmodifiable(fmt::format(
        "Cannot perform the operation on the protected role '{}' - this role is only modifiable by AWS", name)));
  }
  return role;
}

Result<identity::Holder> require_holder(store::Reader& reader, const AccountId& account, identity::EntityKind kind,
                                        std::string_view name, bool to_change) {
  if (kind == identity::EntityKind::kUser) {
    const identity::User user = TRY(identity::require_user(reader, account, name));
    return identity::Holder{kind, user.id, user.name};
  }
  if (kind == identity::EntityKind::kGroup) {
    const identity::Group group = TRY(identity::require_group(reader, account, name));
    return identity::Holder{kind, group.id, group.name};
  }
  CHECK(kind == identity::EntityKind::kRole, "only users, groups and roles hold policies");
  const identity::Role role =
      TRY(to_change ? require_changeable_role(reader, account, name) : identity::require_role(reader, account, name));
  return identity::Holder{kind, role.id, role.name};
}

Result<identity::SliceQuery> slice_query(const api::Call& call, const std::optional<std::string>& marker,
                                         std::optional<std::int32_t> items_max,
                                         const std::optional<std::string>& path_prefix) {
  identity::SliceQuery query;
  const std::int32_t wanted = std::clamp(items_max.value_or(kItemsDefault), 1, kItemsMax);
  query.items_max = static_cast<std::size_t>(wanted);
  if (path_prefix) query.path_prefix = *path_prefix;
  if (marker) {
    const Result<std::string> position = call.page_position(*marker);
    if (!position) return fail(validation_error("Invalid Marker."));
    query.after = *position;
  }
  return query;
}

}  // namespace warifu::services::iam
