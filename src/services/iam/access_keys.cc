#include "identity/access_keys.h"

#include <fmt/format.h>

#include "gen/iam/access_keys.h"
#include "identity/users.h"
#include "services/iam/nouns.h"
#include "services/iam/shared.h"

namespace warifu::services::iam {
namespace {

/// Whose keys a call is about. The account's root user has the account's number as id, and no name.
struct KeyHolder {
  std::string id, name;
};

/// The named user, or the calling one where no name is given.
Result<KeyHolder> key_holder(store::Reader& reader, const access::Principal& caller,
                             const std::optional<std::string>& name) {
  if (name) {
    const identity::User user = TRY(identity::require_user(reader, caller.account, *name));
    return KeyHolder{user.id, user.name};
  }
  if (caller.kind == access::PrincipalKind::kRoot) return KeyHolder{caller.account.str(), ""};
  const std::optional<identity::User> user = TRY(identity::user_by_id(reader, caller.account, caller.unique_id));
  if (!user) return fail(validation_error("Must specify userName when calling with non-User credentials"));
  return KeyHolder{user->id, user->name};
}

std::string_view status_word(bool active) { return active ? "Active" : "Inactive"; }

Task<Result<m::CreateAccessKeyOutput>> create_access_key(api::Call& call, m::CreateAccessKeyInput input) {
  identity::AccessKey drawn{.id = identity::new_access_key_id(call.random()),
                            .secret = identity::new_secret_key(call.random()),
                            .created = call.now()};
  co_return co_await call.db().write(
      [caller = call.principal(), input, drawn](store::Txn& txn) -> Result<m::CreateAccessKeyOutput> {
        const KeyHolder holder = TRY(key_holder(txn, caller, input.user_name));
        identity::AccessKey key = drawn;
        key.user_id = holder.id;
        TRY(identity::create_access_key(txn, caller.account, key));
        return m::CreateAccessKeyOutput{{.user_name = holder.name,
                                         .access_key_id = key.id,
                                         .status = std::string(status_word(true)),
                                         .secret_access_key = key.secret,
                                         .create_date = key.created}};
      });
}

Task<Result<m::ListAccessKeysOutput>> list_access_keys(api::Call& call, m::ListAccessKeysInput input) {
  const identity::SliceQuery query = CO_TRY(slice_query(call, input));
  co_return call.db().read([&](store::Reader& reader) -> Result<m::ListAccessKeysOutput> {
    const KeyHolder holder = TRY(key_holder(reader, call.principal(), input.user_name));
    std::vector<identity::AccessKey> keys = TRY(identity::list_access_keys(reader, call.account(), holder.id));
    const identity::Slice<identity::AccessKey> slice = slice_of(std::move(keys), query);
    m::ListAccessKeysOutput output;
    for (const identity::AccessKey& key : slice.items) {
      output.access_key_metadata.push_back({holder.name, key.id, std::string(status_word(key.active)), key.created});
    }
    set_page(call, slice.next, output);
    return output;
  });
}

Task<Result<m::UpdateAccessKeyOutput>> update_access_key(api::Call& call, m::UpdateAccessKeyInput input) {
  if (input.status != status_word(true) && input.status != status_word(false)) {
    co_return fail(validation_error(fmt::format("Invalid status: {}", input.status)));
  }
  co_return co_await call.db().write(
      [caller = call.principal(), input](store::Txn& txn) -> Result<m::UpdateAccessKeyOutput> {
        const KeyHolder holder = TRY(key_holder(txn, caller, input.user_name));
        TRY(identity::set_access_key_active(txn, caller.account, holder.id, input.access_key_id,
                                            input.status == status_word(true)));
        return m::UpdateAccessKeyOutput{};
      });
}

Task<Result<m::DeleteAccessKeyOutput>> delete_access_key(api::Call& call, m::DeleteAccessKeyInput input) {
  co_return co_await call.db().write(
      [caller = call.principal(), input](store::Txn& txn) -> Result<m::DeleteAccessKeyOutput> {
        const KeyHolder holder = TRY(key_holder(txn, caller, input.user_name));
        TRY(identity::delete_access_key(txn, caller.account, holder.id, input.access_key_id));
        return m::DeleteAccessKeyOutput{};
      });
}

Task<Result<m::GetAccessKeyLastUsedOutput>> get_access_key_last_used(api::Call& call,
                                                                     m::GetAccessKeyLastUsedInput input) {
  co_return call.db().read([&](store::Reader& reader) -> Result<m::GetAccessKeyLastUsedOutput> {
    const std::optional<AccessKeyId> id = AccessKeyId::parse(input.access_key_id);
    std::optional<identity::FoundKey> found;
    if (id) found = TRY(identity::find_access_key(reader, *id));
    // A key of another account does not exist for this caller.
    if (!found || found->account != call.account()) {
      return fail(
          identity::no_such_entity(fmt::format("The Access Key with id {} cannot be found", input.access_key_id)));
    }
    const identity::LastUsed use = TRY(identity::last_used(reader, call.account(), input.access_key_id));
    m::GetAccessKeyLastUsedOutput output;
    const std::optional<identity::User> user = TRY(identity::user_by_id(reader, call.account(), found->key.user_id));
    if (user) output.user_name = user->name;
    output.access_key_last_used = m::AccessKeyLastUsed{.service_name = "N/A", .region = "N/A"};
    if (use.when.ms != 0) output.access_key_last_used = m::AccessKeyLastUsed{use.when, use.service, use.region};
    return output;
  });
}

}  // namespace

void bind_access_keys(api::Registry& registry) {
  registry.bind(m::ops::kCreateAccessKey, create_access_key);
  registry.bind(m::ops::kListAccessKeys, list_access_keys);
  registry.bind(m::ops::kUpdateAccessKey, update_access_key);
  registry.bind(m::ops::kDeleteAccessKey, delete_access_key);
  registry.bind(m::ops::kGetAccessKeyLastUsed, get_access_key_last_used);
}

}  // namespace warifu::services::iam
