#include "gen/organizations/handshakes.h"

#include <fmt/format.h>

#include "base/encoding.h"
#include "identity/accounts.h"
#include "identity/handshakes.h"
#include "services/organizations/nouns.h"
#include "services/organizations/shared.h"

namespace warifu::services::organizations {
namespace {

using identity::Handshake;
using identity::HandshakeState;

std::string state_name(HandshakeState state) {
  switch (state) {
    case HandshakeState::kOpen:
      return "OPEN";
    case HandshakeState::kCanceled:
      return "CANCELED";
    case HandshakeState::kAccepted:
      return "ACCEPTED";
    case HandshakeState::kDeclined:
      return "DECLINED";
    case HandshakeState::kExpired:
      return "EXPIRED";
  }
  return "EXPIRED";
}

m::HandshakeResource resource(std::string type, std::string value) {
  return {.value = std::move(value), .type = std::move(type), .resources = std::nullopt};
}

m::Handshake shape_of(const Handshake& handshake) {
  const bool by_number = handshake.target == handshake.account;
  const std::string party = by_number ? "ACCOUNT" : "EMAIL";
  m::Handshake shape{
      .id = handshake.id,
      .arn = identity::handshake_arn({.id = handshake.organization, .management = handshake.management}, handshake.id),
      .parties = std::vector<m::HandshakeParty>{{.id = handshake.organization, .type = "ORGANIZATION"},
                                                {.id = handshake.target, .type = party}},
      .state = state_name(handshake.state),
      .requested_timestamp = handshake.requested,
      .expiration_timestamp = handshake.expires,
      .action = "INVITE",
      .resources = std::vector<m::HandshakeResource>{}};
  m::HandshakeResource organization = resource("ORGANIZATION", handshake.organization);
  organization.resources = std::vector{resource("MANAGEMENT_ACCOUNT", handshake.management)};
  shape.resources->push_back(std::move(organization));
  shape.resources->push_back(resource(party, handshake.target));
  if (!handshake.notes.empty()) shape.resources->push_back(resource("NOTES", handshake.notes));
  return shape;
}

/// The account that an invitation names, by its number or its e-mail address.
Result<AccountId> invited_account(store::Reader& reader, const m::HandshakeParty& target) {
  for (const identity::Account& account : TRY(identity::list_accounts(reader))) {
    const bool named = target.type == "ACCOUNT" ? account.id == target.id
                                                : target.type == "EMAIL" && iequals(account.email, target.id);
    const auto id = named ? AccountId::parse(account.id) : std::nullopt;
    if (id) return *id;
  }
  return fail({.code = ErrorCode::kValidation,
               .message = fmt::format("The target {} is not an account of this server.", target.id),
               .aws_name = "InvalidInputException",
               .reason = "INVALID_PARTY_TYPE_TARGET"});
}

Task<Result<m::InviteAccountToOrganizationOutput>> invite_account(api::Call& call,
                                                                  m::InviteAccountToOrganizationInput input) {
  return manage<m::InviteAccountToOrganizationOutput>(
      call,
      [input = std::move(input), id = identity::new_handshake_id(call.random()), now = call.now()](
          store::Txn& txn, const identity::Organization& organization) -> Result<m::InviteAccountToOrganizationOutput> {
        const AccountId account = TRY(invited_account(txn, input.target));
        const auto present = TRY(identity::organization_of(txn, account));
        if (present && present->id == organization.id) {
          return fail({.code = ErrorCode::kConflict,
                       .message = "The account is already in this organization.",
                       .aws_name = "HandshakeConstraintViolationException",
                       .reason = "ALREADY_IN_AN_ORGANIZATION"});
        }
        const Handshake handshake{.id = id,
                                  .organization = organization.id,
                                  .management = organization.management,
                                  .account = account.str(),
                                  .target = input.target.id,
                                  .notes = input.notes.value_or(""),
                                  .requested = now,
                                  .expires = now.plus_seconds(identity::kInvitationSeconds)};
        TRY(identity::create_handshake(txn, handshake, now));
        return m::InviteAccountToOrganizationOutput{.handshake = shape_of(handshake)};
      });
}

Error not_yours() {
  return {.code = ErrorCode::kAccessDenied, .message = "You don't have permissions to access this resource."};
}

Task<Result<m::AcceptHandshakeOutput>> accept_handshake(api::Call& call, m::AcceptHandshakeInput input) {
  co_return co_await call.db().write([input = std::move(input), account = call.account(),
                                      now = call.now()](store::Txn& txn) -> Result<m::AcceptHandshakeOutput> {
    const Handshake handshake = TRY(identity::require_handshake(txn, input.handshake_id, account, now));
    if (handshake.account != account.str()) return fail(not_yours());
    const Handshake closed = TRY(identity::close_handshake(txn, handshake, HandshakeState::kAccepted));
    if (TRY(identity::organization_of(txn, account))) {
      return fail({.code = ErrorCode::kConflict,
                   .message = "The account is already a member of an organization.",
                   .aws_name = "HandshakeConstraintViolationException",
                   .reason = "ALREADY_IN_AN_ORGANIZATION"});
    }
    const auto management = AccountId::parse(closed.management);
    const auto organization = management ? TRY(identity::organization_of(txn, *management)) : std::nullopt;
    if (!organization || organization->id != closed.organization) {
      return fail({.code = ErrorCode::kConflict,
                   .message = "The organization of this handshake does not exist any more.",
                   .aws_name = "InvalidHandshakeTransitionException"});
    }
    TRY(identity::add_member(txn, *organization,
                             {.account = account.str(), .parent = organization->root, .invited = true, .joined = now}));
    return m::AcceptHandshakeOutput{.handshake = shape_of(closed)};
  });
}

/// Declined by whom it invites, canceled by who sent it.
Result<m::Handshake> end_handshake(store::Txn& txn, const std::string& id, const AccountId& account, Timestamp now,
                                   HandshakeState state) {
  const Handshake handshake = TRY(identity::require_handshake(txn, id, account, now));
  const std::string& side = state == HandshakeState::kDeclined ? handshake.account : handshake.management;
  if (side != account.str()) return fail(not_yours());
  const Handshake closed = TRY(identity::close_handshake(txn, handshake, state));
  return shape_of(closed);
}

Task<Result<m::DeclineHandshakeOutput>> decline_handshake(api::Call& call, m::DeclineHandshakeInput input) {
  co_return co_await call.db().write([input = std::move(input), account = call.account(),
                                      now = call.now()](store::Txn& txn) -> Result<m::DeclineHandshakeOutput> {
    return m::DeclineHandshakeOutput{
        .handshake = TRY(end_handshake(txn, input.handshake_id, account, now, HandshakeState::kDeclined))};
  });
}

Task<Result<m::CancelHandshakeOutput>> cancel_handshake(api::Call& call, m::CancelHandshakeInput input) {
  co_return co_await call.db().write([input = std::move(input), account = call.account(),
                                      now = call.now()](store::Txn& txn) -> Result<m::CancelHandshakeOutput> {
    return m::CancelHandshakeOutput{
        .handshake = TRY(end_handshake(txn, input.handshake_id, account, now, HandshakeState::kCanceled))};
  });
}

Task<Result<m::DescribeHandshakeOutput>> describe_handshake(api::Call& call, m::DescribeHandshakeInput input) {
  co_return call.db().read([&](store::Reader& reader) -> Result<m::DescribeHandshakeOutput> {
    const Handshake found = TRY(identity::require_handshake(reader, input.handshake_id, call.account(), call.now()));
    return m::DescribeHandshakeOutput{.handshake = shape_of(found)};
  });
}

template <class Output, class Input>
Result<Output> handshake_page(const api::Call& call, std::vector<Handshake> handshakes, const Input& input) {
  // All are invitations; a filter for another action leaves none.
  if (input.filter && input.filter->action_type.value_or("INVITE") != "INVITE") handshakes.clear();
  if (input.filter && input.filter->parent_handshake_id) handshakes.clear();
  const auto page = TRY(page_of(call, std::move(handshakes), input.next_token, input.max_results,
                                [](const Handshake& handshake) { return handshake.id; }));
  Output output{.handshakes = std::vector<m::Handshake>{}, .next_token = page.next};
  for (const Handshake& handshake : page.items) output.handshakes->push_back(shape_of(handshake));
  return output;
}

Task<Result<m::ListHandshakesForAccountOutput>> list_handshakes_for_account(api::Call& call,
                                                                            m::ListHandshakesForAccountInput input) {
  co_return call.db().read([&](store::Reader& reader) -> Result<m::ListHandshakesForAccountOutput> {
    auto received = TRY(identity::handshakes_received(reader, call.account(), call.now()));
    return handshake_page<m::ListHandshakesForAccountOutput>(call, std::move(received), input);
  });
}

Task<Result<m::ListHandshakesForOrganizationOutput>> list_handshakes_for_organization(
    api::Call& call, m::ListHandshakesForOrganizationInput input) {
  return inspect<m::ListHandshakesForOrganizationOutput>(
      call,
      [&call, input = std::move(input)](store::Reader& reader, const identity::Organization& organization)
          -> Result<m::ListHandshakesForOrganizationOutput> {
        auto sent = TRY(identity::handshakes_sent(reader, call.account(), call.now()));
        std::erase_if(sent, [&](const Handshake& one) { return one.organization != organization.id; });
        return handshake_page<m::ListHandshakesForOrganizationOutput>(call, std::move(sent), input);
      });
}

}  // namespace

void bind_handshakes(api::Registry& registry) {
  registry.bind(m::ops::kInviteAccountToOrganization, invite_account);
  registry.bind(m::ops::kAcceptHandshake, accept_handshake);
  registry.bind(m::ops::kDeclineHandshake, decline_handshake);
  registry.bind(m::ops::kCancelHandshake, cancel_handshake);
  registry.bind(m::ops::kDescribeHandshake, describe_handshake);
  registry.bind(m::ops::kListHandshakesForAccount, list_handshakes_for_account);
  registry.bind(m::ops::kListHandshakesForOrganization, list_handshakes_for_organization);
}

}  // namespace warifu::services::organizations
