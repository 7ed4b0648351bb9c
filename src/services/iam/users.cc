#include "identity/users.h"

#include "gen/iam/users.h"
#include "services/iam/nouns.h"
#include "services/iam/shared.h"

namespace warifu::services::iam {
namespace {

Task<Result<m::CreateUserOutput>> create_user(api::Call& call, m::CreateUserInput input) {
  identity::Tags tags = CO_TRY(tags_from(input.tags));
  identity::User user{.name = input.user_name,
                      .path = input.path.value_or("/"),
                      .id = identity::new_unique_id(identity::EntityKind::kUser, call.random()),
                      .created = call.now(),
                      .boundary_arn = input.permissions_boundary.value_or("")};
  co_return co_await call.db().write(
      [account = call.account(), user, tags](store::Txn& txn) -> Result<m::CreateUserOutput> {
        TRY(identity::create_user(txn, account, user, tags));
        const identity::User made = TRY(identity::require_user(txn, account, user.name));
        return m::CreateUserOutput{TRY(whole_user(txn, account, made))};
      });
}

/// The account's root user has no name, only its ARN and the account's number.
m::User root_user(const AccountId& account) {
  return {.path = "/", .user_id = account.str(), .arn = identity::root_arn(account)};
}

Task<Result<m::GetUserOutput>> get_user(api::Call& call, m::GetUserInput input) {
  const access::Principal& caller = call.principal();
  co_return call.db().read([&](store::Reader& reader) -> Result<m::GetUserOutput> {
    if (input.user_name) {
      const identity::User user = TRY(identity::require_user(reader, call.account(), *input.user_name));
      return m::GetUserOutput{TRY(whole_user(reader, call.account(), user))};
    }
    if (caller.kind == access::PrincipalKind::kRoot) return m::GetUserOutput{root_user(call.account())};
    const std::optional<identity::User> user = TRY(identity::user_by_id(reader, call.account(), caller.unique_id));
    if (!user) return fail(validation_error("Must specify userName when calling with non-User credentials"));
    return m::GetUserOutput{TRY(whole_user(reader, call.account(), *user))};
  });
}

Task<Result<m::ListUsersOutput>> list_users(api::Call& call, m::ListUsersInput input) {
  const identity::SliceQuery query = CO_TRY(slice_query(call, input));
  co_return call.db().read([&](store::Reader& reader) -> Result<m::ListUsersOutput> {
    const identity::Slice<identity::User> slice = TRY(identity::list_users(reader, call.account(), query));
    m::ListUsersOutput output;
    for (const identity::User& user : slice.items) output.users.push_back(shown_user(user));
    set_page(call, slice.next, output);
    return output;
  });
}

Task<Result<m::UpdateUserOutput>> update_user(api::Call& call, m::UpdateUserInput input) {
  co_return co_await call.db().write([account = call.account(), input](store::Txn& txn) -> Result<m::UpdateUserOutput> {
    TRY(identity::rename_user(txn, account, input.user_name, input.new_user_name.value_or(""),
                              input.new_path.value_or("")));
    return m::UpdateUserOutput{};
  });
}

Task<Result<m::DeleteUserOutput>> delete_user(api::Call& call, m::DeleteUserInput input) {
  co_return co_await call.db().write([account = call.account(), input](store::Txn& txn) -> Result<m::DeleteUserOutput> {
    TRY(identity::delete_user(txn, account, input.user_name));
    return m::DeleteUserOutput{};
  });
}

}  // namespace

void bind_users(api::Registry& registry) {
  registry.bind(m::ops::kCreateUser, create_user);
  registry.bind(m::ops::kGetUser, get_user);
  registry.bind(m::ops::kListUsers, list_users);
  registry.bind(m::ops::kUpdateUser, update_user);
  registry.bind(m::ops::kDeleteUser, delete_user);
}

}  // namespace warifu::services::iam
