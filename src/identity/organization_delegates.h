#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "identity/organizations.h"

/// Which of AWS's services work with an organization, which members administer it for them, and which members are
/// closed. Errors are AWS's, with AWS's texts.
namespace warifu::identity {

struct TrustedService {
  std::string service;  // `config.amazonaws.com`
  Timestamp since;
};
struct Delegate {
  std::string account, service;
  Timestamp since;
};

/// Doing it again changes nothing.
[[nodiscard]] Result<> enable_service(store::Txn& txn, const Organization& organization, const TrustedService& service);
/// Its delegated administrators go too. One that is not enabled is no error.
[[nodiscard]] Result<> disable_service(store::Txn& txn, const Organization& organization, std::string_view service);
[[nodiscard]] Result<std::vector<TrustedService>> enabled_services(store::Reader& reader,
                                                                   const Organization& organization);

/// AccountNotFoundException; AccountAlreadyRegisteredException; ConstraintViolationException for the management
/// account.
[[nodiscard]] Result<> register_delegate(store::Txn& txn, const Organization& organization, const Delegate& delegate);
/// AccountNotFoundException; AccountNotRegisteredException.
[[nodiscard]] Result<> deregister_delegate(store::Txn& txn, const Organization& organization, std::string_view account,
                                           std::string_view service);
/// In order of accounts, then of services.
[[nodiscard]] Result<std::vector<Delegate>> list_delegates(store::Reader& reader, const Organization& organization);

/// A closed account stays a member, suspended: none of its principals can call, and nobody can use what it owns.
/// AccountNotFoundException; AccountAlreadyClosedException; ConstraintViolationException for the management account.
[[nodiscard]] Result<> close_member(store::Txn& txn, const Organization& organization, std::string_view account);

}  // namespace warifu::identity
