#include "identity/handshakes.h"

#include "identity/organization_rows.h"

namespace warifu::identity {
namespace {

Result<std::vector<Handshake>> indexed(store::Reader& reader, const AccountId& party, std::string_view family,
                                       Timestamp now) {
  std::vector<std::string> ids;
  TRY(reader.scan(store::Partition::account(party), store::prefix_range(family),
                  [&](std::string_view key, std::string_view) {
                    ids.emplace_back(key.substr(family.size()));
                    return true;
                  }));
  std::vector<Handshake> handshakes;
  for (const std::string& id : ids) {
    if (auto found = TRY(find_handshake(reader, id, party, now))) handshakes.push_back(std::move(*found));
  }
  return handshakes;
}

}  // namespace

Result<> create_handshake(store::Txn& txn, const Handshake& handshake, Timestamp now) {
  for (const Handshake& other : TRY(handshakes_received(txn, account_of(handshake.account), now))) {
    if (other.organization != handshake.organization || other.state != HandshakeState::kOpen) continue;
    return fail(organization_error("DuplicateHandshakeException",
                                   "A handshake with the same action and target already exists."));
  }
  TRY(put_row(txn, store::Partition::system(), key_of(kHandshakes, handshake.id), handshake));
  TRY(txn.put(store::Partition::account(account_of(handshake.management)), key_of(kSent, handshake.id), ""));
  return txn.put(store::Partition::account(account_of(handshake.account)), key_of(kReceived, handshake.id), "");
}

Result<std::optional<Handshake>> find_handshake(store::Reader& reader, std::string_view id, const AccountId& party,
                                                Timestamp now) {
  auto found = TRY(get_row<Handshake>(reader, store::Partition::system(), key_of(kHandshakes, id)));
  if (!found || (found->management != party.str() && found->account != party.str())) return std::nullopt;
  if (found->state == HandshakeState::kOpen && found->expires <= now) found->state = HandshakeState::kExpired;
  return found;
}

Result<Handshake> require_handshake(store::Reader& reader, std::string_view id, const AccountId& party, Timestamp now) {
  auto found = TRY(find_handshake(reader, id, party, now));
  if (!found) {
    return fail(organization_error("HandshakeNotFoundException",
                                   "We can't find a handshake with the HandshakeId that you specified."));
  }
  return std::move(*found);
}

Result<Handshake> close_handshake(store::Txn& txn, Handshake handshake, HandshakeState state) {
  if (handshake.state == state) {
    return fail(organization_error("HandshakeAlreadyInStateException",
                                   "The specified handshake is already in the requested state."));
  }
  if (handshake.state != HandshakeState::kOpen) {
    return fail(organization_error("InvalidHandshakeTransitionException",
                                   "You can't perform the operation on the handshake in its current state."));
  }
  handshake.state = state;
  TRY(put_row(txn, store::Partition::system(), key_of(kHandshakes, handshake.id), handshake));
  return handshake;
}

Result<std::vector<Handshake>> handshakes_sent(store::Reader& reader, const AccountId& management, Timestamp now) {
  return indexed(reader, management, kSent, now);
}

Result<std::vector<Handshake>> handshakes_received(store::Reader& reader, const AccountId& account, Timestamp now) {
  return indexed(reader, account, kReceived, now);
}

Result<> put_created_account(store::Txn& txn, const Organization& organization, const CreatedAccount& created) {
  return put_row(txn, home_of(organization), key_of(kCreated, created.id), created);
}

Result<std::optional<CreatedAccount>> find_created_account(store::Reader& reader, const Organization& organization,
                                                           std::string_view id) {
  return get_row<CreatedAccount>(reader, home_of(organization), key_of(kCreated, id));
}

Result<std::vector<CreatedAccount>> list_created_accounts(store::Reader& reader, const Organization& organization) {
  return all_rows<CreatedAccount>(reader, home_of(organization), kCreated);
}

}  // namespace warifu::identity
