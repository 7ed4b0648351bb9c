#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "access/authenticate.h"
#include "access/authorize.h"
#include "identity/accounts.h"
#include "identity/organization_policies.h"
#include "identity/policies.h"
#include "identity/resource_policies.h"
#include "identity/roles.h"
#include "identity/tags.h"
#include "identity/users.h"
#include "store/memory.h"

/// An organization to ask decisions in. For tests only.
namespace warifu::access::testing {

inline constexpr Timestamp kNow{1'783'165'130'000};

inline std::string document(std::string_view statement) {
  return R"({"Version":"2012-10-17","Statement":[{)" + std::string(statement) + "}]}";
}

/// Management account A, member B below a unit (once `organize` was called), C outside. Each has an administrator `u`;
/// B has the roles `R` and `Linked`, which is a service's, both of which may do everything and trust all three.
class Estate {
 public:
  Estate() {
    write([&](store::Txn& txn) -> Result<> {
      for (const AccountId& id : {a, b, c}) {
        TRY(identity::create_account(txn, {.id = id.str(), .name = "n", .email = {}, .alias = {}, .created = kNow}));
        TRY(create_administrator(txn, id, "u", "AIDA" + id.str() + "AAAAA", kNow));
      }
      TRY(role(txn, "R", "/", "AROA222222222222AAAAA", ""));
      return role(txn, "Linked", "/aws-service-role/x.amazonaws.com/", "AROA222222222222BBBBB", "x.amazonaws.com");
    });
  }
  void write(const std::function<Result<>(store::Txn&)>& body) {
    const Result<> done = db->write_blocking(body);
    ASSERT_TRUE(done) << done.error().message;
  }
  void organize() {
    write([&](store::Txn& txn) -> Result<> {
      TRY(identity::create_organization(txn, organization, kNow));
      TRY(identity::create_unit(txn, organization, {.id = unit, .name = "Work", .parent = organization.root}));
      return identity::add_member(txn, organization,
                                  {.account = b.str(), .parent = unit, .invited = true, .joined = kNow});
    });
  }
  void enable(identity::GuardType type) {
    write([&](store::Txn& txn) { return identity::enable_guards(txn, organization, type); });
    organization.enabled[static_cast<std::size_t>(type)] = true;
  }
  /// Attaches a new policy, and takes AWS's away where `instead`.
  void guard(identity::GuardType type, const std::string& text, std::string_view target, bool instead = false) {
    const std::string id = "p-" + std::to_string(10'000'000 + ++policies_);
    write([&](store::Txn& txn) -> Result<> {
      TRY(identity::create_guard(txn, organization,
                                 {.id = id, .name = id, .description = {}, .type = type, .document = text}));
      TRY(identity::attach_guard(txn, organization, id, target));
      return instead ? identity::detach_guard(txn, organization, identity::kFullAccess, target) : Result<>{};
    });
  }

  Principal root(const AccountId& account) { return user_principal(account, nullptr, "AKIAEXAMPLEEXAMPLE99"); }
  Principal user(const AccountId& account) {
    const auto found = db->read([&](store::Reader& reader) { return identity::find_user(reader, account, "u"); });
    return user_principal(account, &**found, "AKIAEXAMPLEEXAMPLE12");
  }
  Principal session(std::string_view role_name) {
    const auto found = db->read([&](store::Reader& reader) { return identity::find_role(reader, b, role_name); });
    return {.kind = PrincipalKind::kAssumedRole,
            .account = b,
            .arn = identity::session_arn(b, role_name, "s"),
            .identity_arn = (*found)->arn,
            .unique_id = (*found)->id,
            .user_id = (*found)->id + ":s",
            .name = std::string(role_name),
            .access_key_id = "ASIAEXAMPLE" + std::string(role_name),
            .session = Session{.name = "s", .issued = kNow, .expires = kNow.plus_seconds(900)},
            .service = {}};
  }
  Principal federated(const AccountId& account) {
    Principal principal = user(account);
    principal.kind = PrincipalKind::kFederatedUser;
    principal.arn = identity::federated_user_arn(account, "fred");
    principal.user_id = account.str() + ":fred";
    principal.access_key_id = "ASIAEXAMPLEFEDERATED";
    principal.session = Session{.name = "fred", .issued = kNow, .expires = kNow.plus_seconds(900)};
    principal.session->inline_policies = {document(R"("Effect":"Allow","Action":"*","Resource":"*")")};
    return principal;
  }
  Principal service(std::string source_account = {}, std::string source_arn = {}) {
    return {.kind = PrincipalKind::kService,
            .account = b,
            .arn = "bedrock-agentcore.amazonaws.com",
            .identity_arn = {},
            .unique_id = {},
            .user_id = {},
            .name = {},
            .access_key_id = {},
            .session = {},
            .service = "bedrock-agentcore.amazonaws.com",
            .source_arn = std::move(source_arn),
            .source_account = std::move(source_account)};
  }
  Principal anonymous() {
    Principal principal = service();
    principal.kind = PrincipalKind::kAnonymous;
    principal.arn = "anonymous";
    principal.service.clear();
    return principal;
  }

  Outcome ask(const Principal& principal, const Ask& question, const ContextFill& fill = {}) {
    const auto outcome = db->read([&](store::Reader& reader) -> Result<Outcome> {
      const auto subject = TRY(Subject::gather(reader, scope, principal));
      if (!subject) return fail(internal_error("gone"));
      return authorize(reader, *subject, question, fill);
    });
    EXPECT_TRUE(outcome) << outcome.error().message;
    return outcome.value_or(Outcome{});
  }
  Outcome assume(const Principal& principal) {
    return ask(principal, {.action = "sts:AssumeRole",
                           .resource = "arn:aws:iam::222222222222:role/R",
                           .resource_account = "222222222222",
                           .trust = true});
  }

  AccountId a = *AccountId::parse("111111111111"), b = *AccountId::parse("222222222222"),
            c = *AccountId::parse("333333333333");
  std::unique_ptr<store::Db> db = store::open_memory();
  CacheScope scope;
  identity::Organization organization{.id = "o-aaaaaaaaaa", .management = "111111111111", .root = "r-ab12"};
  const std::string unit = "ou-ab12-11111111";

 private:
  Result<> role(store::Txn& txn, std::string_view name, std::string_view path, std::string_view id,
                std::string_view linked) {
    const identity::Role made{.name = std::string(name),
                              .path = std::string(path),
                              .id = std::string(id),
                              .arn = {},
                              .description = {},
                              .created = kNow,
                              .boundary_arn = {},
                              .linked_service = std::string(linked)};
    TRY(identity::create_role(txn, b, made,
                              document(R"("Effect":"Allow","Principal":{"AWS":["111111111111","222222222222",)"
                                       R"("333333333333"]},"Action":"sts:AssumeRole")"),
                              {}));
    return identity::put_inline_policy(
        txn, b, {identity::EntityKind::kRole, made.id, made.name},
        {.name = "p", .document = document(R"("Effect":"Allow","Action":"*","Resource":"*")")});
  }

  int policies_ = 0;
};

}  // namespace warifu::access::testing
