#pragma once

#include <string>
#include <string_view>

#include "identity/handshakes.h"
#include "identity/organization_delegates.h"
#include "identity/organization_policies.h"
#include "identity/table.h"

/// How the rows of organizations are keyed and written. Internal to the module. All keys but those of the system
/// partition begin as identity's do, so that deleting an account takes them along.
namespace warifu::identity {

/// In the management account's partition.
inline constexpr std::string_view kOrganization = "id/og/o";
inline constexpr std::string_view kNodes = "id/og/n/";             // root or unit id → node
inline constexpr std::string_view kMembers = "id/og/a/";           // account number → member
inline constexpr std::string_view kGuards = "id/og/p/";            // policy id → policy
inline constexpr std::string_view kGuardsOf = "id/og/t/";          // edge: target → policy
inline constexpr std::string_view kTargetsOf = "id/og/u/";         // edge: policy → target
inline constexpr std::string_view kCreated = "id/og/s/";           // request id → account that was made
inline constexpr std::string_view kTrustedServices = "id/og/ts/";  // service principal
inline constexpr std::string_view kDelegates = "id/og/da/";        // edge: account number → service principal
inline constexpr std::string_view kSent = "id/og/hs/";             // handshake id
/// In a member's (the management account's too) and in an invited account's.
inline constexpr std::string_view kMemberOf = "id/og/m";
inline constexpr std::string_view kReceived = "id/og/hr/";  // handshake id
/// In the system partition.
inline constexpr std::string_view kOrganizations = "id/og/v";
inline constexpr std::string_view kHandshakes = "id/og/h/";

/// Leads from a member to its organization.
struct MemberOfRow {
  std::string management;
};

template <class A>
void fields(A& a, GuardType& type) {
  auto number = static_cast<std::int64_t>(type);
  a(number);
  type = number == 0 ? GuardType::kServiceControl : GuardType::kResourceControl;
}
template <class A>
void fields(A& a, HandshakeState& state) {
  auto number = static_cast<std::int64_t>(state);
  a(number);
  state = static_cast<HandshakeState>(number < 0 || number > 4 ? 4 : number);
}
template <class A>
void fields(A& a, MemberOfRow& row) {
  a(row.management);
}
template <class A>
void fields(A& a, OrganizationsState& row) {
  auto version = static_cast<std::int64_t>(row.version), count = static_cast<std::int64_t>(row.count);
  a(version), a(count);
  row.version = static_cast<std::uint64_t>(version), row.count = static_cast<std::uint64_t>(count);
}
template <class A>
void fields(A& a, Organization& row) {
  a(row.id), a(row.management), a(row.root), a(row.all_features), a(row.enabled[0]), a(row.enabled[1]), a(row.created);
}
template <class A>
void fields(A& a, OrganizationNode& row) {
  a(row.id), a(row.name), a(row.parent);
}
template <class A>
void fields(A& a, OrganizationMember& row) {
  a(row.account), a(row.parent), a(row.invited), a(row.joined), a(row.closed);
}
template <class A>
void fields(A& a, GuardPolicy& row) {
  a(row.id), a(row.name), a(row.description), fields(a, row.type), a(row.document);
}
template <class A>
void fields(A& a, Handshake& row) {
  a(row.id), a(row.organization), a(row.management), a(row.account), a(row.target), a(row.notes);
  fields(a, row.state), a(row.requested), a(row.expires);
}
template <class A>
void fields(A& a, CreatedAccount& row) {
  a(row.id), a(row.account_name), a(row.account), a(row.failure), a(row.requested);
}

template <class A>
void fields(A& a, TrustedService& row) {
  a(row.service), a(row.since);
}
template <class A>
void fields(A& a, Delegate& row) {
  a(row.account), a(row.service), a(row.since);
}

[[nodiscard]] inline AccountId account_of(std::string_view number) {
  const auto id = AccountId::parse(number);
  CHECK(id.has_value(), "organizations hold twelve digits");
  return *id;
}
/// Where an organization's rows lie.
[[nodiscard]] inline store::Partition home_of(const Organization& organization) {
  return store::Partition::account(account_of(organization.management));
}

/// Every row under `prefix`, in order.
template <class T>
[[nodiscard]] Result<std::vector<T>> all_rows(store::Reader& reader, const store::Partition& partition,
                                              std::string_view prefix) {
  std::vector<T> rows;
  Result<> failure;
  TRY(reader.scan(partition, store::prefix_range(prefix), [&](std::string_view, std::string_view value) {
    Result<T> row = decode_row<T>(value);
    if (!row) failure = std::unexpected(row.error());
    if (row) rows.push_back(std::move(*row));
    return failure.has_value();
  }));
  if (!failure) return std::unexpected(failure.error());
  return rows;
}

/// Moves the version; `difference` is what becomes of the number of organizations.
[[nodiscard]] Result<> touch_organizations(store::Txn& txn, int difference = 0);
[[nodiscard]] Result<> put_attachment(store::Txn& txn, const Organization& organization, std::string_view policy,
                                      std::string_view target);
[[nodiscard]] Result<> erase_attachment(store::Txn& txn, const Organization& organization, std::string_view policy,
                                        std::string_view target);
/// Attaches AWS's policies of the enabled types to a new target, or takes every policy off one that goes.
[[nodiscard]] Result<> open_target(store::Txn& txn, const Organization& organization, std::string_view target);
[[nodiscard]] Result<> close_target(store::Txn& txn, const Organization& organization, std::string_view target);

/// An exception of the service by its name.
[[nodiscard]] inline Error organization_error(std::string_view name, std::string text, std::string_view reason = {}) {
  return {.code = ErrorCode::kConflict, .message = std::move(text), .aws_name = name, .reason = reason};
}
[[nodiscard]] inline Error constraint_violation(std::string_view reason, std::string text) {
  return organization_error("ConstraintViolationException", std::move(text), reason);
}

}  // namespace warifu::identity
