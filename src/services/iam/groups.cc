#include "gen/iam/groups.h"

#include "identity/users.h"
#include "services/iam/nouns.h"
#include "services/iam/shared.h"

namespace warifu::services::iam {
namespace {

m::Group shown_group(const identity::Group& group) {
  return {.path = group.path,
          .group_name = group.name,
          .group_id = group.id,
          .arn = group.arn,
          .create_date = group.created};
}

Task<Result<m::CreateGroupOutput>> create_group(api::Call& call, m::CreateGroupInput input) {
  identity::Group group{.name = input.group_name,
                        .path = input.path.value_or("/"),
                        .id = identity::new_unique_id(identity::EntityKind::kGroup, call.random()),
                        .created = call.now()};
  co_return co_await call.db().write(
      [account = call.account(), group](store::Txn& txn) -> Result<m::CreateGroupOutput> {
        TRY(identity::create_group(txn, account, group));
        const identity::Group made = TRY(identity::require_group(txn, account, group.name));
        return m::CreateGroupOutput{shown_group(made)};
      });
}

Task<Result<m::GetGroupOutput>> get_group(api::Call& call, m::GetGroupInput input) {
  const identity::SliceQuery query = CO_TRY(slice_query(call, input));
  co_return call.db().read([&](store::Reader& reader) -> Result<m::GetGroupOutput> {
    const identity::Group group = TRY(identity::require_group(reader, call.account(), input.group_name));
    const identity::Slice<identity::User> slice =
        TRY(identity::users_of_group(reader, call.account(), group.id, query));
    m::GetGroupOutput output{.group = shown_group(group)};
    for (const identity::User& user : slice.items) output.users.push_back(shown_user(user));
    set_page(call, slice.next, output);
    return output;
  });
}

Task<Result<m::ListGroupsOutput>> list_groups(api::Call& call, m::ListGroupsInput input) {
  const identity::SliceQuery query = CO_TRY(slice_query(call, input));
  co_return call.db().read([&](store::Reader& reader) -> Result<m::ListGroupsOutput> {
    const identity::Slice<identity::Group> slice = TRY(identity::list_groups(reader, call.account(), query));
    m::ListGroupsOutput output;
    for (const identity::Group& group : slice.items) output.groups.push_back(shown_group(group));
    set_page(call, slice.next, output);
    return output;
  });
}

Task<Result<m::ListGroupsForUserOutput>> list_groups_for_user(api::Call& call, m::ListGroupsForUserInput input) {
  const identity::SliceQuery query = CO_TRY(slice_query(call, input));
  co_return call.db().read([&](store::Reader& reader) -> Result<m::ListGroupsForUserOutput> {
    const identity::User user = TRY(identity::require_user(reader, call.account(), input.user_name));
    const identity::Slice<identity::Group> slice =
        TRY(identity::groups_of_user(reader, call.account(), user.id, query));
    m::ListGroupsForUserOutput output;
    for (const identity::Group& group : slice.items) output.groups.push_back(shown_group(group));
    set_page(call, slice.next, output);
    return output;
  });
}

Task<Result<m::UpdateGroupOutput>> update_group(api::Call& call, m::UpdateGroupInput input) {
  co_return co_await call.db().write(
      [account = call.account(), input](store::Txn& txn) -> Result<m::UpdateGroupOutput> {
        TRY(identity::rename_group(txn, account, input.group_name, input.new_group_name.value_or(""),
                                   input.new_path.value_or("")));
        return m::UpdateGroupOutput{};
      });
}

Task<Result<m::DeleteGroupOutput>> delete_group(api::Call& call, m::DeleteGroupInput input) {
  co_return co_await call.db().write(
      [account = call.account(), input](store::Txn& txn) -> Result<m::DeleteGroupOutput> {
        TRY(identity::delete_group(txn, account, input.group_name));
        return m::DeleteGroupOutput{};
      });
}

Task<Result<m::AddUserToGroupOutput>> add_user_to_group(api::Call& call, m::AddUserToGroupInput input) {
  co_return co_await call.db().write(
      [account = call.account(), input](store::Txn& txn) -> Result<m::AddUserToGroupOutput> {
        TRY(identity::add_to_group(txn, account, input.group_name, input.user_name));
        return m::AddUserToGroupOutput{};
      });
}

Task<Result<m::RemoveUserFromGroupOutput>> remove_user_from_group(api::Call& call, m::RemoveUserFromGroupInput input) {
  co_return co_await call.db().write(
      [account = call.account(), input](store::Txn& txn) -> Result<m::RemoveUserFromGroupOutput> {
        TRY(identity::remove_from_group(txn, account, input.group_name, input.user_name));
        return m::RemoveUserFromGroupOutput{};
      });
}

}  // namespace

void bind_groups(api::Registry& registry) {
  registry.bind(m::ops::kCreateGroup, create_group);
  registry.bind(m::ops::kGetGroup, get_group);
  registry.bind(m::ops::kListGroups, list_groups);
  registry.bind(m::ops::kListGroupsForUser, list_groups_for_user);
  registry.bind(m::ops::kUpdateGroup, update_group);
  registry.bind(m::ops::kDeleteGroup, delete_group);
  registry.bind(m::ops::kAddUserToGroup, add_user_to_group);
  registry.bind(m::ops::kRemoveUserFromGroup, remove_user_from_group);
}

}  // namespace warifu::services::iam
