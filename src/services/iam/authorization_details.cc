#include <algorithm>
#include <limits>

#include "gen/iam/account.h"
#include "identity/access_keys.h"
#include "identity/instance_profiles.h"
#include "identity/roles.h"
#include "identity/tags.h"
#include "identity/users.h"
#include "services/iam/nouns.h"
#include "services/iam/policy_shapes.h"
#include "services/iam/profile_shapes.h"

namespace warifu::services::iam {
namespace {

const identity::SliceQuery kEverything{.items_max = std::numeric_limits<std::size_t>::max()};
using Out = m::GetAccountAuthorizationDetailsOutput;

Result<std::vector<m::PolicyDetail>> inline_of(store::Reader& reader, const AccountId& account,
                                               std::string_view holder_id) {
  const auto policies = TRY(identity::list_inline_policies(reader, account, holder_id, kEverything));
  std::vector<m::PolicyDetail> out;
  for (const identity::InlinePolicy& policy : policies.items) {
    out.push_back({policy.name, encoded_document(policy.document)});
  }
  return out;
}

Result<std::vector<m::AttachedPolicy>> attached_to(store::Reader& reader, const AccountId& account,
                                                   std::string_view holder_id) {
  const auto policies = TRY(identity::attached_policies(reader, account, holder_id, kEverything));
  std::vector<m::AttachedPolicy> out;
  for (const identity::AttachedPolicy& policy : policies.items) out.push_back({policy.name, policy.arn});
  return out;
}

Result<> add_user(store::Reader& reader, const AccountId& account, const identity::User& user, Out& out) {
  m::UserDetail detail{
      .path = user.path, .user_name = user.name, .user_id = user.id, .arn = user.arn, .create_date = user.created};
  detail.user_policy_list = TRY(inline_of(reader, account, user.id));
  detail.attached_managed_policies = TRY(attached_to(reader, account, user.id));
  detail.permissions_boundary = shown_boundary(user.boundary_arn);
  detail.group_list.emplace();
  const auto groups = TRY(identity::groups_of_user(reader, account, user.id, kEverything));
  for (const identity::Group& group : groups.items) detail.group_list->push_back(group.name);
  const identity::Tags tags = TRY(identity::tags_of(reader, account, user.arn));
  detail.tags = shown_tags(tags);
  out.user_detail_list->push_back(std::move(detail));
  return {};
}

Result<> add_group(store::Reader& reader, const AccountId& account, const identity::Group& group, Out& out) {
  m::GroupDetail detail{.path = group.path,
                        .group_name = group.name,
                        .group_id = group.id,
                        .arn = group.arn,
                        .create_date = group.created};
  detail.group_policy_list = TRY(inline_of(reader, account, group.id));
  detail.attached_managed_policies = TRY(attached_to(reader, account, group.id));
  out.group_detail_list->push_back(std::move(detail));
  return {};
}

Result<> add_role(store::Reader& reader, const AccountId& account, const identity::Role& role, Out& out) {
  const m::Role whole = TRY(whole_role(reader, account, role));
  m::RoleDetail detail{.path = role.path,
                       .role_name = role.name,
                       .role_id = role.id,
                       .arn = role.arn,
                       .create_date = role.created,
                       .assume_role_policy_document = whole.assume_role_policy_document,
                       .permissions_boundary = whole.permissions_boundary,
                       .role_last_used = whole.role_last_used};
  detail.tags = whole.tags.value_or(std::vector<m::Tag>{});
  detail.role_policy_list = TRY(inline_of(reader, account, role.id));
  detail.attached_managed_policies = TRY(attached_to(reader, account, role.id));
  detail.instance_profile_list.emplace();
  const auto profiles = TRY(identity::profiles_of_role(reader, account, role.id, kEverything));
  for (const identity::InstanceProfile& profile : profiles.items) {
    detail.instance_profile_list->push_back(TRY(shown_profile(reader, account, profile)));
  }
  out.role_detail_list->push_back(std::move(detail));
  return {};
}

Result<> add_policy(store::Reader& reader, const AccountId& account, const identity::ManagedPolicy& policy, Out& out) {
  const UsageCounts usage = TRY(usage_of(reader, account, policy.arn));
  m::ManagedPolicyDetail detail{.policy_name = policy.name,
                                .policy_id = policy.id,
                                .arn = policy.arn,
                                .path = policy.path,
                                .default_version_id = version_id(policy.default_version),
                                .attachment_count = usage.attachments,
                                .permissions_boundary_usage_count = usage.boundaries,
                                .is_attachable = true,
                                .create_date = policy.created,
                                .update_date = policy.updated};
  if (!policy.description.empty()) detail.description = policy.description;
  detail.policy_version_list.emplace();
  const auto versions = TRY(identity::list_policy_versions(reader, account, policy));
  for (const identity::PolicyVersion& version : versions) {
    detail.policy_version_list->push_back(shown_version(policy, version, true));
  }
  out.policies->push_back(std::move(detail));
  return {};
}

/// The listing runs through five sections in this order; a position is the section's letter and the place in it.
constexpr std::string_view kSections = "ugrla";

std::string_view filter_word(char section) {
  switch (section) {
    case 'u':
      return "User";
    case 'g':
      return "Group";
    case 'r':
      return "Role";
    case 'l':
      return "LocalManagedPolicy";
    default:
      return "AWSManagedPolicy";
  }
}

template <class T, class Add>
Result<std::string> add_slice(store::Reader& reader, const AccountId& account, const identity::Slice<T>& slice, Add add,
                              std::size_t& room, Out& out) {
  for (const T& item : slice.items) TRY(add(reader, account, item, out));
  room -= slice.items.size();
  return slice.next;
}

/// Adds what fits of one section; the answer is where to go on within it, empty when it is done.
Result<std::string> add_section(store::Reader& reader, const AccountId& account, char section, const std::string& after,
                                std::size_t& room, Out& out) {
  const identity::SliceQuery query{.after = after, .items_max = room};
  switch (section) {
    case 'u':
      return add_slice(reader, account, TRY(identity::list_users(reader, account, query)), add_user, room, out);
    case 'g':
      return add_slice(reader, account, TRY(identity::list_groups(reader, account, query)), add_group, room, out);
    case 'r':
      return add_slice(reader, account, TRY(identity::list_roles(reader, account, query)), add_role, room, out);
    case 'l':
      return add_slice(reader, account, TRY(identity::list_policies(reader, account, query)), add_policy, room, out);
    default:
      return add_slice(reader, account, slice_of(TRY(aws_managed(reader, account)), query), add_policy, room, out);
  }
}

/// Fills `out` from `position` on; the answer is the next position, empty at the end.
Result<std::string> fill(store::Reader& reader, const AccountId& account, std::string position,
                         const std::vector<std::string>& filter, std::size_t room, Out& out) {
  std::size_t section = position.empty() ? 0 : kSections.find(position.front());
  std::string after = position.empty() ? "" : position.substr(1);
  for (; section < kSections.size(); ++section, after.clear()) {
    const char letter = kSections[section];
    const bool asked_for = filter.empty() || std::ranges::find(filter, filter_word(letter)) != filter.end();
    if (!asked_for) continue;
    if (room == 0) return std::string(1, letter);
    after = TRY(add_section(reader, account, letter, after, room, out));
    if (!after.empty()) return letter + after;
  }
  return std::string();
}

Task<Result<Out>> get_account_authorization_details(api::Call& call, m::GetAccountAuthorizationDetailsInput input) {
  const identity::SliceQuery query = CO_TRY(slice_query(call, input));
  co_return call.db().read([&](store::Reader& reader) -> Result<Out> {
    Out output;
    output.user_detail_list.emplace();
    output.group_detail_list.emplace();
    output.role_detail_list.emplace();
    output.policies.emplace();
    const std::string next = TRY(fill(reader, call.account(), query.after,
                                      input.filter.value_or(std::vector<std::string>{}), query.items_max, output));
    set_page(call, next, output);
    return output;
  });
}

}  // namespace

void bind_authorization_details(api::Registry& registry) {
  registry.bind(m::ops::kGetAccountAuthorizationDetails, get_account_authorization_details);
}

}  // namespace warifu::services::iam
