#include "gen/organizations/accounts.h"

#include "identity/accounts.h"
#include "identity/organization_delegates.h"
#include "services/organizations/new_accounts.h"
#include "services/organizations/nouns.h"
#include "services/organizations/shared.h"

namespace warifu::services::organizations {
namespace {

using identity::Organization;

Result<m::Account> shape_of(store::Reader& reader, const Organization& organization,
                            const identity::OrganizationMember& member) {
  m::Account shape{.id = member.account,
                   .arn = identity::organization_entity_arn(organization, member.account),
                   .status = member.closed ? "SUSPENDED" : "ACTIVE",
                   .state = member.closed ? "SUSPENDED" : "ACTIVE",
                   .joined_method = member.invited ? "INVITED" : "CREATED",
                   .joined_timestamp = member.joined};
  const auto id = AccountId::parse(member.account);
  const auto account = id ? TRY(identity::find_account(reader, *id)) : std::nullopt;
  if (!account) return shape;
  shape.name = account->name;
  if (!account->email.empty()) shape.email = account->email;
  return shape;
}

m::CreateAccountStatus shape_of(const identity::CreatedAccount& made) {
  m::CreateAccountStatus shape{.id = made.id,
                               .account_name = made.account_name,
                               .state = made.failure.empty() ? "SUCCEEDED" : "FAILED",
                               .requested_timestamp = made.requested,
                               .completed_timestamp = made.requested};
  if (made.failure.empty()) shape.account_id = made.account;
  if (!made.failure.empty()) shape.failure_reason = made.failure;
  return shape;
}

template <class Output, class Input>
Result<Output> account_page(const api::Call& call, store::Reader& reader, const Organization& organization,
                            std::vector<identity::OrganizationMember> members, const Input& input) {
  const auto page = TRY(page_of(call, std::move(members), input.next_token, input.max_results,
                                [](const identity::OrganizationMember& member) { return member.account; }));
  Output output{.accounts = std::vector<m::Account>{}, .next_token = page.next};
  for (const auto& member : page.items) output.accounts->push_back(TRY(shape_of(reader, organization, member)));
  return output;
}

Task<Result<m::CreateAccountOutput>> create_account(api::Call& call, m::CreateAccountInput input) {
  return manage<m::CreateAccountOutput>(
      call,
      [input = std::move(input), drawn = draw_account(call.random()), now = call.now()](
          store::Txn& txn, const Organization& organization) -> Result<m::CreateAccountOutput> {
        const auto made = TRY(make_account(txn, organization, input, drawn, now));
        return m::CreateAccountOutput{.create_account_status = shape_of(made)};
      });
}

Task<Result<m::DescribeCreateAccountStatusOutput>> describe_create_account_status(
    api::Call& call, m::DescribeCreateAccountStatusInput input) {
  return inspect<m::DescribeCreateAccountStatusOutput>(
      call,
      [input = std::move(input)](store::Reader& reader,
                                 const Organization& organization) -> Result<m::DescribeCreateAccountStatusOutput> {
        const auto made = TRY(identity::find_created_account(reader, organization, input.create_account_request_id));
        if (!made) {
          return fail({.code = ErrorCode::kNotFound,
                       .message = "You specified a create account request that doesn't exist.",
                       .aws_name = "CreateAccountStatusNotFoundException"});
        }
        return m::DescribeCreateAccountStatusOutput{.create_account_status = shape_of(*made)};
      });
}

Task<Result<m::ListCreateAccountStatusOutput>> list_create_account_status(api::Call& call,
                                                                          m::ListCreateAccountStatusInput input) {
  return inspect<m::ListCreateAccountStatusOutput>(
      call,
      [&call, input = std::move(input)](store::Reader& reader,
                                        const Organization& organization) -> Result<m::ListCreateAccountStatusOutput> {
        auto made = TRY(identity::list_created_accounts(reader, organization));
        std::erase_if(made, [&](const identity::CreatedAccount& one) {
          return input.states && std::ranges::find(*input.states, *shape_of(one).state) == input.states->end();
        });
        const auto page = TRY(page_of(call, std::move(made), input.next_token, input.max_results,
                                      [](const identity::CreatedAccount& one) { return one.id; }));
        m::ListCreateAccountStatusOutput output{.create_account_statuses = std::vector<m::CreateAccountStatus>{},
                                                .next_token = page.next};
        for (const auto& one : page.items) output.create_account_statuses->push_back(shape_of(one));
        return output;
      });
}

Task<Result<m::DescribeAccountOutput>> describe_account(api::Call& call, m::DescribeAccountInput input) {
  return inspect<m::DescribeAccountOutput>(
      call,
      [input = std::move(input)](store::Reader& reader,
                                 const Organization& organization) -> Result<m::DescribeAccountOutput> {
        const auto member = TRY(identity::require_member(reader, organization, input.account_id));
        return m::DescribeAccountOutput{.account = TRY(shape_of(reader, organization, member))};
      });
}

Task<Result<m::ListAccountsOutput>> list_accounts(api::Call& call, m::ListAccountsInput input) {
  return inspect<m::ListAccountsOutput>(
      call,
      [&call, input = std::move(input)](store::Reader& reader,
                                        const Organization& organization) -> Result<m::ListAccountsOutput> {
        auto members = TRY(identity::list_members(reader, organization));
        return account_page<m::ListAccountsOutput>(call, reader, organization, std::move(members), input);
      });
}

Task<Result<m::ListAccountsForParentOutput>> list_accounts_for_parent(api::Call& call,
                                                                      m::ListAccountsForParentInput input) {
  return inspect<m::ListAccountsForParentOutput>(
      call,
      [&call, input = std::move(input)](store::Reader& reader,
                                        const Organization& organization) -> Result<m::ListAccountsForParentOutput> {
        TRY(require_parent(reader, organization, input.parent_id));
        auto members = TRY(identity::list_members(reader, organization));
        std::erase_if(members,
                      [&](const identity::OrganizationMember& member) { return member.parent != input.parent_id; });
        return account_page<m::ListAccountsForParentOutput>(call, reader, organization, std::move(members), input);
      });
}

Task<Result<m::MoveAccountOutput>> move_account(api::Call& call, m::MoveAccountInput input) {
  return manage<m::MoveAccountOutput>(
      call,
      [input = std::move(input)](store::Txn& txn, const Organization& organization) -> Result<m::MoveAccountOutput> {
        TRY(identity::move_member(txn, organization, input.account_id, input.source_parent_id,
                                  input.destination_parent_id));
        return m::MoveAccountOutput{};
      });
}

Task<Result<m::CloseAccountOutput>> close_account(api::Call& call, m::CloseAccountInput input) {
  return manage<m::CloseAccountOutput>(
      call,
      [input = std::move(input)](store::Txn& txn, const Organization& organization) -> Result<m::CloseAccountOutput> {
        TRY(identity::close_member(txn, organization, input.account_id));
        return m::CloseAccountOutput{};
      });
}

Task<Result<m::RemoveAccountFromOrganizationOutput>> remove_account(api::Call& call,
                                                                    m::RemoveAccountFromOrganizationInput input) {
  return manage<m::RemoveAccountFromOrganizationOutput>(
      call,
      [input = std::move(input)](store::Txn& txn,
                                 const Organization& organization) -> Result<m::RemoveAccountFromOrganizationOutput> {
        TRY(identity::require_member(txn, organization, input.account_id));
        if (input.account_id == organization.management) {
          return fail({.code = ErrorCode::kConflict,
                       .message = "You can't remove a management account from an organization.",
                       .aws_name = "MasterCannotLeaveOrganizationException"});
        }
        TRY(identity::remove_member(txn, organization, input.account_id));
        return m::RemoveAccountFromOrganizationOutput{};
      });
}

}  // namespace

void bind_accounts(api::Registry& registry) {
  registry.bind(m::ops::kCreateAccount, create_account);
  registry.bind(m::ops::kDescribeCreateAccountStatus, describe_create_account_status);
  registry.bind(m::ops::kListCreateAccountStatus, list_create_account_status);
  registry.bind(m::ops::kDescribeAccount, describe_account);
  registry.bind(m::ops::kListAccounts, list_accounts);
  registry.bind(m::ops::kListAccountsForParent, list_accounts_for_parent);
  registry.bind(m::ops::kMoveAccount, move_account);
  registry.bind(m::ops::kCloseAccount, close_account);
  registry.bind(m::ops::kRemoveAccountFromOrganization, remove_account);
}

}  // namespace warifu::services::organizations
