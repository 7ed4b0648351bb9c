#include "services/organizations/new_accounts.h"

#include <fmt/format.h>

#include "base/encoding.h"
#include "identity/accounts.h"
#include "identity/policies.h"
#include "identity/roles.h"
#include "identity/tags.h"

namespace warifu::services::organizations {
namespace {

constexpr std::size_t kNumbersTried = 8;
constexpr std::string_view kRoleName = "OrganizationAccountAccessRole";
constexpr std::string_view kAdministrator = "arn:aws:iam::aws:policy/AdministratorAccess";

Result<bool> email_taken(store::Reader& reader, std::string_view email) {
  const auto accounts = TRY(identity::list_accounts(reader));
  return std::ranges::any_of(accounts, [&](const identity::Account& account) { return iequals(account.email, email); });
}

Result<std::optional<AccountId>> free_number(store::Reader& reader, const std::vector<AccountId>& numbers) {
  for (const AccountId& number : numbers) {
    const bool known = TRY(identity::find_account(reader, number)).has_value();
    if (!known && TRY(identity::identity_version(reader, number)) == 0) return number;
  }
  return std::nullopt;
}

Result<> make_role(store::Txn& txn, const identity::Organization& organization, const AccountId& account,
                   const identity::Role& role) {
  const std::string trust = fmt::format(
      R"({{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"AWS":"arn:aws:iam::{}:root"}},)"
      R"("Action":"sts:AssumeRole"}}]}})",
      organization.management);
  TRY(identity::create_role(txn, account, role, trust, {}));
  return identity::attach_policy(txn, account, {.kind = identity::EntityKind::kRole, .id = role.id, .name = role.name},
                                 kAdministrator);
}

}  // namespace

NewAccount draw_account(Random& random) {
  NewAccount drawn{.request_id = identity::new_create_account_id(random),
                   .numbers = {},
                   .role_id = identity::new_unique_id(identity::EntityKind::kRole, random)};
  while (drawn.numbers.size() < kNumbersTried) {
    if (auto number = AccountId::parse(random.text(12, "0123456789"))) drawn.numbers.push_back(std::move(*number));
  }
  return drawn;
}

Result<identity::CreatedAccount> make_account(store::Txn& txn, const identity::Organization& organization,
                                              const m::CreateAccountInput& input, const NewAccount& drawn,
                                              Timestamp now) {
  identity::CreatedAccount made{.id = drawn.request_id, .account_name = input.account_name, .requested = now};
  if (TRY(email_taken(txn, input.email))) {
    made.failure = "EMAIL_ALREADY_EXISTS";
    TRY(identity::put_created_account(txn, organization, made));
    return made;
  }
  const std::optional<AccountId> number = TRY(free_number(txn, drawn.numbers));
  if (!number) return fail(unavailable("no free account number was drawn; try again"));
  made.account = number->str();
  TRY(identity::create_account(
      txn, {.id = made.account, .name = input.account_name, .email = input.email, .alias = {}, .created = now}));
  TRY(make_role(txn, organization, *number,
                {.name = input.role_name.value_or(std::string(kRoleName)),
                 .path = "/",
                 .id = drawn.role_id,
                 .arn = {},
                 .description = {},
                 .created = now,
                 .boundary_arn = {},
                 .linked_service = {}}));
  TRY(identity::add_member(txn, organization,
                           {.account = made.account, .parent = organization.root, .invited = false, .joined = now}));
  if (const auto management = AccountId::parse(organization.management); management && input.tags) {
    TRY(identity::put_tags(txn, *management, identity::organization_entity_arn(organization, made.account),
                           tags_from(input.tags)));
  }
  TRY(identity::put_created_account(txn, organization, made));
  return made;
}

}  // namespace warifu::services::organizations
