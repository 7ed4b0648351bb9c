#include "gen/organizations/accounts.h"
#include "gen/organizations/organization.h"
#include "identity/organization_delegates.h"
#include "services/organizations/nouns.h"
#include "services/organizations/shared.h"

namespace warifu::services::organizations {
namespace {

using identity::Delegate;
using identity::Organization;
using identity::TrustedService;

Task<Result<m::EnableAWSServiceAccessOutput>> enable_service(api::Call& call, m::EnableAWSServiceAccessInput input) {
  return manage<m::EnableAWSServiceAccessOutput>(
      call,
      [service = std::move(input.service_principal), now = call.now()](
          store::Txn& txn, const Organization& organization) -> Result<m::EnableAWSServiceAccessOutput> {
        TRY(identity::enable_service(txn, organization, {.service = service, .since = now}));
        return m::EnableAWSServiceAccessOutput{};
      });
}

Task<Result<m::DisableAWSServiceAccessOutput>> disable_service(api::Call& call, m::DisableAWSServiceAccessInput input) {
  return manage<m::DisableAWSServiceAccessOutput>(
      call,
      [service = std::move(input.service_principal)](
          store::Txn& txn, const Organization& organization) -> Result<m::DisableAWSServiceAccessOutput> {
        TRY(identity::disable_service(txn, organization, service));
        return m::DisableAWSServiceAccessOutput{};
      });
}

using Services = m::ListAWSServiceAccessForOrganizationOutput;

Task<Result<Services>> list_services(api::Call& call, m::ListAWSServiceAccessForOrganizationInput input) {
  return inspect<Services>(
      call,
      [&call, input = std::move(input)](store::Reader& reader, const Organization& organization) -> Result<Services> {
        auto enabled = TRY(identity::enabled_services(reader, organization));
        const auto page = TRY(page_of(call, std::move(enabled), input.next_token, input.max_results,
                                      [](const TrustedService& one) { return one.service; }));
        Services output{.enabled_service_principals = std::vector<m::EnabledServicePrincipal>{},
                        .next_token = page.next};
        for (const TrustedService& one : page.items) {
          output.enabled_service_principals->push_back({.service_principal = one.service, .date_enabled = one.since});
        }
        return output;
      });
}

Task<Result<m::RegisterDelegatedAdministratorOutput>> register_delegate(api::Call& call,
                                                                        m::RegisterDelegatedAdministratorInput input) {
  return manage<m::RegisterDelegatedAdministratorOutput>(
      call,
      [input = std::move(input), now = call.now()](
          store::Txn& txn, const Organization& organization) -> Result<m::RegisterDelegatedAdministratorOutput> {
        TRY(identity::register_delegate(
            txn, organization, {.account = input.account_id, .service = input.service_principal, .since = now}));
        return m::RegisterDelegatedAdministratorOutput{};
      });
}

Task<Result<m::DeregisterDelegatedAdministratorOutput>> deregister_delegate(
    api::Call& call, m::DeregisterDelegatedAdministratorInput input) {
  return manage<m::DeregisterDelegatedAdministratorOutput>(
      call,
      [input = std::move(input)](
          store::Txn& txn, const Organization& organization) -> Result<m::DeregisterDelegatedAdministratorOutput> {
        TRY(identity::deregister_delegate(txn, organization, input.account_id, input.service_principal));
        return m::DeregisterDelegatedAdministratorOutput{};
      });
}

Result<m::DelegatedAdministrator> shape_of(store::Reader& reader, const Organization& organization,
                                           const Delegate& delegate) {
  const auto member = TRY(identity::require_member(reader, organization, delegate.account));
  return m::DelegatedAdministrator{.id = delegate.account,
                                   .arn = identity::organization_entity_arn(organization, delegate.account),
                                   .name = TRY(account_name(reader, delegate.account)),
                                   .status = member.closed ? "SUSPENDED" : "ACTIVE",
                                   .state = member.closed ? "SUSPENDED" : "ACTIVE",
                                   .joined_method = member.invited ? "INVITED" : "CREATED",
                                   .joined_timestamp = member.joined,
                                   .delegation_enabled_date = delegate.since};
}

using Administrators = m::ListDelegatedAdministratorsOutput;

Task<Result<Administrators>> list_administrators(api::Call& call, m::ListDelegatedAdministratorsInput input) {
  return inspect<Administrators>(
      call,
      [&call, input = std::move(input)](store::Reader& reader,
                                        const Organization& organization) -> Result<Administrators> {
        auto delegates = TRY(identity::list_delegates(reader, organization));
        std::erase_if(delegates, [&](const Delegate& one) {
          return input.service_principal && one.service != *input.service_principal;
        });
        // One entry an account, however many services; they stand in order.
        const auto again = std::ranges::unique(delegates, {}, &Delegate::account);
        delegates.erase(again.begin(), again.end());
        const auto page = TRY(page_of(call, std::move(delegates), input.next_token, input.max_results,
                                      [](const Delegate& one) { return one.account; }));
        Administrators output{.delegated_administrators = std::vector<m::DelegatedAdministrator>{},
                              .next_token = page.next};
        for (const Delegate& one : page.items) {
          output.delegated_administrators->push_back(TRY(shape_of(reader, organization, one)));
        }
        return output;
      });
}

using DelegatedServices = m::ListDelegatedServicesForAccountOutput;

Task<Result<DelegatedServices>> list_delegated_services(api::Call& call,
                                                        m::ListDelegatedServicesForAccountInput input) {
  return inspect<DelegatedServices>(
      call,
      [&call, input = std::move(input)](store::Reader& reader,
                                        const Organization& organization) -> Result<DelegatedServices> {
        TRY(identity::require_member(reader, organization, input.account_id));
        auto delegates = TRY(identity::list_delegates(reader, organization));
        std::erase_if(delegates, [&](const Delegate& one) { return one.account != input.account_id; });
        if (delegates.empty()) {
          return fail({.code = ErrorCode::kConflict,
                       .message = "The provided account is not a registered delegated administrator for your "
                                  "organization.",
                       .aws_name = "AccountNotRegisteredException"});
        }
        const auto page = TRY(page_of(call, std::move(delegates), input.next_token, input.max_results,
                                      [](const Delegate& one) { return one.service; }));
        DelegatedServices output{.delegated_services = std::vector<m::DelegatedService>{}, .next_token = page.next};
        for (const Delegate& one : page.items) {
          output.delegated_services->push_back(
              {.service_principal = one.service, .delegation_enabled_date = one.since});
        }
        return output;
      });
}

}  // namespace

void bind_delegates(api::Registry& registry) {
  registry.bind(m::ops::kEnableAWSServiceAccess, enable_service);
  registry.bind(m::ops::kDisableAWSServiceAccess, disable_service);
  registry.bind(m::ops::kListAWSServiceAccessForOrganization, list_services);
  registry.bind(m::ops::kRegisterDelegatedAdministrator, register_delegate);
  registry.bind(m::ops::kDeregisterDelegatedAdministrator, deregister_delegate);
  registry.bind(m::ops::kListDelegatedAdministrators, list_administrators);
  registry.bind(m::ops::kListDelegatedServicesForAccount, list_delegated_services);
}

}  // namespace warifu::services::organizations
