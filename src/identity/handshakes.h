#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "identity/organizations.h"

/// Invitations of existing accounts into an organization, and requests for new ones. They are seen by both sides, so
/// they lie in the system partition, with an index in each side's own.
namespace warifu::identity {

enum class HandshakeState : std::uint8_t { kOpen, kCanceled, kAccepted, kDeclined, kExpired };

struct Handshake {
  std::string id;  // h-…
  std::string organization, management;
  std::string account;  // whom it invites
  std::string target;   // as it was named: the number, or an e-mail address
  std::string notes;
  HandshakeState state = HandshakeState::kOpen;
  Timestamp requested, expires;
};

/// DuplicateHandshakeException while one for the account is open.
[[nodiscard]] Result<> create_handshake(store::Txn& txn, const Handshake& handshake, Timestamp now);
/// Seen by the two parties alone; an open one past its time is kExpired. nullopt: none.
[[nodiscard]] Result<std::optional<Handshake>> find_handshake(store::Reader& reader, std::string_view id,
                                                              const AccountId& party, Timestamp now);
/// As above, but absence is HandshakeNotFoundException.
[[nodiscard]] Result<Handshake> require_handshake(store::Reader& reader, std::string_view id, const AccountId& party,
                                                  Timestamp now);
/// HandshakeAlreadyInStateException, InvalidHandshakeTransitionException unless it is open.
[[nodiscard]] Result<Handshake> close_handshake(store::Txn& txn, Handshake handshake, HandshakeState state);
/// In order of their ids: those that the account's organization sent, those that invite the account.
[[nodiscard]] Result<std::vector<Handshake>> handshakes_sent(store::Reader& reader, const AccountId& management,
                                                             Timestamp now);
[[nodiscard]] Result<std::vector<Handshake>> handshakes_received(store::Reader& reader, const AccountId& account,
                                                                 Timestamp now);

/// What became of a CreateAccount request. Accounts are made at once, so none is in progress.
struct CreatedAccount {
  std::string id;  // car-…
  std::string account_name;
  std::string account;  // empty when it failed
  std::string failure;  // `EMAIL_ALREADY_EXISTS`; empty when it succeeded
  Timestamp requested;
};
[[nodiscard]] Result<> put_created_account(store::Txn& txn, const Organization& organization,
                                           const CreatedAccount& created);
[[nodiscard]] Result<std::optional<CreatedAccount>> find_created_account(store::Reader& reader,
                                                                         const Organization& organization,
                                                                         std::string_view id);
[[nodiscard]] Result<std::vector<CreatedAccount>> list_created_accounts(store::Reader& reader,
                                                                        const Organization& organization);

}  // namespace warifu::identity
