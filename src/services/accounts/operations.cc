#include "services/accounts/operations.h"

#include <fmt/format.h>

#include "access/authenticate.h"
#include "gen/accounts/accounts.h"
#include "identity/access_keys.h"
#include "identity/accounts.h"
#include "identity/users.h"

namespace warifu::services::accounts {
namespace {

namespace shapes = model::accounts;

constexpr std::string_view kAdministrator = "admin";

/// Everything random about a new key, drawn before the transaction.
struct NewKey {
  std::string user_id, key_id, secret;
};

NewKey draw(Random& random) {
  return {.user_id = identity::new_unique_id(identity::EntityKind::kUser, random),
          .key_id = identity::new_access_key_id(random),
          .secret = identity::new_secret_key(random)};
}

identity::AccessKey access_key(const NewKey& key, std::string_view user_id, Timestamp now) {
  return {.id = key.key_id, .user_id = std::string(user_id), .secret = key.secret, .active = true, .created = now};
}

AccountId parsed(std::string_view text) {
  const auto id = AccountId::parse(text);
  CHECK(id.has_value(), "the model lets only twelve digits through");
  return *id;
}

Error no_such_account(std::string_view id) { return not_found(fmt::format("account {} does not exist", id)); }

Task<Result<shapes::CreateAccountOutput>> create_account(api::Call& call, shapes::CreateAccountInput input) {
  const AccountId id = parsed(input.account_id);
  const std::string name = input.name.value_or("account-" + id.str());
  const NewKey key = draw(call.random());
  const Timestamp now = call.now();
  co_return co_await call.db().write([=](store::Txn& txn) -> Result<shapes::CreateAccountOutput> {
    if (TRY(identity::find_account(txn, id))) return fail(conflict(fmt::format("account {} exists already", id.str())));
    TRY(identity::create_account(txn, {.id = id.str(), .name = name, .email = {}, .alias = {}, .created = now}));
    TRY(access::create_administrator(txn, id, kAdministrator, key.user_id, now));
    TRY(identity::create_access_key(txn, id, access_key(key, key.user_id, now)));
    return shapes::CreateAccountOutput{
        .account_id = id.str(),
        .name = name,
        .user_arn = identity::entity_arn(identity::EntityKind::kUser, id, "/", kAdministrator),
        .access_key_id = key.key_id,
        .secret_access_key = key.secret};
  });
}

/// The administrator may have been deleted by its own account: another key brings it back.
Task<Result<shapes::CreateAccountKeyOutput>> create_account_key(api::Call& call, shapes::CreateAccountKeyInput input) {
  const AccountId id = parsed(input.account_id);
  const NewKey key = draw(call.random());
  const Timestamp now = call.now();
  co_return co_await call.db().write([=](store::Txn& txn) -> Result<shapes::CreateAccountKeyOutput> {
    if (!TRY(identity::find_account(txn, id))) return fail(no_such_account(id.str()));
    const auto user = TRY(identity::find_user(txn, id, kAdministrator));
    if (!user) TRY(access::create_administrator(txn, id, kAdministrator, key.user_id, now));
    const std::string user_id = user ? user->id : key.user_id;
    TRY(identity::create_access_key(txn, id, access_key(key, user_id, now)));
    return shapes::CreateAccountKeyOutput{
        .account_id = id.str(),
        .user_arn = identity::entity_arn(identity::EntityKind::kUser, id, "/", kAdministrator),
        .access_key_id = key.key_id,
        .secret_access_key = key.secret};
  });
}

Task<Result<shapes::ListAccountsOutput>> list_accounts(api::Call& call, shapes::ListAccountsInput) {
  co_return call.db().read([](store::Reader& reader) -> Result<shapes::ListAccountsOutput> {
    shapes::ListAccountsOutput output;
    for (const identity::Account& account : TRY(identity::list_accounts(reader))) {
      output.accounts.push_back({.account_id = account.id, .name = account.name, .created_at = account.created});
    }
    return output;
  });
}

Task<Result<shapes::DeleteAccountOutput>> delete_account(api::Call& call, shapes::DeleteAccountInput input) {
  const AccountId id = parsed(input.account_id);
  if (id == call.account()) co_return fail(validation_error("the management account cannot be deleted"));
  co_return co_await call.db().write([=](store::Txn& txn) -> Result<shapes::DeleteAccountOutput> {
    if (!TRY(identity::find_account(txn, id))) return fail(no_such_account(id.str()));
    TRY(identity::delete_account(txn, id));
    return shapes::DeleteAccountOutput{};
  });
}

}  // namespace

void bind(api::Registry& registry) {
  registry.bind(shapes::ops::kCreateAccount, create_account);
  registry.bind(shapes::ops::kCreateAccountKey, create_account_key);
  registry.bind(shapes::ops::kListAccounts, list_accounts);
  registry.bind(shapes::ops::kDeleteAccount, delete_account);
  bind_import(registry);
}

}  // namespace warifu::services::accounts
