#include "identity/organization_delegates.h"

#include <algorithm>

#include "identity/organization_rows.h"

namespace warifu::identity {

Result<> enable_service(store::Txn& txn, const Organization& organization, const TrustedService& service) {
  const std::string key = key_of(kTrustedServices, service.service);
  if (TRY(txn.get(home_of(organization), key))) return {};
  return put_row(txn, home_of(organization), key, service);
}

Result<> disable_service(store::Txn& txn, const Organization& organization, std::string_view service) {
  for (const Delegate& delegate : TRY(list_delegates(txn, organization))) {
    if (delegate.service != service) continue;
    TRY(txn.erase(home_of(organization), edge_key(kDelegates, delegate.account, service)));
  }
  return txn.erase(home_of(organization), key_of(kTrustedServices, service));
}

Result<std::vector<TrustedService>> enabled_services(store::Reader& reader, const Organization& organization) {
  return all_rows<TrustedService>(reader, home_of(organization), kTrustedServices);
}

Result<> register_delegate(store::Txn& txn, const Organization& organization, const Delegate& delegate) {
  TRY(require_member(txn, organization, delegate.account));
  if (delegate.account == organization.management) {
    return fail(constraint_violation("CANNOT_REGISTER_MASTER_AS_DELEGATED_ADMINISTRATOR",
                                     "You cannot register master account/yourself as delegated administrator for your "
                                     "organization."));
  }
  const std::string key = edge_key(kDelegates, delegate.account, delegate.service);
  if (TRY(txn.get(home_of(organization), key))) {
    return fail(organization_error("AccountAlreadyRegisteredException",
                                   "The provided account is already a delegated administrator for your organization."));
  }
  return put_row(txn, home_of(organization), key, delegate);
}

Result<> deregister_delegate(store::Txn& txn, const Organization& organization, std::string_view account,
                             std::string_view service) {
  TRY(require_member(txn, organization, account));
  const std::string key = edge_key(kDelegates, account, service);
  if (!TRY(txn.get(home_of(organization), key))) {
    return fail(organization_error("AccountNotRegisteredException",
                                   "The provided account is not a registered delegated administrator for your "
                                   "organization."));
  }
  return txn.erase(home_of(organization), key);
}

Result<std::vector<Delegate>> list_delegates(store::Reader& reader, const Organization& organization) {
  return all_rows<Delegate>(reader, home_of(organization), kDelegates);
}

Result<> close_member(store::Txn& txn, const Organization& organization, std::string_view account) {
  OrganizationMember member = TRY(require_member(txn, organization, account));
  if (account == organization.management) {
    return fail(constraint_violation("CANNOT_CLOSE_MANAGEMENT_ACCOUNT",
                                     "You cannot close the management account of an organization."));
  }
  if (member.closed) {
    return fail(organization_error("AccountAlreadyClosedException", "The account is already closed."));
  }
  member.closed = true;
  TRY(put_row(txn, home_of(organization), key_of(kMembers, account), member));
  return touch_organizations(txn);
}

}  // namespace warifu::identity
